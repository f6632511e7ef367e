"""What a dead instance left open is settled by the one that comes after it."""

from boards import NOON, a_board, at, decided, of_kind, reason_of
from jobdoubles import H, S, a_job

from asched.core.change import Adopt, Begin, Decide, Finish, Promote, Retrying
from asched.core.model import Fire, Overlap, Retry
from asched.core.outcome import Abandoned, Queue, Skip, SkipReason, Start
from asched.core.record import FireRecord
from asched.core.rules.adopt import adopt, settle_down
from asched.core.rules.board import StartRun, Turn
from asched.core.rules.deadlines import due
from asched.core.triggers.interval import AfterFinish

SEEN = at(12).wall


def left(number, job="tick", *, decision=None, seconds=10, retry_at=None, attempt=1):
    """A fire of instance 1 that is open."""
    when = at(seconds).wall
    fire = Fire(1 << 32 | number, job, 1, when, when)
    decision = decision or Start()
    started_at = when if isinstance(decision, Start) else None
    return FireRecord(fire, decision, when, 1, attempt, started_at=started_at, retry_at=retry_at)


def adopted(board, *records, seconds=60):
    turn = Turn()
    for record in records:
        adopt(board, record, "asched 1", SEEN, at(seconds), turn)
    settle_down(board, at(seconds), turn)
    return turn


def test_everything_that_is_open_becomes_ours_first():
    records = [left(1), left(2, decision=Queue(), seconds=20)]
    turn = adopted(a_board(a_job(overlap=Overlap.QUEUE)), *records)
    assert of_kind(turn, Adopt) == [Adopt(records[0].id, 1), Adopt(records[1].id, 1)]


def test_a_run_that_was_lost_is_abandoned_at_the_last_sign_of_life():
    board = a_board(a_job())
    (finish,) = of_kind(adopted(board, left(1)), Finish)
    assert finish.outcome == Abandoned("asched 1 ended without finishing it")
    assert (finish.started_at, finish.finished_at, finish.duration) == (at(10).wall, SEEN, 2 * S)
    assert board.runs == {}


def test_a_run_that_was_lost_before_its_owner_was_seen_again_did_not_last_less_than_nothing():
    (finish,) = of_kind(adopted(a_board(a_job()), left(1, seconds=50)), Finish)
    assert (finish.finished_at, finish.duration) == (at(50).wall, 0 * S)


def test_a_lost_run_of_an_idempotent_job_is_tried_again_at_once():
    board = a_board(a_job(idempotent=True))
    turn = adopted(board, left(1))
    (retrying,) = of_kind(turn, Retrying)
    assert (retrying.outcome.kind, retrying.retry_at, of_kind(turn, Finish)) == ("abandoned", at(60).wall, [])
    again = Turn()
    due(board, at(60), 100, again)
    assert [begin.attempt for begin in of_kind(again, Begin)] == [2]


def test_what_waited_in_the_queue_takes_the_free_slot_and_the_rest_waits_on():
    board = a_board(a_job(overlap=Overlap.QUEUE))
    one, two = left(1, decision=Queue()), left(2, decision=Queue(), seconds=20)
    turn = adopted(board, one, two)
    assert of_kind(turn, Promote) == [Promote(one.id, Start(), at(60).wall)]
    assert [effect.fire.id for effect in turn.effects if isinstance(effect, StartRun)] == [one.id]
    assert list(board.jobs["tick"].queue) == [two.fire]


def test_a_retry_survives_and_its_time_is_kept():
    board = a_board(a_job(retry=Retry(attempts=3)))
    turn = adopted(board, left(1, retry_at=at(100).wall, attempt=2))
    assert of_kind(turn, Finish) == of_kind(turn, Retrying) == []
    early, late = Turn(), Turn()
    due(board, at(99), 100, early)
    due(board, at(100), 100, late)
    assert of_kind(early, Begin) == []
    assert [begin.attempt for begin in of_kind(late, Begin)] == [3]


def test_a_retry_whose_time_has_passed_is_due_at_once():
    board = a_board(a_job())
    adopted(board, left(1, retry_at=at(20).wall))
    turn = Turn()
    due(board, at(60), 100, turn)
    assert [begin.attempt for begin in of_kind(turn, Begin)] == [2]


def test_what_a_removed_job_left_is_ended_with_a_reason():
    records = [left(1, "gone"), left(2, "gone", decision=Queue()), left(3, "gone", retry_at=at(99).wall)]
    board = a_board()
    turn = adopted(board, *records)
    assert [(f.fire, f.outcome.kind) for f in of_kind(turn, Finish)] == [
        (records[0].id, "abandoned"),
        (records[2].id, "abandoned"),
    ]
    assert [p.decision for p in of_kind(turn, Promote)] == [Skip(SkipReason.REMOVED)]
    assert board.runs == {}


def test_what_came_after_a_lost_run_is_blocked():
    turn = adopted(a_board(a_job("a"), a_job("b", after=("a",))), left(1, "a"))
    assert decided(turn) == [("b", 10.0, "blocked")]


def test_what_comes_after_an_idempotent_lost_run_waits_for_its_next_attempt():
    turn = adopted(a_board(a_job("a", idempotent=True), a_job("b", after=("a",))), left(1, "a"))
    assert of_kind(turn, Decide) == []


# From the end of the last run.


def relative(**policies):
    return a_board(a_job(trigger=AfterFinish(10 * S), **policies))


def test_a_lost_run_of_a_job_that_counts_from_its_end_has_ended_now():
    board = relative()
    adopted(board, left(1))
    assert board.jobs["tick"].next_at == at(70).wall


def test_a_job_that_counts_from_its_end_waits_for_what_is_still_open():
    for records in (
        [left(1, retry_at=at(99).wall)],
        [left(1), left(2, seconds=20, retry_at=at(99).wall)],
        [left(1, retry_at=at(99).wall), left(2, seconds=20)],
    ):
        board = relative(idempotent=False)
        adopted(board, *records)
        assert board.jobs["tick"].next_at is None
        assert [reason_of(d) for c in of_kind(Turn(), Decide) for _, d in c.fires] == []


def test_what_waited_for_a_lost_run_of_a_job_that_counts_from_its_end_runs_and_nothing_beside_it():
    board = relative(overlap=Overlap.QUEUE)
    turn = adopted(board, left(1), left(2, decision=Queue(), seconds=20))
    assert len([e for e in turn.effects if isinstance(e, StartRun)]) == 1
    assert board.jobs["tick"].next_at is None
    assert board.next_deadlines() == (None, None)


def test_adopting_moves_no_watermark_but_that_of_jobs_that_count_from_their_end():
    plain, counting = a_board(a_job()), relative()
    assert of_kind(adopted(plain, left(1)), Decide) == []
    (moved,) = of_kind(adopted(counting, left(1)), Decide)
    assert (moved.fires, moved.watermark, moved.until) == ((), NOON, at(60).wall)
    assert H > 0 * S


def test_a_job_cools_down_also_from_a_run_that_was_lost_with_its_asched():
    board = a_board(a_job(cooldown=30 * S))
    adopted(board, left(1))
    assert board.jobs["tick"].cooling == {"": at(90).steady}
