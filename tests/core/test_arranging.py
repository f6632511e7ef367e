"""Single fires that go otherwise than their schedule says: skipped, moved, brought forward, added, restored."""

from dataclasses import replace

import pytest
from boards import NOON, a_board, at, decided, gaps, of_kind
from jobdoubles import H, Raises, S, a_job

from asched.core.change import Act, Arrange, Decide, Expire, Pause
from asched.core.english.reasons import explain_skip
from asched.core.model import CatchUp, Origin, Overlap
from asched.core.occurrence import Added, Moved, Skipped
from asched.core.outcome import Skip, SkipReason, Start, Succeeded
from asched.core.rules.arranging import Asked, add, move, restore, skip
from asched.core.rules.board import Kind, StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.pausing import pause
from asched.core.rules.pending import GONE, NOT_YIELDED, REMOVED, next_due, pending
from asched.core.rules.roster import current, place, remove
from asched.core.rules.runs import Ended, ended
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.errors import Refused

ANA = Asked("ana", "holiday")
VERBS = {"skip": skip, "move": move, "add": add, "restore": restore}


def instant(seconds):
    return at(seconds).wall


def ask(board, verb, *instants, now=0, job="tick", asked=ANA):
    """Seconds after noon, or None."""
    turn = Turn()
    given = [one if one is None else instant(one) for one in instants]
    VERBS[verb](board, board.jobs[job], *given, asked, at(now), turn)
    return turn


def refused(board, verb, *instants, **more):
    with pytest.raises(Refused) as why:
        ask(board, verb, *instants, **more)
    return str(why.value)


def fire_now(board, seconds):
    turn = Turn()
    due(board, at(seconds), 1000, turn)
    return turn


def end_all(board, seconds):
    for run in list(board.runs):
        ended(board, Ended(run, 1, Succeeded(), NOON, at(seconds).wall, S), at(seconds), Turn())


def arranged(board, job="tick"):
    return [(one.kind, (one.scheduled_at - NOON).total_seconds()) for one in pending(board.jobs[job])]


def live_deadlines(board):
    return {key[0] for key in board.wall._live} - {Kind.FIRE}


# What comes of it.


def test_a_skipped_fire_has_its_row_with_who_and_why_and_the_next_runs():
    board = a_board(a_job())
    asked = ask(board, "skip", 20)
    skipped = Skipped("tick", instant(20), instant(0), "ana", "holiday")
    assert asked.changes == [
        Arrange(skipped),
        Act(instant(0), "skip", "ana", "tick", reason="2026-01-01 12:00:20+00:00: holiday"),
    ]
    fire_now(board, 10)
    end_all(board, 11)
    turn = fire_now(board, 20)
    ((fire, decision),) = of_kind(turn, Decide)[0].fires
    assert (fire.scheduled_at, fire.nonce, fire.origin) == (instant(20), "", Origin.SCHEDULE)
    assert decision == Skip(SkipReason.EXCLUDED, {"by": "ana", "reason": "holiday"})
    assert explain_skip(decision) == "excluded: left out by ana (holiday)"
    assert of_kind(turn, Expire) == [Expire(skipped, instant(20))]
    assert pending(board.jobs["tick"]) == []
    assert decided(fire_now(board, 30)) == [("tick", 30, "start")]


def test_a_fire_that_is_moved_to_later_keeps_the_instant_that_it_stands_for():
    board = a_board(a_job())
    ask(board, "move", 10, 25)
    turn = fire_now(board, 10)
    assert decided(turn) == [("tick", 10, "excluded")]
    (_, decision) = of_kind(turn, Decide)[0].fires[0]
    assert explain_skip(decision) == "excluded: moved to 2026-01-01 12:00:25+00:00 by ana (holiday)"
    assert of_kind(turn, Expire) == []
    assert decided(fire_now(board, 20)) == [("tick", 20, "start")]
    end_all(board, 21)
    turn = fire_now(board, 25)
    (change,) = of_kind(turn, Decide)
    ((fire, decision),) = change.fires
    assert (fire.scheduled_at, fire.due_at, fire.nonce, fire.origin) == (
        instant(10),
        instant(25),
        "moved",
        Origin.MANUAL,
    )
    assert (decision, change.watermark, change.until) == (Start(), None, None)
    assert [expired.occurrence.kind for expired in of_kind(turn, Expire)] == ["move"]
    assert (arranged(board), live_deadlines(board)) == ([], set())


def test_a_fire_that_is_brought_forward_runs_then_and_not_again_at_its_own_time():
    board = a_board(a_job())
    ask(board, "move", 20, 5)
    turn = fire_now(board, 5)
    assert decided(turn) == [("tick", 20, "start")]
    (kept,) = of_kind(turn, Arrange)
    assert kept.occurrence == Moved("tick", instant(20), instant(5), instant(0), "ana", "holiday", ran=True)
    end_all(board, 6)
    fire_now(board, 10)
    end_all(board, 11)
    turn = fire_now(board, 20)
    assert decided(turn) == [("tick", 20, "excluded")]
    assert of_kind(turn, Expire) == [Expire(kept.occurrence, instant(20))]
    assert arranged(board) == []


def test_moved_to_nowhere_is_moved_to_now():
    board = a_board(a_job())
    ask(board, "move", None, None, now=3)
    assert decided(fire_now(board, 3)) == [("tick", 10, "start")]
    assert decided(fire_now(board, 10)) == [("tick", 10, "excluded")]


def test_an_added_fire_is_beside_the_schedule():
    board = a_board(a_job())
    ask(board, "add", 15)
    fire_now(board, 10)
    end_all(board, 11)
    turn = fire_now(board, 15)
    (change,) = of_kind(turn, Decide)
    ((fire, decision),) = change.fires
    assert (fire.scheduled_at, fire.due_at, fire.nonce, fire.origin) == (
        instant(15),
        instant(15),
        "added",
        Origin.MANUAL,
    )
    assert (decision, change.until) == (Start(), None)
    assert of_kind(turn, Expire) == [Expire(Added("tick", instant(15), instant(0), "ana", "holiday"), instant(15))]
    end_all(board, 16)
    assert decided(fire_now(board, 20)) == [("tick", 20, "start")]


def test_a_job_without_a_schedule_may_have_a_fire_added():
    board = a_board(replace(a_job("adhoc"), trigger=None))
    ask(board, "add", 15, job="adhoc")
    assert decided(fire_now(board, 15)) == [("adhoc", 15, "start")]


def test_what_is_moved_or_added_obeys_the_limits():
    board = a_board(a_job(overlap=Overlap.SKIP))
    ask(board, "add", 15)
    fire_now(board, 10)
    assert decided(fire_now(board, 15)) == [("tick", 15, "overlapped")]


def test_what_is_moved_or_added_is_held_by_a_pause():
    board = a_board(a_job())
    ask(board, "add", 15)
    pause(board, board.jobs["tick"], Pause("tick", instant(0), "ben"), Turn())
    assert decided(fire_now(board, 15)) == [("tick", 10, "paused"), ("tick", 15, "paused")]


def test_what_is_skipped_while_its_job_is_paused_is_skipped_by_who_skipped_it():
    board = a_board(a_job())
    ask(board, "skip", 10)
    pause(board, board.jobs["tick"], Pause("tick", instant(0), "ben"), Turn())
    assert decided(fire_now(board, 10)) == [("tick", 10, "excluded")]


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({"catch_up": CatchUp.LATEST}, "start"),
        ({"catch_up": CatchUp.FIRST}, "start"),
        ({"catch_up": CatchUp.ALL}, "start"),
        ({"catch_up": CatchUp.NONE}, "missed"),
        ({"catch_up": CatchUp.NONE, "grace": H}, "start"),
        ({"catch_up": CatchUp.LATEST, "catch_up_window": 5 * S}, "expired"),
    ],
)
def test_what_is_late_is_caught_up_by_when_it_was_to_be(policies, expected):
    board = a_board(a_job("tick", At(instant(5000)), **policies))
    ask(board, "move", 5000, 20)
    ask(board, "add", 21)
    turn = fire_now(board, 100)
    assert decided(turn)[0] == ("tick", 5000, expected)
    assert decided(turn)[1][1] == 21
    (moved, _) = of_kind(turn, Decide)[0].fires[0]
    assert moved.caught_up is ("grace" not in policies and expected == "start")


# What a moved fire means for others.


def test_followers_come_after_what_was_moved_for_the_instant_that_it_stands_for():
    board = a_board(a_job(), a_job("then", after=("tick",)))
    ask(board, "move", 10, 15)
    fire_now(board, 10)
    fire_now(board, 15)
    turn = Turn()
    ended(board, Ended(next(iter(board.runs)), 1, Succeeded(), NOON, instant(16), S), at(16), turn)
    assert decided(turn) == [("then", 10, "start")]


def test_a_join_meets_what_was_moved_and_what_was_not():
    board = a_board(a_job("a"), a_job("b"), a_job("both", after=("a", "b")))
    ask(board, "move", 10, 15, job="a")
    fire_now(board, 10)
    end_all(board, 11)
    fire_now(board, 15)
    turn = Turn()
    ended(board, Ended(next(iter(board.runs)), 1, Succeeded(), NOON, instant(16), S), at(16), turn)
    assert decided(turn) == [("both", 10, "start")]


def test_what_comes_after_an_added_fire_is_not_what_was_added_to_the_follower_at_that_instant():
    board = a_board(a_job(), a_job("then", after=("tick",), overlap=Overlap.ALLOW))
    for job in ("tick", "then"):
        ask(board, "add", 5, job=job)
    fires = [fire_now(board, 5)]
    (run,) = [fire for fire, state in board.runs.items() if state.fire.job == "tick"]
    fires.append(Turn())
    ended(board, Ended(run, 1, Succeeded(), NOON, instant(6), S), at(6), fires[-1])
    keys = [(f.job, f.scheduled_at, f.nonce) for turn in fires for one in of_kind(turn, Decide) for f, _ in one.fires]
    assert len(set(keys)) == len(keys) == 3


# After an absence.


@pytest.mark.parametrize(
    ("catch_up", "expected"),
    [
        (CatchUp.LATEST, {10: "coalesced", 20: "coalesced", 30: "excluded", 40: "start", 50: "excluded"}),
        (CatchUp.FIRST, {10: "start", 20: "coalesced", 30: "excluded", 40: "coalesced", 50: "excluded"}),
        (CatchUp.NONE, {10: "missed", 20: "missed", 30: "excluded", 40: "missed", 50: "excluded"}),
        (CatchUp.ALL, {10: "start", 20: "queue", 30: "excluded", 40: "queue", 50: "excluded"}),
    ],
)
def test_what_was_left_out_never_stands_for_the_others(catch_up, expected):
    board = a_board(a_job(catch_up=catch_up, grace=0 * S))
    ask(board, "skip", 30)
    ask(board, "move", 50, 5000)
    turn = fire_now(board, 55)
    assert {seconds: what for _, seconds, what in decided(turn)} == expected
    assert board.jobs["tick"].watermark == instant(50)
    assert board.jobs["tick"].next_at == instant(60)
    assert arranged(board) == [("move", 50)]


def test_all_that_is_due_may_be_left_out():
    board = a_board(a_job())
    for seconds in (10, 20):
        ask(board, "skip", seconds)
    assert decided(fire_now(board, 25)) == [("tick", 10, "excluded"), ("tick", 20, "excluded")]


def test_a_gap_goes_around_what_was_left_out():
    """Five hundred are missed, two of the old ones and the newest were left out."""
    board = a_board(a_job())
    for seconds in (1000, 1010, 5000):
        ask(board, "skip", seconds)
    turn = fire_now(board, 5000)
    rows = {seconds: what for _, seconds, what in decided(turn)}
    assert [rows[one] for one in (1000, 1010, 4990, 5000)] == ["excluded", "excluded", "start", "excluded"]
    first, last = gaps(turn)
    assert (first.after, first.until, first.count) == (NOON, instant(999.999999), 99)
    assert (last.after, last.count) == (instant(1010), 400 - 102)
    assert first.facts == last.facts == {"into": instant(4990).isoformat()}
    assert len(rows) + first.count + last.count == 500


def test_jitter_holds_back_what_is_left_out_as_it_holds_back_the_others():
    board = a_board(a_job(jitter=9 * S))
    ask(board, "skip", 10)
    due_at = board.due_at(board.jobs["tick"], instant(10))
    assert due_at > instant(10)
    before, then = ((due_at - NOON).total_seconds() + step for step in (-0.001, 0))
    assert decided(fire_now(board, before)) == []
    assert decided(fire_now(board, then)) == [("tick", 10, "excluded")]


# What may not be asked.


@pytest.mark.parametrize(
    ("verb", "instants", "why"),
    [
        ("skip", [15], "not due at 2026-01-01 12:00:15+00:00; the nearest are 2026-01-01 12:00:20+00:00"),
        ("skip", [25], "the nearest are 2026-01-01 12:00:20+00:00 and 2026-01-01 12:00:30+00:00"),
        ("skip", [10], "was decided already"),
        ("move", [10, 30], "was decided already"),
        ("move", [20, 5], "12:00:05+00:00 is over: it is 2026-01-01 12:00:12+00:00 now"),
        ("move", [20, 20], "is when it is due"),
        ("add", [11], "is over"),
        ("add", [20], "is due at 2026-01-01 12:00:20+00:00 by its schedule"),
        ("restore", [20], "nothing is arranged"),
        ("restore", [None], "nothing is arranged"),
    ],
)
def test_what_cannot_be_is_refused_and_said_why(verb, instants, why):
    board = a_board(a_job())
    fire_now(board, 10)
    assert why in refused(board, verb, *instants, now=12)
    assert arranged(board) == []


@pytest.mark.parametrize(
    ("job", "why"),
    [
        (a_job("tick", AfterFinish(60 * S)), "counts from the end of its last run"),
        (a_job("tick", after=("other",)), "comes after other"),
        (replace(a_job("tick"), trigger=None), "it runs only by hand"),
        (a_job("tick", Raises(NOON, NOON)), "ZeroDivisionError"),
        (a_job("tick", At(instant(-5))), "never due again"),
    ],
)
def test_only_what_a_schedule_yields_is_skipped_or_moved(job, why):
    board = a_board(job)
    assert why in refused(board, "skip", None)
    assert why in refused(board, "move", None, 3600)


def test_what_ran_early_is_neither_moved_nor_skipped_nor_restored():
    board = a_board(a_job())
    ask(board, "move", 20, 5)
    fire_now(board, 5)
    for verb, *instants in (("skip", 20), ("move", 20, 30), ("restore", 20)):
        assert "brought forward" in refused(board, verb, *instants, now=6)


# Changing one's mind.


def test_next_is_the_next_one_that_nothing_is_arranged_for():
    board = a_board(a_job())
    for _ in range(3):
        ask(board, "skip", None)
    assert arranged(board) == [("skip", 10), ("skip", 20), ("skip", 30)]
    assert next_due(board, board.jobs["tick"]) == instant(40)
    ask(board, "add", 5)
    assert next_due(board, board.jobs["tick"]) == instant(5)


def test_an_instant_is_named_to_the_second():
    board = a_board(a_job("tick", Every(10 * S, instant(0.25))))
    ask(board, "skip", 10)
    assert arranged(board) == [("skip", 10.25)]
    ask(board, "restore", 10)
    assert arranged(board) == []


@pytest.mark.parametrize(("first", "then"), [(("skip", 20), ("move", 20, 25)), (("move", 20, 25), ("skip", 20))])
def test_the_later_word_counts(first, then):
    board = a_board(a_job())
    ask(board, *first)
    ask(board, *then)
    assert arranged(board) == [(then[0], 20)]
    assert live_deadlines(board) == ({Kind.MOVED} if then[0] == "move" else set())


@pytest.mark.parametrize("named", [20, 25, None], ids=["its instant", "where it was moved", "the first"])
def test_what_is_restored_runs_as_its_schedule_says(named):
    board = a_board(a_job())
    ask(board, "move", 20, 25)
    turn = ask(board, "restore", named)
    assert [expired.why for expired in of_kind(turn, Expire)] == ["restored by ana"]
    assert [act.verb for act in of_kind(turn, Act)] == ["restore"]
    assert live_deadlines(board) == set()
    fire_now(board, 10)
    end_all(board, 11)
    assert decided(fire_now(board, 20)) == [("tick", 20, "start")]


def test_restored_is_the_first_that_has_not_begun():
    board = a_board(a_job())
    ask(board, "move", 10, 25)
    ask(board, "skip", 30)
    fire_now(board, 10)
    ask(board, "restore", None, now=11)
    assert arranged(board) == [("move", 10)]


def test_what_was_moved_may_be_moved_again_after_its_own_time():
    board = a_board(a_job())
    ask(board, "move", 10, 25)
    fire_now(board, 10)
    assert "its own time, is over" in refused(board, "restore", 10, now=11)
    ask(board, "move", 10, 35, now=11)
    assert decided(fire_now(board, 25)) == [("tick", 20, "start")]
    end_all(board, 26)
    assert decided(fire_now(board, 35))[-1] == ("tick", 10, "overlapped")


def test_what_was_moved_may_be_called_off_after_its_own_time_and_has_its_row():
    board = a_board(a_job())
    ask(board, "move", 10, 25)
    fire_now(board, 10)
    turn = ask(board, "skip", 10, now=11)
    ((fire, decision),) = of_kind(turn, Decide)[0].fires
    assert (fire.scheduled_at, fire.nonce) == (instant(10), "moved")
    assert explain_skip(decision) == "excluded: left out by ana (holiday)"
    assert (arranged(board), live_deadlines(board)) == ([], set())


# Other versions.


def test_it_outlives_a_change_of_the_job_as_long_as_its_schedule_yields_it():
    board = a_board(a_job())
    for verb, *instants in (("skip", 20), ("move", 30, 35), ("add", 17)):
        ask(board, verb, *instants)
    turn = Turn()
    place(board, a_job("tick", Every(20 * S, NOON), priority=3), current(board.jobs["tick"]), at(5), turn)
    assert [(one.occurrence.kind, one.why) for one in of_kind(turn, Expire)] == [("move", NOT_YIELDED)]
    assert arranged(board) == [("add", 17), ("skip", 20)]


def test_an_instant_that_the_old_version_owed_is_gone_with_it():
    board = a_board(a_job())
    ask(board, "skip", 20)
    ask(board, "move", 30, 500)
    turn = Turn()
    place(board, a_job("tick", Every(7 * S)), current(board.jobs["tick"]), at(32), turn)
    assert [(one.occurrence.kind, one.why) for one in of_kind(turn, Expire)] == [("skip", GONE)]
    assert arranged(board) == [("move", 30)], "it is still to be run, then"


def test_a_schedule_that_raises_when_it_is_asked_again_harms_nothing():
    board = a_board(a_job("tick", Every(10 * S, NOON)))
    ask(board, "skip", 50)
    place(board, a_job("tick", Raises(NOON, instant(45))), current(board.jobs["tick"]), at(5), turn := Turn())
    assert of_kind(turn, Expire) == []
    assert arranged(board) == [("skip", 50)]


def test_it_goes_with_its_job():
    board = a_board(a_job())
    ask(board, "move", 20, 25)
    ask(board, "add", 17)
    turn = Turn()
    remove(board, "tick", at(5), turn)
    assert [one.why for one in of_kind(turn, Expire)] == [REMOVED, REMOVED]
    assert live_deadlines(board) == set()
    assert fire_now(board, 60).changes == []


def test_fires_go_before_what_was_moved_and_that_before_what_was_added():
    board = a_board(a_job("z"), a_job("a", At(instant(7000))), a_job("b", At(instant(7000)), priority=9))
    ask(board, "add", 10, job="b")
    ask(board, "move", 7000, 10, job="a")
    turn = fire_now(board, 10)
    assert [effect.fire.job for effect in turn.effects if isinstance(effect, StartRun)] == ["z", "a", "b"]
