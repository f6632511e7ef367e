"""The gate: what a job needs, and its conditions, before its fires are admitted; and the wait for them."""

from datetime import timedelta

import pytest
from boards import NOON, a_board, at, decided, of_kind, reason_of
from jobdoubles import S, a_job

from asched.core.change import Decide, Pause, Promote, Unpause
from asched.core.condition import MainsPower, Network, Term
from asched.core.model import OnResume, Overlap
from asched.core.need import Need
from asched.core.outcome import ErrorNote, Failed, Queue, Skip, SkipReason, Start, Succeeded
from asched.core.rules.answers import Answered, answered
from asched.core.rules.board import AskConditions, Cause, Kind, StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.roster import remove
from asched.core.rules.runs import Ended, disown, ended, manual, stop
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.version import definition_of
from asched.core.wait import Wait

M = timedelta(minutes=1)
NO = Failed(ErrorNote("ValueError", "no"))
NETWORK = (Term(Network()), Term(MainsPower(), holds=False))
A_MINUTE = Wait(limit=M)


def turn_at(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def end(board, job, seconds, outcome=None):
    (fire,) = board.jobs[job].running
    turn = Turn()
    ended(board, Ended(fire, 1, outcome or Succeeded(), NOON, at(seconds).wall, S), at(seconds), turn)
    return turn


def answer(board, effect, seconds, *, holds):
    turn = Turn()
    said = ("", "") if holds else ("if network", "no route")
    answered(board, Answered(effect.job.name, effect.fire.id, holds, *said), at(seconds), turn)
    return turn


def questions(turn):
    return [effect for effect in turn.effects if isinstance(effect, AskConditions)]


def promoted(turn):
    return [reason_of(change.decision) for change in of_kind(turn, Promote)]


def decision_in(turn):
    ((_, decision),) = of_kind(turn, Decide)[0].fires
    return decision


# Needs.


def needing(within=None, **policies):
    """`b` needs `a`, and is due 20 s after it."""
    b = a_job("b", Every(60 * S), needs=(Need("a", within),), **policies)
    return a_board(a_job("a", Every(40 * S)), b)


def test_a_fire_whose_need_is_met_starts_at_once():
    board = needing()
    turn_at(board, 40)
    end(board, "a", 45)
    assert decided(turn_at(board, 60)) == [("b", 60.0, "start")]


def test_a_fire_whose_need_is_not_met_is_blocked_and_says_what_it_needs():
    board = needing()
    turn_at(board, 40)
    end(board, "a", 45, NO)
    facts = {"needs": "a", "needed": "a succeeded that day", "last": None}
    assert decision_in(turn_at(board, 60)) == Skip(SkipReason.BLOCKED, facts)


def test_a_need_that_is_not_met_names_the_last_success():
    board = needing(within=30 * S)
    board.successes.note("a", NOON)
    turn_at(board, 40)
    assert decision_in(turn_at(board, 60)).facts == {
        "needs": "a",
        "needed": "a succeeded within 30s",
        "last": NOON.isoformat(),
    }


def test_with_a_wait_the_fire_starts_with_the_success_that_it_waits_for():
    board = needing(wait=A_MINUTE)
    turn_at(board, 40)
    waiting = decision_in(turn_at(board, 60))
    assert (waiting.kind, waiting.facts["for"], waiting.facts["needs"]) == ("queue", "needs", "a")
    turn = end(board, "a", 75)
    assert promoted(turn) == ["start"]
    assert [e.fire.job for e in turn.effects if isinstance(e, StartRun)] == ["b"]
    assert not board.jobs["b"].queue
    assert not any(kind is Kind.GIVE_UP for kind, _, _ in board.wall._live)


def test_a_failure_does_not_end_the_wait():
    board = needing(wait=A_MINUTE)
    turn_at(board, 40)
    turn_at(board, 60)
    assert promoted(end(board, "a", 75, NO)) == []
    assert len(board.jobs["b"].queue) == 1


def test_when_the_wait_is_over_the_fire_is_blocked():
    board = needing(wait=A_MINUTE)
    turn_at(board, 40)
    turn_at(board, 60)
    assert promoted(turn_at(board, 119)) == []
    assert promoted(turn_at(board, 120))[:1] == ["blocked"]


def test_all_needs_must_be_met():
    board = a_board(a_job("c", needs=(Need("a"), Need("b"))))
    board.successes.note("a", NOON)
    assert decision_in(turn_at(board, 10)).facts["needs"] == "b"


def test_a_manual_run_asks_for_nothing():
    board = a_board(a_job("b", needs=(Need("a"),), conditions=NETWORK))
    _, decision = manual(board, board.jobs["b"], at(5), Turn())
    assert decision == Start()


def test_what_comes_after_another_has_its_own_needs():
    board = a_board(a_job("x"), a_job("c", after=("x",), needs=(Need("a"),)), a_job("d", after=("c",)))
    turn_at(board, 10)
    assert decided(end(board, "x", 11)) == [("c", 10.0, "blocked"), ("d", 10.0, "blocked")]


# Conditions.


def asking(**policies):
    return a_board(a_job(conditions=NETWORK, **policies))


def test_the_question_is_recorded_before_it_is_asked():
    board = asking()
    turn = turn_at(board, 10)
    assert decision_in(turn) == Queue({"for": "condition", "condition": "if network and unless ac power"})
    assert [effect.fire.scheduled_at for effect in questions(turn)] == [at(10).wall]
    assert not [effect for effect in turn.effects if isinstance(effect, StartRun)]


def test_a_condition_that_holds_starts_the_fire():
    board = asking()
    (question,) = questions(turn_at(board, 10))
    turn = answer(board, question, 10, holds=True)
    assert promoted(turn) == ["start"]
    assert [effect.fire for effect in turn.effects] == [question.fire]


def test_a_condition_that_does_not_hold_blocks_the_fire_and_says_which():
    board = asking()
    (question,) = questions(turn_at(board, 10))
    (promote,) = of_kind(answer(board, question, 10, holds=False), Promote)
    assert promote.decision == Skip(SkipReason.BLOCKED, {"condition": "if network", "said": "no route"})


def test_with_a_wait_it_is_asked_again_until_it_holds():
    board = asking(wait=A_MINUTE, poll=20 * S, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    assert promoted(answer(board, question, 3601, holds=False)) == []
    assert questions(turn_at(board, 3620)) == []
    (again,) = questions(turn_at(board, 3621))
    assert promoted(answer(board, again, 3621, holds=True)) == ["start"]


def test_when_the_wait_is_over_the_last_answer_is_the_reason():
    board = asking(wait=A_MINUTE, poll=40 * S, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    answer(board, question, 3601, holds=False)
    (again,) = questions(turn_at(board, 3641))
    answer(board, again, 3641, holds=False)
    (promote,) = of_kind(turn_at(board, 3660), Promote)
    assert promote.decision.facts == {"condition": "if network", "said": "no route"}
    assert questions(turn_at(board, 3681)) == []


def test_an_answer_that_is_under_way_when_the_wait_is_over_counts():
    board = asking(wait=A_MINUTE, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    assert promoted(turn_at(board, 3660)) == []
    assert promoted(answer(board, question, 3661, holds=True)) == ["start"]


def test_an_answer_nobody_waits_for_any_more_changes_nothing():
    board = asking()
    (question,) = questions(turn_at(board, 10))
    assert stop(board, question.fire.id, Cause.OPERATOR, "by ada", at(11), Turn())
    turn = answer(board, question, 12, holds=True)
    assert (turn.changes, turn.effects) == ([], [])


@pytest.mark.parametrize("gone", [lambda board, fire: remove(board, "tick", at(11), Turn()),
                                  lambda board, fire: disown(board, {fire}, at(11), Turn())])  # fmt: skip
def test_an_answer_for_a_fire_that_is_not_ours_any_more_changes_nothing(gone):
    board = asking()
    (question,) = questions(turn_at(board, 10))
    gone(board, question.fire.id)
    assert answer(board, question, 12, holds=True).changes == []


def test_needs_come_before_conditions():
    board = a_board(a_job("b", needs=(Need("a"),), conditions=NETWORK))
    turn = turn_at(board, 10)
    assert (decided(turn), questions(turn)) == ([("b", 10.0, "blocked")], [])


def test_conditions_come_before_places():
    """What is asked, or waits for an answer, holds nothing; and what is let in then takes its place like any other."""
    board = asking()
    (question,) = questions(turn_at(board, 10))
    fire, decision = manual(board, board.jobs["tick"], at(11), Turn())
    assert decision == Start()
    assert promoted(answer(board, question, 12, holds=True)) == ["overlapped"]
    assert list(board.jobs["tick"].running) == [fire.id]


def test_what_has_passed_waits_for_its_place_and_is_not_asked_again():
    board = asking(overlap=Overlap.QUEUE)
    manual(board, board.jobs["tick"], at(5), Turn())
    (question,) = questions(turn_at(board, 10))
    assert answer(board, question, 11, holds=True).changes == []
    turn = end(board, "tick", 12)
    assert (promoted(turn), questions(turn)) == (["start"], [])


def test_a_paused_job_is_not_asked():
    board = asking()
    pause(board, board.jobs["tick"], Pause("tick", NOON, "ada"), Turn())
    turn = turn_at(board, 10)
    assert (decided(turn), questions(turn)) == ([("tick", 10.0, "paused")], [])


def paused(board, seconds=0, on_resume=None):
    state = board.jobs["tick"]
    pause(board, state, Pause("tick", at(seconds).wall, "ada", on_resume=on_resume), Turn())


def resumed(board, seconds):
    turn = Turn()
    unpause(board, board.jobs["tick"], Unpause("tick", at(seconds).wall, "ada"), at(seconds), turn)
    return turn


@pytest.mark.parametrize(("on_resume", "asked_for"), [(OnResume.LATEST, [30]), (OnResume.ALL, [10, 20, 30])])
def test_what_comes_due_in_a_pause_is_asked_when_that_ends(on_resume, asked_for):
    board = asking()
    paused(board, on_resume=on_resume)
    turns = [turn_at(board, seconds) for seconds in (10, 20, 30)]
    assert [questions(turn) for turn in turns] == [[], [], []]
    assert {decision_in(turn).facts["for"] for turn in turns} == {"resume"}
    turn = resumed(board, 35)
    assert [effect.fire.scheduled_at for effect in questions(turn)] == [at(n).wall for n in asked_for]


def test_of_what_waited_for_the_end_of_a_pause_each_runs_whatever_its_overlap_says():
    """`all` means that nothing is lost: they wait for each other."""
    board = asking(overlap=Overlap.SKIP)
    paused(board, on_resume=OnResume.ALL)
    for seconds in (10, 20):
        turn_at(board, seconds)
    first, second = questions(resumed(board, 25))
    assert promoted(answer(board, first, 25, holds=True)) == ["start"]
    assert promoted(answer(board, second, 25, holds=True)) == []
    assert promoted(end(board, "tick", 27)) == ["start"]


def test_no_more_wait_at_the_gate_for_the_end_of_a_pause_than_are_made_up_for():
    board = asking(catch_up_max=1)
    paused(board, on_resume=OnResume.ALL)
    turn_at(board, 10)
    assert decision_in(turn_at(board, 20)) == Skip(SkipReason.QUEUE_FULL, {"waiting": 1})


def test_needs_are_judged_when_the_pause_ends():
    board = a_board(a_job(needs=(Need("a"),)))
    paused(board, on_resume=OnResume.ALL)
    assert decided(turn_at(board, 10)) == [("tick", 10.0, "queue")]
    board.successes.note("a", NOON)
    assert promoted(resumed(board, 15)) == ["start"]


def test_a_success_in_a_pause_starts_nothing_that_needs_it():
    b = a_job(trigger=Every(60 * S), needs=(Need("a"),), wait=A_MINUTE)
    board = a_board(a_job("a", Every(40 * S)), b)
    turn_at(board, 40)
    turn_at(board, 60)
    paused(board, 65)
    assert promoted(end(board, "a", 75)) == []
    assert promoted(resumed(board, 80)) == ["start"]


def test_what_waits_at_the_gate_is_not_asked_again_in_a_pause_but_when_that_ends():
    board = asking(wait=A_MINUTE, poll=20 * S, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    answer(board, question, 3601, holds=False)
    paused(board, 3610)
    assert questions(turn_at(board, 3621)) == []
    (again,) = questions(resumed(board, 3630))
    assert promoted(answer(board, again, 3631, holds=True)) == ["start"]


@pytest.mark.parametrize("holds", [True, False])
def test_whose_wait_is_over_in_a_pause_is_asked_once_more_when_that_ends(holds):
    board = asking(wait=A_MINUTE, poll=20 * S, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    answer(board, question, 3601, holds=False)
    paused(board, 3610)
    assert promoted(turn_at(board, 3660)) == []
    (again,) = questions(resumed(board, 4000))
    assert promoted(answer(board, again, 4001, holds=holds)) == (["start"] if holds else ["blocked"])


def test_whose_time_was_up_in_a_pause_waits_on_when_the_clock_was_set_back_and_then_no_longer():
    board = a_board(a_job(trigger=Every(3600 * S), needs=(Need("a"),), wait=A_MINUTE))
    turn_at(board, 3600)
    paused(board, 3610)
    turn_at(board, 3660)
    assert promoted(resumed(board, 3630)) == []
    assert promoted(turn_at(board, 3660)) == ["blocked"]


def test_whose_time_was_up_while_it_was_asked_has_its_deadline_again_when_the_clock_was_set_back():
    board = asking(wait=A_MINUTE, poll=120 * S, trigger=Every(3600 * S))
    (question,) = questions(turn_at(board, 3600))
    turn_at(board, 3660)
    answer(board, question, 3630, holds=False)
    assert promoted(turn_at(board, 3660)) == ["blocked"]


@pytest.mark.parametrize("when", [10, 11])
@pytest.mark.parametrize("on_resume", OnResume)
def test_what_is_being_asked_when_a_pause_comes_has_come_due_before_it_and_waits_for_its_end(on_resume, when):
    board = asking()
    (question,) = questions(turn_at(board, 10))
    paused(board, when, on_resume)
    assert answer(board, question, 12, holds=True).changes == []
    turn = resumed(board, 15)
    assert (promoted(turn), questions(turn)) == (["start"], []), "it had its answer"


def test_what_is_being_asked_when_a_pause_comes_is_blocked_by_its_answer():
    board = asking()
    (question,) = questions(turn_at(board, 10))
    paused(board, 11)
    assert promoted(answer(board, question, 12, holds=False)) == ["blocked"]


def test_no_more_may_wait_at_the_gate_than_in_the_queue():
    board = asking(queue_max=2)
    for seconds in (10, 20):
        turn_at(board, seconds)
    assert decision_in(turn_at(board, 30)) == Skip(SkipReason.QUEUE_FULL, {"waiting": 2})


@pytest.mark.parametrize("overlap", [Overlap.REPLACE, Overlap.TERMINATE])
def test_where_only_the_newest_counts_it_replaces_the_one_that_waits_at_the_gate(overlap):
    board = asking(overlap=overlap)
    (older,) = questions(turn_at(board, 10))
    turn = turn_at(board, 20)
    assert (promoted(turn), decided(turn)) == (["replaced"], [("tick", 20.0, "queue")])
    assert answer(board, older, 21, holds=True).changes == []


def test_a_blocked_fire_blocks_what_comes_after_it():
    board = a_board(a_job("a", conditions=NETWORK), a_job("b", after=("a",)))
    (question,) = questions(turn_at(board, 10))
    assert decided(answer(board, question, 11, holds=False)) == [("b", 10.0, "blocked")]


def test_a_job_that_counts_from_its_end_goes_on_after_a_blocked_fire():
    board = a_board(a_job(trigger=AfterFinish(10 * S), conditions=NETWORK))
    (question,) = questions(turn_at(board, 10))
    assert board.jobs["tick"].next_at is None
    answer(board, question, 13, holds=False)
    assert board.jobs["tick"].next_at == at(23).wall


def test_nothing_is_asked_while_we_stop():
    board = a_board(a_job("x"), a_job("c", after=("x",), conditions=NETWORK))
    turn_at(board, 10)
    board.draining = True
    turn = end(board, "x", 11)
    assert (decided(turn), questions(turn)) == ([("c", 10.0, "queue")], [])


def test_what_must_hold_is_part_of_the_version():
    plain = a_job()
    for other in (a_job(needs=(Need("a"),)), a_job(conditions=NETWORK), a_job(wait=A_MINUTE)):
        assert definition_of(other) != definition_of(plain)
