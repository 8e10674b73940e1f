"""Logs as JSON lines on standard error: a constant message, facts beside it."""

import logging
import sys

import structlog

from http_adapter.exchange import correlation_id

_SECRETS = frozenset({"authorization", "token", "password", "dsn", "signature", "api_key"})


def configure(level: str) -> None:
    """Let every logger of this process write JSON lines from `level` on."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            _correlate,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _scrub,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _correlate(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Name the conversation that a line belongs to, where there is one."""
    if current := correlation_id.get():
        event.setdefault("correlation_id", current)
    return event


def _scrub(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Blank what may hold a secret, whoever logged it, and drop what is for terminals."""
    event.pop("color_message", None)
    for key in event:
        if key.lower() in _SECRETS:
            event[key] = "***"
    return event
