"""A drain: nothing is started, nothing is lost, and what it kept goes when it is lifted."""

from datetime import timedelta

import pytest
from boards import a_board, at, decided, gaps, of_kind
from jobdoubles import S, a_job

from asched.core.change import Absence, Act, Unpause
from asched.core.condition import Network, Term
from asched.core.limits import Limits
from asched.core.model import CatchUp, Overlap
from asched.core.outcome import ErrorNote, Failed, Succeeded
from asched.core.rules.arranging import Asked, add
from asched.core.rules.board import AskConditions, Cause, StartRun, StopRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.draining import cut_short, drain, lift
from asched.core.rules.exchange import exchange
from asched.core.rules.overtime import count_time, next_time_up, times_up
from asched.core.rules.runs import Ended, ended
from asched.core.triggers.interval import Every
from asched.operating import Pausing, pause_jobs, resume_jobs


def effects_of(turn, kind):
    return [effect.fire.job for effect in turn.effects if isinstance(effect, kind)]


def fired(board, seconds):
    turn = Turn()
    due(board, at(seconds), 10, turn)
    return decided(turn)


def drained_while_a_runs(**follower):
    """`a` ends in the drain, and `b` comes after it."""
    board, turn = a_board(a_job("a", Every(60 * S)), a_job("b", None, after=("a",), **follower)), Turn()
    due(board, at(60), 10, turn)
    assert drain(board, "ada", "new disk", at(61), Turn())
    (fire,) = board.runs
    turn = Turn()
    ended(board, Ended(fire, 1, Succeeded(), at(60).wall, at(70).wall, timedelta(0)), at(70), turn)
    assert turn.effects == []
    return board


def test_what_follows_a_run_that_ends_in_it_starts_after_it():
    board, turn = drained_while_a_runs(), Turn()
    assert lift(board, "ben", "", at(80), turn)
    assert effects_of(turn, StartRun) == ["b"]


def test_a_condition_is_asked_after_it():
    board, turn = drained_while_a_runs(conditions=(Term(Network()),)), Turn()
    assert lift(board, "ben", "", at(80), turn)
    assert effects_of(turn, AskConditions) == ["b"]


def test_it_is_recorded_as_an_absence_with_who_and_why():
    board, turn = drained_while_a_runs(), Turn()
    lift(board, "ben", "", at(80), turn)
    (absence,) = of_kind(turn, Absence)
    assert (absence.since, absence.until, absence.cause) == (at(61).wall, at(80).wall, "drained")
    assert absence.facts == {"by": "ada", "reason": "new disk"}
    assert [(act.verb, act.by) for act in of_kind(turn, Act)] == [("drain --cancel", "ben")]


def test_it_begins_once_and_is_lifted_once():
    board = drained_while_a_runs()
    assert not drain(board, "ada", "", at(75), Turn())
    assert lift(board, "ada", "", at(80), Turn())
    assert not lift(board, "ada", "", at(81), Turn())


def test_a_stop_cannot_be_lifted():
    board = a_board(a_job("a", Every(60 * S)))
    board.draining = True
    assert not lift(board, "ada", "", at(1), Turn())


def test_a_pause_in_it_does_not_reach_back():
    """What came due before the pause was owed then, and still is."""
    board, turn = a_board(a_job("a", Every(60 * S))), Turn()
    drain(board, "ada", "", at(20), Turn())
    pause_jobs(board, ["a"], Pausing("ada"), at(70), turn)
    assert decided(turn) == [("a", 60.0, "queue")]


def test_a_resume_in_it_does_not_reach_back():
    """What came due while it was paused, nobody wants any more."""
    board, turn = a_board(a_job("a", Every(60 * S))), Turn()
    pause_jobs(board, ["a"], Pausing("ada"), at(10), Turn())
    drain(board, "ada", "", at(20), Turn())
    resume_jobs(board, ["a"], "ada", "", at(70), turn)
    assert decided(turn) == [("a", 60.0, "paused")]
    lift(board, "ada", "", at(80), Turn())
    assert fired(board, 130) == [("a", 120.0, "start")]


def drained_over_a_pause(changed):
    """Paused from 70 to 150 in a drain, and changed at 250: what that comes to, in order."""
    board, turn = a_board(a_job("a", Every(60 * S), catch_up=CatchUp.ALL)), Turn()
    drain(board, "ada", "", at(20), Turn())
    pause_jobs(board, ["a"], Pausing("ada", "", 80 * S), at(70), Turn())
    for seconds in (100, 200):
        add(board, board.jobs["a"], at(seconds).wall, asked=Asked("ada"), now=at(75), turn=Turn())
    changed(board, at(250), turn)
    assert gaps(turn) == []
    assert not board.jobs["a"].added
    ends = [number for number, change in enumerate(turn.changes) if isinstance(change, Unpause)]
    assert turn.changes[ends[0]].reason == "its time was up"
    before, after = Turn(turn.changes[: ends[0]]), Turn(turn.changes[ends[0] :])
    return decided(before), decided(after), board.jobs["a"].pause


CHANGED = [
    lambda board, now, turn: pause_jobs(board, ["a"], Pausing("ben"), now, turn),
    lambda board, now, turn: resume_jobs(board, ["a"], "ben", "", now, turn),
    lambda board, now, turn: exchange(board, {"a": a_job("a", Every(45 * S))}, Limits(), now, turn),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_what_came_due_after_a_pause_that_ended_in_it_is_owed_whatever_the_job_becomes(changed):
    before, after, left = drained_over_a_pause(changed)
    assert before == [("a", 120.0, "paused"), ("a", 100.0, "paused")]
    assert after == [("a", 180.0, "queue"), ("a", 240.0, "queue"), ("a", 200.0, "queue")]
    assert left is None or (left.at, left.by) == (at(250).wall, "ben")


def test_nor_for_what_was_added():
    board, turn = a_board(a_job("a", Every(3600 * S))), Turn()
    add(board, board.jobs["a"], at(60).wall, asked=Asked("ada"), now=at(5), turn=Turn())
    pause_jobs(board, ["a"], Pausing("ada"), at(10), Turn())
    drain(board, "ada", "", at(20), Turn())
    resume_jobs(board, ["a"], "ada", "", at(70), turn)
    assert decided(turn) == [("a", 60.0, "paused")]
    assert not board.jobs["a"].added


def test_what_runs_is_stopped_when_its_time_is_up():
    board = a_board(a_job("a", Every(60 * S), run_timeout=30 * S))
    due(board, at(60), 10, Turn())
    (fire,) = board.runs
    count_time(board, board.jobs["a"].job, fire, at(60))
    drain(board, "ada", "", at(61), Turn())
    assert next_time_up(board) == at(90).steady
    early, turn = Turn(), Turn()
    times_up(board, at(89), early)
    times_up(board, at(90), turn)
    assert (early.effects, turn.effects) == ([], [StopRun(fire, Cause.RUN_TIMEOUT)])
    assert next_time_up(board) is None


def test_when_it_is_lifted_the_highest_priority_goes_first():
    shares = {"trigger": Every(60 * S), "overlap": Overlap.QUEUE, "exclusive": ("disk",)}
    board = a_board(a_job("low", **shares), a_job("high", priority=1, **shares))
    due(board, at(120), 10, Turn())
    (fire,) = board.runs
    due(board, at(180), 10, Turn())
    drain(board, "ada", "", at(181), Turn())
    ended(board, Ended(fire, 1, Succeeded(), at(120).wall, at(182).wall, 62 * S), at(182), Turn())
    turn = Turn()
    lift(board, "ada", "", at(183), turn)
    assert effects_of(turn, StartRun) == ["high"]


def test_what_came_due_before_its_job_was_paused_for_failing_is_owed():
    board, turn = a_board(a_job("a", Every(60 * S), pause_after=1)), Turn()
    due(board, at(60), 10, Turn())
    (fire,) = board.runs
    drain(board, "ada", "", at(61), Turn())
    failed = Failed(ErrorNote("ValueError", "no"))
    ended(board, Ended(fire, 1, failed, at(60).wall, at(130).wall, 70 * S), at(130), turn)
    assert board.jobs["a"].pause is not None
    assert decided(turn) == [("a", 120.0, "queue")]


CUT_SHORT = [
    # the newest act about drains, at, lived until: is the rest of its life a drain?
    ("drain", 10, 20, True),
    ("drain --cancel", 10, 20, False),
    ("drain", -1, 20, False),  # in the life before, and a restart ends it
    ("drain", 10, 10, False),
]


@pytest.mark.parametrize(("verb", "when", "until", "is_one"), CUT_SHORT)
def test_a_drain_in_which_asched_ended_is_known_by_its_act(verb, when, until, is_one):
    act = Act(at(when).wall, verb, "ada", reason="new disk")
    expected = Absence(at(when).wall, at(until).wall, "drained", {"by": "ada", "reason": "new disk"})
    assert cut_short(act, at(0).wall, at(until).wall) == (expected if is_one else None)


def test_who_was_never_drained_has_no_drain_cut_short():
    assert cut_short(None, at(0).wall, at(20).wall) is None
