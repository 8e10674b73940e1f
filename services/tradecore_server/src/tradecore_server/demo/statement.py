"""What the demo shows of its day: a statement of the customers, and one order's story."""

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from rich.console import Console
from rich.table import Table

from tradecore.domain.ids import AccountId, OrderId
from tradecore.domain.money import text
from tradecore.domain.orders import Order
from tradecore.ports.queries import Books, LedgerLine, Paging

if TYPE_CHECKING:
    from tradecore_server.demo.play import Floor

CUSTOMERS_SHOWN: Final = 12


async def show(console: Console, floor: "Floor") -> None:
    """Print the statement and the story."""
    books = await floor.platform.container.queries().books()
    console.print()
    console.print(_orders_table(floor, books))
    console.print(await _statement(floor, books))
    order = _story_of(books, floor.account_ids)
    if order is not None:
        await _story(console, floor, order)


def _orders_table(floor: "Floor", books: Books) -> Table:
    table = Table(title="Orders", title_justify="left", title_style="bold")
    for column in ("kind", "orders"):
        table.add_column(column, justify="left" if column == "kind" else "right")
    for kind, count in floor.tally.kinds.most_common():
        table.add_row(kind, str(count))
    table.add_section()
    ours = set(floor.account_ids)
    ended = Counter(order.status for order in books.orders if order.account_id in ours)
    for status, count in ended.most_common():
        table.add_row(f"ended {status}", str(count))
    table.add_row("refused by a rule", str(floor.tally.answers["refused"]))
    table.add_section()
    table.add_row("previews", str(floor.tally.previews))
    table.add_row("cancels", str(floor.tally.cancels))
    return table


async def _statement(floor: "Floor", books: Books) -> Table:
    table = Table(title="Statement", title_justify="left", title_style="bold")
    table.add_column("customer")
    for column in ("orders", "fills", "USDT", "BTC", "ETH", "profit"):
        table.add_column(column, justify="right")
    orders = Counter(order.account_id for order in books.orders)
    fills = Counter(execution.account_id for execution in books.executions)
    wallets = {(wallet.account_id, wallet.asset): wallet.total for wallet in books.wallets}
    profit: Counter[str] = Counter()
    for position in books.positions:
        profit[position.account_id] += position.realised_profit  # type: ignore[assignment] # a sum of decimals
    for number, account_id in enumerate(floor.account_ids[:CUSTOMERS_SHOWN]):
        key = AccountId(account_id)
        table.add_row(
            f"Demo {number:02}",
            str(orders[key]),
            str(fills[key]),
            *(
                f"{wallets.get((key, asset), Decimal(0)):,.{shown}f}"
                for asset, shown in (("USDT", 2), ("BTC", 5), ("ETH", 4))
            ),
            f"{Decimal(profit[account_id]):,.2f}",
        )
    hidden = len(floor.account_ids) - CUSTOMERS_SHOWN
    if hidden > 0:
        table.add_section()
        table.add_row(f"… {hidden} more", str(len(books.orders)), str(len(books.executions)))
    return table


def _story_of(books: Books, account_ids: list[str]) -> Order | None:
    """Return an order with more than one fill, if there is one."""
    fills = Counter(execution.order_id for execution in books.executions)
    ours = [order for order in books.orders if order.account_id in set(account_ids)]
    filled = [order for order in ours if fills[order.order_id]]
    return min(filled, key=lambda order: abs(fills[order.order_id] - 2), default=None)


async def _story(console: Console, floor: "Floor", order: Order) -> None:
    """Print one order from the request to its ledger rows."""
    queries = floor.platform.container.queries()
    account = floor.account_ids.index(order.account_id)
    asked = await floor.client.get(f"/v1/orders/{order.order_id}", headers=floor.header(account))
    console.print(f"\n[bold]One order's story[/]: {order.order_id}")
    console.print(f"  asked      {_request(asked.json())}")
    reservation = await queries.find_reservation(order.order_id)
    if reservation is not None:
        console.print(
            f"  reserved   {text(reservation.amount)} {reservation.asset}: consumed"
            f" {text(reservation.consumed)}, released {text(reservation.released)}"
        )
    for event in await queries.list_order_events(order.order_id):
        at = f"{event.recorded_at:%H:%M:%S.%f}"
        detail = f"  ({event.detail})" if event.detail else ""
        console.print(
            f"  {at}  {event.trigger:<16} {event.status:<17}"
            f" filled {text(event.filled_quantity)}{detail}"
        )
    for child in await queries.list_venue_orders(order.order_id):
        console.print(
            f"  at venue   {child.venue_client_order_id} = order {child.venue_order_id},"
            f" {child.type} {child.time_in_force or ''} {child.outcome or child.status}"
        )
    await _fills(console, floor, order)


async def _fills(console: Console, floor: "Floor", order: Order) -> None:
    queries = floor.platform.container.queries()
    page = await queries.list_executions(
        order.account_id, Paging(newest_first=False), order_id=OrderId(order.order_id)
    )
    for execution in page.rows:
        console.print(
            f"  fill {execution.trade_id}: {text(execution.quantity)} at {text(execution.price)},"
            f" {execution.liquidity}, commission {text(execution.commission)}"
            f" {execution.commission_asset}, fee {text(execution.fee)} {execution.fee_asset}"
        )
        lines = await queries.list_ledger(
            order.account_id, Paging(newest_first=False), reference=execution.key.reference
        )
        for line in lines.rows:
            console.print(f"    ledger {_line(line)}")


def _line(line: LedgerLine) -> str:
    sign = "+" if line.amount > 0 else ""
    return f"{line.account.partition(':')[0]:<10} {sign}{text(line.amount)} {line.asset}"


def _request(order: dict[str, Any]) -> str:
    quantity = order["quantity"] or f"for {order['quote_quantity']}"
    price = f" at {order['price']}" if order["price"] else ""
    return (
        f"{order['side']} {quantity} {order['symbol']}{price}, {order['type']}"
        f" {order['time_in_force']}"
    )
