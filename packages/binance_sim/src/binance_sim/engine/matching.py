"""Price-time matching of one taker against a book, and the fills of resting orders.

The maker's price holds. A self-trade is decided by the taker's mode before each match.
"""

from collections.abc import Callable, Iterator

from binance_sim.engine.amounts import from_units, notional_down
from binance_sim.engine.book import HalfBook, Lot
from binance_sim.engine.events import Execution, PublicTrade
from binance_sim.engine.journal import Draft
from binance_sim.engine.market import Market, report
from binance_sim.engine.orders import Order
from binance_sim.engine.prevention import prevent
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    StpMode,
    TimeInForce,
)

BnbPrice = Callable[[str], int | None]  #: units of the asset that buy one BNB; None: unknown


class Matcher:
    """Executes orders of one market."""

    def __init__(self, market: Market, bnb_price: BnbPrice) -> None:
        self._market = market
        self._bnb_price = bnb_price

    def execute(self, draft: Draft, taker: Order) -> None:
        """Match an opened order as far as it goes, then rest it or let the remainder expire."""
        if taker.terms.time_in_force is TimeInForce.FOK and not self._can_fill(taker):
            reason = ExpiryReason.UNFILLED_FOK_ORDER_EXPIRED
            self._market.expire(draft, taker, reason)
            return
        self._take(draft, taker)
        if not taker.is_open:
            return
        if taker.is_market:
            self._market.expire(draft, taker, ExpiryReason.INSUFFICIENT_LIQUIDITY)
        elif taker.terms.time_in_force is TimeInForce.IOC:
            self._market.expire(draft, taker, ExpiryReason.UNFILLED_IOC_QUANTITY_EXPIRED)
        else:
            self._market.book.own_half(is_buy=taker.is_buy).rest(taker)

    def _take(self, draft: Draft, taker: Order) -> None:
        half = self._market.book.opposite_half(is_buy=taker.is_buy)
        while taker.is_open and taker.leaves:
            lot = half.first(taker.price)
            if lot is None:
                return
            if lot.maker is None:
                self._take_liquidity(draft, taker, half, lot)
            elif is_prevented(taker, lot.maker):
                prevent(draft, self._market, taker, lot.maker)
            else:
                self._match(draft, taker, lot.maker)

    def _take_liquidity(self, draft: Draft, taker: Order, half: HalfBook, lot: Lot) -> None:
        quantity = min(taker.leaves, lot.quantity)
        half.take_liquidity(lot.price, quantity)
        trade = self._print(draft, lot.price, quantity, is_buyer_maker=not taker.is_buy)
        self._fill(draft, taker, trade, lot.price, quantity, is_maker=False)
        self._count_market_flow(draft, lot.price, quantity, customer_buys=taker.is_buy)

    def _match(self, draft: Draft, taker: Order, maker: Order) -> None:
        quantity = min(taker.leaves, maker.leaves)
        trade = self._print(draft, maker.price, quantity, is_buyer_maker=maker.is_buy)
        self._fill(draft, taker, trade, maker.price, quantity, is_maker=False)
        self._fill(draft, maker, trade, maker.price, quantity, is_maker=True)

    def share_trade(self, draft: Draft, price: int, quantity: int, *, is_buyer_maker: bool) -> None:
        """Let resting orders share a trade of the market; print what they leave of it."""
        half = self._market.book.own_half(is_buy=is_buyer_maker)
        while quantity:
            maker = half.first_order()
            if maker is None or not half.reaches(maker.price, price):
                break
            part = min(quantity, maker.leaves)
            self._fill_maker(draft, maker, part)
            quantity -= part
        if quantity:
            self._print(draft, price, quantity, is_buyer_maker=is_buyer_maker)

    def match_liquidity(self, draft: Draft) -> None:
        """Fill resting orders that the market's book has reached, at their own price."""
        book = self._market.book
        for half, against in ((book.bids, book.asks), (book.asks, book.bids)):
            while (maker := half.first_order()) is not None:
                level = against.liquidity.best()
                if level is None or not against.reaches(level, maker.price):
                    break
                quantity = min(maker.leaves, against.liquidity.get(level) or 0)
                against.take_liquidity(level, quantity)
                self._fill_maker(draft, maker, quantity)

    def _fill_maker(self, draft: Draft, maker: Order, quantity: int) -> None:
        """Fill a resting order at its own price against the market."""
        trade = self._print(draft, maker.price, quantity, is_buyer_maker=maker.is_buy)
        self._fill(draft, maker, trade, maker.price, quantity, is_maker=True)
        self._count_market_flow(draft, maker.price, quantity, customer_buys=maker.is_buy)

    def _print(
        self, draft: Draft, price: int, quantity: int, *, is_buyer_maker: bool
    ) -> PublicTrade:
        return self._market.print_trade(
            price, quantity, draft.now_us, is_buyer_maker=is_buyer_maker
        )

    def _fill(
        self,
        draft: Draft,
        order: Order,
        trade: PublicTrade,
        price: int,
        quantity: int,
        *,
        is_maker: bool,
    ) -> None:
        notional = notional_down(price, quantity)
        commission, commission_asset = self._settle(order, quantity, notional, is_maker=is_maker)
        draft.journal.commissions[commission_asset] += commission
        draft.touch(order.account, self._market.rules.base_asset, self._market.rules.quote_asset)
        draft.touch(order.account, commission_asset)
        execution = Execution(
            account=order.account.key,
            symbol=trade.symbol,
            trade_id=trade.trade_id,
            order_id=order.order_id,
            client_order_id=order.terms.client_order_id,
            price=trade.price,
            quantity=trade.quantity,
            notional=from_units(notional),
            commission=from_units(commission),
            commission_asset=commission_asset,
            traded_us=draft.now_us,
            is_buyer=order.is_buy,
            is_maker=is_maker,
        )
        self._record(draft, order, execution)

    def _settle(
        self, order: Order, quantity: int, notional: int, *, is_maker: bool
    ) -> tuple[int, str]:
        """Move the money of one fill; return the commission and its asset."""
        rules, account = self._market.rules, order.account
        order.filled += quantity
        order.filled_notional += notional
        paid = notional if order.is_buy else quantity
        received = quantity if order.is_buy else notional
        received_asset = rules.base_asset if order.is_buy else rules.quote_asset
        kept = order.lock_after_trade(paid)
        balance = account.balance(self._market.lock_asset(order))
        balance.spend(paid)
        balance.release(order.locked - paid - kept)  # price improvement
        order.locked = kept
        return account.receive(
            received_asset,
            received,
            account.rates_for(rules.symbol),
            self._bnb_price(received_asset),
            is_maker=is_maker,
            is_buyer=order.is_buy,
        )

    def _record(self, draft: Draft, order: Order, execution: Execution) -> None:
        order.executions += (execution,)
        order.updated_us = draft.now_us
        self._market.blotters[order.account.key].executions.append(execution)
        draft.journal.executions.append(execution)
        if order.leaves or order.is_short:
            order.status = OrderStatus.PARTIALLY_FILLED
        else:
            self._market.close(draft, order, OrderStatus.FILLED)
        draft.add(report(draft, order, ExecutionType.TRADE, execution=execution))

    def _count_market_flow(
        self, draft: Draft, price: int, quantity: int, *, customer_buys: bool
    ) -> None:
        rules, flow = self._market.rules, draft.journal.market_flow
        sign = 1 if customer_buys else -1
        flow[rules.base_asset] -= sign * quantity
        flow[rules.quote_asset] += sign * notional_down(price, quantity)

    def _can_fill(self, taker: Order) -> bool:
        wanted = taker.leaves
        half = self._market.book.opposite_half(is_buy=taker.is_buy)
        for lot in tradable(half, taker, taker.price, decrement_stops=True):
            wanted -= lot.quantity
            if wanted <= 0:
                return True
        return False


def is_prevented(taker: Order, maker: Order) -> bool:
    """Whether the two may not trade: one trader, and the taker's mode forbids it."""
    return taker.stp_mode is not StpMode.NONE and taker.account.is_same_trader(maker.account)


def tradable(half: HalfBook, taker: Order, limit: int, *, decrement_stops: bool) -> Iterator[Lot]:
    """Yield the lots that the taker could really trade with, in order; change nothing.

    Own orders: EXPIRE_MAKER passes them; EXPIRE_TAKER and EXPIRE_BOTH stop there. DECREMENT
    loses quantity there, so it either stops or, for an upper bound, passes.
    """
    for lot in half.lots(limit):
        if lot.maker is not None and is_prevented(taker, lot.maker):
            if taker.stp_mode is StpMode.EXPIRE_MAKER:
                continue
            if taker.stp_mode in {StpMode.DECREMENT, StpMode.TRANSFER} and not decrement_stops:
                continue
            return
        yield lot
