"""Orders as the answers to placing, querying and cancelling them show them.

Source: Binance Spot API, "Trading endpoints" and "Conditional fields in Order Responses".
"""

from collections.abc import Iterable

from binance_sim.engine.events import NOT_WORKING, Execution, OrderSnapshot, PreventedMatch
from binance_sim.wire.views.values import Json, Time, amount


def acknowledged(order: OrderSnapshot, time: Time) -> Json:
    """Return the ACK answer to placing an order."""
    terms = order.terms
    return {
        "symbol": terms.symbol,
        "orderId": terms.order_id,
        "orderListId": terms.order_list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": time(order.updated_us),
    }


def result(order: OrderSnapshot, time: Time) -> Json:
    """Return the RESULT answer to placing an order."""
    answer = acknowledged(order, time)
    answer.update(_state(order))
    answer.update(_conditional(order, time))
    answer["workingTime"] = _working_time(order, time)
    answer["selfTradePreventionMode"] = order.terms.stp_mode
    if order.prevented_matches:
        answer["preventedMatches"] = [
            _short_match(match, order.terms.order_id) for match in order.prevented_matches
        ]
    return answer


def full(order: OrderSnapshot, time: Time) -> Json:
    """Return the FULL answer to placing an order."""
    answer = result(order, time)
    answer["fills"] = [_fill(execution) for execution in order.fills]
    return answer


def queried(order: OrderSnapshot, time: Time) -> Json:
    """Return an order as a query shows it."""
    terms = order.terms
    answer: Json = {
        "symbol": terms.symbol,
        "orderId": terms.order_id,
        "orderListId": terms.order_list_id,
        "clientOrderId": order.client_order_id,
    }
    answer.update(_state(order))
    answer["stopPrice"] = amount(terms.stop_price)
    answer["icebergQty"] = amount(terms.iceberg_quantity)
    answer["time"] = time(terms.created_us)
    answer["updateTime"] = time(order.updated_us)
    answer["isWorking"] = order.is_working
    answer["workingTime"] = _working_time(order, time)
    answer["origQuoteOrderQty"] = amount(terms.quote_order_quantity)
    answer.update(_conditional(order, time))
    answer["selfTradePreventionMode"] = terms.stp_mode
    return answer


def canceled(order: OrderSnapshot, time: Time) -> Json:
    """Return the answer to a cancel: the order's id is the original, the cancel's own the new."""
    terms = order.terms
    answer: Json = {
        "symbol": terms.symbol,
        "origClientOrderId": order.original_client_order_id,
        "orderId": terms.order_id,
        "orderListId": terms.order_list_id,
        "clientOrderId": order.client_order_id,
        "transactTime": time(order.updated_us),
    }
    answer.update(_state(order))
    answer.update(_conditional(order, time))
    answer["selfTradePreventionMode"] = terms.stp_mode
    return answer


def _state(order: OrderSnapshot) -> Json:
    terms = order.terms
    return {
        "price": amount(terms.price),
        "origQty": amount(terms.quantity),
        "executedQty": amount(order.filled_quantity),
        "origQuoteOrderQty": amount(terms.quote_order_quantity),
        "cummulativeQuoteQty": amount(order.filled_notional),
        "status": order.status,
        "timeInForce": terms.time_in_force,
        "type": terms.type,
        "side": terms.side,
    }


def _conditional(order: OrderSnapshot, time: Time) -> Json:
    """Return the fields that only some orders have."""
    terms, answer = order.terms, Json()
    if terms.stop_price:
        answer["stopPrice"] = amount(terms.stop_price)
    if terms.iceberg_quantity:
        answer["icebergQty"] = amount(terms.iceberg_quantity)
    if terms.trailing_delta is not None:
        answer["trailingDelta"] = terms.trailing_delta
    if order.trailing_us is not None:
        answer["trailingTime"] = time(order.trailing_us)
    if terms.strategy_id is not None:
        answer["strategyId"] = terms.strategy_id
    if terms.strategy_type is not None:
        answer["strategyType"] = terms.strategy_type
    if order.prevented_match_id is not None:
        answer["preventedMatchId"] = order.prevented_match_id
        answer["preventedQuantity"] = amount(order.prevented_quantity)
    answer.update(_pegged(order))
    if order.expiry_reason is not None:
        answer["expiryReason"] = order.expiry_reason
    return answer


def _pegged(order: OrderSnapshot) -> Json:
    terms, answer = order.terms, Json()
    if terms.peg is not None:
        answer["pegPriceType"] = terms.peg.price_type
        if terms.peg.offset_type is not None:
            answer["pegOffsetType"] = terms.peg.offset_type
            answer["pegOffsetValue"] = terms.peg.offset_value
        if order.pegged_price is not None:
            answer["peggedPrice"] = amount(order.pegged_price)
    return answer


def _working_time(order: OrderSnapshot, time: Time) -> int:
    return time(order.working_us) if order.working_us > 0 else NOT_WORKING


def _fill(execution: Execution) -> Json:
    return {
        "price": amount(execution.price),
        "qty": amount(execution.quantity),
        "commission": amount(execution.commission),
        "commissionAsset": execution.commission_asset,
        "tradeId": execution.trade_id,
    }


def trade(execution: Execution, time: Time) -> Json:
    """Return a row of `myTrades`."""
    return {
        "symbol": execution.symbol,
        "id": execution.trade_id,
        "orderId": execution.order_id,
        "orderListId": execution.order_list_id,
        "price": amount(execution.price),
        "qty": amount(execution.quantity),
        "quoteQty": amount(execution.notional),
        "commission": amount(execution.commission),
        "commissionAsset": execution.commission_asset,
        "time": time(execution.traded_us),
        "isBuyer": execution.is_buyer,
        "isMaker": execution.is_maker,
        "isBestMatch": execution.is_best_match,
    }


def prevented_matches(matches: Iterable[PreventedMatch], time: Time) -> list[Json]:
    """Return the rows of `myPreventedMatches`."""
    return [_match(match, time) for match in matches]


def _match(match: PreventedMatch, time: Time) -> Json:
    answer: Json = {
        "symbol": match.symbol,
        "preventedMatchId": match.prevented_match_id,
        "takerOrderId": match.taker_order_id,
        "makerSymbol": match.symbol,
        "makerOrderId": match.maker_order_id,
        "tradeGroupId": match.trade_group_id,
        "selfTradePreventionMode": match.stp_mode,
        "price": amount(match.price),
    }
    if match.taker_prevented_quantity is not None:
        answer["takerPreventedQuantity"] = amount(match.taker_prevented_quantity)
    if match.maker_prevented_quantity is not None:
        answer["makerPreventedQuantity"] = amount(match.maker_prevented_quantity)
    answer["transactTime"] = time(match.transacted_us)
    return answer


def _short_match(match: PreventedMatch, order_id: int) -> Json:
    is_taker = match.taker_order_id == order_id
    answer: Json = {
        "preventedMatchId": match.prevented_match_id,
        "makerOrderId" if is_taker else "takerOrderId": (
            match.maker_order_id if is_taker else match.taker_order_id
        ),
        "price": amount(match.price),
    }
    if match.taker_prevented_quantity is not None:
        answer["takerPreventedQuantity"] = amount(match.taker_prevented_quantity)
    if match.maker_prevented_quantity is not None:
        answer["makerPreventedQuantity"] = amount(match.maker_prevented_quantity)
    return answer
