"""The sending of one order, on every history that a small model allows.

A state is what we hold of an attempt, the requests on their way with their age since signing, what
two processes that settle attempts have counted and are asking, the answer on its way to us, and
what the venue really has. Time is the venue's clock; ages stop counting where they make no
difference any more. Breadth first, every state that can be reached is held against the invariants, and from each of
them a calm venue must lead to a settled attempt. The decision is the platform's own,
`tradecore.domain.sending`; it is broken on purpose too, and each time that must be noticed.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple

import pytest

from tradecore.domain import sending
from tradecore.domain.sending import DENIALS, READ_LAG, Doubt, Step, Word

EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)
TICK: Final = timedelta(seconds=3)
WINDOW: Final = 1
LAG: Final = READ_LAG // TICK
OLD: Final = WINDOW + LAG + 1  #: an age beyond which nothing changes
WRONG: Final = 3  #: denials that are plainly wrong, whenever the venue's reads have started anew

OPEN, LIVE, FILLED, CANCELED, REJECTED = "OPEN", "LIVE", "FILLED", "CANCELED", "REJECTED"
ABSENT = "ABSENT"
ENDS = (FILLED, CANCELED)
LONGEST: Final = 60  #: steps that a calm venue may need
FEWEST: Final = 200_000  #: states, so that nobody makes the model smaller unawares

#: What follows from a word that was asked for at an age, after so many denials; the age by now.
Decision = Callable[[Word, int, int, int], Step]


class Rules(NamedTuple):
    """How the attempt is settled."""

    decide: Decision
    guarded: bool = True  #: only the attempt that was asked about is signed anew


class Request(NamedTuple):
    age: int  #: by the venue's clock, since it was signed
    current: bool  #: of the attempt as it stands, not of one before


class Placed(NamedTuple):
    """An order that the venue accepted."""

    status: str
    age: int  #: since it was accepted
    current: bool  #: sent by the attempt as it stands


class Question(NamedTuple):
    asked: int  #: the attempt's age by the venue's clock, read before it was asked
    current: bool = True  #: about the attempt as it stands
    reply: str = ""  #: what the venue said, on its way to us; empty until it did


class Process(NamedTuple):
    """What one process that settles attempts remembers."""

    denials: int = 0
    question: Question | None = None


BOTH: Final = (Process(), Process())


class State(NamedTuple):
    ours: str
    age: int
    processes: tuple[Process, ...]
    requests: tuple[Request, ...]
    answer: str | None  #: to the order call, on its way to us
    placed: tuple[Placed, ...]
    refused: bool  #: the venue has said a definite no to the attempt
    wrong: int  #: wrong denials that may still come


def in_doubt(word: Word, asked: int, denials: int, _now: int) -> Step:
    """The platform's own decision."""
    return _decided(word, asked, denials)


@cache
def _decided(word: Word, asked: int, denials: int) -> Step:
    doubt = Doubt(signed_at=EPOCH, receive_window=WINDOW * TICK, denials=denials)
    return sending.next_step(doubt, word, EPOCH + asked * TICK)


def signed(
    processes: tuple[Process, ...] = BOTH,
    requests: tuple[Request, ...] = (),
    placed: tuple[Placed, ...] = (),
) -> Iterator[State]:
    """An attempt that was just committed: our clock is wrong a little, the wire may repeat."""
    for age in (-1, 0, 1):
        for copies in (1, 2):
            sent = tuple(sorted((*requests, *[Request(age, True)] * copies)))
            yield State(OPEN, age, processes, sent, None, placed, False, WRONG)


def tick(state: State) -> State:
    return state._replace(
        age=min(state.age + 1, OLD),
        requests=tuple(one._replace(age=min(one.age + 1, WINDOW + 1)) for one in state.requests),
        placed=tuple(one._replace(age=min(one.age + 1, LAG + 1)) for one in state.placed),
    )


def process(state: State, place: int, after: Process) -> State:
    """Return the state with one process changed; which of the two is which makes no difference."""
    others = state.processes[:place] + state.processes[place + 1 :]
    both = sorted((*others, after), key=lambda one: (one.denials, one.question or ()))
    return state._replace(processes=tuple(both))


def without(state: State, request: Request) -> State:
    left = list(state.requests)
    left.remove(request)
    return state._replace(requests=tuple(left))


def arrive(state: State, request: Request) -> Iterator[State]:
    """The venue gets a request: too old, a duplicate, refused, or accepted with one of three ends."""
    after = without(state, request)
    if request.age > WINDOW or any(one.status == OPEN for one in state.placed):
        yield after
        return
    if not state.placed and request.current:
        others = tuple(one for one in after.requests if not one.current)
        yield after._replace(requests=others, refused=True, answer=REJECTED)
    for status in (OPEN, *ENDS):
        placed = (*state.placed, Placed(status, 0, request.current))
        answer = status if request.current else state.answer
        yield after._replace(placed=placed, answer=answer)


def adopt(state: State, status: str) -> State:
    """Note what the venue says of the order; what has ended stays as it ended."""
    if state.ours in (*ENDS, REJECTED) or (status == REJECTED and state.ours == LIVE):
        return state
    return state._replace(ours=LIVE if status == OPEN else status, processes=())


def reads(state: State) -> Iterator[tuple[str, State]]:
    """Whatever the venue may answer to a question now, with what that costs."""
    known = state.placed[-1] if state.placed else None
    if known is None:
        yield ABSENT, state
        return
    yield known.status, state
    if known.status != OPEN:
        yield OPEN, state  # as it was before
    if known.age <= LAG:
        yield ABSENT, state
    elif state.wrong:
        yield ABSENT, state._replace(wrong=state.wrong - 1)


def judge(state: State, place: int, rules: Rules) -> Iterator[State]:
    """What a process does about the answer to its question."""
    denials, question = state.processes[place]
    assert question is not None
    if question.reply != ABSENT:
        yield adopt(state, question.reply)
        return
    done = process(state, place, Process(denials))
    if not question.current:
        if not rules.guarded:
            yield from renew(done)
        yield process(state, place, Process())  # it is about an attempt that is no more
        return
    step = rules.decide(Word.DENIED, question.asked, denials, state.age)
    if step is Step.COUNT:
        yield process(state, place, Process(denials + 1))
    elif step is Step.ASK_FOR_FILLS:
        for said, after in reads(done):
            last = rules.decide(Word.NEVER_TRADED, question.asked, denials, state.age)
            yield from renew(after) if said != FILLED and last is Step.RENEW else [after]
    elif step is Step.RENEW:
        yield from renew(done)
    else:
        yield done


def renew(state: State) -> Iterator[State]:
    """Sign and send anew; what the processes are asking is about the attempt before."""
    return signed(
        tuple(
            Process(0, one.question and one.question._replace(current=False))
            for one in state.processes
        ),
        tuple({one._replace(current=False) for one in state.requests}),
        tuple(one._replace(current=False) for one in state.placed),
    )


def successors(state: State, rules: Rules) -> Iterator[State]:
    """Every state that may come next."""
    yield tick(state)
    for request in set(state.requests):
        yield from arrive(state, request)
        yield without(state, request)  # lost, or its sender died before it left
    for place, one in enumerate(state.placed):
        if one.status == OPEN:
            for end in ENDS:
                changed = list(state.placed)
                changed[place] = one._replace(status=end)
                yield state._replace(placed=tuple(changed))
        if state.ours in (OPEN, LIVE):
            yield adopt(state, one.status)  # the stream tells, or the sweep asks
    if state.answer is not None:
        yield state._replace(answer=None)
        yield adopt(state, state.answer)._replace(answer=None)
    for place in range(len(state.processes)):
        yield from ask(state, place, rules)


def ask(state: State, place: int, rules: Rules) -> Iterator[State]:
    """One process crashes, asks, is answered, or does what follows."""
    denials, question = state.processes[place]
    yield process(state, place, Process())  # a crash: what it counted and asked is gone
    if question is None:
        if rules.decide(Word.NOTHING, state.age, denials, state.age) is Step.ASK:
            yield process(state, place, Process(denials, Question(state.age)))
    elif not question.reply:
        yield process(state, place, Process(denials))  # the venue's reads are away
        for reply, after in reads(state):
            yield process(after, place, Process(denials, question._replace(reply=reply)))
    else:
        yield from judge(state, place, rules)


def violation(state: State) -> str | None:
    """Return what must never be, and is."""
    if len({one.current for one in state.placed}) > 1:
        return "two sends of ours were accepted"
    if any(not one.current and one.age <= WINDOW for one in state.requests):
        return "sent anew while an earlier request could still be accepted"
    ends = {one.status for one in state.placed}
    if state.ours in ENDS and state.ours not in ends:
        return "held for an end that it has not come to"
    if state.ours == LIVE and not ends:
        return "held to live though it never was"
    if state.ours == REJECTED and (ends or not state.refused):
        return "held for refused though it was not"
    return None


def calm(state: State, rules: Rules) -> State:
    """What comes next when everything works: requests and answers arrive, reads are up to date."""
    if state.requests:
        *_, last = arrive(state, state.requests[0])
        return last
    if state.placed and state.placed[-1].status == OPEN:
        return state._replace(placed=(*state.placed[:-1], state.placed[-1]._replace(status=FILLED)))
    if state.answer is not None:
        return adopt(state, state.answer)._replace(answer=None)
    if state.ours == LIVE:
        return adopt(state, state.placed[-1].status)
    return calm_question(state, rules)


def calm_question(state: State, rules: Rules) -> State:
    """What comes next when one of the processes may ask and is answered the truth."""
    denials, question = state.processes[0]
    if question is None:
        if (
            rules.decide(Word.NOTHING, state.age, denials, state.age) is not Step.ASK
            or state.age < OLD
        ):
            return tick(state)
        return process(state, 0, Process(denials, Question(state.age)))
    if not question.reply:
        truth = state.placed[-1].status if state.placed else ABSENT
        return process(state, 0, Process(denials, question._replace(reply=truth)))
    return next(judge(state, 0, rules))


def explore(rules: Rules) -> tuple[set[State], str | None]:
    """Return every state that can be reached, up to the first violation."""
    seen = set(signed())
    waiting = deque(seen)
    while waiting:
        for after in successors(waiting.popleft(), rules):
            if after in seen:
                continue
            if (wrong := violation(after)) is not None:
                return seen, wrong
            seen.add(after)
            waiting.append(after)
    return seen, None


def never_settled(states: set[State], rules: Rules) -> list[State]:
    """Return the states from which a calm venue does not lead to an end that is the true one."""
    good: set[State] = set()
    bad = []
    for state in states:
        path = [state]
        while path[-1] not in good and path[-1].ours not in (*ENDS, REJECTED):
            path.append(calm(path[-1], rules))
            assert violation(path[-1]) is None
            if len(path) > LONGEST:
                bad.append(state)
                break
        else:
            good.update(path)
    return bad


@pytest.fixture(scope="module")
def reachable() -> set[State]:
    states, wrong = explore(Rules(in_doubt))
    assert wrong is None
    return states


def test_f03_f04_f05_no_history_sends_twice_or_holds_an_order_for_what_it_is_not(
    reachable: set[State],
) -> None:
    """`explore` stops at the first violation; so many states were held against all of them."""
    assert len(reachable) > FEWEST


@pytest.mark.parametrize(
    "seldom",
    [
        lambda state: state.wrong == 0 and state.ours == OPEN and bool(state.placed),
        lambda state: any(not one.current for one in state.requests) and bool(state.placed),
        lambda state: any(one.question and not one.question.current for one in state.processes),
        lambda state: all(one.denials == DENIALS for one in state.processes) and state.processes,
        lambda state: len(state.placed) == 2,  # one send that the wire delivered twice
        lambda state: state.refused and any(not one.current for one in state.requests),
    ],
)
def test_the_rare_states_are_among_them(
    seldom: Callable[[State], bool], reachable: set[State]
) -> None:
    assert any(seldom(state) for state in reachable)


def test_from_every_state_a_calm_venue_leads_to_the_true_outcome(reachable: set[State]) -> None:
    assert not never_settled(reachable, Rules(in_doubt))


def at_the_first_denial(word: Word, _asked: int, _denials: int, now: int) -> Step:
    return in_doubt(word, OLD, DENIALS, now)


def one_denial_short(word: Word, asked: int, denials: int, now: int) -> Step:
    return in_doubt(word, asked, denials + 1, now)


def before_the_window_has_passed(word: Word, asked: int, denials: int, now: int) -> Step:
    return in_doubt(word, asked + WINDOW, denials, now)


def without_regard_to_read_lag(word: Word, asked: int, denials: int, now: int) -> Step:
    return in_doubt(word, asked + LAG, denials, now)


def by_the_clock_when_the_answer_is_there(word: Word, _asked: int, denials: int, now: int) -> Step:
    return in_doubt(word, now, denials, now)


@pytest.mark.parametrize(
    "broken",
    [
        Rules(at_the_first_denial),
        Rules(one_denial_short),
        Rules(before_the_window_has_passed),
        Rules(without_regard_to_read_lag),
        Rules(by_the_clock_when_the_answer_is_there),
        Rules(in_doubt, guarded=False),
    ],
    ids=lambda rules: rules.decide.__name__ if rules.guarded else "whatever_was_asked_about",
)
def test_a_decision_that_is_hasty_is_caught(broken: Rules) -> None:
    _, wrong = explore(broken)
    assert wrong is not None


def test_a_decision_that_never_sends_anew_is_caught() -> None:
    def never(word: Word, asked: int, denials: int, now: int) -> Step:
        step = in_doubt(word, asked, denials, now)
        return Step.WAIT if step is Step.RENEW else step

    states, wrong = explore(Rules(never))
    assert wrong is None
    assert never_settled(states, Rules(never))
