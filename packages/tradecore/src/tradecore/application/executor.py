"""Load, decide, save: whatever waits shares the next transaction.

Lanes run side by side: while one waits for the database, another decides. An account's commands
all go through one lane, so lanes seldom wait for each other's rows. While a lane's transaction
commits, its next batch gathers; a batch leaves as soon as the lane is free and never waits for a
timer. A batch that fails as a whole is run again command by command, so that one bad command costs
the others nothing.
"""

import asyncio
import logging
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

import attrs

from tradecore.application import outcomes
from tradecore.application.command import Command, NeedsMore
from tradecore.application.context import Context, HouseRules
from tradecore.application.outcomes import Outcome
from tradecore.domain.errors import DomainError, IdempotencyKeyReused, Refusal
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.records import CommandRecord, IdempotencyRecord, InboxRecord
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    ConcurrentUpdate,
    ConstraintViolated,
    Footprint,
    Store,
    StoreError,
    StoreUnavailable,
)
from tradecore.ports.working_set import Provenance, WorkingSet

logger = logging.getLogger(__name__)

AnswerT = TypeVar("AnswerT")
Decide = Callable[[Any, WorkingSet, Context], Any]

LANES: Final = 2
MAX_BATCH: Final = 256
MAX_WAITING: Final = 4096
MAX_TRIES: Final = 8
RETRY_SECONDS: Final = 0.01


class ExecutorFull(Exception):
    """As many commands wait as are allowed; try again later (429)."""


class ExecutorStopped(Exception):
    """The executor takes no more commands (503)."""


_Result = Outcome[Any] | Exception


@attrs.define
class _Waiting(Generic[AnswerT]):
    command: Command[AnswerT]
    answer: asyncio.Future[Outcome[AnswerT]]
    footprint: Footprint

    def deliver(self, result: Outcome[AnswerT] | Exception) -> None:
        """Hand the result to the caller, if it still waits."""
        if self.answer.done():
            return
        if isinstance(result, Exception):
            self.answer.set_exception(result)
        else:
            self.answer.set_result(result)


@attrs.define(eq=False)
class Lane:
    """Commands in their order, and whoever runs them, one transaction after the other."""

    waiting: deque[_Waiting[Any]] = attrs.field(factory=deque)
    arrived: asyncio.Event = attrs.field(factory=asyncio.Event)

    def add(self, waiting: _Waiting[Any]) -> None:
        """Put a command behind the others."""
        self.waiting.append(waiting)
        self.arrived.set()

    def next_batch(self, size: int) -> list[_Waiting[Any]]:
        """Take what waits, at most `size`."""
        return [self.waiting.popleft() for _ in range(min(size, len(self.waiting)))]


class Executor:
    """Runs commands on a store, many in one transaction. Use as an asynchronous context."""

    def __init__(  # noqa: PLR0913 - the parts of a composition root are named, not bundled
        self,
        store: Store,
        use_cases: Mapping[type[Command[Any]], Decide],
        *,
        clock: Clock,
        ids: IdFactory,
        prices: ReferencePrices,
        rules: HouseRules | None = None,
        on_commit: Callable[[], None] | None = None,
        lanes: int = LANES,
        max_batch: int = MAX_BATCH,
        max_waiting: int = MAX_WAITING,
    ) -> None:
        """Take plain parts; nothing starts before the context is entered.

        `on_commit` is called after each commit, so that readers of the log need not poll. Each of
        the `lanes` needs a connection of the store's while it works.
        """
        self._store = store
        self._use_cases = use_cases
        self._clock = clock
        self._ids = ids
        self._prices = prices
        self._rules = rules or HouseRules()
        self._on_commit = on_commit
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._lanes = [Lane() for _ in range(lanes)]
        self._stopping = False
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> "Executor":
        """Start the lanes."""
        await self._tasks.__aenter__()
        for number, lane in enumerate(self._lanes, start=1):
            self._tasks.create_task(self._serve(lane), name=f"executor lane {number}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take no more commands, finish those that wait, stop."""
        self._stopping = True
        for lane in self._lanes:
            lane.arrived.set()
        await self._tasks.__aexit__(kind, error, trace)

    async def execute(self, command: Command[AnswerT]) -> Outcome[AnswerT]:
        """Return what came of `command`, durable. Repeating it by id or key answers the same.

        Cancelling the caller does not cancel the command.

        Raises:
            DomainError: malformed, unknown or in conflict; nothing was kept.
            ExecutorFull, ExecutorStopped: it was not run.
            LockTimeout, StoreUnavailable, ConcurrentUpdate, ConstraintViolated: nothing was kept.
        """
        if self.waiting >= self._max_waiting:
            raise ExecutorFull
        return await self.follow_up(command)

    async def follow_up(self, command: Command[AnswerT]) -> Outcome[AnswerT]:
        """Return what came of a command that follows up what was accepted before.

        The venue's reports must not be turned away because new orders fill the queue; who calls
        bounds how many it has under way. Otherwise as `execute`.

        Raises:
            As `execute`, but for ExecutorFull.
        """
        if self._stopping:
            raise ExecutorStopped
        answer: asyncio.Future[Outcome[AnswerT]] = asyncio.get_running_loop().create_future()
        footprint = command.footprint()
        self.lane_of(footprint).add(_Waiting(command, answer, footprint))
        return await answer

    @property
    def waiting(self) -> int:
        """Return how many commands wait for the next transaction."""
        return sum(len(lane.waiting) for lane in self._lanes)

    def lane_of(self, footprint: Footprint) -> Lane:
        """Return the lane of what a command touches: of its account, else of its order."""
        touched = min(footprint.accounts or footprint.orders, default="")
        return self._lanes[zlib.crc32(touched.encode()) % len(self._lanes)]

    async def _serve(self, lane: Lane) -> None:
        batch: list[_Waiting[Any]] = []
        try:
            while True:
                while batch := lane.next_batch(self._max_batch):
                    await self._run(batch)
                    # Who has its answer may have its next wish ready: let it join the next batch.
                    await asyncio.sleep(0)
                if self._stopping:
                    return
                lane.arrived.clear()
                await lane.arrived.wait()
        finally:
            # Nobody may wait for a lane that is gone.
            self._stopping = True
            for waiting in batch:
                # Its COMMIT may have been under way; what was delivered before stays as it is.
                waiting.deliver(CommitOutcomeUnknown(waiting.command.command_id))
            for waiting in lane.waiting:
                waiting.deliver(ExecutorStopped())

    async def _run(self, batch: Sequence[_Waiting[Any]]) -> None:
        """Run a batch; after a failure, each of its commands alone."""
        try:
            results = await self._transact(batch)
        except StoreUnavailable as away:
            # Nothing was kept; alone, each would only wait for the same store once more.
            logger.warning("executor.store_away", extra={"size": len(batch), "error": repr(away)})
            for waiting in batch:
                waiting.deliver(StoreUnavailable(*away.args))
            return
        except StoreError as failure:
            logger.warning(
                "executor.batch_failed", extra={"size": len(batch), "error": repr(failure)}
            )
            for waiting in batch:
                await self._run_alone(waiting, failure, bounded=len(batch) == 1)
            return
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, NeedsMore):
                await self._run_alone(waiting, result)
            else:
                waiting.deliver(result)

    async def _run_alone(
        self, waiting: _Waiting[Any], failure: Exception, *, bounded: bool = False
    ) -> None:
        """Run one command until it is decided, a bounded number of times.

        After a batch failed, its commands get a first run of their own whatever the failure was;
        `bounded` says that this run is already behind it.
        """
        unknown = isinstance(failure, CommitOutcomeUnknown)
        for tries in range(1, MAX_TRIES + 1):
            if isinstance(failure, NeedsMore):
                waiting.footprint = Footprint.union((waiting.footprint, failure.footprint))
            elif bounded or tries > 1:
                if not (unknown or isinstance(failure, ConcurrentUpdate | ConstraintViolated)):
                    break
                await self._clock.sleep(RETRY_SECONDS * tries)
            try:
                (result,) = await self._transact([waiting])
            except StoreError as again:
                failure = again
                unknown = unknown or isinstance(again, CommitOutcomeUnknown)
                continue
            if not isinstance(result, NeedsMore):
                waiting.deliver(result)
                return
            failure = result
        logger.error("executor.command_failed", extra={"error": repr(failure)})
        # "Nothing was kept" would be a guess after an answer was lost.
        waiting.deliver(CommitOutcomeUnknown(waiting.command.command_id) if unknown else failure)

    async def _transact(self, batch: Sequence[_Waiting[Any]]) -> list[_Result]:
        """Run one transaction. An answer lost at COMMIT is found by the rerun's first load."""
        async with self._store.transaction() as transaction:
            books = await transaction.load(_footprint(batch))
            context = self._context(books)
            results = [self._result(waiting.command, books, context) for waiting in batch]
            await transaction.save(books)
            await transaction.commit()
        if self._on_commit is not None:
            self._on_commit()
        return results

    def _context(self, books: WorkingSet) -> Context:
        return Context(
            now=books.recorded_at,
            new_id=self._ids.new_id,
            find_price=self._prices.find,
            rules=self._rules,
        )

    def _result(self, command: Command[Any], books: WorkingSet, context: Context) -> _Result:
        """Decide one command, so that a refusal leaves nothing but its own answer."""
        try:
            known = self._known(command, books)
            if known is not None:
                return known
            outcome = self._decided(command, books, context)
            self._record(command, outcome, books, context)
        except (DomainError, NeedsMore) as error:
            books.discard()
            return error
        except Exception as bug:
            # Its caller hears of it; what the batch's other commands decided stands.
            books.discard()
            logger.exception("executor.command_crashed", extra={"kind": command.kind})
            return bug
        return outcome

    def _known(self, command: Command[Any], books: WorkingSet) -> Outcome[Any] | None:
        """Return the outcome of an earlier run by the same id or key. Raises on a reused key."""
        record = books.commands.find(command.command_id)
        if record is not None:
            return attrs.evolve(
                outcomes.decode(record.outcome, command.answer_type), replayed=False
            )
        handled = None if command.handles is None else books.inbox.find(command.handles)
        if handled is not None:
            return outcomes.decode(books.commands[handled.command_id].outcome, command.answer_type)
        key = command.idempotency
        used = None if key is None else books.idempotency.find(key.scoped_key)
        if key is None or used is None:
            return None
        if used.request_hash != key.request_hash:
            raise IdempotencyKeyReused(key=key.key)
        return outcomes.decode(books.commands[used.command_id].outcome, command.answer_type)

    def _decided(self, command: Command[Any], books: WorkingSet, context: Context) -> Outcome[Any]:
        answer, refusal = None, None
        try:
            answer = self._use_cases[type(command)](command, books, context)
        except Refusal as refused:
            books.discard()
            refusal = refused
        return Outcome(
            answer=answer,
            refusal=refusal,
            correlation_id=command.correlation_id,
            recorded_at=context.now,
        )

    def _record(
        self, command: Command[Any], outcome: Outcome[Any], books: WorkingSet, context: Context
    ) -> None:
        books.commands.save(
            CommandRecord(
                command_id=command.command_id,
                kind=command.kind,
                outcome=outcomes.encode(outcome),
                recorded_at=context.now,
            )
        )
        if command.idempotency is not None:
            books.idempotency.save(
                IdempotencyRecord(
                    owner=command.idempotency.owner,
                    key=command.idempotency.key,
                    request_hash=command.idempotency.request_hash,
                    command_id=command.command_id,
                    recorded_at=context.now,
                )
            )
        if command.handles is not None:
            books.inbox.save(
                InboxRecord(
                    consumer=command.handles.consumer,
                    event_id=command.handles.event_id,
                    command_id=command.command_id,
                )
            )
        books.keep(
            Provenance(
                command_id=command.command_id,
                correlation_id=command.correlation_id,
                recorded_at=context.now,
                new_id=context.new_id,
            )
        )


def _footprint(batch: Sequence[_Waiting[Any]]) -> Footprint:
    """Return what the commands touch, and what is known of them by id, key and event."""
    commands = [waiting.command for waiting in batch]
    known = Footprint(
        commands=frozenset(one.command_id for one in commands),
        keys=frozenset(one.idempotency.scoped_key for one in commands if one.idempotency),
        deliveries=frozenset(one.handles for one in commands if one.handles),
    )
    return Footprint.union((known, *(waiting.footprint for waiting in batch)))
