"""A catch-up because somebody asks for it: once per key, one at a time, audited."""

import asyncio
import hashlib

from tradecore.application.command import Idempotency
from tradecore.application.commands.catch_up import (
    CatchUpRequest,
    CaughtUp,
    RecordCatchUp,
    RequestCatchUp,
)
from tradecore.application.outcomes import Outcome
from tradecore.application.processes.catch_up import catch_up, catch_up_symbol
from tradecore.application.processes.gateway import Gateway
from tradecore.domain.errors import IdempotencyKeyInFlight
from tradecore.domain.ids import CommandId


class AskedCatchUps:
    """Catches up when asked.

    The wish is noted first; a repeat of its key finds what was done, or does it if whoever began
    has died. Fills that are posted change nothing when they are read again.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._under_way: set[str] = set()
        self._one_at_a_time = asyncio.Lock()

    async def run(self, command: RequestCatchUp) -> Outcome[CaughtUp]:
        """Return what was done.

        Raises:
            UnknownInstrument: the house does not offer the symbol.
            IdempotencyKeyInFlight: the same request is being done.
            VenueUnavailable: the venue cannot be asked; what is done so far is kept.
            StoreError, ExecutorFull, ExecutorStopped: as the executor.
        """
        asked = await self._gateway.executor.execute(command)
        request = asked.unwrap()
        if asked.replayed:
            try:
                return await self._record(command, request, None)
            except IdempotencyKeyInFlight:
                if request.request_id in self._under_way:
                    raise
        self._under_way.add(request.request_id)
        try:
            async with self._one_at_a_time:
                caught_up = await self._catch_up(request)
            return await self._record(command, request, caught_up)
        finally:
            self._under_way.discard(request.request_id)

    async def _catch_up(self, request: CatchUpRequest) -> CaughtUp:
        if request.symbol is None:
            return await catch_up(self._gateway)
        return await catch_up_symbol(self._gateway, request.symbol, request.from_trade_id)

    async def _record(
        self, command: RequestCatchUp, request: CatchUpRequest, caught_up: CaughtUp | None
    ) -> Outcome[CaughtUp]:
        key = request.request_id
        outcome: Outcome[CaughtUp] = await self._gateway.executor.execute(
            RecordCatchUp(
                command_id=CommandId(self._gateway.ids.new_id()),
                correlation_id=command.correlation_id,
                actor=command.actor,
                idempotency=Idempotency(
                    owner="catch-ups", key=key, request_hash=hashlib.sha256(key.encode()).digest()
                ),
                request=request,
                caught_up=caught_up,
            )
        )
        return outcome
