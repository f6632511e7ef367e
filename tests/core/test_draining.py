"""A drain: nothing is started, nothing is lost, and what it kept goes when it is lifted."""

from datetime import timedelta

from boards import a_board, at, of_kind
from jobdoubles import S, a_job

from asched.core.board import AskConditions, StartRun, Turn
from asched.core.change import Absence, Act
from asched.core.condition import Network, Term
from asched.core.deadlines import due
from asched.core.draining import drain, lift
from asched.core.outcome import Succeeded
from asched.core.runs import Ended, ended
from asched.core.triggers.interval import Every


def effects_of(turn, kind):
    return [effect.fire.job for effect in turn.effects if isinstance(effect, kind)]


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
