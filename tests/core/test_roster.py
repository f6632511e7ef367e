"""Which jobs there are: a fire is owed only by the version that was active at its instant."""

import pytest
from boards import NOON, a_board, at, decided, gaps, of_kind
from jobdoubles import H, Raises, S, a_job

from asched.core.change import Act, Activate, Decide, Finish, Pause, Promote, Retire
from asched.core.localtime.cron import Cron
from asched.core.model import Fire, OnResume, Origin, Policies
from asched.core.outcome import Cancelled, Skip, SkipReason, Start, Succeeded
from asched.core.record import VersionRecord
from asched.core.rules.board import BrokenJob, Cause, Now, RunState, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import pause
from asched.core.rules.roster import correct, current, place, previous_of, remove, restore_pause, retire
from asched.core.rules.runs import Ended, ended, manual
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.specs import from_spec
from asched.core.triggers.union import AnyOf
from asched.core.version import written

DAY = 24 * H
HOURLY = Cron("0 * * * *")


def fire_now(board, now):
    turn = Turn()
    due(board, now, 1000, turn)
    return turn


def placed(board, job, previous, now):
    turn = Turn()
    state = place(board, job, previous, now, turn)
    board.link()
    return state, turn


def as_stored(state, *, retired_at=None):
    spec = None if state.trigger is None else state.trigger.spec()
    return VersionRecord(state.job.name, state.version, NOON, state.watermark, spec, state.definition, NOON, retired_at)


def test_a_job_seen_for_the_first_time_owes_nothing_from_before():
    board = a_board()
    state, turn = placed(board, a_job(), None, at())
    assert turn.changes == [Activate("tick", 1, NOON, Every(10 * S, NOON).spec(), written(a_job()), NOON)]
    assert (state.watermark, state.next_at) == (NOON, NOON + 10 * S)


def test_after_a_restart_the_same_job_goes_on_in_its_version_from_its_watermark():
    before = a_board(a_job()).jobs["tick"]
    state, turn = placed(a_board(), a_job(), previous_of(as_stored(before)), at(3600))
    assert turn.changes == []
    assert (state.version, state.watermark, state.next_at) == (1, NOON, NOON + 10 * S)
    assert state.trigger == Every(10 * S, NOON)


def test_a_change_of_policies_is_a_new_version_that_carries_the_watermark_and_the_phase_over():
    before = a_board(a_job()).jobs["tick"]
    state, turn = placed(a_board(), a_job(max_instances=2), previous_of(as_stored(before)), at(25))
    retired, activated = turn.changes
    assert (retired, activated.since, activated.trigger) == (
        Retire("tick", 1, at(25).wall),
        NOON,
        Every(10 * S, NOON).spec(),
    )
    assert (state.version, state.next_at) == (2, NOON + 10 * S)


def test_another_trigger_owes_nothing_from_before_and_what_the_old_one_owed_is_a_gap():
    before = a_board(a_job()).jobs["tick"]
    state, turn = placed(a_board(), a_job(trigger=Every(7 * S)), previous_of(as_stored(before)), at(25))
    closed, retired, activated = turn.changes
    (gap,) = closed.gaps
    assert (gap.after, gap.until, gap.count, gap.reason) == (NOON, at(25).wall, 2, SkipReason.REMOVED)
    assert (closed.watermark, closed.until, closed.version) == (NOON, at(25).wall, 1)
    assert (retired.version, activated.since, state.next_at) == (1, at(25).wall, at(32).wall)


def test_another_trigger_leaves_no_gap_where_nothing_was_owed():
    before = a_board(a_job()).jobs["tick"]
    _, turn = placed(a_board(), a_job(trigger=Every(7 * S)), previous_of(as_stored(before)), at(9))
    assert of_kind(turn, Decide) == []


def test_a_changed_cron_job_never_begins_before_what_it_has_decided():
    before = a_board(a_job(trigger=HOURLY)).jobs["tick"]
    before.watermark = NOON + 2 * H  # the clock was set back by an hour since
    state, _ = placed(a_board(), a_job(trigger=Cron("30 * * * *")), current(before), at(3600))
    assert state.watermark == NOON + 2 * H


def test_a_change_to_the_other_axis_does_not_wait_for_the_old_axis_to_be_passed():
    board = a_board(a_job(trigger=HOURLY))
    board.jobs["tick"].watermark = NOON + 2 * H
    ahead = Now(NOON + 2 * H + 60 * S, NOON)  # the wall clock was set forward by two hours; steady time was not
    state, _ = placed(board, a_job(trigger=Every(10 * S)), current(board.jobs["tick"]), ahead)
    assert (state.watermark, state.next_at) == (NOON, NOON + 10 * S)


def test_runs_queue_and_pause_outlive_a_change():
    board = a_board(a_job(overlap="queue"))
    fire_now(board, at(10))
    fire_now(board, at(20))
    old = board.jobs["tick"]
    pause(board, old, Pause("tick", at(21).wall, "ada"), Turn())
    new, _ = placed(board, a_job(max_instances=5), current(old), at(22))
    assert (new.running, new.queue, new.pause) == (old.running, old.queue, old.pause)
    assert len(new.running) == len(new.queue) == 1


def test_a_version_that_was_retired_does_not_come_back():
    before = a_board(a_job()).jobs["tick"]
    stored = as_stored(before, retired_at=at(5).wall)
    state, turn = placed(a_board(), a_job(), previous_of(stored), at(3600))
    (activated,) = turn.changes
    assert (state.version, activated.since, state.next_at) == (2, at(3600).wall, at(3610).wall)


def test_a_job_that_is_removed_and_added_again_begins_a_new_version():
    """In one process, too: the ledger refuses version 1 a second time, and everything that is decided on it."""
    board = a_board(a_job())
    remove(board, "tick", at(25), Turn())
    state, turn = placed(board, a_job(), None, at(60))
    assert [change.version for change in of_kind(turn, Activate)] == [2]
    assert (state.version, state.watermark, state.next_at) == (2, at(60).wall, at(70).wall)


def test_a_job_that_comes_back_counts_the_runs_that_it_left_behind():
    board = a_board(a_job())
    fire_now(board, at(10))
    remove(board, "tick", at(15), Turn())
    placed(board, a_job(), None, at(15))
    assert decided(fire_now(board, at(25))) == [("tick", 20.0, "overlapped")]


def test_a_paused_job_that_comes_back_is_still_paused():
    board = a_board(a_job())
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada", until=at(25).wall), Turn())
    remove(board, "tick", at(5), Turn())
    placed(board, a_job(), None, at(8))
    assert decided(fire_now(board, at(10))) == [("tick", 10.0, "paused")]
    assert decided(fire_now(board, at(31))) == [("tick", 20.0, "paused"), ("tick", 30.0, "start")]


def test_removing_records_what_was_owed_skips_the_queue_and_lets_what_runs_run():
    board = a_board(a_job(overlap="queue"))
    fire_now(board, at(10))
    fire_now(board, at(20))
    (running,), (waiting,) = board.jobs["tick"].running, board.jobs["tick"].queue
    turn = Turn()
    remove(board, "tick", at(35), turn)
    assert [gap.count for gap in gaps(turn)] == [1]
    assert of_kind(turn, Retire) == [Retire("tick", 1, at(35).wall)]
    assert of_kind(turn, Promote) == [Promote(waiting.id, Skip(SkipReason.REMOVED), at(35).wall)]
    assert (board.jobs, list(board.runs), board.next_deadlines()) == ({}, [running], (None, None))
    turn = Turn()
    ended(board, Ended(running, 1, Succeeded(), at(10).wall, at(40).wall, 30 * S), at(40), turn)
    assert [change.outcome for change in of_kind(turn, Finish)] == [Succeeded()]


def test_removing_ends_what_waits_for_its_next_attempt():
    board = a_board(a_job())
    fire_now(board, at(10))
    (run,) = board.jobs["tick"].running.values()
    run.waiting = True
    turn = Turn()
    remove(board, "tick", at(11), turn)
    (finish,) = of_kind(turn, Finish)
    assert isinstance(finish.outcome, Cancelled)
    assert board.runs == {}


def test_retiring_what_is_retired_already_says_nothing():
    before = a_board(a_job()).jobs["tick"]
    turn = Turn()
    retire("tick", previous_of(as_stored(before, retired_at=NOON)), at(99), turn)
    assert turn.changes == []


# Clocks that were wrong.


def test_a_clock_set_back_by_less_than_three_hours_runs_nothing_again():
    before = a_board(a_job(trigger=HOURLY)).jobs["tick"]
    before.watermark = NOON + 3 * H
    state, turn = placed(a_board(), a_job(trigger=HOURLY), current(before), at())
    assert (turn.changes, state.next_at) == ([], NOON + 4 * H)


def test_a_clock_set_back_by_more_begins_a_new_version_from_now():
    before = a_board(a_job(trigger=HOURLY)).jobs["tick"]
    before.watermark = NOON + 365 * DAY
    state, turn = placed(a_board(), a_job(trigger=HOURLY), current(before), at())
    assert [type(change) for change in turn.changes] == [Act, Retire, Activate]
    assert turn.changes[0].verb == "correct"
    assert turn.changes[0].reason == "the clock is 365d behind what was decided already"
    assert (state.version, state.watermark, state.next_at) == (2, NOON, NOON + H)


def test_interval_jobs_do_not_stay_silent_until_a_clock_that_was_set_back_comes_round_again():
    """The machine came up with local time in its clock, which was set right, and then the service was restarted."""
    for trigger in (Every(10 * S), AfterFinish(10 * S)):
        before = a_board(a_job(trigger=trigger)).jobs["tick"]
        before.watermark = NOON + 2 * H
        state, _ = placed(a_board(), a_job(trigger=trigger), current(before), at())
        assert (state.version, state.next_at) == (2, NOON + 10 * S)


def test_an_interval_that_was_anchored_by_a_wrong_clock_is_anchored_anew():
    before = a_board(a_job(), now=at(365 * 86_400)).jobs["tick"]
    state, turn = placed(a_board(), a_job(), previous_of(as_stored(before)), at())
    assert (state.version, state.next_at) == (2, NOON + 10 * S)
    assert of_kind(turn, Activate)[0].text == before.definition


def test_correcting_a_running_job_keeps_its_definition_and_moves_the_anchors_in_it():
    mixed = AnyOf((Every(600 * S), Cron("30 2 * * *")))
    board = a_board(a_job(trigger=mixed), now=at(86_400))
    before, turn = board.jobs["tick"].definition, Turn()
    correct(board, Now(NOON, NOON + DAY), turn)
    state = board.jobs["tick"]
    assert (state.definition, state.version, state.next_at) == (before, 2, NOON + 600 * S)


def test_a_little_skew_between_two_starts_is_no_correction():
    before = a_board(a_job()).jobs["tick"]
    before.watermark = NOON + 20 * S
    state, turn = placed(a_board(), a_job(), current(before), at())
    assert (turn.changes, state.next_at) == ([], NOON + 30 * S)


def test_correcting_a_running_board_concerns_wall_time_only():
    board = a_board(a_job("cron", HOURLY), a_job("interval"), a_job("after", AfterFinish(S)))
    for state in board.jobs.values():
        state.watermark = NOON + DAY
    turn = Turn()
    concerned = correct(board, Now(NOON, NOON + DAY), turn)
    assert list(concerned) == ["cron"]
    assert board.jobs["cron"].watermark == NOON
    assert board.jobs["interval"].watermark == NOON + DAY


# Triggers that fail.


def test_a_trigger_that_raises_at_once_breaks_its_own_job_only():
    board = a_board(a_job("good"))
    state, turn = placed(board, a_job("bad", Raises(NOON, NOON)), None, at())
    assert turn.effects == [BrokenJob("bad", "ZeroDivisionError: no more")]
    assert (state.next_at, board.broken) == (None, {"bad": "ZeroDivisionError: no more"})
    assert decided(fire_now(board, at(10))) == [("good", 10.0, "start")]


@pytest.mark.parametrize("jitter", [0 * S, 3 * S])
def test_a_trigger_that_raises_later_has_its_known_fire_recorded_as_invalid(jitter):
    board = a_board(a_job("bad", Raises(NOON, NOON + 20 * S), jitter=jitter), a_job("good", Every(10 * S)))
    first, second = fire_now(board, at(14)), fire_now(board, at(29))
    assert ("bad", 10.0, "start") in decided(first)
    assert ("bad", 20.0, "invalid") in decided(second)
    assert BrokenJob("bad", "ZeroDivisionError: no more") in second.effects
    assert ("good", 20.0, "overlapped") in decided(second)
    assert board.jobs["bad"].watermark == NOON + 20 * S


def test_a_stored_trigger_that_cannot_be_read_is_followed_by_a_new_version_that_loses_nothing():
    before = a_board(a_job(trigger=HOURLY)).jobs["tick"]
    record = as_stored(before)
    unreadable = VersionRecord("tick", 1, NOON, NOON, {"kind": "from the future"}, record.definition, NOON, None)
    state, turn = placed(a_board(), a_job(trigger=HOURLY), previous_of(unreadable), at(7200))
    assert [type(change) for change in turn.changes] == [Retire, Activate]
    assert (state.version, state.watermark, state.next_at) == (2, NOON, NOON + H)


def test_what_is_stored_of_a_trigger_reads_back_anchored():
    state = a_board(a_job()).jobs["tick"]
    assert from_spec(as_stored(state).trigger) == Every(10 * S, NOON)


# Pauses that outlive a restart.


def test_a_pause_that_ended_during_an_absence_holds_only_what_came_due_before_its_end():
    for trigger in (Every(10 * S), Cron("*/10 * * * * *")):
        before = a_board(a_job(trigger=trigger)).jobs["tick"]
        board = a_board()
        state, _ = placed(board, a_job(trigger=trigger), current(before), at(55))
        restore_pause(board, state, Pause("tick", at(1).wall, "ada", until=at(30).wall))
        happened = decided(fire_now(board, at(55))) + decided(fire_now(board, at(55)))
        assert happened == [
            ("tick", 10.0, "paused"),
            ("tick", 20.0, "paused"),
            ("tick", 30.0, "coalesced"),
            ("tick", 40.0, "coalesced"),
            ("tick", 50.0, "start"),
        ]


def test_a_relative_job_that_runs_while_it_is_changed_waits_for_that_end():
    board = a_board(a_job(trigger=AfterFinish(10 * S)))
    fire_now(board, at(10))
    state, _ = placed(board, a_job(trigger=AfterFinish(5 * S)), current(board.jobs["tick"]), at(12))
    assert (state.next_at, board.next_deadlines()) == (None, (None, None))
    (run,) = state.running
    ended(board, Ended(run, 1, Succeeded(), at(10).wall, at(20).wall, 10 * S), at(20), Turn())
    assert state.next_at == at(25).wall


def test_a_manual_run_that_is_not_started_leaves_the_schedule_alone():
    board = a_board(a_job())
    turn = Turn()
    fire, decision = manual(board, board.jobs["tick"], at(3), turn)
    (change,) = of_kind(turn, Decide)
    assert (fire.origin, decision, change.watermark, change.until) == (Origin.MANUAL, Start(), None, None)
    assert board.jobs["tick"].next_at == at(10).wall


def test_an_unfinished_run_is_found_by_its_fire_also_when_its_job_is_gone():
    board = a_board()
    fire = Fire(7, "gone", 1, NOON, NOON)
    board.runs[7] = RunState(fire, cause=Cause.OPERATOR)
    assert board.run(7) == (None, board.runs[7])
    assert board.run(8) is None


def test_policies_are_read_at_the_moment_not_when_the_job_was_first_placed():
    board = a_board(a_job())
    placed(board, a_job(max_instances=3), current(board.jobs["tick"]), at(5))
    assert board.jobs["tick"].job.policies == Policies(max_instances=3)


def test_a_reload_does_not_make_a_job_due_that_counts_from_the_end_of_what_still_waits():
    board = a_board(a_job("a", AfterFinish(60 * S), on_resume=OnResume.LATEST))
    pause(board, board.jobs["a"], Pause("a", NOON, "ada"), Turn())
    assert decided(fire_now(board, at(60))) == [("a", 60.0, "queue")]
    place(board, a_job("a", AfterFinish(60 * S), on_resume=OnResume.LATEST), current(board.jobs["a"]), at(70), Turn())
    assert decided(fire_now(board, at(500))) == []
