"""The everyday way of a fire, and of its end, comes to what the general way comes to: always, and cheaper."""

from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import timedelta
from unittest.mock import patch

import pytest
from boards import NOON, a_board, at
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st
from jobdoubles import Raises, S, a_job

from asched.core.change import Backfill, Pause, Unpause
from asched.core.condition import Network, Term
from asched.core.limits import Limits
from asched.core.model import CatchUp, OnResume, Overlap
from asched.core.need import Need
from asched.core.occurrence import Skipped
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.rules import plan, runs
from asched.core.rules.backfilling import begin_backfill, open_backfill
from asched.core.rules.board import A_STEP, Now, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.draining import drain, lift
from asched.core.rules.endofturn import end_turn
from asched.core.rules.everyday import begins, ends
from asched.core.rules.exchange import exchange
from asched.core.rules.overtime import count_time
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.pending import arrange
from asched.core.rules.runs import Ended, ended, manual
from asched.core.timeline import Timeline
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every

FAILED = Failed(ErrorNote("ValueError", "no"))
TICK = timedelta(microseconds=1)
NOBODY = timedelta(0)


def fires(board, seconds, name="tick"):
    """As the everyday way has it: what it decided, or None."""
    return begins(board, board.jobs[name], seconds if isinstance(seconds, Now) else at(seconds), Turn())


def started(job, seconds=10):
    """A board on which it was started, and its end."""
    board = a_board(job)
    due(board, at(seconds), 10, Turn())
    (fire,) = board.runs
    return board, Ended(fire, 1, Succeeded(), at(seconds).wall, at(seconds + 1).wall, S)


# What is special.


def test_one_that_is_on_time_is_one():
    board = a_board(a_job(grace=5 * S))
    assert fires(board, 9) is None
    for seconds in (10, 15):
        board = a_board(a_job(grace=5 * S))
        ((fire, _),) = fires(board, seconds)
        assert (fire.scheduled_at, fire.due_at) == (at(10).wall, at(10).wall)
    assert fires(a_board(a_job(grace=5 * S)), 15.000001) is None


def paused(board, state):
    pause(board, state, Pause("tick", at(1).wall, "ada"), Turn())


def skipped(board, state):
    arrange(board, state, Skipped("tick", at(30).wall, at(1).wall, "ada"), Turn())


def draining(board, state):
    drain(board, "ada", "", at(1), Turn())


def limited(board, state):
    board.limit(Limits(running=5))


def running(board, state):
    manual(board, state, at(1), Turn())


def waiting(board, state):
    running(board, state)
    manual(board, state, at(1), Turn())
    for fire in list(board.runs):
        board.over(fire)


def cooling(board, state):
    state.cooling = {"": at(1).steady}


@pytest.mark.parametrize("special", [paused, skipped, draining, limited, running, waiting, cooling])
def test_what_is_under_way_or_arranged_is_for_the_general_way(special):
    board = a_board(a_job(overlap=Overlap.QUEUE))
    special(board, board.jobs["tick"])
    assert fires(board, 10) is None


SPECIAL = [
    {"jitter": S},
    {"key": ("a",)},
    {"cooldown": S},
    {"pool": ("p",)},
    {"exclusive": ("x",)},
    {"trigger": AfterFinish(10 * S)},
    {"needs": (Need("other"),)},
    {"conditions": (Term(Network()),)},
    {"trigger": At(at(10).wall)},  # the last one there is
    {"trigger": Raises(NOON, at(10).wall)},  # it cannot be known whether there is one
]


@pytest.mark.parametrize("special", SPECIAL)
def test_so_is_a_job_with_something_of_its_own(special):
    board = a_board(a_job(**special))
    before = picture(board)
    assert fires(board, 10) is None
    assert picture(board) == before


def test_so_are_several_at_once_and_a_clock_that_was_set():
    assert fires(a_board(a_job(grace=60 * S)), 20) is None
    steady, ahead = at(10).steady, A_STEP
    assert fires(a_board(a_job()), Now(steady + ahead, steady)) is None
    assert fires(a_board(a_job()), Now(steady - ahead, steady)) is None
    assert fires(a_board(a_job()), Now(steady + ahead - TICK, steady)) is not None


def test_a_success_for_which_nobody_waits_is_an_everyday_end():
    board, end = started(a_job())
    turn = Turn()
    assert ends(board, end, turn)
    assert (len(turn.changes), board.runs, board.jobs["tick"].running) == (1, {}, {})


def failed(board, end):
    return replace(end, outcome=FAILED)


def of_another_attempt(board, end):
    return replace(end, attempt=2)


def of_nobody(board, end):
    return replace(end, fire=1)


def timed(board, end):
    count_time(board, a_job(run_timeout=60 * S), end.fire, at(10))
    return end


def after_failures(board, end):
    board.failures["tick"] = 1
    return end


def backfilled(board, end):
    open_backfill(board, Backfill(0, "tick", NOON, at(5).wall, NOON, NOON, "ada"))
    return end


def followed(board, end):
    board.dependents["tick"] = ["other"]
    return end


def needed(board, end):
    board.needing["tick"] = ["other"]
    return end


def with_one_behind_it(board, end):
    board.waits(board.jobs["tick"], "", board.runs[end.fire].fire)
    return end


def removed(board, end):
    del board.jobs["tick"]
    return end


def with_a_pool(board, end):
    board.runs[end.fire].holds = (("pool", "p"),)
    return end


@pytest.mark.parametrize(
    "special",
    [
        failed,
        of_another_attempt,
        of_nobody,
        timed,
        after_failures,
        backfilled,
        followed,
        needed,
        with_one_behind_it,
        removed,
        with_a_pool,
    ],
)
def test_any_other_end_is_for_the_general_way(special):
    board, end = started(a_job())
    end = special(board, end)
    before, turn = picture(board), Turn()
    assert not ends(board, end, turn)
    assert (picture(board), turn.changes) == (before, [])


# The two against each other.


@contextmanager
def the_general_way():
    with (
        patch.object(plan, "begins", lambda *_: None),
        patch.object(runs, "ends", lambda *_: False),
    ):
        yield


def picture(thing):
    """All that a board holds, as plain values: two are alike if these are."""
    if isinstance(thing, Timeline):
        return sorted(thing._live.values())
    if isinstance(thing, dict):
        return {key: picture(value) for key, value in thing.items()}
    names = getattr(thing, "__slots__", None) or list(getattr(thing, "__dict__", ()))
    if not type(thing).__module__.startswith("asched.") or not names or callable(thing):
        return thing
    return {name: picture(getattr(thing, name)) for name in names if name not in ("_sequence", "new_id")}


def seconds(low, high):
    return st.integers(low, high).map(lambda number: number * S)


def mostly(usual, *others):
    return st.sampled_from([usual] * 12 + list(others))


jobs = st.builds(
    a_job,
    trigger=mostly(Every(10 * S), Every(15 * S, NOON), AfterFinish(10 * S), At(at(30).wall), Raises(NOON, at(40).wall)),
    grace=seconds(0, 20),
    catch_up=st.sampled_from(CatchUp),
    overlap=st.sampled_from(Overlap),
    on_resume=st.sampled_from(OnResume),
    max_instances=st.integers(1, 2),
    jitter=mostly(NOBODY, S),
    cooldown=mostly(NOBODY, 5 * S),
    pool=mostly((), ("p",)),
    exclusive=mostly((), ("x",)),
    pause_after=st.none() | st.integers(1, 2),
    priority=st.integers(0, 1),
)
others = mostly({}, {"after": ("a",), "trigger": None}, {"needs": (Need("a"),)}, {"conditions": (Term(Network()),)})
limits = st.builds(Limits, running=mostly(None, 1, 2), pools=st.just({"p": 1}))


@st.composite
def rosters(draw):
    """Three jobs; the last two may depend on the first."""
    found = {}
    for name in "abc":
        job = replace(draw(jobs), name=name)
        found[name] = job if name == "a" else replace(job, **draw(others))
    return found


beside = st.one_of(
    st.tuples(st.just("pass"), st.integers(0, 40), st.sampled_from([0.3, 2, -2, 3600, -20000])),
    st.tuples(st.just("end"), st.integers(0, 3), st.sampled_from([Succeeded("1"), FAILED])),
    st.tuples(st.just("pause"), st.sampled_from("abc"), st.none() | st.integers(1, 60)),
    st.tuples(st.just("resume"), st.sampled_from("abc"), st.none()),
    st.tuples(st.sampled_from(["drain", "lift", "lift"]), st.none(), st.none()),
    st.tuples(st.sampled_from(["skip", "by hand", "backfill"]), st.sampled_from("abc"), st.none()),
    st.tuples(st.just("reload"), rosters(), limits),
)
passing = st.tuples(st.just("pass"), st.sampled_from([10, 10, 5, 15, 25]), st.just(0))
ending = st.tuples(st.just("end"), st.integers(0, 3), st.just(Succeeded()))
moves = st.one_of(passing, ending, passing, ending, beside)


class Life:
    """A board through which moves go, one turn each."""

    def __init__(self, roster):
        self.now = at()
        self.board = a_board(*roster.values())

    def make(self, move, one, other):
        turn = Turn()
        if move == "pass":
            passed = one * S
            self.now = Now(self.now.wall + passed + timedelta(seconds=other), self.now.steady + passed)
        else:
            self._make(move, one, other, turn)
        if not self.board.draining:
            due(self.board, self.now, 200, turn)
        end_turn(self.board, self.now, turn)
        return turn

    def _make(self, move, one, other, turn):
        board, now = self.board, self.now
        state = board.jobs.get(one) if isinstance(one, str) else None
        match move:
            case "end" if board.runs:
                fire = sorted(board.runs)[one % len(board.runs)]
                ended(board, Ended(fire, board.runs[fire].attempt, other, now.wall, now.wall, S), now, turn)
            case "pause":
                until = None if other is None else now.wall + other * S
                pause(board, state, Pause(one, now.wall, "ada", until=until), turn)
            case "resume":
                unpause(board, state, Unpause(one, now.wall, "ada"), now, turn)
            case "drain":
                drain(board, "ada", "", now, turn)
            case "lift":
                lift(board, "ada", "", now, turn)
            case "skip" if state.next_at is not None:
                arrange(board, state, Skipped(one, state.next_at, now.wall, "ada"), turn)
            case "by hand":
                manual(board, state, now, turn)
            case "backfill":
                since = now.wall - 20 * S
                backfill = open_backfill(board, Backfill(0, one, since, now.wall, since, now.wall, "ada"))
                begin_backfill(backfill, now, turn)
            case "reload":
                exchange(board, one, other, now, turn)


@settings(max_examples=200, deadline=None)
@given(rosters(), st.lists(moves, min_size=10, max_size=40))
def test_it_does_what_the_general_way_does_whatever_happens(roster, script):
    life, slow = Life(roster), Life(roster)
    for move in script:
        turn = life.make(*move)
        with the_general_way():
            expected = slow.make(*move)
        assert turn.changes == expected.changes
        assert turn.effects == expected.effects
        assert picture(life.board) == picture(slow.board)


def test_what_is_compared_is_all_that_a_board_holds():
    board = a_board(a_job())
    seen = picture(board)
    assert seen.keys() >= {"jobs", "runs", "wall", "steady", "failures", "successes", "permits", "recovering"}
    assert seen["jobs"]["tick"].keys() == {one.name for one in fields(board.jobs["tick"])}
    due(board, at(10), 10, Turn())
    assert picture(board) != seen


# The price.


def test_it_takes_less_than_half_of_the_steps():
    def price():
        board = a_board(*(a_job(f"job-{number}") for number in range(50)))
        with counting() as calls:
            due(board, at(10), 100, Turn())
            for fire in list(board.runs):
                ended(board, Ended(fire, 1, Succeeded(), at(10).wall, at(11).wall, S), at(11), Turn())
        return calls.count

    everyday = price()
    with the_general_way():
        assert everyday * 2 < price()
