"""What a fire that waits lacks at this moment: said truly, at the gate and in a recovery that is held."""

from datetime import timedelta

from boards import a_board, at, of_kind
from jobdoubles import S, a_job

from asched.core.change import Decide
from asched.core.condition import Network, Term
from asched.core.english.reasons import explain_wait
from asched.core.limits import Limits
from asched.core.model import CatchUp
from asched.core.need import Need
from asched.core.recovery import Recovery
from asched.core.rules.admission import lacks, promote_all
from asched.core.rules.answers import Answered, answered
from asched.core.rules.board import AskConditions, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.owed import approve, count_owed
from asched.core.triggers.interval import Every
from asched.core.wait import Wait

HOUR = Wait(limit=timedelta(hours=1))
UNTIL = "; it waits until 2026-01-01 13:01:00+00:00 at most"


def lacking(board, job="tick", seconds=60):
    state = board.jobs[job]
    return [explain_wait(lacks(board, state, fire, at(seconds)).facts) for fire in state.queue]


def fired(job):
    board, turn = a_board(job), Turn()
    due(board, at(60), 10, turn)
    return board, turn


def test_at_the_gate_it_is_what_did_not_hold_and_until_when_it_may_wait():
    board, turn = fired(a_job("tick", Every(60 * S), conditions=(Term(Network()),), wait=HOUR))
    assert lacking(board) == [f"its conditions: if network{UNTIL}"]
    (asked,) = of_kind_of_effect(turn, AskConditions)
    answered(board, Answered("tick", asked.fire.id, False, "if network", "no route"), at(61), Turn())
    assert lacking(board) == [f"its conditions: if network, and no route{UNTIL}"]


def test_at_the_gate_it_is_what_is_needed():
    board, _ = fired(a_job("tick", Every(60 * S), needs=(Need("rates"),), wait=HOUR))
    needed = "that rates succeeded that day, and no success of it is known"
    assert lacking(board) == [f"what it needs, {needed}{UNTIL}"]


def of_kind_of_effect(turn, kind):
    return [effect for effect in turn.effects if isinstance(effect, kind)]


def owing():
    """Three fires of one job, of which somebody is to approve."""
    board, turn = a_board(a_job("tick", Every(60 * S), catch_up=CatchUp.ALL)), Turn()
    board.limit(Limits(recovery=Recovery(ask_above=0)))
    promote_all(board, at(), Turn())
    count_owed(board)
    due(board, at(181), 1000, turn)
    return board, turn


def test_what_is_held_lacks_that_somebody_approves_whoever_stands_before_it():
    board, _ = owing()
    held = "somebody to approve: it is held until 2026-01-02 12:03:01+00:00, when it expires; "
    first, second, on_time = lacking(board, seconds=200)
    assert (first, second) == (f"{held}`asched recovery approve` lets it go",) * 2
    assert on_time == f"its turn behind run {next(iter(board.jobs['tick'].queue)).run}, which waits as well"
    approve(board, at(200), Turn())
    assert lacking(board, seconds=200) == [f"a free slot, which {first_run(board)} had"] * 2


def first_run(board):
    (run,) = board.jobs["tick"].running.values()
    return run.fire.run


def test_what_is_owed_is_recorded_as_waiting_for_its_turn_in_the_recovery():
    """Not for a place that nobody has taken yet."""
    _, turn = owing()
    decided = [decision.facts["for"] for change in of_kind(turn, Decide) for _, decision in change.fires]
    assert decided == ["recovery", "recovery", "slot"]
