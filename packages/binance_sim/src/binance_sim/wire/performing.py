"""One request from its arrival to what goes back, with whatever faults lie in its way."""

from collections.abc import Callable, Mapping
from typing import Final, cast

import attrs

from binance_sim.engine.errors import VenueError
from binance_sim.faults.rules import FaultBoard, Plan
from binance_sim.wire import failures
from binance_sim.wire.failures import Failure
from binance_sim.wire.gate import Admitted, Gate
from binance_sim.wire.tasks import Tasks

Admit = Callable[[], Admitted]

SERVER_TIMEOUT_SECONDS: Final = 10.0  #: after that -1007, whatever becomes of the request
_UNKNOWN_FIELD: Final = "fieldOfTomorrow"
UNKNOWN_STATUS: Final = "SUSPENDED_FOR_REVIEW"


@attrs.define
class Outcome:
    """What a request came to, and how it is to be told."""

    result: object = None
    failure: Failure | None = None
    admitted: Admitted | None = None
    answers: int = 1  #: how often it is told; 0: never
    is_cut: bool = False  #: the connection ends instead
    is_garbled: bool = False  #: the answer is no JSON


class Performer:
    """Admits and executes; without rules on the board it never waits."""

    def __init__(self, gate: Gate, board: FaultBoard, tasks: Tasks) -> None:
        self._gate = gate
        self._board = board
        self._tasks = tasks

    def plan(self, method: str, values: Mapping[str, str], transport: str) -> Plan:
        """Return the faults that a request meets; empty for nearly all."""
        if self._board.is_quiet:
            return {}
        return self._board.plan_request(method, values.get("symbol", ""), transport)

    def perform(self, admit: Admit) -> Outcome:
        """Do a request at once."""
        outcome = attempt(admit)
        return self._finish(outcome) if outcome.failure is None else outcome

    def _finish(self, outcome: Outcome) -> Outcome:
        admitted = outcome.admitted = cast("Admitted", outcome.result)
        done = attempt(lambda: self._gate.execute(admitted))
        outcome.result, outcome.failure = done.result, done.failure
        return outcome

    async def perform_disturbed(self, admit: Admit, plan: Plan) -> Outcome:
        """Do a request under faults."""
        time = self._gate.desk.time
        if hit := plan.get("delay_request"):
            await time.sleep(hit.seconds)
        if hit := plan.get("drop_request"):
            return Outcome(answers=0, is_cut=hit.rule.cut)
        failing = plan.get("fail")
        if failing is not None and not failing.rule.executed:
            return _failed(plan, Outcome())
        outcome = await self._perform_late(admit, plan)
        if hit := plan.get("duplicate_request"):
            await time.sleep(hit.seconds)
            self.perform(admit)
        if hit := plan.get("delay_answer"):
            await time.sleep(hit.seconds)
        if hit := plan.get("silence"):
            outcome.answers, outcome.is_cut = 0, hit.rule.cut
        elif "duplicate_answer" in plan:
            outcome.answers = 2
        if failing is not None:
            return _failed(plan, outcome)
        return _distorted(plan, outcome)

    async def _perform_late(self, admit: Admit, plan: Plan) -> Outcome:
        hit = plan.get("delay_engine")
        if hit is None:
            return self.perform(admit)
        outcome = attempt(admit)
        if outcome.failure is not None:
            return outcome
        if hit.seconds > SERVER_TIMEOUT_SECONDS:
            self._tasks.start(self._finish_late(outcome, hit.seconds))
            await self._gate.desk.time.sleep(SERVER_TIMEOUT_SECONDS)
            return Outcome(failure=failures.timed_out())
        await self._gate.desk.time.sleep(hit.seconds)
        return self._finish(outcome)

    async def _finish_late(self, outcome: Outcome, seconds: float) -> None:
        await self._gate.desk.time.sleep(seconds)
        self._finish(outcome)


def attempt(work: Callable[[], object]) -> Outcome:
    """Return what some work comes to."""
    try:
        return Outcome(result=work())
    except Failure as failure:
        return Outcome(failure=failure)
    except VenueError as error:
        return Outcome(failure=failures.of(error))


def _failed(plan: Plan, outcome: Outcome) -> Outcome:
    rule = plan["fail"].rule
    known = {-1006: failures.unexpected_response, -1007: failures.timed_out}
    if rule.code is None:
        outcome.failure = Failure(0, rule.message, status=rule.status)
        outcome.is_garbled = True
    elif rule.code in known:
        outcome.failure = known[rule.code]()
    else:
        outcome.failure = Failure(rule.code, rule.message, status=rule.status)
    return outcome


def _distorted(plan: Plan, outcome: Outcome) -> Outcome:
    outcome.is_garbled = "garble_answer" in plan
    rows = outcome.result if isinstance(outcome.result, list) else [outcome.result]
    for row in rows:
        if not isinstance(row, dict):
            continue
        answer = cast("dict[str, object]", row)
        if "unknown_field" in plan:
            answer[_UNKNOWN_FIELD] = {"nested": [1, None]}
        if "unknown_status" in plan and "status" in answer:
            answer["status"] = UNKNOWN_STATUS
    return outcome
