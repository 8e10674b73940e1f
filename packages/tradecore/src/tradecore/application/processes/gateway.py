"""Doing at the venue what the books ask for, and telling the books what came of it.

Every function may be repeated: the attempt is committed before the send, and whoever is not sure
asks the venue first.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from typing import Any, Final

import attrs

from tradecore.application.command import Command, Idempotency
from tradecore.application.commands.advance_cursor import AdvanceCursor
from tradecore.application.commands.apply_execution import ApplyExecution
from tradecore.application.commands.open_attempt import Attempt, OpenAttempt, RenewAttempt
from tradecore.application.commands.raise_alert import RaiseAlert
from tradecore.application.commands.record_report import (
    RecordReport,
    RefuseCancel,
    RejectAttempt,
)
from tradecore.application.executor import Executor
from tradecore.domain.events import AlertKind
from tradecore.domain.ids import CommandId, OrderId, parse_venue_client_order_id
from tradecore.domain.venue_orders import VenueOrder
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.queries import Queries
from tradecore.ports.records import Delivery
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    Venue,
    VenueError,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)

logger = logging.getLogger(__name__)

ACTOR: Final = "gateway"
VENUE_SECONDS: Final = 10.0
"""How long one call of the venue may take: the venue itself gives up after as much."""


@attrs.frozen(kw_only=True)
class Gateway:
    """The parts that every conversation with the venue needs."""

    executor: Executor
    queries: Queries
    venue: Venue
    ids: IdFactory

    async def open_attempt(
        self, order_id: OrderId, handles: Delivery, correlation_id: str
    ) -> VenueOrder | None:
        """Commit the attempt to send an accepted order; return the child that is to be sent now.

        A redelivery finds the attempt of the first time, returns None and leaves it to `settle_attempts`.
        """
        outcome = await self.executor.follow_up(
            OpenAttempt(**self._head(correlation_id), order_id=order_id, handles=handles)
        )
        attempt = outcome.unwrap()
        asked_for = attempt.ask_first or outcome.replayed
        return None if asked_for else attempt.child

    async def send(self, child: VenueOrder, correlation_id: str) -> None:
        """Send a child whose attempt was just committed; an unknown outcome stays open."""
        try:
            async with _deadline(VenueOutcomeUnknown):
                report = await self.venue.submit(child)
        except VenueRejected as refusal:
            await self.executor.follow_up(
                RejectAttempt(
                    **self._head(correlation_id),
                    order_id=child.order_id,
                    child=child.child,
                    attempted_at=child.attempted_at,
                    reason=str(refusal),
                )
            )
        except (VenueUnavailable, VenueOutcomeUnknown) as doubt:
            logger.warning(
                "gateway.outcome_open",
                extra={"order_id": child.order_id, "error": repr(doubt)},
            )
        else:
            await self.record(child, report, correlation_id)

    async def cancel_order(self, order_id: OrderId, correlation_id: str) -> None:
        """Cancel what stands at the venue for the order; an open attempt is waited for."""
        # The wish may be fulfilled by now, and a next child stand that nobody wants canceled.
        for child in await self.queries.list_pending_cancels(order_id):
            await self.cancel(child, correlation_id)

    async def cancel(self, child: VenueOrder, correlation_id: str) -> None:
        """Cancel one child. Where the venue refuses, its own word on the order decides."""
        try:
            async with _deadline(VenueOutcomeUnknown):
                report = await self.venue.cancel(child)
        except VenueRejected as refusal:
            found = await self._query(child)
            if found is not None and found.outcome is None:
                await self.executor.follow_up(
                    RefuseCancel(
                        **self._head(correlation_id),
                        order_id=child.order_id,
                        child=child.child,
                        reason=str(refusal),
                    )
                )
            elif found is not None:
                await self.record(child, found, correlation_id)
        except (VenueUnavailable, VenueOutcomeUnknown) as doubt:
            logger.warning(
                "gateway.cancel_open", extra={"order_id": child.order_id, "error": repr(doubt)}
            )
        else:
            await self.record(child, report, correlation_id)

    async def record(self, child: VenueOrder, report: OrderReport, correlation_id: str) -> None:
        """Note what the venue says of a child; fetch the fills that it counts and we lack."""
        recorded = (
            await self.executor.follow_up(
                RecordReport(
                    **self._head(correlation_id),
                    order_id=child.order_id,
                    child=child.child,
                    venue_order_id=report.venue_order_id,
                    filled_quantity=report.filled_quantity,
                    outcome=report.outcome,
                    reason=report.reason,
                )
            )
        ).unwrap()
        if recorded.filled_quantity < report.filled_quantity:
            await self.catch_up(recorded, correlation_id)

    async def apply(self, report: ExecutionReport) -> None:
        """Post a fill; one that is known changes nothing."""
        await self.executor.follow_up(self._execution(report, report.key.reference))

    async def advance_cursor(self, symbol: str, trade_id: int) -> None:
        """Note that every fill of `symbol` up to `trade_id` is posted."""
        await self.executor.follow_up(
            AdvanceCursor(
                **self._head(symbol), venue=self.venue.name, symbol=symbol, trade_id=trade_id
            )
        )

    async def trades(self, symbol: str, from_id: int) -> Sequence[ExecutionReport]:
        """Return a page of the account's fills, as the port does. Raises VenueUnavailable."""
        async with _deadline(VenueUnavailable):
            return await self.venue.trades(symbol, from_id)

    async def recent_orders(self, symbol: str) -> Sequence[OrderReport]:
        """Return the newest orders of `symbol`, as the port does. Raises VenueUnavailable."""
        async with _deadline(VenueUnavailable):
            return await self.venue.recent_orders(symbol)

    async def catch_up(self, child: VenueOrder, correlation_id: str) -> None:
        """Apply every fill of a child that the venue has; those that we have change nothing."""
        for report in await self._executions(child):
            await self.executor.follow_up(self._execution(report, correlation_id))

    async def ask(self, child: VenueOrder) -> bool:
        """Note what the venue says of a child; return whether it knows it."""
        report = await self._query(child)
        if report is not None:
            await self.record(child, report, str(child.order_id))
        return report is not None

    async def has_traded(self, child: VenueOrder) -> bool:
        """Return whether the venue has a fill of a child. Raises VenueUnavailable."""
        return bool(await self._executions(child))

    async def renew(self, child: VenueOrder) -> None:
        """Send anew a child that the venue provably never saw and cannot accept any more."""
        correlation_id = str(child.order_id)
        renewed: Attempt = (
            await self.executor.follow_up(
                RenewAttempt(
                    **self._head(correlation_id),
                    order_id=child.order_id,
                    child=child.child,
                    attempted_at=child.attempted_at,
                )
            )
        ).unwrap()
        if renewed.child is not None:
            await self.send(renewed.child, correlation_id)

    async def alert(
        self,
        kind: AlertKind,
        subject: str,
        detail: str,
        *,
        occasion: str = "",
        amount: Decimal | None = None,
    ) -> None:
        """Tell the operators, once per kind, subject and occasion."""
        key = ":".join(filter(None, (kind, subject, occasion)))
        await self.executor.follow_up(
            RaiseAlert(
                **self._head(subject),
                alert=kind,
                subject=subject,
                detail=detail,
                amount=amount,
                idempotency=Idempotency(
                    owner="alerts", key=key, request_hash=hashlib.sha256(key.encode()).digest()
                ),
            )
        )

    async def _query(self, child: VenueOrder) -> OrderReport | None:
        async with _deadline(VenueUnavailable):
            return await self.venue.query(child)

    async def _executions(self, child: VenueOrder) -> Sequence[ExecutionReport]:
        async with _deadline(VenueUnavailable):
            return await self.venue.executions(child)

    def command_of(self, report: VenueReport) -> Command[Any] | None:
        """Return the command that notes a report of the stream; None if it says nothing of ours."""
        if isinstance(report, ExecutionReport):
            return self._execution(report, report.key.reference)
        ours = parse_venue_client_order_id(report.venue_client_order_id)
        if ours is None:
            return None
        order_id, _, child = ours
        return RecordReport(
            **self._head(order_id),
            order_id=order_id,
            child=child,
            venue_order_id=report.venue_order_id,
            filled_quantity=report.filled_quantity,
            outcome=report.outcome,
            reason=report.reason,
        )

    def _execution(self, report: ExecutionReport, correlation_id: str) -> ApplyExecution:
        name = report.venue_client_order_id
        ours = None if name is None else parse_venue_client_order_id(name)
        return ApplyExecution(
            **self._head(correlation_id),
            order_id=None if ours is None else ours[0],
            child=0 if ours is None else ours[2],
            venue=report.venue,
            symbol=report.symbol,
            base_asset=report.base_asset,
            quote_asset=report.quote_asset,
            trade_id=report.trade_id,
            venue_order_id=report.venue_order_id,
            side=report.side,
            quantity=report.quantity,
            price=report.price,
            notional=report.notional,
            commission=report.commission,
            commission_asset=report.commission_asset,
            liquidity=report.liquidity,
            transacted_at=report.transacted_at,
        )

    def _head(self, correlation_id: str) -> dict[str, Any]:
        return {
            "command_id": CommandId(self.ids.new_id()),
            "correlation_id": correlation_id,
            "actor": ACTOR,
        }


@contextlib.asynccontextmanager
async def _deadline(late: type[VenueError]) -> AsyncIterator[None]:
    """Bound a call of the venue; raise `late` when it takes too long."""
    try:
        async with asyncio.timeout(VENUE_SECONDS):
            yield
    except TimeoutError as error:
        raise late(f"no answer within {VENUE_SECONDS} s") from error
