"""The platform in memory behind the real routes: for tests of whoever sits on them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, cast

import attrs
import httpx
from litestar import Litestar

from http_adapter.app import create_app
from http_adapter.local_issuer import LocalIssuer
from http_adapter.metrics import Metrics
from http_adapter.services import Services, Version
from http_adapter.tokens import JwtVerifier, TokenPolicy
from tradecore.application.context import HouseRules
from tradecore.application.executor import Executor
from tradecore.application.processes.asked_catch_up import AskedCatchUps
from tradecore.application.processes.gateway import Gateway
from tradecore.application.use_cases import USE_CASES
from tradecore.domain.money import Price
from tradecore.domain.reference_prices import ReferencePrice
from tradecore.memory import (
    FixedConnector,
    FixedMarket,
    FixedMarketData,
    FixedPrices,
    MemoryQueries,
    MemoryStore,
    SequentialIds,
    VirtualClock,
)
from tradecore.testing.scripted_venue import Answer, ScriptedVenue

ISSUER = "https://issuer.test/realms/trading"
AUDIENCE = "tradecore"

INSTRUMENT = {
    "base_asset": "BTC",
    "quote_asset": "USDT",
    "base_scale": 8,
    "quote_scale": 8,
    "price_filter": {"min_price": "0.01", "max_price": "1000000", "tick_size": "0.01"},
    "lot_size": {"min_quantity": "0.00001", "max_quantity": "9000", "step_size": "0.00001"},
    "notional": {"min_notional": "5"},
}
ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "time_in_force": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


@attrs.frozen(kw_only=True)
class Platform:
    """Everything in one process."""

    store: MemoryStore
    clock: VirtualClock
    prices: FixedPrices
    market: FixedMarketData
    connector: FixedConnector
    venue: ScriptedVenue
    issuer: LocalIssuer
    services: Services
    metrics: Metrics
    app: Litestar
    client: httpx.AsyncClient

    def headers(self, token: str, key: str | None = None, **more: str) -> dict[str, str]:
        sent = {"Authorization": f"Bearer {token}"}
        if key is not None:
            sent["Idempotency-Key"] = key
        return sent | {name.replace("_", "-"): value for name, value in more.items()}

    @property
    def admin_token(self) -> str:
        return self.issuer.issue("alice", roles=["admin"])

    def trader_token(self, *account_ids: str) -> str:
        return self.issuer.issue(
            "trader-" + account_ids[0], roles=["trader"], account_ids=account_ids
        )

    async def admin(self, method: str, path: str, body: Any = None, key: str | None = None) -> Any:
        answer = await self.client.request(
            method,
            f"/v1/admin{path}",
            json=body,
            headers=self.headers(self.admin_token, key or self.services.ids.new_id()),
        )
        assert answer.is_success, answer.text
        return answer.json()

    async def offer(self, symbol: str = "BTCUSDT", **changes: Any) -> None:
        await self.admin("PUT", f"/instruments/{symbol}", INSTRUMENT | changes)
        base = changes.get("base_asset", "BTC")
        for asset, amount in ((base, "1000"), ("USDT", "100000000")):
            await self.admin(
                "POST", "/treasury/openings", {"asset": asset, "amount": amount, "reason": "start"}
            )

    async def open_account(self, name: str = "Ada", usdt: str | None = "100000") -> str:
        opened = await self.admin("POST", "/accounts", {"name": name})
        if usdt is not None:
            await self.credit(opened["account_id"], "USDT", usdt)
        return str(opened["account_id"])

    async def credit(self, account_id: str, asset: str, amount: str) -> None:
        await self.admin(
            "POST",
            f"/accounts/{account_id}/credit",
            {"asset": asset, "amount": amount, "reason": "test"},
        )


@asynccontextmanager
async def platform_in_memory() -> AsyncIterator[Platform]:
    """Run a platform whose prices and clock stand still, with nothing offered yet."""
    clock = VirtualClock()
    issuer = LocalIssuer(ISSUER, AUDIENCE, clock)
    store = MemoryStore(clock)
    ids = SequentialIds()
    prices = FixedPrices(
        ReferencePrice(
            symbol="BTCUSDT", bid=Price(Decimal(50000)), ask=Price(Decimal(50010)), at=clock.now()
        )
    )
    rules = HouseRules()
    executor = Executor(store, USE_CASES, clock=clock, ids=ids, prices=prices, rules=rules)
    queries = MemoryQueries(store.tables)
    market, connector = FixedMarketData(clock, BTCUSDT=FixedMarket()), FixedConnector()
    venue = ScriptedVenue(clock, lambda _child: Answer.FILL)
    services = Services(
        executor=executor,
        queries=queries,
        store=store,
        prices=prices,
        market_data=market,
        connector=connector,
        catch_ups=AskedCatchUps(Gateway(executor=executor, queries=queries, venue=venue, ids=ids)),
        verifier=JwtVerifier(TokenPolicy(issuer=ISSUER, audience=AUDIENCE), issuer.jwks(), clock),
        ids=ids,
        clock=clock,
        version=Version(version="1.2.3", commit="abc"),
        rules=rules,
    )
    metrics = Metrics()
    app = create_app(services, metrics=metrics)
    transport = httpx.ASGITransport(app=cast("Any", app), raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://api.test")
    async with executor, client:
        yield Platform(
            store=store,
            clock=clock,
            prices=prices,
            market=market,
            connector=connector,
            venue=venue,
            issuer=issuer,
            services=services,
            metrics=metrics,
            app=app,
            client=client,
        )
