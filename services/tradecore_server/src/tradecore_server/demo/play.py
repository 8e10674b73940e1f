"""Opens accounts, funds them, trades, waits, tells what came of it, and verifies the books."""

import asyncio
import os
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import attrs
import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tradecore.application import laws
from tradecore.ports.venue import VenueHistory
from tradecore_server import identity, simulated_venue, verification
from tradecore_server.demo import customers, statement
from tradecore_server.demo.customers import Kind, Plan
from tradecore_server.modes import Running, running
from tradecore_server.settings import InvalidSettings, Settings, VenueChoice

CONCURRENT: Final = 32
FUNDS: Final = {"USDT": "50000", "BTC": "1", "ETH": "20"}
MARKET_SPEED: Final = 5.0
LINGER_SECONDS: Final = 3.0  #: how long resting orders may wait for the market at the end
PATIENCE_SECONDS: Final = 60.0


@attrs.frozen(kw_only=True)
class Options:
    """How large a day it is: `DEMO_*` variables."""

    orders: int = 2_000
    accounts: int = 50
    seed: int = 1
    market: Path | None = None

    @classmethod
    def load(cls) -> "Options":
        """Return what the environment says. Raises InvalidSettings."""
        numbers = {}
        for name, least in (("orders", 1), ("accounts", 1), ("seed", 0)):
            given = os.environ.get(f"DEMO_{name.upper()}")
            if given is None:
                continue
            if not given.isascii() or not given.isdigit() or int(given) < least:
                raise InvalidSettings(f"DEMO_{name.upper()} must be a whole number from {least} on")
            numbers[name] = int(given)
        market = os.environ.get("DEMO_MARKET")
        if market is not None and not Path(market).is_dir():
            raise InvalidSettings(f"DEMO_MARKET: {market} is not a folder")
        return cls(market=None if market is None else Path(market), **numbers)


@attrs.define
class Tally:
    """What the API answered."""

    answers: Counter[str] = attrs.field(factory=Counter)
    kinds: Counter[Kind] = attrs.field(factory=Counter)
    previews: int = 0
    cancels: int = 0
    faults: list[str] = attrs.field(factory=list)


class Floor:
    """The demo's customers at the platform's door."""

    def __init__(self, platform: Running, client: httpx.AsyncClient) -> None:
        self.platform = platform
        self.client = client
        self.tally = Tally()
        self.account_ids: list[str] = []
        self._issuer = platform.container.issuer()
        self._admin = self._header("demo-admin", ["admin"], [])
        self._headers: list[dict[str, str]] = []

    def _header(self, subject: str, roles: list[str], account_ids: list[str]) -> dict[str, str]:
        token = self._issuer.issue(
            subject, roles=roles, account_ids=account_ids, lifetime=identity.LIFETIME
        )
        return {"Authorization": f"Bearer {token}"}

    def header(self, account: int) -> dict[str, str]:
        """Return the credentials of one customer."""
        return self._headers[account]

    async def open_account(self, number: int) -> None:
        """Open one account and fund it."""
        answer = await self._post(
            "/v1/admin/accounts", self._admin, f"open-{number}", {"name": f"Demo {number:02}"}
        )
        account_id = answer.raise_for_status().json()["account_id"]
        self.account_ids.append(account_id)
        self._headers.append(self._header(f"demo-{number}", ["trader"], [account_id]))
        for asset, amount in FUNDS.items():
            funded = await self._post(
                f"/v1/admin/accounts/{account_id}/credit",
                self._admin,
                f"fund-{number}-{asset}",
                {"asset": asset, "amount": amount, "reason": "demo"},
            )
            funded.raise_for_status()

    async def trade(self, plan: Plan) -> None:
        """Carry one plan out: perhaps preview, place, perhaps cancel."""
        who = self.header(plan.account)
        quote = (await self.client.get(f"/v1/market/{plan.symbol}/quote", headers=who)).json()
        order = customers.body(plan, Decimal(quote["bid"]), Decimal(quote["ask"]))
        if plan.preview:
            preview = {**order, "client_order_id": f"preview-{plan.number}"}
            answer = await self.client.post("/v1/orders/preview", json=preview, headers=who)
            self._note(answer, (200,))
            self.tally.previews += 1
        answer = await self._post("/v1/orders", who, f"order-{plan.number}", order)
        self._note(answer, (202, 422))
        self.tally.kinds[plan.kind] += 1
        if answer.status_code == 202:  # noqa: PLR2004 - HTTP's own number
            self.tally.answers["accepted"] += 1
            if plan.cancel and plan.kind in (Kind.RESTING, Kind.MAKER):
                await asyncio.sleep(0.02)
                await self.cancel(plan.account, answer.json()["order_id"])
        else:
            self.tally.answers["refused"] += 1

    async def cancel(self, account: int, order_id: str) -> None:
        """Cancel one order; that it has ended meanwhile is an answer too."""
        answer = await self.client.post(
            f"/v1/orders/{order_id}/cancel", headers=self.header(account)
        )
        self._note(answer, (202, 409))
        self.tally.cancels += answer.status_code == 202  # noqa: PLR2004 - HTTP's own number

    async def open_orders(self, account: int) -> list[dict[str, Any]]:
        """Return the customer's orders that have not ended."""
        answer = await self.client.get(
            "/v1/orders", params={"status": "open", "limit": 500}, headers=self.header(account)
        )
        items: list[dict[str, Any]] = answer.raise_for_status().json()["items"]
        return items

    async def _post(
        self, path: str, who: dict[str, str], key: str, body: dict[str, str]
    ) -> httpx.Response:
        return await self.client.post(
            path, json=body, headers={**who, "Idempotency-Key": f"demo-{key}"}
        )

    def _note(self, answer: httpx.Response, expected: Sequence[int]) -> None:
        if answer.status_code not in expected:
            self.tally.faults.append(f"{answer.request.url.path}: {answer.status_code}")


async def demo(settings: Settings, console: Console) -> int:
    """Run the demo; return 0 only if every law holds and every answer was one of the contract."""
    options = Options.load()
    folder = settings.data_directory / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    fresh = attrs.evolve(
        settings,
        data_directory=folder,
        port=0,
        operations_port=0,
        market=options.market or settings.market,
        market_speed=MARKET_SPEED,
        database_url=None,
        venue=VenueChoice.SIMULATED,
    )
    started = time.monotonic()
    async with running(fresh) as platform:
        limits = httpx.Limits(max_connections=CONCURRENT + 8)
        async with httpx.AsyncClient(
            base_url=platform.address, timeout=30, limits=limits
        ) as client:
            floor = Floor(platform, client)
            await _play(floor, options, console)
            await statement.show(console, floor)
            return await _verdict(floor, console, time.monotonic() - started)


async def _play(floor: Floor, options: Options, console: Console) -> None:
    columns = (
        TextColumn("{task.description:<22}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        opening = progress.add_task("accounts, funded", total=options.accounts)
        for number in range(options.accounts):
            await floor.open_account(number)
            progress.advance(opening)
        trading = progress.add_task("orders", total=options.orders)
        waiting = list(reversed(customers.plans(options.orders, options.accounts, options.seed)))

        async def customer() -> None:
            while waiting:
                await floor.trade(waiting.pop())
                progress.advance(trading)

        async with asyncio.TaskGroup() as tasks:
            for _ in range(CONCURRENT):
                tasks.create_task(customer())
        await _come_to_rest(floor, progress)


async def _come_to_rest(floor: Floor, progress: Progress) -> None:
    """Let the market reach what rests; then cancel the others, and wait until all have ended."""
    await asyncio.sleep(LINGER_SECONDS)
    resting = [
        (account, order["order_id"])
        for account in range(len(floor.account_ids))
        for order in await floor.open_orders(account)
    ]
    cancelling = progress.add_task("open orders, cancelled", total=len(resting))
    for account, order_id in resting:
        await floor.cancel(account, order_id)
        progress.advance(cancelling)
    deadline = time.monotonic() + PATIENCE_SECONDS
    for account in range(len(floor.account_ids)):
        while await floor.open_orders(account):
            if time.monotonic() > deadline:
                floor.tally.faults.append(f"orders of account {account} did not come to rest")
                return
            await asyncio.sleep(0.05)


async def _verdict(floor: Floor, console: Console, seconds: float) -> int:
    container = floor.platform.container
    await _settled(floor)
    books = await container.queries().books()
    results = laws.check(books, _venue_history(floor), rules=container.rules())
    console.print("\n[bold]Laws[/], the venue's own record included")
    verification.show(console, results)
    for fault in floor.tally.faults:
        console.print(f"[red]unexpected answer[/] {fault}")
    broken = sum(bool(result.violations) for result in results)
    demo_orders = sum(floor.tally.kinds.values())
    console.print(f"  {seconds:.1f} s in all")
    console.print(
        f"demo: {demo_orders} orders, {len(books.executions)} fills,"
        f" {len(results) - broken} laws hold"
    )
    return 1 if broken or floor.tally.faults else 0


async def _settled(floor: Floor) -> None:
    """Wait until every trade of the venue is in the books: the last reports may be on their way."""
    container = floor.platform.container
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        books = await container.queries().books()
        if len(books.executions) >= len(_venue_history(floor).executions):
            return
        await asyncio.sleep(0.05)


def _venue_history(floor: Floor) -> VenueHistory:
    exchange = floor.platform.exchange
    assert exchange is not None, "the demo runs at the simulated venue"
    return simulated_venue.history(exchange, floor.platform.container.clock())
