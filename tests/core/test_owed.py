"""What an absence left owed, over all jobs together: who goes first, what is held, what is given up, and that nobody
waits for ever."""

from dataclasses import replace
from datetime import timedelta

import pytest
from boards import a_board, at, of_kind
from counting import counting
from hypothesis import example, given
from hypothesis import strategies as st
from jobdoubles import H, S, a_job

from asched.core.change import Decide, Pause, Promote
from asched.core.english.reasons import explain_decision
from asched.core.limits import Limits
from asched.core.model import CatchUp, Fire, OnResume, Overlap
from asched.core.outcome import Skip, Succeeded
from asched.core.recovery import RECOVERY, Recovering, Recovery, RecoveryOrder
from asched.core.rules.admission import promote_all
from asched.core.rules.board import Kind, Recovers, StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.owed import abort, approve, count_owed
from asched.core.rules.pausing import pause
from asched.core.rules.roster import remove
from asched.core.rules.runs import Cause, Ended, disown, ended, stop
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every

LATE = 1000  # seconds after noon, when somebody looks again
MANY = 1_000_000


def once(name, seconds=10, **policies):
    return a_job(name, At(at(seconds).wall), **policies)


def away(*jobs, seconds=LATE, limit=MANY, **rules):
    """The board after an absence, and the turn in which it was noticed."""
    board = a_board(*jobs)
    limits = Limits(recovery=Recovery(**rules))
    board.limit(limits)
    promote_all(board, at(), Turn())
    count_owed(board)
    return board, look(board, seconds, limit)


def look(board, seconds, limit=MANY):
    turn = Turn()
    due(board, at(seconds), limit, turn)
    return turn


def started(turn):
    return [effect.fire.job for effect in turn.effects if isinstance(effect, StartRun)]


def skipped(turn):
    """(job, reason) of what was decided not to run after it had waited."""
    return [
        (change.fire, str(change.decision.reason))
        for change in of_kind(turn, Promote)
        if isinstance(change.decision, Skip)
    ]


def said(turn):
    return [(e.fires, e.jobs, e.held_until is not None) for e in turn.effects if isinstance(e, Recovers)]


def end(board, seconds, job=None):
    run = next(fire for fire, one in board.runs.items() if job in (None, one.fire.job))
    turn = Turn()
    ended(board, Ended(run, 1, Succeeded(), at().wall, at(seconds).wall, S), at(seconds), turn)
    return turn


def answer(act, board, seconds, *details):
    turn = Turn()
    match act:
        case "approve":
            approve(board, at(seconds), turn)
        case "abort":
            abort(board, "no", details, at(seconds), MANY, turn)
    return turn


ABC = [once("a", 30, priority=1), once("b", 10, priority=9), once("c", 20)]


# Who goes first.


@pytest.mark.parametrize(
    ("order", "expected"),
    [("newest", ["a", "c", "b"]), ("oldest", ["b", "c", "a"]), ("priority", ["b", "a", "c"])],
)
def test_between_jobs_order_speaks(order, expected):
    board, turn = away(*ABC, order=RecoveryOrder(order), at_once=1)
    assert started(turn) == expected[:1]
    assert [started(end(board, LATE + n)) for n in (1, 2)] == [[name] for name in expected[1:]]


def test_a_jobs_own_fires_keep_their_sequence():
    board, _ = away(a_job("a", Every(100 * S), catch_up=CatchUp.ALL), at_once=5, seconds=330)
    first, second = next(iter(board.runs.values())).fire, board.jobs["a"].queue.first("")
    assert first.scheduled_at < second.scheduled_at


def test_at_once_holds_over_all_jobs_and_only_for_what_is_made_up_for():
    board, turn = away(*ABC, once("now", LATE), at_once=2)
    assert sorted(started(turn)) == ["a", "c", "now"]
    assert started(end(board, LATE + 1, "now")) == []
    assert started(end(board, LATE + 1, "a")) == ["b"]


def test_the_pace_goes_from_start_to_start():
    board, turn = away(*ABC, pace=5 * S)
    assert (started(turn), said(turn)) == (["a"], [(3, 3, False)])
    assert board.next_deadlines()[1] == at(LATE + 5).steady
    turn = look(board, LATE + 5)
    assert (started(turn), said(turn)) == (["c"], [])  # it is announced once
    assert started(look(board, LATE + 6)) == []
    assert started(look(board, LATE + 10)) == ["b"]


def test_what_is_beyond_the_limit_is_skipped_by_the_same_order_and_says_so():
    board = a_board(*ABC)
    board.limit(Limits(recovery=Recovery(limit=1, order=RecoveryOrder.OLDEST)))
    promote_all(board, at(), Turn())
    turn = look(board, LATE)
    assert started(turn) == ["b"]
    assert [reason for _, reason in skipped(turn)] == ["missed", "missed"]
    sentence = "missed: it was 16m10s late, and of all jobs 1 such fires are run"
    assert sentence in [explain_decision(change.decision) for change in of_kind(turn, Promote)]


# Asking.


def test_more_than_it_may_are_held_until_somebody_approves():
    board, turn = away(*ABC, ask_above=2)
    assert (started(turn), said(turn)) == ([], [(3, 3, True)])
    assert board.recovering.held.count == 3
    assert said(look(board, LATE + 100)) == []
    turn = answer("approve", board, LATE + 200)
    assert (started(turn), said(turn)) == (["a", "c", "b"], [(3, 3, False)])


def test_as_many_as_it_may_are_not_asked_for():
    board, turn = away(*ABC, ask_above=3)
    assert started(turn) == ["a", "c", "b"]
    assert board.recovering.held is None


def test_what_was_approved_is_not_asked_for_again_when_something_else_comes_due():
    board, _ = away(*ABC, once("later", LATE + 60), ask_above=2, at_once=1)
    answer("approve", board, LATE + 1)
    turn = look(board, LATE + 60)
    assert (started(turn), said(turn)) == (["later"], [])
    assert started(end(board, LATE + 61, "a")) == ["c"]


def test_what_was_approved_before_a_restart_is_not_asked_for_again_but_what_is_new_is():
    old, _ = away(*ABC, ask_above=0)
    approved_to = approve(old, at(LATE), Turn())
    for held, known in ((False, approved_to), (True, 0)):
        board = a_board()
        board.recovering.approved_to = known
        board.limit(Limits(recovery=Recovery(ask_above=0)))
        promote_all(board, at(), Turn())
        count_owed(board)
        for fire in (replace(run.fire, id=run.fire.id) for run in old.runs.values()):
            board.recovering.waits(fire)
        look(board, LATE + 1)
        assert (board.recovering.held is not None) is held


def test_what_nobody_answers_expires_and_later_fires_are_free():
    board, _ = away(*ABC, once("later", LATE + 9000), ask_above=0, expires=H)
    turn = look(board, LATE + 3600)
    assert [reason for _, reason in skipped(turn)] == ["expired"] * 3
    assert not board.recovering.closed
    assert started(look(board, LATE + 9000)) == ["later"]


def test_an_abort_of_some_jobs_leaves_the_others_held():
    board, _ = away(*ABC, ask_above=0)
    turn = answer("abort", board, LATE + 1, "a", "b")
    assert [reason for _, reason in skipped(turn)] == ["excluded", "excluded"]
    assert board.recovering.held is not None
    assert started(look(board, LATE + 2)) == []
    assert started(answer("approve", board, LATE + 3)) == ["c"]


def test_an_abort_of_all_ends_it():
    board, _ = away(*ABC, ask_above=0)
    assert len(skipped(answer("abort", board, LATE + 1))) == 3
    assert not board.recovering.closed
    assert board.recovering.held is None


# Nothing stays closed for ever.


def test_it_is_over_when_the_jobs_that_were_held_are_removed_or_their_fires_cancelled():
    board, _ = away(*ABC, ask_above=0)
    remove(board, "a", at(LATE + 1), Turn())
    for fire in [one for name in "bc" for one in board.jobs[name].queue]:
        stop(board, fire.id, Cause.OPERATOR, "x", at(LATE + 1), Turn())
    look(board, LATE + 2)
    assert board.recovering.held is None
    assert not board.recovering.closed


def test_what_comes_due_while_it_counts_is_not_waited_for():
    """A board on which something is always overdue would never be done."""
    busy = [a_job(f"busy{n}", Every(S), catch_up=CatchUp.NONE) for n in range(12)]
    board = a_board(*[once(f"old{n}") for n in range(30)], *busy)
    count_owed(board)
    seconds, turns = LATE, []
    while board.recovering.counting:
        turns.append(look(board, seconds, 10))
        seconds += 5
        assert len(turns) < 300
    assert board.next_deadlines()[1] < at(seconds).steady
    assert [job[:3] for job in started(turns[-1])].count("old") == board.recovering.rules.at_once


def test_a_clock_that_is_set_back_does_not_keep_it_counting():
    board, _ = away(*ABC, limit=1)
    assert board.recovering.counting
    turn = Turn()
    due(board, replace(at(LATE), wall=at(5).wall), MANY, turn)  # the wall deadlines are in the future again
    assert not board.recovering.counting


def test_paused_jobs_do_not_stand_in_the_way_of_others():
    board = a_board(once("a", 30), once("b"))
    pause(board, board.jobs["a"], Pause("a", at(1).wall, "ada", on_resume=OnResume.ALL), Turn())
    board.limit(Limits(recovery=Recovery(at_once=1)))
    promote_all(board, at(), Turn())
    count_owed(board)
    assert started(look(board, LATE)) == ["b"]


def test_runs_that_are_not_ours_after_all_give_back_their_places():
    board, _ = away(*ABC, at_once=1)
    (run,) = board.runs
    turn = Turn()
    disown(board, {run}, at(LATE), turn)
    assert started(turn) == ["c"]
    assert len(board.permits.holders(RECOVERY)) == 1


# Beside the schedule.


def test_what_is_on_time_takes_the_place_of_what_waits_when_only_the_latest_is_run():
    board, _ = away(a_job("a", Every(100 * S)), ask_above=0, seconds=950)
    (waits,) = board.jobs["a"].queue
    turn = look(board, 1000)
    assert started(turn) == ["a"]
    assert skipped(turn) == [(waits.id, "coalesced")]
    assert look(board, 1001).effects == []
    assert board.recovering.held is None


def test_what_is_on_time_waits_for_its_turn_when_all_are_run():
    board, _ = away(a_job("a", Every(100 * S), catch_up=CatchUp.ALL), ask_above=0, seconds=250)
    turn = look(board, 300)
    assert [d.kind for change in of_kind(turn, Decide) for _, d in change.fires] == ["queue"]
    assert len(board.jobs["a"].queue) == 3


def test_what_waits_behind_it_goes_when_it_is_given_up():
    board, _ = away(a_job("a", Every(100 * S), catch_up=CatchUp.FIRST, overlap=Overlap.QUEUE), ask_above=0, seconds=150)
    look(board, 200)
    board.permits.shut(RECOVERY, closed=True)
    turn = answer("abort", board, 210)
    assert started(turn) == ["a"]


# In slices.


@pytest.mark.parametrize("way", ["limit", "expiry", "abort"])
def test_giving_up_thousands_takes_no_turn_of_thousands(way):
    jobs = [once(f"job{n}", 10) for n in range(1000)]
    rules = {"limit": 100} if way == "limit" else {"ask_above": 0, "expires": H}
    board = a_board(*jobs)
    board.limit(Limits(recovery=Recovery(**rules)))
    promote_all(board, at(), Turn())
    turns, seconds = [], LATE
    for _ in range(60):
        turns.append(look(board, seconds, 50))
        if way == "abort" and board.recovering.held:
            turns.append(Turn())
            abort(board, "no", (), at(seconds), 50, turns[-1])
        elif board.recovering.held:
            seconds = LATE + 4000
    assert max(len(turn.changes) for turn in turns) <= 50 + (20 if way == "limit" else 0)
    assert sum(len(skipped(turn)) for turn in turns) == (900 if way == "limit" else 1000)
    assert not board.recovering.closed


def calls_of_the_turn_that_chooses(fires):
    board = a_board(*[once(f"job{n}", 10) for n in range(fires)])
    board.limit(Limits(recovery=Recovery(limit=10)))
    while True:
        with counting() as calls:
            look(board, LATE, 50)
        if not board.recovering.counting:
            return calls.count


def test_choosing_who_is_beyond_the_limit_costs_one_call_for_each():
    assert calls_of_the_turn_that_chooses(2000) - calls_of_the_turn_that_chooses(1000) < 1100


@given(
    st.sampled_from(RecoveryOrder),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(-1, 1)), min_size=2, max_size=12),
    st.integers(1, 11),
)
def test_the_first_few_are_those_that_would_go_first(order, said, count):
    fires = [Fire(n, job, 1, at(due).wall, at(due).wall) for n, (job, due, _) in enumerate(said)]
    count = min(count, len(fires) - 1)
    priority = {n: priority for n, (_, _, priority) in enumerate(said)}
    rules = Recovery(order=order)
    found = Recovering(rules).first(fires, count, lambda fire: priority[fire.id])
    ranked = sorted(fires, key=lambda fire: rules.place(fire, priority[fire.id]))
    assert {fire.id for fire in found} == {fire.id for fire in ranked[:count]}


steps = st.lists(
    st.sampled_from(["look", "end", "approve", "abort a", "abort", "remove b", "cancel", "hour", "reload"]), max_size=25
)
recoveries = st.builds(
    Recovery,
    order=st.sampled_from(RecoveryOrder),
    at_once=st.integers(1, 4),
    pace=st.sampled_from([timedelta(0), 3 * S]),
    limit=st.none() | st.integers(1, 8),
    ask_above=st.none() | st.integers(0, 6),
    expires=st.just(2 * H),
)


WHAT_IS_GIVEN_UP_GOES_WITH_ITS_JOB = (
    Recovery(at_once=1, limit=1, expires=2 * H),
    ["look", "look", "look", "remove b"],
    [CatchUp.NONE, CatchUp.LATEST, CatchUp.LATEST],
    1,
)


@given(recoveries, steps, st.lists(st.sampled_from(CatchUp), min_size=3, max_size=3), st.integers(1, 10))
@example(*WHAT_IS_GIVEN_UP_GOES_WITH_ITS_JOB)
def test_whatever_is_done_everything_owed_is_started_or_skipped_in_the_end(rules, trace, catch_ups, slice_):
    jobs = [a_job(n, Every((50 + ord(n)) * S), catch_up=c, grace=S) for n, c in zip("abc", catch_ups, strict=True)]
    board = a_board(*jobs)
    board.limit(Limits(recovery=rules))
    promote_all(board, at(), Turn())
    count_owed(board)
    seconds, waiting = LATE, set()

    def heed(turn):
        for change in turn.changes:
            if isinstance(change, Decide):
                waiting.update(fire.id for fire, decision in change.fires if decision.kind == "queue")
            elif isinstance(change, Promote):
                waiting.remove(change.fire)  # each once
        assert len([run for run in board.runs.values() if RECOVERY in run.holds]) <= 4
        assert waiting == {fire.id for state in board.jobs.values() for fire in state.queue}

    for step in trace:
        seconds += 3600 if step == "hour" else 2
        turn = Turn()
        if step in ("look", "hour"):
            due(board, at(seconds), slice_, turn)
        elif step == "end" and board.runs:
            turn = end(board, seconds)
        elif step == "approve" and board.recovering.held:
            approve(board, at(seconds), turn)
        elif step.startswith("abort"):
            abort(board, "no", step.split()[1:], at(seconds), slice_, turn)
        elif step == "remove b" and "b" in board.jobs:
            remove(board, "b", at(seconds), turn)
        elif step == "cancel" and waiting:
            stop(board, min(waiting), Cause.OPERATOR, "x", at(seconds), turn)
        elif step == "reload":
            board.limit(Limits(recovery=replace(rules, at_once=4)))
            promote_all(board, at(seconds), turn)
        heed(turn)
    for name in list(board.jobs):  # nothing more comes due: what is left must come to its end by itself
        board.wall.remove((Kind.FIRE, name, 0))
        board.steady.remove((Kind.FIRE, name, 0))
    for _ in range(300):
        seconds += 60
        heed(look(board, seconds, slice_))
        if board.runs:
            heed(end(board, seconds))
    assert not waiting
    assert not board.recovering.closed
    assert not board.recovering.owed
    assert not board.permits.holders(RECOVERY)
    assert board.recovering.new == set()
