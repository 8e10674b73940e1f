"""The account itself: balances, rates, counts. Source: Binance Spot API, "Account endpoints"."""

from binance_sim.wire.calls.method import Call, Method
from binance_sim.wire.calls.trading import NEW_ORDER, new_order, response_type
from binance_sim.wire.keys import Security
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views import account as views
from binance_sim.wire.views.symbols import filter_of
from binance_sim.wire.views.values import Json


def account(call: Call) -> Json:
    """Return the balances of every asset that is listed or was ever held."""
    omit_zero = call.parameters.boolean("omitZeroBalances", default=False)
    listed = (
        asset
        for rules in call.exchange.symbols()
        for asset in (rules.base_asset, rules.quote_asset)
    )
    return views.account(call.account, tuple(listed), call.time, omit_zero=omit_zero)


def commission(call: Call) -> Json:
    """Return the account's rates on a symbol."""
    symbol = call.market().rules.symbol
    return views.commission(symbol, call.account.rates_for(symbol))


def order_counts(call: Call) -> list[Json]:
    """Return the unfilled order count of the account."""
    return call.desk.orders(call.account_key).states(call.now_us)


def filters(call: Call) -> Json:
    """Return every filter that binds the account on a symbol; only here MAX_ASSET shows."""
    rules, exchange = call.market().rules, call.exchange
    return {
        "exchangeFilters": [filter_of(each) for each in exchange.exchange_filters],
        "symbolFilters": [filter_of(each) for each in rules.filters],
        "assetFilters": [
            filter_of(each)
            for each in exchange.asset_filters
            if each.asset in {rules.base_asset, rules.quote_asset}
        ],
    }


def allocations(call: Call) -> list[Json]:
    """Return nothing: no order here is routed to several symbols (SOR)."""
    call.market()
    return []


def try_order(call: Call) -> Json:
    """Check an order as far as the gate of the engine, which it does not reach."""
    parameters = call.parameters
    request = new_order(parameters)
    response_type(parameters, request.type)
    wants_rates = parameters.boolean("computeCommissionRates", default=False)
    call.exchange.check_order(call.account_key, request, call.now_us)
    return views.order_commission(call.account.rates_for(request.symbol)) if wants_rates else {}


def _test_weight(parameters: Parameters) -> int:
    return 20 if parameters.values.get("computeCommissionRates", "").lower() == "true" else 1


METHODS = (
    Method(
        route=("POST", "order/test"),
        name="order.test",
        handler=try_order,
        security=Security.TRADE,
        parameters=NEW_ORDER | {"computeCommissionRates"},
        weight=_test_weight,
    ),
    Method(
        route=("GET", "account"),
        name="account.status",
        handler=account,
        security=Security.USER_DATA,
        parameters=frozenset({"omitZeroBalances"}),
        weight=20,
    ),
    Method(
        route=("GET", "account/commission"),
        name="account.commission",
        handler=commission,
        security=Security.USER_DATA,
        parameters=frozenset({"symbol"}),
        weight=20,
    ),
    Method(
        route=("GET", "rateLimit/order"),
        name="account.rateLimits.orders",
        handler=order_counts,
        security=Security.USER_DATA,
        weight=40,
    ),
    Method(
        route=("GET", "myFilters"),
        name="myFilters",
        handler=filters,
        security=Security.USER_DATA,
        parameters=frozenset({"symbol"}),
        weight=40,
    ),
    Method(
        route=("GET", "myAllocations"),
        name="myAllocations",
        handler=allocations,
        security=Security.USER_DATA,
        parameters=frozenset(
            {
                "symbol",
                "startTime",
                "endTime",
                "fromAllocationId",
                "limit",
                "orderId",
            }
        ),
        weight=20,
    ),
)
