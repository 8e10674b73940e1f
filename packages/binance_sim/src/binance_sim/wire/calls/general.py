"""Ping, time, exchange information. Source: Binance Spot API, "General endpoints"."""

from collections.abc import Iterable

from binance_sim.engine.vocabulary import SymbolStatus
from binance_sim.wire import failures
from binance_sim.wire.calls.method import Call, Method, empty_answer
from binance_sim.wire.limits import exchange_limits
from binance_sim.wire.views.symbols import filter_of, symbol
from binance_sim.wire.views.values import Json


def server_time(call: Call) -> Json:
    """Return `{"serverTime"}`."""
    return {"serverTime": call.time(call.now_us)}


def exchange_info(call: Call) -> Json:
    """Return limits and the rules of the chosen symbols."""
    return {
        "timezone": "UTC",
        "serverTime": call.time(call.now_us),
        "rateLimits": exchange_limits(call.desk.meter.limits),
        "exchangeFilters": [filter_of(each) for each in call.exchange.exchange_filters],
        "symbols": list(_symbols(call)),
    }


def _symbols(call: Call) -> Iterable[Json]:
    parameters = call.parameters
    selections = {"symbol", "symbols", "permissions"} & parameters.values.keys()
    status = parameters.choice("symbolStatus", SymbolStatus)
    if len(selections) > 1 or (status is not None and selections - {"permissions"}):
        raise failures.bad_combination()
    permissions = parameters.text("permissions")
    for market in call.markets():
        rules = market.rules
        if permissions is not None and not _permitted(permissions, rules.permission_sets):
            continue
        yield symbol(rules)


def _permitted(permissions: str, sets: tuple[tuple[str, ...], ...]) -> bool:
    return any(f'"{each}"' in permissions or each == permissions for some in sets for each in some)


METHODS = (
    Method(route=("GET", "ping"), name="ping", handler=empty_answer),
    Method(route=("GET", "time"), name="time", handler=server_time),
    Method(
        route=("GET", "exchangeInfo"),
        name="exchangeInfo",
        handler=exchange_info,
        weight=20,
        parameters=frozenset(
            {"symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"}
        ),
    ),
)
