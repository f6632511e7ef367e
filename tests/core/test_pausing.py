"""A job that fails several times in a row is paused, and tried again after a while."""

import pytest
from boards import a_board, at, decided, of_kind
from jobdoubles import S, a_job

from asched.core.change import Act, Finish, Pause, Promote, Streak
from asched.core.model import BACKFILL, Fire, Origin, Overlap
from asched.core.outcome import Abandoned, Cancelled, ErrorNote, Failed, Interrupted, Start, Succeeded, TimedOut
from asched.core.record import FireRecord
from asched.core.rules.adopt import adopt
from asched.core.rules.board import StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.failing import in_a_row
from asched.core.rules.pausing import pause
from asched.core.rules.roster import place, remove
from asched.core.rules.runs import Ended, ended, manual

FAILED = Failed(ErrorNote("ValueError", "no"))
OK = Succeeded()


def a_fire(origin=Origin.SCHEDULE, nonce=""):
    return Fire(1, "tick", 1, at(10).wall, at(10).wall, origin, nonce)


COUNTS = [
    (2, OK, Origin.SCHEDULE, 0),
    (2, FAILED, Origin.SCHEDULE, 3),
    (2, TimedOut(S), Origin.UPSTREAM, 3),
    (2, Abandoned("x"), Origin.STARTUP, 3),
    (2, Cancelled("x"), Origin.SCHEDULE, 2),
    (2, Interrupted("x"), Origin.SCHEDULE, 2),
    (2, FAILED, Origin.MANUAL, 2),
    (2, OK, Origin.MANUAL, 0),
]


@pytest.mark.parametrize(("before", "outcome", "origin", "after"), COUNTS)
def test_what_counts_as_a_failure_in_a_row(before, outcome, origin, after):
    assert in_a_row(before, a_fire(origin), outcome) == after


@pytest.mark.parametrize("origin", [Origin.BACKFILL, Origin.UPSTREAM])
@pytest.mark.parametrize("outcome", [OK, FAILED, TimedOut(S), Abandoned("x")])
def test_a_run_of_a_backfill_or_after_one_counts_neither_way(outcome, origin):
    assert in_a_row(2, a_fire(origin, f"{BACKFILL}1"), outcome) == 2


def tick(board, seconds):
    """What comes due then; the fire that is started, if any."""
    turn = Turn()
    due(board, at(seconds), 100, turn)
    started = [effect.fire for effect in turn.effects if isinstance(effect, StartRun)]
    return turn, (started[0] if started else None)


def end(board, fire, outcome, seconds):
    turn, now = Turn(), at(seconds)
    ended(board, Ended(fire.id, 1, outcome, now.wall, now.wall, 0 * S), now, turn)
    return turn


def run(board, seconds, outcome=FAILED):
    """The run of the fire that is due then ends a second later."""
    _, fire = tick(board, seconds)
    assert fire is not None, "it did not start"
    return end(board, fire, outcome, seconds + 1)


def pausing(**policies):
    return a_board(a_job(**{"pause_after": 2, "probe_after": 60 * S, **policies}))


def test_after_so_many_failures_in_a_row_it_is_paused_in_the_same_turn_with_the_reason():
    board = pausing()
    assert of_kind(run(board, 10), Pause) == []
    turn = run(board, 20)
    reason = "2 runs in a row failed; the last: run 1-2, it failed: ValueError: no"
    expected = Pause("tick", at(21).wall, "asched", reason, at(81).wall)
    assert [change.fire for change in of_kind(turn, Finish)] == [1 << 32 | 2]
    assert of_kind(turn, Pause) == [expected]
    assert of_kind(turn, Act) == [Act(at(21).wall, "pause_after", "asched", "tick", "1-2", reason)]
    assert decided(tick(board, 30)[0]) == [("tick", 30.0, "paused")]


def test_a_success_between_them_begins_anew():
    board = pausing()
    turns = [run(board, 10), run(board, 20, OK), run(board, 30)]
    assert [of_kind(turn, Streak) for turn in turns] == [[Streak("tick", n)] for n in (1, 0, 1)]
    assert board.jobs["tick"].pause is None


def test_then_the_next_fire_is_a_probe_whose_failure_pauses_it_at_once():
    board = pausing()
    run(board, 10)
    run(board, 20)
    tick(board, 81)
    assert board.jobs["tick"].pause is None
    (again,) = of_kind(run(board, 90), Pause)
    assert again.reason.startswith("3 runs in a row failed; ")
    assert again.until == at(151).wall


def test_a_probe_that_succeeds_gives_it_back_all_its_tries():
    board = pausing()
    run(board, 10)
    run(board, 20)
    tick(board, 81)
    run(board, 90, OK)
    assert of_kind(run(board, 100), Pause) == []


def test_without_probe_after_it_waits_for_somebody():
    board = pausing(probe_after=None)
    run(board, 10)
    (paused,) = of_kind(run(board, 20), Pause)
    assert paused.until is None


def test_the_free_slot_is_not_given_to_what_waited():
    board = pausing(pause_after=1, overlap=Overlap.QUEUE)
    _, first = tick(board, 10)
    tick(board, 20)
    turn = end(board, first, FAILED, 21)
    assert of_kind(turn, Promote) == []
    assert len(board.jobs["tick"].queue) == 1


def test_a_run_by_hand_that_succeeds_while_it_is_paused_begins_the_count_anew():
    board = pausing()
    run(board, 10)
    run(board, 20)
    fire, _ = manual(board, board.jobs["tick"], at(25), Turn())
    assert of_kind(end(board, fire, OK, 26), Streak) == [Streak("tick", 0)]
    tick(board, 81)
    assert of_kind(run(board, 90), Pause) == []


def test_an_operators_pause_is_not_taken_over():
    board = pausing()
    run(board, 10)
    _, fire = tick(board, 20)
    mine = Pause("tick", at(21).wall, "ann", "mine")
    pause(board, board.jobs["tick"], mine, Turn())
    turn = end(board, fire, FAILED, 22)
    assert (of_kind(turn, Streak), of_kind(turn, Pause)) == ([Streak("tick", 2)], [])
    assert board.jobs["tick"].pause == mine


def test_the_count_outlives_a_change_and_a_removal_of_the_job():
    board = pausing()
    run(board, 10)
    job = board.jobs["tick"].job
    remove(board, "tick", at(12), Turn())
    place(board, job, None, at(13), Turn())
    assert len(of_kind(run(board, 20), Pause)) == 1


def test_failures_count_from_when_the_job_has_the_option():
    board = pausing(pause_after=None)
    run(board, 10)
    assert of_kind(run(board, 20), Streak) == []


def test_what_was_lost_with_its_asched_counts():
    board = pausing()
    board.failures["tick"] = 1
    turn, when = Turn(), at(10).wall
    record = FireRecord(Fire(1 << 32 | 1, "tick", 1, when, when), Start(), when, 1, started_at=when)
    adopt(board, record, "asched 1", at(12).wall, at(60), turn)
    (paused,) = of_kind(turn, Pause)
    assert paused.reason.startswith("2 runs in a row failed; the last: run 1-1, it was abandoned")


def test_a_long_error_is_cut():
    board = pausing(pause_after=1)
    (paused,) = of_kind(run(board, 10, Failed(ErrorNote("E", "x" * 1000 + "\nmore"))), Pause)
    assert (len(paused.reason) < 300, paused.reason[-1], "\n" in paused.reason) == (True, "…", False)
