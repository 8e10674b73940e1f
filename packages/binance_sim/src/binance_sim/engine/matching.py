"""Price-time matching of one taker against a book, and the fills of resting orders.

The maker's price holds. A self-trade is decided by the taker's mode before each match.
"""

from collections.abc import Callable

from binance_sim.engine import errors, order_lists, sizing
from binance_sim.engine.amounts import ONE, from_units, notional_down, to_units
from binance_sim.engine.book import HalfBook, Lot
from binance_sim.engine.events import Execution, PublicTrade
from binance_sim.engine.filters import check_all
from binance_sim.engine.journal import Draft
from binance_sim.engine.market import Market, report, trade_report
from binance_sim.engine.orders import Order
from binance_sim.engine.pegs import pegged_price
from binance_sim.engine.placing import candidate_of
from binance_sim.engine.prevention import prevent
from binance_sim.engine.self_trades import is_prevented, tradable
from binance_sim.engine.vocabulary import (
    ExecutionType,
    ExpiryReason,
    OrderStatus,
    RejectReason,
    TimeInForce,
)

BnbPrice = Callable[[str], int | None]  #: units of the asset that buy one BNB; None: unknown


class Matcher:
    """Executes orders of one market."""

    def __init__(self, market: Market, bnb_price: BnbPrice) -> None:
        self._market = market
        self._bnb_price = bnb_price

    def execute(self, draft: Draft, taker: Order) -> None:
        """Match an opened order as far as it goes, then rest it or let the remainder expire.

        What that sets off, stops and order lists, is left to `settle`.
        """
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
            taker.shown = min(taker.iceberg, taker.leaves)
            self._market.book.own_half(is_buy=taker.is_buy).rest(taker)

    def settle(self, draft: Draft) -> None:
        """Follow up what a step has set off, until nothing more happens."""
        market, triggered = self._market, self._market.stops.triggered
        while draft.ended or triggered:
            if draft.ended:
                for order in order_lists.follow(draft, market, draft.ended.pop(0)):
                    self._enter(draft, order)
            else:
                order = triggered.popleft()
                if order.is_open:
                    self._enter(draft, order)

    def _enter(self, draft: Draft, order: Order) -> None:
        """Bring an order that waited onto the book, or reject it."""
        if not order.is_open:
            return
        market = self._market
        if order.trigger is not None:
            order_lists.start_leg(draft, market, order)
        problem = self._prepare_entry(draft, order)
        if problem is not None:
            market.reject(draft, order, problem)
            return
        order.is_working, order.lock_price = True, 0
        order.working_us = order.updated_us = draft.now_us
        draft.add(report(draft, order, ExecutionType.NEW))
        self.execute(draft, order)

    def _prepare_entry(self, draft: Draft, order: Order) -> RejectReason | None:
        """Price and lock an order that enters late; return why it cannot, None if it can."""
        market, peg = self._market, order.terms.peg
        if peg is not None:
            limit = to_units(order.terms.price)
            try:
                order.price = pegged_price(market.book, peg, limit, is_buy=order.is_buy)
                check_all(market.price_checks, candidate_of(market, order, draft.now_us))
            except errors.VenueError:
                return RejectReason.NONE
        if market.would_take(order):
            return RejectReason.WOULD_MATCH_IMMEDIATELY
        order.lock_price = 0
        need = order.need
        if order.is_buy and order.is_market:
            need = sizing.cost_bound(market.book.asks, order)
        if market.try_lock(draft, order, need):
            return None
        return RejectReason.INSUFFICIENT_BALANCES

    def _take(self, draft: Draft, taker: Order) -> None:
        half = self._market.book.opposite_half(is_buy=taker.is_buy)
        bounds = self._market.execution_range(is_buy=taker.is_buy)
        while taker.is_open and taker.leaves:
            lot = half.first(taker.price)
            if lot is None:
                return
            if bounds is not None and not bounds[0] <= lot.price * ONE <= bounds[1]:
                reason = ExpiryReason.EXECUTION_RULE_PRICE_RANGE_EXCEEDED
                self._market.expire(draft, taker, reason)
                return
            if lot.maker is None:
                self._take_liquidity(draft, taker, half, lot)
            elif is_prevented(taker, lot.maker):
                prevent(draft, self._market, taker, lot.maker)
            else:
                self._match(draft, taker, half, lot)

    def _take_liquidity(self, draft: Draft, taker: Order, half: HalfBook, lot: Lot) -> None:
        quantity = min(taker.leaves, lot.quantity)
        half.take_liquidity(lot.price, quantity)
        trade = self._print(draft, lot.price, quantity, is_buyer_maker=not taker.is_buy)
        self._fill(draft, taker, trade, lot.price, quantity, is_maker=False)
        self._count_market_flow(draft, lot.price, quantity, customer_buys=taker.is_buy)

    def _match(self, draft: Draft, taker: Order, half: HalfBook, lot: Lot) -> None:
        maker = lot.maker
        assert maker is not None
        quantity = min(taker.leaves, lot.quantity)
        trade = self._print(draft, lot.price, quantity, is_buyer_maker=maker.is_buy)
        self._fill(draft, taker, trade, lot.price, quantity, is_maker=False)
        self._fill_resting(draft, half, maker, trade, quantity)

    def share_trade(self, draft: Draft, price: int, quantity: int, *, is_buyer_maker: bool) -> None:
        """Let resting orders share a trade of the market; print what they leave of it."""
        if not self._market.is_trading:
            return
        half = self._market.book.own_half(is_buy=is_buyer_maker)
        while quantity:
            maker = half.first_order()
            if maker is None or not half.reaches(maker.price, price):
                break
            part = min(quantity, maker.available)
            self._fill_maker(draft, half, maker, part)
            quantity -= part
        if quantity:
            self._print(draft, price, quantity, is_buyer_maker=is_buyer_maker)
        self.settle(draft)

    def match_liquidity(self, draft: Draft) -> None:
        """Fill resting orders that the market's book has reached, at their own price."""
        if not self._market.is_trading:
            return
        book = self._market.book
        for half, against in ((book.bids, book.asks), (book.asks, book.bids)):
            while (maker := half.first_order()) is not None:
                level = against.liquidity.best()
                if level is None or not against.reaches(level, maker.price):
                    break
                quantity = min(maker.available, against.liquidity.get(level) or 0)
                against.take_liquidity(level, quantity)
                self._fill_maker(draft, half, maker, quantity)
        self.settle(draft)

    def _fill_maker(self, draft: Draft, half: HalfBook, maker: Order, quantity: int) -> None:
        """Fill a resting order at its own price against the market."""
        trade = self._print(draft, maker.price, quantity, is_buyer_maker=maker.is_buy)
        self._fill_resting(draft, half, maker, trade, quantity)
        self._count_market_flow(draft, maker.price, quantity, customer_buys=maker.is_buy)

    def _fill_resting(
        self, draft: Draft, half: HalfBook, maker: Order, trade: PublicTrade, quantity: int
    ) -> None:
        """Fill a resting order; an iceberg shows its next part behind the others."""
        if maker.sibling is not None:
            order_lists.start_leg(draft, self._market, maker)
        self._fill(draft, maker, trade, maker.price, quantity, is_maker=True)
        if not maker.is_open:
            return
        if maker.iceberg:
            maker.shown -= quantity
            if not maker.shown:
                maker.shown = min(maker.iceberg, maker.leaves)
                half.requeue(maker)
        half.mark(maker.price)

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
        rules = self._market.rules
        draft.touch(order.account, rules.base_asset, rules.quote_asset, commission_asset)
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
            order_list_id=order.terms.order_list_id,
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
        if not order.executions:
            order.account.unfilled.note_first_fill(draft.now_us, is_maker=execution.is_maker)
        order.executions += (execution,)
        order.updated_us = draft.now_us
        self._market.blotters[order.account.key].executions.append(execution)
        draft.journal.executions.append(execution)
        if order.leaves or order.is_short:
            order.status = OrderStatus.PARTIALLY_FILLED
        else:
            self._market.close(draft, order, OrderStatus.FILLED)
        draft.add(trade_report(draft, order, execution))

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
