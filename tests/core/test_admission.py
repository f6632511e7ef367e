"""Admission: what a fire needs besides its instant, who waits for what, and who goes when there is room."""

from dataclasses import replace

import pytest
from boards import a_board, at, decided, of_kind
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import S, a_job

from asched.core.change import Decide, Pause, Promote, Unpause
from asched.core.english.reasons import explain_decision
from asched.core.limits import Limits
from asched.core.model import OnResume, Overlap, Retry, run_name
from asched.core.outcome import ErrorNote, Failed, Queue, Skip, SkipReason, Start, Succeeded
from asched.core.permits import Permits
from asched.core.recovery import RECOVERY, Recovery
from asched.core.rules.admission import promote_all
from asched.core.rules.board import Board, Kind, StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.exchange import exchange
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.roster import current, place, remove
from asched.core.rules.runs import Ended, ended, manual
from asched.core.triggers.at import At
from asched.core.triggers.interval import Every

TEN = Every(10 * S)


def once(name, seconds=10, **policies):
    return a_job(name, At(at(seconds).wall), **policies)


def board_of(*jobs, running=None, **pools):
    board = a_board(*jobs)
    board.permits.limit(Limits(running, pools).capacities())
    return board


def fire(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def end(board, job, seconds):
    """The job's only run, or its oldest, ends well."""
    run = next(iter(board.jobs[job].running))
    turn = Turn()
    ended(board, Ended(run, 1, Succeeded(), at().wall, at(seconds).wall, S), at(seconds), turn)
    return turn


def started(turn):
    return [effect.fire.job for effect in turn.effects if isinstance(effect, StartRun)]


def decisions(turn):
    return {fire.job: decision for change in of_kind(turn, Decide) for fire, decision in change.fires}


# Pools, groups, the limit of all.


def test_a_fire_that_finds_its_pool_full_waits_and_says_who_has_it():
    board = board_of(once("a", pool=("db",)), once("b", pool=("db",)), db=1)
    turn = fire(board, 10)
    (holder,) = board.jobs["a"].running
    assert started(turn) == ["a"]
    assert decisions(turn)["b"].facts == {"for": "pool", "name": "db", "held_by": [run_name(holder)]}
    assert explain_decision(decisions(turn)["b"]) == f'it waits for a place in pool "db", which {run_name(holder)} had'
    assert started(end(board, "a", 12)) == ["b"]


def test_runs_of_a_group_are_never_together():
    board = board_of(once("a", exclusive=("disk",)), once("b", exclusive=("disk",)), once("c"))
    assert started(fire(board, 10)) == ["a", "c"]
    assert started(end(board, "c", 11)) == []
    assert started(end(board, "a", 12)) == ["b"]


def test_one_limit_holds_for_all_jobs():
    board = board_of(*(once(name) for name in "abcd"), running=2)
    assert started(fire(board, 10)) == ["a", "b"]
    assert started(end(board, "b", 11)) == ["c"]
    assert started(end(board, "a", 12)) == ["d"]


def test_what_waits_goes_by_priority_then_by_who_has_been_due_for_longest():
    jobs = [once("a", 10), once("late", 12), once("early", 11), once("urgent", 13, priority=5)]
    board = board_of(*(a_job(j.name, j.trigger, pool=("db",), priority=j.policies.priority) for j in jobs), db=1)
    for second in (10, 11, 12, 13):
        fire(board, second)
    assert [started(end(board, job, 20)) for job in ("a", "urgent", "early")] == [["urgent"], ["early"], ["late"]]


def test_a_run_takes_all_that_it_needs_at_once_or_nothing():
    board = board_of(
        once("a", 10, pool=("p",)), once("both", 11, pool=("p", "q")), once("q", 12, pool=("q",)), p=1, q=1
    )
    fire(board, 10)
    assert decisions(fire(board, 11))["both"].facts["name"] == "p"
    assert started(fire(board, 12)) == ["q"]  # what waits for p does not hold q meanwhile
    assert started(end(board, "a", 13)) == []  # p is free, q is not
    assert started(end(board, "q", 14)) == ["both"]


def test_a_job_has_no_right_to_the_place_that_its_run_gave_back():
    board = board_of(
        a_job("a", TEN, pool=("db",), overlap=Overlap.QUEUE), once("urgent", 11, pool=("db",), priority=1), db=1
    )
    fire(board, 10)
    fire(board, 11)
    fire(board, 20)
    assert started(end(board, "a", 21)) == ["urgent"]
    assert started(end(board, "urgent", 22)) == ["a"]


def test_a_fire_that_waits_for_a_pool_counts_as_one_of_its_job():
    board = board_of(once("a", 10, pool=("db",)), a_job("b", TEN, pool=("db",)), db=1)
    fire(board, 10)
    (waiting,) = board.jobs["b"].queue
    skip = decisions(fire(board, 20))["b"]
    assert skip == Skip(SkipReason.OVERLAPPED, {"running": [], "waiting": [waiting.run]})
    assert explain_decision(skip) == f"overlapped: run {waiting.run} was still waiting, and max_instances is reached"


def test_who_comes_behind_does_not_move_a_lane_to_what_only_it_needs():
    """The first of "b" lacks a place in the pool; the fire behind it is owed, and lacks a place in the recovery too."""
    board = board_of(once("a", pool=("db",)), once("b", 500, pool=("db",), max_instances=2), db=1)
    board.limit(Limits(pools={"db": 1}, recovery=Recovery(at_once=1)))
    fire(board, 10)
    manual(board, board.jobs["b"], at(11), Turn())
    board.permits.take(-1, [RECOVERY])
    fire(board, 600)
    assert [one.caught_up for one in board.jobs["b"].queue] == [False, True]
    assert started(end(board, "a", 601)) == ["b"]


def test_what_is_allowed_to_overlap_still_waits_for_its_pool_up_to_queue_max():
    board = board_of(a_job("a", TEN, pool=("db",), overlap=Overlap.ALLOW, queue_max=2), db=1)
    assert [decisions(fire(board, s))["a"].kind for s in (10, 20, 30, 40)] == ["start", "queue", "queue", "skip"]
    assert started(end(board, "a", 41)) == ["a"]


def test_places_survive_a_reload_and_other_limits_hold_at_once():
    board = board_of(*(once(name, pool=("db",)) for name in "abc"), db=1)
    fire(board, 10)
    turn = Turn()
    place(board, once("a", pool=()), current(board.jobs["a"]), at(11), turn)
    board.limit(Limits(pools={"db": 2}))
    promote_all(board, at(11), turn)
    assert started(turn) == ["b"]  # a's run still has its place, though a would not take one any more
    assert started(end(board, "a", 12)) == ["c"]


def test_the_run_of_a_removed_job_keeps_its_place_until_it_ends():
    board = board_of(once("a", pool=("db",)), once("b", pool=("db",)), db=1)
    fire(board, 10)
    (run,) = board.jobs["a"].running
    remove(board, "a", at(11), Turn())
    assert len(board.permits.holders(("pool", "db"))) == 1
    turn = Turn()
    ended(board, Ended(run, 1, Succeeded(), at().wall, at(12).wall, S), at(12), turn)
    assert started(turn) == ["b"]


def test_a_removed_job_does_not_stand_in_the_way_of_who_waits_behind_it():
    board = board_of(once("a", 10, pool=("db",)), once("b", 11, pool=("db",)), once("c", 12, pool=("db",)), db=1)
    for second in (10, 11, 12):
        fire(board, second)
    remove(board, "b", at(13), Turn())
    assert started(end(board, "a", 14)) == ["c"]


def test_a_draining_board_gives_its_places_to_nobody():
    board = board_of(once("a", pool=("db",)), once("b", pool=("db",)), db=1)
    fire(board, 10)
    board.draining = True
    assert started(end(board, "a", 12)) == []
    assert len(board.jobs["b"].queue) == 1


# Keys.


def by_hand(board, seconds, **args):
    turn = Turn()
    _, decision = manual(board, board.jobs["tick"], at(seconds), turn, args=args)
    return decision, turn


def test_each_value_of_its_key_is_a_lane_of_its_own():
    board = board_of(a_job(key=("customer",), overlap=Overlap.QUEUE))
    said = [by_hand(board, 1, customer=who)[0].kind for who in ("ada", "bob", "ada", "bob")]
    assert said == ["start", "start", "queue", "queue"]
    turn = end(board, "tick", 2)
    ((_, waiting),) = [(c.fire, e.fire.args) for c in of_kind(turn, Promote) for e in turn.effects]
    assert waiting == {"customer": "ada"}


def test_a_newer_fire_replaces_those_of_its_own_lane_only():
    board = board_of(a_job(key=("customer",), overlap=Overlap.REPLACE))
    by_hand(board, 1, customer="ada")
    by_hand(board, 1, customer="bob")
    _, turn = by_hand(board, 2, customer="bob")
    assert [board.runs[effect.fire].fire.args for effect in turn.effects] == [{"customer": "bob"}]


def test_another_key_sorts_what_runs_and_waits_into_its_lanes():
    board = board_of(a_job(overlap=Overlap.QUEUE))
    by_hand(board, 1, customer="ada")
    by_hand(board, 1, customer="bob")
    turn = Turn()
    place(board, a_job(overlap=Overlap.QUEUE, key=("customer",)), current(board.jobs["tick"]), at(2), turn)
    board.limit(Limits())
    promote_all(board, at(2), turn)
    assert [effect.fire.args for effect in turn.effects] == [{"customer": "bob"}]


def keyed(customer, **policies):
    job = a_job(overlap=Overlap.QUEUE, key=("customer",), **policies)
    return replace(job, args={"customer": customer})


def now_for(board, customer, seconds):
    """Its customer is that one from now on."""
    turn, job = Turn(), replace(board.jobs["tick"].job, args={"customer": customer})
    exchange(board, {"tick": replace(job, trigger=TEN)}, Limits(), at(seconds), turn)
    return turn


def end_of(board, due_at, seconds, outcome=None):
    (run,) = [one for one in board.runs.values() if one.fire.scheduled_at == due_at.wall]
    turn, now = Turn(), at(seconds)
    ended(board, Ended(run.fire.id, run.attempt, outcome or Succeeded(), now.wall, now.wall, S), now, turn)
    return turn


def test_other_arguments_sort_what_waits_into_its_lane_and_leave_what_runs_in_its_own():
    board = board_of(keyed("ada"))
    fire(board, 10)
    fire(board, 20)
    assert [effect.fire.scheduled_at for effect in now_for(board, "bob", 25).effects] == [at(20).wall]
    assert sorted(run.lane for run in board.runs.values()) == ['["ada"]', '["bob"]']
    assert decided(fire(board, 30)) == [("tick", 30.0, "queue")]
    assert started(end_of(board, at(10), 35)) == []
    assert started(end_of(board, at(20), 36)) == ["tick"]


def test_a_run_that_waits_for_its_next_attempt_will_have_the_other_arguments():
    board = board_of(keyed("ada", retry=Retry(attempts=2, delay=100 * S)))
    fire(board, 10)
    fire(board, 20)
    end_of(board, at(10), 21, Failed(ErrorNote("ValueError", "no")))
    assert now_for(board, "bob", 25).effects == []
    assert [run.lane for run in board.runs.values()] == ['["bob"]']


def test_behind_whom_a_fire_stood_it_moves_up_whatever_its_arguments_are_by_now():
    board = board_of(keyed("ada"))
    fire(board, 10)
    fire(board, 20)
    state = board.jobs["tick"]
    (first,) = state.queue
    state.job = replace(state.job, args={"customer": "cid"})
    board.leaves(state, first.id)
    assert list(board.moving_up) == [("tick", '["ada"]')]


def test_what_a_removed_job_left_running_is_sorted_into_the_lanes_that_it_has_when_it_is_back():
    board, turn = board_of(a_job(max_instances=2)), Turn()
    for customer in ("ada", "bob"):
        by_hand(board, 1, customer=customer)
    remove(board, "tick", at(2), turn)
    state = place(board, a_job(key=("customer",)), None, at(3), turn)
    assert sorted(run.lane for run in state.running.values()) == ['["ada"]', '["bob"]']
    assert [by_hand(board, 4, customer=customer)[0].kind for customer in ("ada", "cid")] == ["skip", "start"]


# Cooling down.


def test_a_fire_waits_until_its_job_has_cooled_down():
    board = board_of(a_job(cooldown=15 * S))
    fire(board, 10)
    end(board, "tick", 12)
    turn = fire(board, 20)
    assert decided(turn) == [("tick", 20.0, "queue")]
    assert decisions(turn)["tick"].facts == {"for": "cooldown", "s": 7.0}
    assert board.next_deadlines()[1] == at(27).steady
    turn = fire(board, 27)
    assert started(turn) == ["tick"]
    assert (Kind.COOLED, "tick", 0) not in board.steady._live


# Pauses.


@pytest.mark.parametrize(
    ("on_resume", "while_paused", "after"),
    [
        ("skip", ["paused", "paused", "paused"], []),
        ("latest", ["queue", "queue", "queue"], ["tick"]),
        ("all", ["queue", "queue", "queue_full"], ["tick"]),
    ],
)
def test_what_comes_due_in_a_pause_is_skipped_or_waits_as_the_policy_says(on_resume, while_paused, after):
    board = board_of(a_job(on_resume=OnResume(on_resume), catch_up_max=2))
    state = board.jobs["tick"]
    pause(board, state, Pause("tick", at(5).wall, "ada"), Turn())
    turns = [fire(board, seconds) for seconds in (10, 20, 30)]
    assert [what for turn in turns for _, _, what in decided(turn)] == while_paused
    coalesced = [change.decision for turn in turns for change in of_kind(turn, Promote)]
    assert coalesced == (
        [Skip(SkipReason.COALESCED, {"into": at(s).wall.isoformat()}) for s in (20, 30)]
        if on_resume == "latest"
        else []
    )
    turn = Turn()
    unpause(board, state, Unpause("tick", at(35).wall, "ada"), at(35), turn)
    assert started(turn) == after


def test_a_pause_may_say_otherwise_than_its_job():
    board = board_of(a_job())
    pause(board, board.jobs["tick"], Pause("tick", at(5).wall, "ada", on_resume=OnResume.LATEST), Turn())
    assert isinstance(decisions(fire(board, 10))["tick"], Queue)


def test_what_waited_before_the_pause_is_not_coalesced_by_it():
    board = board_of(a_job(overlap=Overlap.QUEUE, on_resume=OnResume.LATEST))
    fire(board, 10)
    fire(board, 20)
    pause(board, board.jobs["tick"], Pause("tick", at(25).wall, "ada"), Turn())
    fire(board, 30)
    assert [one.scheduled_at for one in board.jobs["tick"].queue] == [at(20).wall, at(30).wall]


def test_a_second_pause_does_not_end_a_hold():
    board = board_of(a_job())
    pause(board, board.jobs["tick"], Pause("tick", at(5).wall, "ada", on_resume=OnResume.ALL), Turn())
    turn = Turn()
    pause(board, board.jobs["tick"], Pause("tick", at(6).wall, "bob", until=at(60).wall), turn)
    assert isinstance(decisions(fire(board, 10))["tick"], Queue)
    assert of_kind(turn, Pause)[0].on_resume is OnResume.ALL


# The permits themselves.


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5), st.booleans()), max_size=60))
def test_nobody_holds_more_than_there_is_and_nobody_waits_where_there_is_room(steps):
    """Random takings and givings back: capacity holds, and the best of those parked is given out first."""
    permits, held = Permits({("pool", "a"): 1, ("pool", "b"): 2}), {}
    parked = {}
    for pool, number, taking in steps:
        permit = ("pool", pool)
        if taking and number not in held:
            if permits.has_room(permit):
                permits.take(number, [permit])
                held[number] = permit
            else:
                parked[("job", str(number))] = permit
                permits.park(permit, ("job", str(number)), (0, at(number).wall, "job", number))
        elif number in held:
            permits.give_back(number, [held.pop(number)])
            waiting = sorted(int(lane) for (_, lane), where in parked.items() if where == permit)
            found = permits.next([permit])
            if permits.has_room(permit) and waiting:
                assert found == (("job", str(waiting[0])), permit)
            if found is not None:
                parked.pop(found[0])
        for name, places in (("a", 1), ("b", 2)):
            assert len(permits.holders(("pool", name))) <= places


def test_a_board_without_limits_has_nothing_to_take():
    board = Board(lambda: 1)
    place(board, a_job(), None, at(), Turn())
    assert isinstance(decisions(fire(board, 10))["tick"], Start)
    (run,) = board.runs.values()
    assert run.holds == ()
