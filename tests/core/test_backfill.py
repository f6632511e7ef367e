"""Backfill: which instants of the past run, in which order, and what they leave alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from boards import NOON, a_board, at, decided, of_kind

from asched.core.action import Function
from asched.core.backfill import LOOKED_AT, Backfilling, survey
from asched.core.change import Backfill, BackfillState, Decide, Pause, Promote, Unpause
from asched.core.lanes import Waiting
from asched.core.model import Ending, Fire, Job, Origin, Overlap, Policies
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.rules.backfilling import begin_backfill, cancel_backfill, go_on, open_backfill
from asched.core.rules.board import Cause, Kind, StartRun, StopRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.roster import remove
from asched.core.rules.runs import Ended, ended, manual, stop
from asched.core.triggers.interval import Every

MINUTE = timedelta(minutes=1)
ACTION = Function(print, "builtins:print", "coroutine")
HOURS_LATER = 4 * 3600
FAILED = Failed(ErrorNote("ValueError", "no"))


def a_job(name="work", every=MINUTE, **policies):
    return Job(name, ACTION, None if every is None else Every(every, NOON), Policies(**policies))


def board_of(*jobs):
    """Four hours after noon, all that was due skipped over: the past lies behind it."""
    return a_board(*jobs, now=at(HOURS_LATER))


def wanted(job="work", since=0, until=4, at_once=1, again=False):
    """Of the minutes after noon."""
    begins, ends = NOON + since * MINUTE, NOON + until * MINUTE
    return Backfill(0, job, begins, ends, begins - timedelta(microseconds=1), at().wall, "ada", "", at_once, again)


def begin(board, order, done=()):
    turn, now = Turn(), at(HOURS_LATER)
    one = open_backfill(board, order)
    one.done |= {NOON + minute * MINUTE for minute in done}
    begin_backfill(one, now, turn)
    go_on(board, now, turn)
    return one, turn


def end(board, run, outcome=None, seconds=HOURS_LATER):
    turn, now = Turn(), at(seconds)
    ended(board, Ended(run.fire.id, 1, outcome or Succeeded(), now.wall, now.wall, timedelta(0)), now, turn)
    go_on(board, now, turn)
    return turn


def the_run(board):
    (run,) = board.runs.values()
    return run


def started(turn):
    """Minutes after noon of what was started."""
    return [(e.fire.scheduled_at - NOON) / MINUTE for e in turn.effects if isinstance(e, StartRun)]


def run_to_the_end(board, turn):
    """What it runs, in its order, as minutes after noon."""
    order = started(turn)
    while board.runs:
        order += started(end(board, next(iter(board.runs.values()))))
    return order


@pytest.mark.parametrize(
    ("since", "until", "done", "again", "runs"),
    [
        (1, 4, (), False, [1, 2, 3]),  # from the first on, the end left out
        (0.5, 2.5, (), False, [1, 2]),  # between instants
        (1, 5, (2, 4), False, [1, 3]),  # what succeeded is left out
        (1, 4, (2,), True, [1, 2, 3]),  # unless it is wanted again
        (1, 4, (1, 2, 3), False, []),
    ],
)
def test_which_instants_run_and_in_which_order(since, until, done, again, runs):
    board = board_of(a_job())
    one, turn = begin(board, wanted(since=since, until=until, again=again), done)
    assert run_to_the_end(board, turn) == runs
    assert board.backfills == {}
    assert one.order.state is BackfillState.DONE


def test_each_decision_is_recorded_with_where_the_backfill_stands_and_no_watermark():
    board = board_of(a_job())
    watermark = board.jobs["work"].watermark
    _, turn = begin(board, wanted(since=1))
    decide, stands = of_kind(turn, Decide)[0], of_kind(turn, Backfill)[-1]
    assert (decide.watermark, decide.until, board.jobs["work"].watermark) == (None, None, watermark)
    assert decide.fires[0][0].nonce == "backfill-1"
    assert stands.cursor == decide.fires[0][0].scheduled_at


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_no_more_instants_are_open_than_asked_for(at_once):
    board = board_of(a_job(max_instances=5))
    _, turn = begin(board, wanted(since=1, until=6, at_once=at_once))
    assert started(turn) == [1, 2, 3][:at_once]


def test_a_full_job_has_the_backfill_wait_whatever_its_overlap():
    for overlap in Overlap:
        board = board_of(a_job(overlap=overlap))
        manual(board, board.jobs["work"], at(HOURS_LATER), Turn())
        _, turn = begin(board, wanted(since=1, until=3))
        kind = "start" if overlap is Overlap.ALLOW else "queue"
        assert [what for _, _, what in decided(turn)] == [kind]
        assert [e for e in turn.effects if isinstance(e, StopRun)] == []


def test_what_is_due_is_not_skipped_because_a_backfill_runs():
    """It waits for that one run, and goes before the rest of the backfill."""
    board = board_of(a_job(overlap=Overlap.SKIP))
    begin(board, wanted(since=1, until=10))
    backfilled = the_run(board)
    turn = Turn()
    due(board, at(HOURS_LATER + 60), 10, turn)
    assert [what for _, _, what in decided(turn)] == ["queue"]
    ends = end(board, backfilled, seconds=HOURS_LATER + 70)
    assert [e.fire.backfill for e in ends.effects if isinstance(e, StartRun)] == [0]
    assert [what for _, _, what in decided(ends)] == ["queue"]  # the next of the backfill


def test_a_newer_fire_replaces_no_run_of_a_backfill():
    board = board_of(a_job(overlap=Overlap.REPLACE))
    begin(board, wanted(since=1, until=10))
    turn = Turn()
    due(board, at(HOURS_LATER + 60), 10, turn)
    assert [e for e in turn.effects if isinstance(e, StopRun)] == []
    assert [what for _, _, what in decided(turn)] == ["queue"]


def test_followers_follow_with_its_nonce_and_hold_the_next_instant():
    board = board_of(a_job(), replace(a_job("after", None), after=("work",)))
    _, _turn = begin(board, wanted(since=1, until=3))
    ends = end(board, the_run(board))
    assert [(fire.fire.job, fire.fire.nonce) for fire in board.runs.values()] == [("after", "backfill-1")]
    assert started(ends) == [1], "the follower of the first; the second waits for its end"
    assert started(end(board, the_run(board))) == [2]


def test_a_failure_does_not_end_it():
    board = board_of(a_job())
    begin(board, wanted(since=1, until=4))
    assert started(end(board, the_run(board), FAILED)) == [2]


def test_an_instant_that_succeeds_meanwhile_is_left_out():
    board = board_of(a_job(max_instances=2))
    _, _turn = begin(board, wanted(since=1, until=4))
    first = the_run(board)
    by_hand, _ = manual(board, board.jobs["work"], at(HOURS_LATER), Turn(), scheduled_at=NOON + 2 * MINUTE)
    end(board, board.runs[by_hand.id])
    assert started(end(board, first)) == [3]


def test_an_instant_that_is_open_is_left_out():
    board = board_of(a_job(max_instances=2))
    manual(board, board.jobs["work"], at(HOURS_LATER), Turn(), scheduled_at=NOON + MINUTE)
    _, turn = begin(board, wanted(since=1, until=3))
    assert started(turn) == [2]


def test_a_pause_holds_it():
    board = board_of(a_job())
    state = board.jobs["work"]
    begin(board, wanted(since=1, until=4))
    pause(board, state, Pause("work", at().wall, "ada"), Turn())
    assert started(end(board, the_run(board))) == []
    turn = Turn()
    unpause(board, state, Unpause("work", at().wall, "ada"), at(HOURS_LATER), turn)
    go_on(board, at(HOURS_LATER), turn)
    assert started(turn) == [2]


def test_a_drain_holds_it():
    board = board_of(a_job())
    begin(board, wanted(since=1, until=4))
    board.draining = True
    assert started(end(board, the_run(board))) == []
    board.draining = False
    turn = Turn()
    go_on(board, at(HOURS_LATER), turn)
    assert started(turn) == [2]


def test_it_is_held_while_its_job_is_away():
    board = board_of(a_job())
    _, _turn = begin(board, wanted(since=1, until=4))
    run = the_run(board)
    remove(board, "work", at(HOURS_LATER), Turn())
    assert started(end(board, run)) == []
    assert list(board.backfills) == [1]


def test_cancelled_it_starts_nothing_more_and_what_waits_is_skipped():
    board = board_of(a_job())
    begin(board, wanted(since=1, until=9, at_once=2))
    turn = Turn()
    assert cancel_backfill(board, 1, "ada", "enough", at(HOURS_LATER), turn)
    assert [str(one.decision.reason) for one in of_kind(turn, Promote)] == ["excluded"]
    assert of_kind(turn, Backfill)[-1].state is BackfillState.CANCELLED
    assert started(end(board, the_run(board))) == []
    assert not cancel_backfill(board, 1, "ada", "", at(HOURS_LATER), Turn())


def test_an_operator_who_stops_one_of_its_runs_has_it_go_on_with_the_next():
    board = board_of(a_job())
    manual(board, board.jobs["work"], at(HOURS_LATER), Turn())
    one, _ = begin(board, wanted(since=1, until=9))
    turn = Turn()
    (waiting,) = one.open
    stop(board, waiting, Cause.OPERATOR, "no", at(HOURS_LATER), turn)
    go_on(board, at(HOURS_LATER), turn)
    assert decided(turn) == [("work", 120.0, "queue")]


def test_a_long_stretch_without_anything_to_run_takes_several_turns():
    board = board_of(a_job(every=timedelta(seconds=1)))
    one, _turn = begin(board, wanted(until=LOOKED_AT / 30), range(0))
    one.done |= {NOON + timedelta(seconds=n) for n in range(10_000)}
    end(board, the_run(board))
    assert (Kind.BACKFILL, "", 1) in board.wall._live
    assert one.order.cursor == NOON + timedelta(seconds=LOOKED_AT + 1)


class Raises:
    steady, relative, startup = True, False, None

    def next_after(self, instant):
        raise RuntimeError("no calendar")


def test_a_trigger_that_raises_ends_it_with_its_reason():
    board = board_of(a_job())
    one = Backfilling(replace(wanted(), number=1))
    board.backfills[1] = one
    board.jobs["work"].trigger = Raises()
    turn = Turn()
    go_on(board, at(HOURS_LATER), turn)
    assert board.backfills == {}
    assert "its trigger raised RuntimeError: no calendar" in str(turn.changes)


def test_a_job_that_loses_its_schedule_ends_it_with_its_reason():
    board = board_of(a_job())
    begin(board, wanted(since=1, until=4))
    board.jobs["work"].trigger = None
    turn = end(board, the_run(board))
    assert started(turn) == []
    assert "its job has no such schedule any more" in str(turn.changes)
    assert of_kind(turn, Backfill)[-1].state is BackfillState.CANCELLED


def test_a_survey_counts_what_it_would_come_to():
    done = {NOON + MINUTE}
    found = survey(Every(MINUTE, NOON), NOON, NOON + 9 * MINUTE, done, [MINUTE, 2 * MINUTE, 9 * MINUTE], 2)
    assert (found.instants, found.more, found.succeeded, found.to_run) == (8, False, 1, 7)
    assert found.first[0] == NOON + 2 * MINUTE
    assert found.takes == 8 * MINUTE, "four times two at once, two minutes each"


def test_a_survey_of_too_many_says_so():
    found = survey(Every(timedelta(seconds=1), NOON), NOON, NOON + timedelta(days=1), (), (), 1)
    assert (found.instants, found.more, found.takes) == (10_000, True, None)


def test_what_is_on_time_goes_before_a_backfill_that_waits_in_its_lane():
    waiting = Waiting()
    for fire in (Fire(1, "tick", 1, NOON, NOON, Origin.BACKFILL, "backfill-1"), Fire(2, "tick", 1, NOON, NOON)):
        waiting.put("", fire)
    assert [waiting.take(waiting.first("").id).id for _ in range(2)] == [2, 1]


def test_a_backfill_that_fails_pauses_neither_its_job_nor_what_comes_after_it():
    last = Job("last", ACTION, None, Policies(pause_after=1), after=("work",), wished={"work": Ending.FAILED})
    board = board_of(a_job(pause_after=1), last)
    _, turn = begin(board, wanted(until=3))
    ran = started(turn)
    while board.runs:
        ran += started(end(board, next(iter(board.runs.values())), FAILED))
    assert ran == [1, 1, 2, 2]
    assert [(state.pause, board.failures.get(name)) for name, state in board.jobs.items()] == [(None, None)] * 2


def test_a_backfill_that_succeeds_does_not_begin_the_count_anew():
    board = board_of(a_job(pause_after=2))
    board.failures["work"] = 1
    assert run_to_the_end(board, begin(board, wanted(until=3))[1]) == [1, 2]
    assert board.failures["work"] == 1
