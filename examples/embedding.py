"""The library inside another program: no database, no network, no framework.

    .venv/bin/python examples/embedding.py

Every part is built by hand here, so that each can be replaced by another.
"""

import asyncio
from decimal import Decimal
from typing import Any

from tradecore.application import laws
from tradecore.application.command import Command
from tradecore.application.commands.fund_account import BookOpening, CreditAccount
from tradecore.application.commands.open_account import OpenAccount
from tradecore.application.commands.place_order import PlaceOrder
from tradecore.application.commands.put_instrument import PutInstrument
from tradecore.application.executor import Executor
from tradecore.application.use_cases import USE_CASES
from tradecore.domain.errors import OrderRefused
from tradecore.domain.ids import CommandId
from tradecore.domain.instruments import (
    Instrument,
    LotSize,
    OrderType,
    PriceFilter,
    Side,
)
from tradecore.domain.money import Price, Quantity
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.memory import FixedPrices, MemoryQueries, MemoryStore, SystemClock, SystemIds

BTCUSDT = Instrument(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    base_scale=8,
    quote_scale=8,
    price_filter=PriceFilter(tick_size=Decimal("0.01")),
    lot_size=LotSize(step_size=Decimal("0.00001")),
)


async def main() -> None:
    """Open an account, fund it, place one order that fits and one that does not."""
    clock, ids = SystemClock(), SystemIds()
    store = MemoryStore(clock)
    queries = MemoryQueries(store.tables)
    price = ReferencePrice(
        symbol="BTCUSDT", bid=Price(Decimal(60_000)), ask=Price(Decimal(60_001)), at=clock.now()
    )

    async with Executor(
        store, USE_CASES, clock=clock, ids=ids, prices=FixedPrices(price)
    ) as executor:

        async def run(kind: type[Command[Any]], **fields: Any) -> Any:
            command = kind(
                command_id=CommandId(ids.new_id()),
                correlation_id="example",
                actor="example",
                **fields,
            )
            return (await executor.execute(command)).unwrap()

        await run(PutInstrument, instrument=BTCUSDT)
        await run(BookOpening, asset="USDT", amount=Decimal(1_000_000), reason="treasury")
        account = await run(OpenAccount, name="Ada")
        await run(
            CreditAccount,
            account_id=account.account_id,
            asset="USDT",
            amount=Decimal(10_000),
            reason="deposit",
        )
        wish = {
            "account_id": account.account_id,
            "symbol": "BTCUSDT",
            "side": Side.BUY,
            "type": OrderType.LIMIT,
            "price": Price(Decimal(59_000)),
        }
        order = await run(PlaceOrder, **wish, quantity=Quantity(Decimal("0.1")))
        print(f"{order.side} {order.quantity} {order.symbol} at {order.price}: {order.status}")
        try:
            await run(PlaceOrder, **wish, quantity=Quantity(Decimal(1)))
        except OrderRefused as refusal:
            print(f"refused: {refusal}")

        for wallet in await queries.list_wallets(account.account_id):
            print(f"{wallet.asset}: {wallet.available:f} available, {wallet.reserved:f} reserved")

    results = laws.check(await queries.books())
    broken = [result.law for result in results if result.violations]
    print(f"{len(results)} laws checked, broken: {', '.join(broken) or 'none'}")


if __name__ == "__main__":
    asyncio.run(main())
