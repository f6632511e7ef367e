"""What comes due in a pause, what came due before it or after it, and what nobody was there to decide."""

import pytest
from boards import NOON, a_board, at, decided, gaps, reason_of
from jobdoubles import S, a_job

from asched.core.change import Pause, Unpause
from asched.core.model import CatchUp, OnResume
from asched.core.outcome import ErrorNote, Failed
from asched.core.rules.arranging import Asked, add
from asched.core.rules.board import StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.runs import Ended, ended
from asched.core.rules.whilepaused import in_pause
from asched.core.triggers.interval import Every

FAILED = Failed(ErrorNote("ValueError", "no"))


def paused(since, until=None, on_resume=None, **policies):
    """A job that is due every 10 s, paused from then on."""
    board = a_board(a_job(**policies))
    change = Pause("tick", at(since).wall, "ada", "", None if until is None else at(until).wall, on_resume)
    pause(board, board.jobs["tick"], change, Turn())
    return board


def turn_at(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def caught_up(turn):
    return [fire.caught_up for change in turn.changes for fire, _ in getattr(change, "fires", ())]


IN_IT = [
    # paused from, until, due, now: was it paused when it came due?
    (10, None, 9.9, 11, False),
    (10, None, 10, 11, True),
    (10, 20, 19.9, 30, True),
    (10, 20, 20, 30, False),
    (10, None, 5, 7, True),  # the clock was set back: what comes at 7 comes in the pause
]


@pytest.mark.parametrize(("since", "until", "due_at", "now", "is_in_it"), IN_IT)
def test_a_pause_reaches_neither_back_nor_beyond_its_end(since, until, due_at, now, is_in_it):
    board = paused(since, until)
    assert in_pause(board.jobs["tick"], at(due_at).wall, at(now)) is is_in_it


def test_what_came_due_before_the_pause_and_was_not_decided_yet_waits_for_its_end():
    """Say, the loop was held up, and the run that ended then was one failure too many."""
    board = paused(25, grace=60 * S, catch_up=CatchUp.ALL)
    assert decided(turn_at(board, 40)) == [
        ("tick", 10.0, "queue"),
        ("tick", 20.0, "queue"),
        ("tick", 30.0, "paused"),
        ("tick", 40.0, "paused"),
    ]


def test_what_a_pause_finds_undecided_is_late_as_ever():
    board = paused(25, grace=S, catch_up=CatchUp.NONE)
    assert [what for _, _, what in decided(turn_at(board, 40))] == ["missed", "missed", "paused", "paused"]


LATE = [
    # paused from, until, at 90: what becomes of the fires at 10 and 20, with which facts
    (25, None, {"catch_up_window": 60 * S}, {10: ("expired", 80.0), 20: ("expired", 70.0)}),
    (25, 60, {"catch_up_window": 60 * S}, {10: ("expired", 80.0), 20: ("expired", 70.0)}),
    (25, None, {"catch_up_window": 75 * S, "catch_up": CatchUp.NONE}, {10: ("expired", 80.0), 20: ("missed", 70.0)}),
    (25, None, {"catch_up_window": 75 * S, "catch_up": CatchUp.ALL}, {10: ("expired", 80.0), 20: ("queue", None)}),
    (25, None, {"grace": 75 * S, "catch_up": CatchUp.NONE}, {10: ("missed", 80.0), 20: ("queue", None)}),
    (15, None, {"catch_up_window": 60 * S}, {10: ("expired", 80.0), 20: ("paused", None)}),  # one alone
]


@pytest.mark.parametrize(("since", "until", "policies", "what"), LATE)
def test_what_came_due_before_a_pause_is_as_late_as_it_is_when_it_is_decided(since, until, policies, what):
    turn = turn_at(paused(since, until, **policies), 90)
    fires = [pair for change in turn.changes for pair in getattr(change, "fires", ())]
    found = {(fire.scheduled_at - NOON) / S: decision for fire, decision in fires}
    late = {n: getattr(found[n], "facts", {}).get("late_s") for n in what}
    assert {n: (reason_of(found[n]), late[n]) for n in what} == what
    windows = {found[n].facts["catch_up_window_s"] for n in what if reason_of(found[n]) == "expired"}
    assert windows <= {policies.get("catch_up_window", S) / S}


def test_a_job_that_pauses_itself_keeps_what_came_due_before():
    board = a_board(a_job(pause_after=1, grace=60 * S))
    (start,) = [effect for effect in turn_at(board, 10).effects if isinstance(effect, StartRun)]
    turn, now = Turn(), at(20.5)
    ended(board, Ended(start.fire.id, 1, FAILED, now.wall, now.wall, S), now, turn)
    due(board, now, 1000, turn)
    assert decided(turn) == [("tick", 20.0, "queue")]
    assert decided(turn_at(board, 30)) == [("tick", 30.0, "paused")]


ON_RESUME = [
    (OnResume.SKIP, ["paused", "paused", "paused"]),
    (OnResume.LATEST, ["coalesced", "coalesced", "queue"]),
    (OnResume.ALL, ["queue", "queue", "queue"]),
]


def again(board, seconds, until):
    pause(board, board.jobs["tick"], Pause("tick", at(seconds).wall, "ben", "", at(until).wall), Turn())


def test_of_a_pause_that_was_extended_the_latest_is_one():
    board = paused(5, 25, OnResume.LATEST)
    turns = [turn_at(board, 10), turn_at(board, 20)]
    again(board, 22, 45)
    turns += [turn_at(board, 30), turn_at(board, 40)]
    assert [fire.scheduled_at for fire in board.jobs["tick"].queue] == [at(40).wall]
    assert [what for turn in turns for _, _, what in decided(turn)] == ["queue"] * 4


def test_what_nobody_decided_before_a_pause_was_extended_came_due_in_it():
    """Say, without a service."""
    board = paused(5)
    again(board, 35, 90)
    assert [what for _, _, what in decided(turn_at(board, 40))] == ["paused"] * 4


@pytest.mark.parametrize("catch_up", CatchUp)
@pytest.mark.parametrize(("on_resume", "what"), ON_RESUME)
def test_of_what_came_due_in_a_pause_on_resume_decides_also_when_nobody_was_there(catch_up, on_resume, what):
    board = paused(0, on_resume=on_resume, catch_up=catch_up, catch_up_window=S, grace=S)
    turn = turn_at(board, 30)
    assert [said for _, _, said in decided(turn)] == what
    assert not any(caught_up(turn)), "it waits for the end of the pause, with or without us"


@pytest.mark.parametrize("grace", [1, 15])
@pytest.mark.parametrize(("on_resume", "what"), ON_RESUME)
def test_a_pause_that_ended_while_nobody_was_there_was_one_up_to_its_end(on_resume, what, grace):
    """Whatever counts as on time: just before its end it was paused."""
    board = paused(0, 31, on_resume, catch_up=CatchUp.NONE, grace=grace * S)
    turn = turn_at(board, 3600)
    assert [said for _, _, said in decided(turn)[:3]] == what
    assert board.jobs["tick"].pause is None
    assert gaps(turn)[0].reason == "missed", "after it catch_up decides"


def test_of_what_was_held_for_so_long_the_newest_wait():
    board = paused(0, on_resume=OnResume.ALL, catch_up_max=2, grace=S)
    assert [said for _, _, said in decided(turn_at(board, 40))] == ["missed", "missed", "queue", "queue"]


@pytest.mark.parametrize(("on_resume", "what"), [(OnResume.SKIP, "paused"), (OnResume.ALL, "queue")])
def test_what_was_added_for_an_instant_in_the_pause_is_treated_alike(on_resume, what):
    board = paused(0, 31, on_resume, catch_up=CatchUp.NONE, trigger=Every(7200 * S))
    add(board, board.jobs["tick"], at(30).wall, Asked("ada"), at(), Turn())
    assert decided(turn_at(board, 3600)) == [("tick", 30.0, what)]


def test_all_that_was_held_runs_when_a_fire_on_time_comes_after_it():
    """They are not owed by an absence, so `latest` does not make one of them."""
    board = paused(0, on_resume=OnResume.ALL, catch_up=CatchUp.LATEST)
    turn_at(board, 35)
    turn = Turn()
    unpause(board, board.jobs["tick"], Unpause("tick", at(36).wall, "ada"), at(36), turn)
    turn_at(board, 40)
    assert [fire.scheduled_at for fire in board.jobs["tick"].queue][:2] == [at(20).wall, at(30).wall]
