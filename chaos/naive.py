"""What becomes of the same wishes in the hands of a client that tries again on every error.

It is written as many are: a deadline, and a new order under a new id when no good answer came. It
meets the faults of requests alone; a day for comparison, never part of the platform.
"""

import asyncio
import random
from collections import Counter

import attrs
import msgspec
from chaos.day import API_KEY, FAULTS, OMNIBUS, SECRET, Plan, build_exchange

from binance_adapter import calls
from binance_adapter.rest import RestTransport, open_session
from binance_adapter.signing import Credentials, signer_of
from binance_adapter.transport import AnswerLost, NotSent
from binance_sim.faults.rules import STREAM_KINDS
from binance_sim.venue import SimulatedVenue
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.limits import UNLIMITED
from binance_sim.wire.server import Settings, serving
from tradecore.memory import SystemClock

TRIES = 3
DEADLINE_SECONDS = 2.0
CONCURRENT = 64


@attrs.frozen(kw_only=True)
class Naive:
    """What a naive client's day came to."""

    wishes: int
    doubled: int  #: stand or traded more than once at the venue
    lost: int  #: given up as failed, yet they stand or traded at the venue


async def naive_day(plan: Plan) -> Naive:
    """Return what the wishes of a day of `plan` come to without asking first."""
    clock, chance = SystemClock(), random.Random(plan.seed)
    exchange = build_exchange()
    settings = Settings(limits=UNLIMITED, fault_seed=plan.seed)
    keys = [hmac_key(API_KEY, SECRET, OMNIBUS)]
    given_up: set[int] = set()
    credentials = Credentials(api_key=API_KEY, signer=signer_of(SECRET.encode()))
    async with serving(exchange, keys, clock=clock, settings=settings) as server:
        for rule in FAULTS:
            if rule.kind not in STREAM_KINDS:
                server.faults.add(msgspec.structs.replace(rule))
        async with open_session() as session:
            transport = RestTransport(session, server.rest_url, credentials)
            left = list(range(plan.orders))

            async def customer() -> None:
                while left:
                    wish = left.pop()
                    if not await _placed(transport, wish, chance):
                        given_up.add(wish)

            async with asyncio.TaskGroup() as tasks:
                for _ in range(CONCURRENT):
                    tasks.create_task(customer())
        # Requests that were late arrive after their client has gone on.
        await asyncio.sleep(4)
        history = SimulatedVenue(exchange, OMNIBUS, clock).history()
    times = Counter(int(one.venue_client_order_id.split("-")[1]) for one in history.orders)
    return Naive(
        wishes=plan.orders,
        doubled=sum(count > 1 for count in times.values()),
        lost=sum(times[wish] > 0 for wish in given_up),
    )


async def _placed(transport: RestTransport, wish: int, chance: random.Random) -> bool:
    """Place an order, again and again until an answer is good; tell whether one was."""
    terms = {
        "symbol": "BTCUSDT",
        "side": chance.choice(("BUY", "SELL")),
        "type": "LIMIT",
        "timeInForce": "GTC",
        "quantity": "0.00100",
        "price": f"{60_000 + chance.randint(-30, 30)}.00",
    }
    for attempt in range(TRIES):
        now = int(SystemClock().now().timestamp() * 1000)
        stamped = {
            "newClientOrderId": f"wish-{wish}-{attempt}",
            "timestamp": str(now),
            "recvWindow": "5000",
        }
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                answer = await transport.send(calls.PLACE, terms | stamped)
        except (NotSent, AnswerLost, TimeoutError):
            continue
        if answer.is_success:
            return True
    return False
