"""The life of runs after their start: attempts, slots, followers, joins, stops, manual runs, startups."""

import pytest
from boards import NOON, a_board, at, decided, of_kind, reason_of
from jobdoubles import H, S, a_job

from asched.core.change import Begin, Decide, Finish, Pause, Promote, Retrying, Unpause
from asched.core.model import OnResume, Origin, Overlap, Retry
from asched.core.outcome import Cancelled, ErrorNote, Failed, Interrupted, Skip, SkipReason, Start, Succeeded, TimedOut
from asched.core.rules.board import Cause, Kind, StartRun, StopRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import over, pause, unpause
from asched.core.rules.runs import Ended, ended, manual, startup, stop, stopped_as
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf

NO = Failed(ErrorNote("ValueError", "no", types=("ValueError",)))


def fire_now(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def end(board, fire, seconds, outcome=None, attempt=1):
    turn = Turn()
    ended(board, Ended(fire, attempt, outcome or Succeeded(), NOON, at(seconds).wall, S), at(seconds), turn)
    return turn


def running(board, job="tick"):
    return list(board.jobs[job].running)


def started(turn):
    return [(effect.fire.job, effect.attempt) for effect in turn.effects if isinstance(effect, StartRun)]


# Attempts.


def test_a_failed_attempt_waits_for_the_next_and_keeps_its_slot():
    board = a_board(a_job(retry=Retry(attempts=2, delay=5 * S, jitter=0.0)))
    fire_now(board, 10)
    (run,) = running(board)
    turn = end(board, run, 12, NO)
    (retrying,) = of_kind(turn, Retrying)
    assert (retrying.attempt, retrying.retry_at, of_kind(turn, Finish)) == (1, at(17).wall, [])
    assert running(board) == [run]
    again = fire_now(board, 17)
    assert (of_kind(again, Begin), started(again)) == ([Begin(run, 2, at(17).wall)], [("tick", 2)])
    last = end(board, run, 18, NO, attempt=2)
    assert [(f.attempt, f.outcome) for f in of_kind(last, Finish)] == [(2, NO)]
    assert running(board) == []


def test_an_end_that_is_told_twice_counts_once():
    board = a_board(a_job(retry=Retry(attempts=2)))
    fire_now(board, 10)
    (run,) = running(board)
    assert end(board, run, 12, NO).changes
    assert not end(board, run, 12, NO)
    assert not end(board, run, 13, Succeeded(), attempt=2), "it has not begun"
    assert not end(board, 4711, 13)


def test_a_retry_is_left_to_the_next_start_while_the_engine_drains():
    board = a_board(a_job(retry=Retry(attempts=2)))
    fire_now(board, 10)
    board.draining = True
    (run,) = running(board)
    assert [type(change) for change in end(board, run, 12, NO).changes] == [Retrying]


def test_what_an_operator_stopped_is_not_tried_again():
    board = a_board(a_job(retry=Retry(attempts=5)))
    fire_now(board, 10)
    (run,) = running(board)
    turn = Turn()
    assert stop(board, run, Cause.OPERATOR, "enough", at(11), turn)
    assert turn.effects == [StopRun(run, Cause.OPERATOR, False)]
    assert [f.outcome for f in of_kind(end(board, run, 12, NO), Finish)] == [NO]


def test_a_retry_begins_with_the_definition_of_that_moment():
    board = a_board(a_job(retry=Retry(attempts=2, delay=5 * S, jitter=0.0)))
    fire_now(board, 10)
    (run,) = running(board)
    end(board, run, 12, NO)
    board.jobs["tick"].job = a_job(timeout=H)
    (effect,) = [e for e in fire_now(board, 17).effects if e.fire.id == run]
    assert effect.job.policies.timeout == H


# Slots.


def test_a_freed_slot_goes_to_the_oldest_that_waits():
    board = a_board(a_job(overlap=Overlap.QUEUE))
    for seconds in (10, 20, 30):
        fire_now(board, seconds)
    waiting = [fire.id for fire in board.jobs["tick"].queue]
    turn = end(board, running(board)[0], 31)
    assert of_kind(turn, Promote) == [Promote(waiting[0], Start(), at(31).wall)]
    assert (running(board), [fire.id for fire in board.jobs["tick"].queue]) == (waiting[:1], waiting[1:])


@pytest.mark.parametrize("held", ["paused", "draining"])
def test_what_waits_goes_on_waiting_while(held):
    board = a_board(a_job(overlap=Overlap.QUEUE))
    fire_now(board, 10)
    fire_now(board, 20)
    state = board.jobs["tick"]
    if held == "paused":
        pause(board, state, Pause("tick", at(21).wall, "ada"), Turn())
    else:
        board.draining = True
    assert of_kind(end(board, running(board)[0], 22), Promote) == []
    assert len(state.queue) == 1


def test_resuming_lets_what_waits_go():
    board = a_board(a_job(overlap=Overlap.QUEUE))
    fire_now(board, 10)
    fire_now(board, 20)
    state = board.jobs["tick"]
    pause(board, state, Pause("tick", at(21).wall, "ada"), Turn())
    end(board, running(board)[0], 22)
    turn = Turn()
    unpause(board, state, Unpause("tick", at(25).wall, "ada"), at(25), turn)
    assert started(turn) == [("tick", 1)]


def test_replacing_asks_the_running_one_to_stop_and_displaces_the_waiting_one():
    board = a_board(a_job(overlap=Overlap.REPLACE))
    fire_now(board, 10)
    (run,) = running(board)
    second = fire_now(board, 20)
    assert (decided(second), second.effects) == ([("tick", 20.0, "queue")], [StopRun(run, Cause.REPLACED, False)])
    third = fire_now(board, 30)
    (promote,) = of_kind(third, Promote)
    assert (reason_of(promote.decision), third.effects) == ("replaced", [])
    assert isinstance(third.changes[0], Decide), "the ledger hears of the newer fire first"
    last = end(board, run, 31, Cancelled("replaced"))
    assert (started(last), len(board.jobs["tick"].queue)) == ([("tick", 1)], 0)


def test_terminating_does_so_at_once():
    board = a_board(a_job(overlap=Overlap.TERMINATE))
    fire_now(board, 10)
    assert fire_now(board, 20).effects == [StopRun(running(board)[0], Cause.REPLACED, True)]


def test_replacing_a_run_that_waits_for_its_next_attempt_calls_it_off():
    board = a_board(a_job(overlap=Overlap.REPLACE, retry=Retry(attempts=2, delay=H)))
    fire_now(board, 10)
    (run,) = running(board)
    end(board, run, 11, NO)
    turn = fire_now(board, 20)
    assert [(f.fire, f.outcome.kind) for f in of_kind(turn, Finish)] == [(run, "cancelled")]
    assert started(turn) == [("tick", 1)]


# After others.


def chain(*more, **policies):
    return a_board(a_job("a"), a_job("b", after=("a",), **policies), *more)


def test_a_follower_is_decided_with_the_end_that_makes_it_due_for_the_same_instant():
    board = chain()
    fire_now(board, 10)
    (run,) = running(board, "a")
    turn = end(board, run, 13)
    (finish,), (decide,) = of_kind(turn, Finish), of_kind(turn, Decide)
    ((fire, decision),) = decide.fires
    assert (finish.fire, decision, fire.scheduled_at, fire.due_at) == (run, Start(), at(10).wall, at(13).wall)
    assert (fire.origin, dict(fire.upstream), decide.watermark) == (Origin.UPSTREAM, {"a": run}, None)


@pytest.mark.parametrize("outcome", [NO, TimedOut(S), Cancelled("x"), Interrupted("y")])
def test_a_follower_is_blocked_when_what_it_comes_after_did_not_succeed(outcome):
    board = chain()
    fire_now(board, 10)
    (run,) = running(board, "a")
    ((_, decision),) = of_kind(end(board, run, 13, outcome), Decide)[0].fires
    assert decision == Skip(SkipReason.BLOCKED, blocked_by("a", run, outcome.kind, "succeeded"))


def blocked_by(upstream, run, ended, wished):
    return {"upstream": upstream, "run": board_name(run), "outcome": ended, "wished": wished}


def board_name(fire):
    return f"{fire >> 32}-{fire & 0xFFFFFFFF}"


def test_a_follower_is_not_decided_by_an_attempt_that_is_tried_again():
    board = a_board(a_job("a", retry=Retry(attempts=2)), a_job("b", after=("a",)))
    fire_now(board, 10)
    assert of_kind(end(board, running(board, "a")[0], 12, NO), Decide) == []


def test_a_follower_waits_for_the_next_start_while_the_engine_drains():
    board = chain()
    fire_now(board, 10)
    board.draining = True
    turn = end(board, running(board, "a")[0], 13)
    assert (decided(turn), turn.effects) == ([("b", 10.0, "queue")], [])


def test_a_follower_of_a_manual_run_is_told_apart_from_that_of_the_schedule():
    board = chain()
    turn = Turn()
    fire, _ = manual(board, board.jobs["a"], at(5), turn)
    ((follower, _),) = of_kind(end(board, fire.id, 6), Decide)[0].fires
    assert (fire.nonce, follower.nonce) == (fire.run, fire.run)


def joined():
    return a_board(a_job("a"), a_job("b"), a_job("c", after=("a", "b")))


def test_a_join_is_decided_once_by_the_last_of_its_successes():
    board = joined()
    fire_now(board, 10)
    (a,), (b,) = running(board, "a"), running(board, "b")
    assert of_kind(end(board, a, 11), Decide) == []
    ((fire, decision),) = of_kind(end(board, b, 12), Decide)[0].fires
    assert (decision, dict(fire.upstream)) == (Start(), {"a": a, "b": b})


def test_a_join_is_blocked_by_the_first_that_fails_and_not_asked_again():
    board = joined()
    fire_now(board, 10)
    (a,), (b,) = running(board, "a"), running(board, "b")
    ((_, decision),) = of_kind(end(board, a, 11, NO), Decide)[0].fires
    assert reason_of(decision) == "blocked"
    assert of_kind(end(board, b, 12), Decide) == []


def test_joins_of_different_instants_do_not_mix():
    board = a_board(a_job("a", max_instances=2), a_job("b", max_instances=2), a_job("c", after=("a", "b")))
    fire_now(board, 10)
    fire_now(board, 20)
    a10, _a20 = running(board, "a")
    _b10, b20 = running(board, "b")
    assert of_kind(end(board, a10, 21), Decide) == []
    assert of_kind(end(board, b20, 22), Decide) == []


# Stops.


def test_cancelling_what_waits_in_the_queue_skips_it():
    board = a_board(a_job(overlap=Overlap.QUEUE))
    fire_now(board, 10)
    fire_now(board, 20)
    (waiting,) = board.jobs["tick"].queue
    turn = Turn()
    assert stop(board, waiting.id, Cause.OPERATOR, "by ada", at(21), turn)
    assert turn.changes == [Promote(waiting.id, Skip(SkipReason.EXCLUDED, {"cancelled": "by ada"}), at(21).wall)]
    assert not board.jobs["tick"].queue


def test_cancelling_between_two_attempts_ends_the_run_there():
    board = a_board(a_job(retry=Retry(attempts=2, delay=H)))
    fire_now(board, 10)
    (run,) = running(board)
    end(board, run, 11, NO)
    turn = Turn()
    assert stop(board, run, Cause.OPERATOR, "by ada", at(12), turn)
    assert [f.outcome for f in of_kind(turn, Finish)] == [Cancelled("by ada")]
    assert (running(board), len(board.steady), board.steady.pop()) == ([], 1, (Kind.FIRE, "tick", 0))


def test_cancelling_what_is_over_says_so():
    assert stop(a_board(a_job()), 4711, Cause.OPERATOR, "", at(), Turn()) is False


def test_the_first_cause_stands_and_a_second_stop_may_hurry_it():
    board = a_board(a_job())
    fire_now(board, 10)
    (run,) = running(board)
    first, second, third = Turn(), Turn(), Turn()
    stop(board, run, Cause.OPERATOR, "one", at(11), first)
    stop(board, run, Cause.SHUTDOWN, "two", at(12), second)
    stop(board, run, Cause.SHUTDOWN, "three", at(13), third, at_once=True)
    assert (second.effects, third.effects) == ([], [StopRun(run, Cause.SHUTDOWN, True)])
    assert (board.runs[run].cause, board.runs[run].reason) == (Cause.OPERATOR, "one")


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (Cause.TIMEOUT, TimedOut(5 * S, True)),
        (Cause.OPERATOR, Cancelled("why", True)),
        (Cause.REPLACED, Cancelled("why", True)),
        (Cause.SHUTDOWN, Interrupted("why", True)),
    ],
)
def test_the_outcome_of_what_we_stopped_says_why(cause, outcome):
    assert stopped_as(cause, "why", 5 * S, left_running=True) == outcome


# From the end of the last run.


def test_a_job_that_counts_from_its_end_has_no_next_fire_while_it_runs():
    board = a_board(a_job(trigger=AfterFinish(10 * S)))
    fire_now(board, 10)
    assert board.next_deadlines() == (None, None)
    turn = end(board, running(board)[0], 25)
    assert board.jobs["tick"].next_at == at(35).wall
    assert of_kind(turn, Decide)[-1].until == at(25).wall


def test_a_job_that_counts_from_its_end_goes_on_after_a_skip():
    board = a_board(a_job(trigger=AfterFinish(10 * S)))
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada"), Turn())
    assert decided(fire_now(board, 10)) == [("tick", 10.0, "paused")]
    assert decided(fire_now(board, 20)) == [("tick", 20.0, "paused")]


def test_a_job_that_counts_from_its_end_goes_on_when_the_fire_that_waited_is_cancelled():
    """It had to wait for a manual run, which ended while the job was paused; then an operator took it out."""
    board = a_board(a_job(trigger=AfterFinish(10 * S), overlap=Overlap.QUEUE))
    state = board.jobs["tick"]
    fire, _ = manual(board, state, at(5), Turn())
    fire_now(board, 10)
    (waiting,) = state.queue
    pause(board, state, Pause("tick", at(11).wall, "ada"), Turn())
    end(board, fire.id, 12)
    stop(board, waiting.id, Cause.OPERATOR, "by ada", at(13), Turn())
    assert state.next_at == at(23).wall


# By hand, and at the start.


def test_a_manual_run_obeys_the_limits_and_not_the_pause():
    board = a_board(a_job())
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada"), Turn())
    _, first = manual(board, board.jobs["tick"], at(1), Turn())
    _, second = manual(board, board.jobs["tick"], at(1), Turn())
    assert (first, reason_of(second)) == (Start(), "overlapped")


def test_two_manual_runs_of_one_instant_are_two_fires():
    board = a_board(a_job(max_instances=2))
    one, _ = manual(board, board.jobs["tick"], at(1), Turn(), scheduled_at=NOON)
    two, _ = manual(board, board.jobs["tick"], at(1), Turn(), scheduled_at=NOON, args={"x": 1})
    assert one.scheduled_at == two.scheduled_at == NOON
    assert one.nonce != two.nonce
    assert dict(two.args) == {"x": 1}


def test_startup_fires_at_every_start_and_reboot_at_the_first_one_of_a_boot():
    jobs = [a_job("each", Startup()), a_job("boot", Startup(once_per_boot=True)), a_job("none", At(NOON + H)),
            a_job("both", AnyOf((Startup(), Every(10 * S))))]  # fmt: skip
    for first_of_boot, expected in ((True, ["each", "boot", "both"]), (False, ["each", "both"])):
        turn = Turn()
        startup(a_board(*jobs), at(), 7, turn, first_of_boot=first_of_boot)
        assert [job for job, _, what in decided(turn) if what == "start"] == expected
        assert {f.nonce for c in of_kind(turn, Decide) for f, _ in c.fires} == {"start-7"}


# Pauses.


def test_what_comes_due_while_paused_is_skipped_with_who_why_and_since_when():
    board = a_board(a_job())
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada", "holiday"), Turn())
    ((_, decision),) = of_kind(fire_now(board, 10), Decide)[0].fires
    facts = {"by": "ada", "reason": "holiday", "since": NOON.isoformat()}
    assert decision == Skip(SkipReason.PAUSED, facts)


def test_a_gap_of_a_paused_job_is_paused_too():
    board = a_board(a_job())
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada"), Turn())
    (gap,) = of_kind(fire_now(board, 3600), Decide)[0].gaps
    assert (gap.reason, gap.facts["by"]) == (SkipReason.PAUSED, "ada")


def test_a_pause_with_an_end_is_over_at_that_very_instant():
    board = a_board(a_job())
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada", until=at(20).wall), Turn())
    assert decided(fire_now(board, 10)) == [("tick", 10.0, "paused")]
    turn = fire_now(board, 20)
    assert (decided(turn), [c.by for c in of_kind(turn, Unpause)]) == ([("tick", 20.0, "start")], ["asched"])


PAUSED_TWICE = [
    # until, again at, with: which pause that makes: since when, and what becomes of what comes due in it
    (None, 30, None, (10, OnResume.ALL)),
    (31, 30, None, (10, OnResume.ALL)),
    (31, 30, OnResume.LATEST, (10, OnResume.LATEST)),
    (30, 30, None, (30, None)),  # the first was over
    (None, 5, None, (5, OnResume.ALL)),  # the clock was set back
]


@pytest.mark.parametrize(("until", "again_at", "on_resume", "becomes"), PAUSED_TWICE)
def test_a_pause_of_what_is_still_paused_keeps_its_beginning(until, again_at, on_resume, becomes):
    first = Pause("tick", at(10).wall, "ada", "", until and at(until).wall, OnResume.ALL)
    found = over(first, Pause("tick", at(again_at).wall, "ben", "longer", at(90).wall, on_resume))
    since, what = becomes
    assert found == Pause("tick", at(since).wall, "ben", "longer", at(90).wall, what)


def test_a_new_pause_without_an_end_takes_the_place_of_one_with_an_end():
    board = a_board(a_job())
    state = board.jobs["tick"]
    pause(board, state, Pause("tick", NOON, "ada", until=at(15).wall), Turn())
    pause(board, state, Pause("tick", at(1).wall, "ben"), Turn())
    assert decided(fire_now(board, 20))[-1] == ("tick", 20.0, "paused")
