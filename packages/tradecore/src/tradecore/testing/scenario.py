"""A small house ready to trade, on any store: instruments, a treasury, funded customers."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import attrs

from tradecore.application.command import Command
from tradecore.application.commands.apply_execution import ApplyExecution
from tradecore.application.commands.cancel_order import CancelOrder
from tradecore.application.commands.fund_account import BookOpening, CreditAccount
from tradecore.application.commands.open_account import OpenAccount
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.commands.put_instrument import PutInstrument
from tradecore.application.commands.record_report import RecordReport
from tradecore.application.commands.replace_order import ReplaceOrder
from tradecore.application.context import HouseRules
from tradecore.application.executor import Executor
from tradecore.application.use_cases import USE_CASES
from tradecore.domain.executions import Execution, Liquidity
from tradecore.domain.ids import AccountId, CommandId
from tradecore.domain.instruments import (
    Instrument,
    LotSize,
    Notional,
    OrderType,
    PriceFilter,
    Side,
)
from tradecore.domain.money import Price, Quantity, multiply
from tradecore.domain.orders import Order
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.memory import FixedPrices, SystemIds
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.store import Store

BTCUSDT: Final = Instrument(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    base_scale=8,
    quote_scale=8,
    price_filter=PriceFilter(
        min_price=Decimal("0.01"), max_price=Decimal(1_000_000), tick_size=Decimal("0.01")
    ),
    lot_size=LotSize(
        min_quantity=Decimal("0.00001"),
        max_quantity=Decimal(9000),
        step_size=Decimal("0.00001"),
    ),
    notional=Notional(min_notional=Decimal(5), max_notional=Decimal(9_000_000)),
)

BID: Final = Price(Decimal(60_000))
ASK: Final = Price(Decimal("60000.01"))


@attrs.define
class Scenario:
    """Commands with everything filled in that a test does not care about."""

    executor: Executor
    prices: FixedPrices
    clock: Clock
    ids: IdFactory
    trades: int = 0

    async def run(self, command: Command[Any]) -> Any:
        """Return the command's answer; raise its refusal."""
        return (await self.executor.execute(command)).unwrap()

    def head(self) -> dict[str, Any]:
        """Return a fresh command's id, correlation and actor."""
        return {
            "command_id": CommandId(self.ids.new_id()),
            "correlation_id": "scenario",
            "actor": "scenario",
        }

    async def furnish(self) -> None:
        """Offer BTCUSDT, and book a treasury of 10 million USDT and 1,000 BTC."""
        await self.run(PutInstrument(**self.head(), instrument=BTCUSDT))
        for asset, amount in (("USDT", Decimal(10_000_000)), ("BTC", Decimal(1_000))):
            await self.run(BookOpening(**self.head(), asset=asset, amount=amount, reason="opening"))

    async def customer(self, usdt: Decimal = Decimal(0), btc: Decimal = Decimal(0)) -> AccountId:
        """Return a new account with these deposits."""
        account = await self.run(OpenAccount(**self.head(), name="customer"))
        account_id: AccountId = account.account_id
        for asset, amount in (("USDT", usdt), ("BTC", btc)):
            if amount:
                await self.run(
                    CreditAccount(
                        **self.head(),
                        account_id=account_id,
                        asset=asset,
                        amount=amount,
                        reason="deposit",
                    )
                )
        return account_id

    def buy(
        self,
        account_id: AccountId,
        quantity: Decimal = Decimal("0.01"),
        price: Decimal = Decimal(60_000),
        **more: Any,
    ) -> PlaceOrder:
        """Return a limit buy of BTCUSDT."""
        return PlaceOrder(
            **{**self.head(), **more},
            account_id=account_id,
            symbol="BTCUSDT",
            side=Side.BUY,
            type=OrderType.LIMIT,
            quantity=Quantity(quantity),
            price=Price(price),
        )

    def sell(
        self,
        account_id: AccountId,
        quantity: Decimal = Decimal("0.01"),
        price: Decimal = Decimal(60_000),
        **more: Any,
    ) -> PlaceOrder:
        """Return a limit sell of BTCUSDT."""
        return attrs.evolve(self.buy(account_id, quantity, price, **more), side=Side.SELL)

    async def send(self, order: Order, venue_order_id: int) -> VenueOrder:
        """Open the order's attempt and let the venue acknowledge it."""
        attempt = await self.run(OpenAttempt(**self.head(), order_id=order.order_id))
        assert attempt.child is not None
        report = RecordReport(
            **self.head(),
            order_id=order.order_id,
            child=attempt.child.child,
            venue_order_id=venue_order_id,
            filled_quantity=Decimal(0),
            outcome=None,
        )
        child: VenueOrder = await self.run(report)
        return child

    def fill(
        self,
        child: VenueOrder,
        quantity: Decimal,
        price: Decimal | None = None,
        *,
        trade_id: int | None = None,
    ) -> ApplyExecution:
        """Return a fill of the child, at its own price unless another is given."""
        self.trades += 1
        at = price if price is not None else child.price
        assert at is not None
        buys = child.side is Side.BUY
        return ApplyExecution(
            **self.head(),
            order_id=child.order_id,
            child=child.child,
            venue="binance",
            symbol=child.symbol,
            base_asset=child.symbol.removesuffix("USDT"),
            quote_asset="USDT",
            trade_id=self.trades if trade_id is None else trade_id,
            venue_order_id=child.venue_order_id or 1,
            side=child.side,
            quantity=Quantity(quantity),
            price=Price(at),
            notional=multiply(at, quantity),
            commission=Decimal("0.00000001") if buys else Decimal("0.001"),
            commission_asset="BTC" if buys else "USDT",
            liquidity=Liquidity.TAKER,
            transacted_at=self.clock.now(),
        )

    async def filled(self, child: VenueOrder, quantity: Decimal) -> Execution:
        """Fill the child and return the execution."""
        execution: Execution = await self.run(self.fill(child, quantity))
        return execution

    def cancel(self, order: Order) -> CancelOrder:
        """Return the cancel of an order by its owner."""
        return CancelOrder(**self.head(), account_id=order.account_id, order_id=order.order_id)

    def replace(
        self, order: Order, *, quantity: Decimal | None = None, price: Decimal | None = None
    ) -> ReplaceOrder:
        """Return the wish for another total quantity or price of an order, by its owner."""
        return ReplaceOrder(
            **self.head(),
            account_id=order.account_id,
            order_id=order.order_id,
            quantity=None if quantity is None else Quantity(quantity),
            price=None if price is None else Price(price),
        )

    def ended(self, child: VenueOrder, outcome: VenueOutcome, filled: Decimal) -> RecordReport:
        """Return the venue's report that the child has ended."""
        return RecordReport(
            **self.head(),
            order_id=child.order_id,
            child=child.child,
            venue_order_id=child.venue_order_id or 1,
            filled_quantity=filled,
            outcome=outcome,
        )


@asynccontextmanager
async def scenario(  # noqa: PLR0913 - every part may be the one under test
    store: Store,
    clock: Clock,
    *,
    ids: IdFactory | None = None,
    rules: HouseRules | None = None,
    furnished: bool = True,
    max_batch: int = 256,
    on_commit: Callable[[], None] | None = None,
) -> AsyncIterator[Scenario]:
    """Yield a scenario on `store` with a fresh price of BTCUSDT, furnished unless told not to be."""
    prices = FixedPrices(ReferencePrice(symbol="BTCUSDT", bid=BID, ask=ASK, at=clock.now()))
    ids = ids or SystemIds()
    async with Executor(
        store,
        USE_CASES,
        clock=clock,
        ids=ids,
        prices=prices,
        rules=rules,
        max_batch=max_batch,
        on_commit=on_commit,
    ) as executor:
        ready = Scenario(executor=executor, prices=prices, clock=clock, ids=ids)
        if furnished:
            await ready.furnish()
        yield ready
