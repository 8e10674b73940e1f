"""What an operator can set: `TRADECORE_*` variables, each with a `_FILE` twin for mounted secrets."""

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
from cattrs import transform_error
from cattrs.gen import make_dict_structure_fn

from tradecore.application.context import SelfTradePolicy

PREFIX: Final = "TRADECORE_"


class InvalidSettings(ValueError):
    """Some settings are wrong; the message lists all of them."""


class Secret(str):
    """Text that never shows itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class VenueChoice(StrEnum):
    """Where accepted orders trade."""

    SIMULATED = "SIMULATED"  #: a simulated Binance, served by this very process
    TESTNET = "TESTNET"
    DEMO = "DEMO"
    LIVE = "LIVE"


@attrs.frozen(kw_only=True)
class Settings:
    """How one installation runs."""

    data_directory: Path = Path(".tradecore")  #: database, keys and logs of the embedded default
    host: str = "127.0.0.1"
    port: int = attrs.field(
        default=8080, validator=[attrs.validators.ge(0), attrs.validators.lt(65536)]
    )
    operations_port: int = attrs.field(
        default=9080, validator=[attrs.validators.ge(0), attrs.validators.lt(65536)]
    )  #: metrics; not for the public
    max_connections: int = attrs.field(
        default=1000, validator=attrs.validators.ge(1)
    )  #: of clients, on either port; more are answered 503
    database_url: Secret | None = None  #: the application's role; None: the embedded server
    owner_database_url: Secret | None = None  #: the schema owner's, for migrations
    venue: VenueChoice = VenueChoice.SIMULATED
    symbols: tuple[str, ...] = ("BTCUSDT", "ETHUSDT")  #: traded; of a list with commas
    binance_api_key: Secret | None = None
    binance_secret: Secret | None = None  #: an HMAC secret, or a private key in PEM
    market: Path | None = None  #: a folder of recordings; None: the packaged one
    market_speed: float = attrs.field(default=1.0, validator=attrs.validators.gt(0))
    self_trade: SelfTradePolicy = SelfTradePolicy.REPLACE  #: of orders that the venue ends
    log_level: str = attrs.field(
        default="INFO", validator=attrs.validators.in_(("DEBUG", "INFO", "WARNING", "ERROR"))
    )


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings in `environment`, by default the process's.

    Raises:
        InvalidSettings: unknown or malformed variables, all of them named.
    """
    given, faults = _collect(os.environ if environment is None else environment)
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(Path, lambda value, _: Path(value).expanduser())
    converter.register_structure_hook_func(
        lambda kind: kind == tuple[str, ...],
        lambda value, _: tuple(filter(None, map(str.strip, value.split(",")))),
    )
    converter.register_structure_hook(Secret, lambda value, _: Secret(value))
    converter.register_structure_hook(
        Settings,
        make_dict_structure_fn(Settings, converter, _cattrs_forbid_extra_keys=True),
    )
    settings = Settings()
    try:
        settings = converter.structure(given, Settings)
    except cattrs.BaseValidationError as error:
        faults += [_named(fault) for fault in transform_error(error)]
    if faults:
        raise InvalidSettings("; ".join(faults))
    return settings


def _named(fault: str) -> str:
    """Return a fault of the converter with the variable in front: "… @ $.port" names TRADECORE_PORT."""
    what, _, field = fault.partition(" @ $.")
    return f"{PREFIX}{field.upper()}: {what}" if field else fault


def _collect(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values by field name, and what is wrong with the names."""
    given: dict[str, Any] = {}
    faults: list[str] = []
    names = {field.name for field in attrs.fields(Settings)}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name not in names and name.removesuffix("_file") in names:
            name = name.removesuffix("_file")
            try:
                value = Path(value).read_text(encoding="utf-8").rstrip("\n")  # noqa: PLW2901 - the file's content stands for its name from here on
            except OSError as error:
                faults.append(f"{variable}: cannot be read: {error.strerror}")
                continue
            if f"{PREFIX}{name.upper()}" in environment:
                faults.append(f"{variable}: give either it or {PREFIX}{name.upper()}")
        elif name not in names:
            faults.append(f"{variable}: there is no such setting")
            continue
        given[name] = value
    return given, faults
