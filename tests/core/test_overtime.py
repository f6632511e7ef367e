"""A run's run_timeout: over all its attempts and the waits between them."""

from boards import a_board, at, of_kind
from jobdoubles import S, a_job

from asched.core.change import Begin, Finish, Retrying
from asched.core.model import Fire, Retry
from asched.core.outcome import ErrorNote, Failed, Start, Succeeded, TimedOut
from asched.core.record import FireRecord
from asched.core.rules.adopt import adopt
from asched.core.rules.board import Cause, Kind, StartRun, StopRun, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.overtime import count_time
from asched.core.rules.roster import place, remove
from asched.core.rules.runs import Ended, ended, stop

FAILED = Failed(ErrorNote("ValueError", "no"))
LIMITED = {"run_timeout": 30 * S, "retry": Retry(attempts=5, delay=20 * S, jitter=0)}


def running(**policies):
    """A board whose job's first run began ten seconds after noon."""
    board = a_board(a_job(**{**LIMITED, **policies}))
    turn = Turn()
    due(board, at(10), 100, turn)
    (begun,) = [effect for effect in turn.effects if isinstance(effect, StartRun)]
    count_time(board, begun.job, begun.fire.id, at(10))
    return board, begun.fire


def over(board, fire, outcome, seconds, attempt=1):
    turn = Turn()
    now = at(seconds)
    ended(board, Ended(fire.id, attempt, outcome, now.wall, now.wall, 0 * S), now, turn)
    return turn


def come(board, seconds):
    turn = Turn()
    due(board, at(seconds), 100, turn)
    return turn


def deadlines(board, fire):
    return [key for key in board.steady._live if key == (Kind.RUN_TIMEOUT, "tick", fire.id)]


def test_what_is_executed_when_the_time_is_up_is_asked_to_stop():
    board, fire = running()
    assert StopRun(fire.id, Cause.RUN_TIMEOUT) not in come(board, 39.9).effects
    assert StopRun(fire.id, Cause.RUN_TIMEOUT) in come(board, 40).effects


def test_what_was_stopped_for_it_is_not_tried_again():
    board, fire = running()
    come(board, 40)
    turn = over(board, fire, TimedOut(30 * S, whole_run=True), 41)
    assert of_kind(turn, Retrying) == []
    assert [finish.outcome for finish in of_kind(turn, Finish)] == [TimedOut(30 * S, whole_run=True)]


def test_the_wait_for_the_next_attempt_counts_and_is_called_off():
    board, fire = running(retry=Retry(attempts=5, delay=100 * S, jitter=0))
    over(board, fire, FAILED, 12)
    turn = come(board, 40)
    assert [(f.fire, f.outcome) for f in of_kind(turn, Finish)] == [(fire.id, TimedOut(30 * S, whole_run=True))]
    assert of_kind(come(board, 200), Begin) == []


def test_all_attempts_count_from_the_first():
    board, fire = running()
    over(board, fire, FAILED, 12)
    assert [begin.attempt for begin in of_kind(come(board, 32), Begin)] == [2]
    assert StopRun(fire.id, Cause.RUN_TIMEOUT) in come(board, 40).effects


def test_at_the_same_instant_the_limit_goes_before_the_next_attempt():
    board, fire = running(retry=Retry(attempts=5, delay=20 * S, jitter=0))
    over(board, fire, FAILED, 20)
    turn = come(board, 40)
    assert [finish.fire for finish in of_kind(turn, Finish)] == [fire.id]
    assert of_kind(turn, Begin) == []


def test_a_run_that_is_over_has_no_limit_left():
    board, fire = running()
    over(board, fire, Succeeded(), 12)
    assert deadlines(board, fire) == []


def test_what_an_operator_stopped_keeps_that_reason():
    board, fire = running()
    stop(board, fire.id, Cause.OPERATOR, "mine", at(20), Turn())
    assert StopRun(fire.id, Cause.RUN_TIMEOUT) not in come(board, 40).effects
    assert board.runs[fire.id].reason == "mine"


def test_a_job_without_one_runs_as_long_as_it_likes():
    board, fire = running(run_timeout=None)
    assert deadlines(board, fire) == []


def test_a_run_keeps_its_limit_when_its_job_is_changed_or_removed():
    for change in (
        lambda board: place(board, a_job(), None, at(20), Turn()),
        lambda b: remove(b, "tick", at(20), Turn()),
    ):
        board, fire = running()
        change(board)
        assert StopRun(fire.id, Cause.RUN_TIMEOUT) in come(board, 40).effects


def test_removing_the_job_of_a_run_that_waits_takes_its_limit_away():
    board, fire = running()
    over(board, fire, FAILED, 12)
    remove(board, "tick", at(13), Turn())
    assert (deadlines(board, fire), board.runs) == ([], {})


def adopted(seconds, *, began=10):
    board = a_board(a_job(**LIMITED))
    when = at(began).wall
    fire = Fire(1 << 32 | 7, "tick", 1, when, when)
    record = FireRecord(fire, Start(), when, 1, 2, started_at=at(began + 5).wall, retry_at=at(100).wall)
    adopt(board, record, "asched 1", at(15).wall, at(seconds), Turn())
    return board, fire


def test_after_a_restart_it_keeps_what_is_left_counted_from_its_first_start():
    board, fire = adopted(25)
    assert of_kind(come(board, 39.9), Finish) == []
    (finish,) = of_kind(come(board, 40), Finish)
    assert (finish.fire, finish.outcome) == (fire.id, TimedOut(30 * S, whole_run=True))


def test_a_limit_that_passed_while_nobody_was_there_calls_it_off_at_once():
    board, fire = adopted(200)
    turn = come(board, 200)
    assert [finish.fire for finish in of_kind(turn, Finish)] == [fire.id]
    assert of_kind(turn, Begin) == []


def test_a_clock_set_back_meanwhile_gives_it_no_more_than_the_whole():
    board, fire = adopted(25, began=3600)
    assert of_kind(come(board, 54.9), Finish) == []
    assert [finish.fire for finish in of_kind(come(board, 55), Finish)] == [fire.id]
