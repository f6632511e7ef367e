"""What comes after others: which ends make it due, which keep it from it, and what is told of a chain that broke."""

import pytest
from boards import NOON, a_board, at, decided, of_kind
from jobdoubles import S, a_job

from asched.core.change import Decide
from asched.core.model import Ending, Overlap
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    SkipReason,
    Succeeded,
    TimedOut,
)
from asched.core.rules.board import Cause, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.following import as_wished
from asched.core.rules.runs import Ended, ended, manual, stop
from asched.core.version import definition_of

NO = Failed(ErrorNote("ValueError", "no"))
NEVER, FAILED, ENDED = (), ("failed", "ended"), ("ended",)

WISHES = [  # (how it ended, which wishes besides "succeeded" that is)
    (Succeeded(), ("succeeded", "ended")),
    (NO, FAILED),
    (TimedOut(S), FAILED),
    (Abandoned("it died"), FAILED),
    (Cancelled("by ada"), ENDED),
    (Interrupted("asched stopped"), ENDED),
]


def due_at(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def end(board, job, seconds, outcome=None):
    """The job's only run ends."""
    (fire,) = board.jobs[job].running
    turn = Turn()
    ended(board, Ended(fire, 1, outcome or Succeeded(), NOON, at(seconds).wall, S), at(seconds), turn)
    return turn


def skips(turn):
    """Why which fires were skipped: (job, upstream, how that ended, what was wished of it)."""
    return [
        (fire.job, *(decision.facts[name] for name in ("upstream", "outcome", "wished")))
        for change in of_kind(turn, Decide)
        for fire, decision in change.fires
        if decision.kind == "skip" and decision.reason is SkipReason.BLOCKED
    ]


@pytest.mark.parametrize(("outcome", "wishes"), WISHES, ids=lambda one: getattr(one, "kind", ""))
@pytest.mark.parametrize("wish", Ending)
def test_which_ends_are_as_wished(outcome, wishes, wish):
    assert as_wished(wish, outcome) == (wish.value in wishes)


def test_what_comes_after_a_failure_starts_with_it_for_the_same_instant():
    board = a_board(a_job("a"), a_job("alarm", after={"a": "failed"}))
    due_at(board, 10)
    assert decided(end(board, "a", 13, NO)) == [("alarm", 10.0, "start")]


def test_what_comes_after_a_failure_is_blocked_by_success():
    board = a_board(a_job("a"), a_job("alarm", after={"a": "failed"}))
    due_at(board, 10)
    assert skips(end(board, "a", 13)) == [("alarm", "a", "succeeded", "failed")]


def test_a_join_waits_until_each_has_ended_as_is_wished_of_it():
    board = a_board(
        a_job("a"), a_job("b"), a_job("c"), a_job("d", after={"a": "failed", "b": "ended", "c": "succeeded"})
    )
    due_at(board, 10)
    assert decided(end(board, "a", 11, NO)) == []
    assert decided(end(board, "b", 12, Cancelled("by ada"))) == []
    assert decided(end(board, "c", 13)) == [("d", 10.0, "start")]


def test_a_join_is_blocked_once_by_the_first_that_cannot_end_as_wished_any_more():
    board = a_board(a_job("a"), a_job("b"), a_job("d", after={"a": "failed", "b": "succeeded"}))
    due_at(board, 10)
    assert skips(end(board, "a", 11)) == [("d", "a", "succeeded", "failed")]
    assert decided(end(board, "b", 12, NO)) == []


def test_a_chain_is_told_to_its_end_for_the_same_instant():
    """Also what would come after any end: a run that never was has none."""
    board = a_board(a_job("a"), a_job("b", after=("a",)), a_job("c", after=("b",)), a_job("d", after={"c": "ended"}))
    due_at(board, 10)
    turn = end(board, "a", 13, NO)
    assert decided(turn) == [("b", 10.0, "blocked"), ("c", 10.0, "blocked"), ("d", 10.0, "blocked")]
    assert skips(turn)[1:] == [("c", "b", "blocked", "succeeded"), ("d", "c", "blocked", "ended")]


def test_a_chain_that_a_manual_run_began_keeps_its_nonce_to_the_end():
    board = a_board(a_job("a"), a_job("b", after=("a",)), a_job("c", after=("b",)))
    fire, _ = manual(board, board.jobs["a"], at(5), Turn())
    turn = end(board, "a", 6, NO)
    assert [one.nonce for change in of_kind(turn, Decide) for one, _ in change.fires] == [fire.run, fire.run]


def test_a_join_is_blocked_by_a_chain_that_broke_above_it():
    board = a_board(a_job("a"), a_job("x"), a_job("b", after=("a",)), a_job("c", after=("x", "b")))
    due_at(board, 10)
    assert decided(end(board, "a", 11, NO)) == [("b", 10.0, "blocked"), ("c", 10.0, "blocked")]
    assert decided(end(board, "x", 12)) == []


def test_a_link_of_a_chain_that_is_skipped_for_its_own_reason_blocks_what_comes_after_it():
    board = a_board(a_job("a", max_instances=2), a_job("b", after=("a",)), a_job("c", after=("b",)))
    for seconds in (10, 20):
        due_at(board, seconds)
    turns = []
    for fire in list(board.jobs["a"].running):
        turns.append(Turn())
        ended(board, Ended(fire, 1, Succeeded(), NOON, at(25).wall, S), at(25), turns[-1])
    assert decided(turns[1]) == [("b", 20.0, "overlapped"), ("c", 20.0, "blocked")]


def test_a_waiting_link_that_is_cancelled_blocks_what_comes_after_it():
    board = a_board(a_job("a"), a_job("b", after=("a",), overlap=Overlap.QUEUE), a_job("c", after=("b",)))
    manual(board, board.jobs["b"], at(1), Turn())
    due_at(board, 10)
    end(board, "a", 11)
    (waiting,) = board.jobs["b"].queue
    turn = Turn()
    assert stop(board, waiting.id, Cause.OPERATOR, "by ada", at(12), turn)
    assert skips(turn) == [("c", "b", "excluded", "succeeded")]


def test_nothing_is_told_after_a_fire_that_another_policy_took():
    board = a_board(a_job("a"), a_job("b", after=("a",)))
    due_at(board, 10)
    assert decided(due_at(board, 20)) == [("a", 20.0, "overlapped")]


def test_a_chain_of_any_length_is_told_to_its_end():
    chain = [a_job(f"j{n}", after=(f"j{n - 1}",)) for n in range(1, 3000)]
    board = a_board(a_job("j0"), *chain)
    due_at(board, 10)
    assert len(decided(end(board, "j0", 11, NO))) == 2999


def test_what_is_wished_of_an_end_is_part_of_the_version():
    assert definition_of(a_job("b", after=("a",))) != definition_of(a_job("b", after={"a": "failed"}))
