"""Many changes in one statement are what they are one by one: the same rows and answers, whatever is among them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import zip_longest

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asched.core.change import Change, Decide, Finish, Rejected, Streak
from asched.core.model import Fire
from asched.core.outcome import Queue, Skip, SkipReason, Start, Succeeded, TimedOut
from asched.ledger import schema, sqlitechanges, stretches
from asched.testing.ledger_samples import FAILED, OURS, THEIRS, activate, decide, finish, fire, gap, minute, retrying

JOBS = [f"job-{number}" for number in range(12)]
DECISIONS = st.sampled_from([Start(), Start(), Start(), Queue({"for": "slot"}), Skip(SkipReason.MISSED, {"by": "x"})])
OUTCOMES = st.sampled_from([Succeeded(), Succeeded("1"), FAILED, TimedOut(minute(1) - minute(0))])


@st.composite
def lives(draw: st.DrawFn) -> list[list[Change]]:
    """Turns as an engine takes them: what ended since the last one, and each job's next instant. Here and there one
    does not fit, comes twice, or stands between those of its kind; and a run may end in the turn that decides it."""
    turns: list[list[Change]] = []
    ended: list[Change] = []
    for number in range(draw(st.integers(1, 3))):
        decisions = [draw(DECISIONS) for _ in JOBS]
        decided: list[Change] = [
            decide((_fire(number, index), decisions[index]), job=job, move=(number, number + 1))
            for index, job in enumerate(JOBS)
        ]
        turns.append(_spoiled(draw, draw(st.sampled_from([ended + decided, _by_turns(ended, decided)]))))
        ended = [finish(_fire(number, i), draw(OUTCOMES)) for i, one in enumerate(decisions) if one == Start()]
        if draw(st.booleans()):
            turns[-1] += ended
            ended = []
    return [*turns, _spoiled(draw, ended)]


def _by_turns(ended: list[Change], decided: list[Change]) -> list[Change]:
    return [change for both in zip_longest(ended, decided) for change in both if change is not None]


def _fire(number: int, index: int) -> Fire:
    return fire(number * len(JOBS) + index + 1, job=JOBS[index], at=number + 1)


FOREIGN = fire(900, by=THEIRS, nonce="theirs", job=JOBS[0])
MISFITS: list[Change] = [
    Streak(JOBS[0], 1),
    decide(fire(500, job=JOBS[1], at=1), job=JOBS[1], move=(1, 2)),
    decide(fire(501, job=JOBS[2], nonce="n"), job=JOBS[2]),
    decide(fire(502, job=JOBS[5], at=1), job=JOBS[5]),  # in the place of another
    decide(job=JOBS[3], move=(0, 1), gaps=(gap(0, 1),)),
    decide(fire(1, by=THEIRS, job=JOBS[4], at=1), job=JOBS[4], version=7, move=(0, 1)),
    finish(_fire(0, 2), attempt=2),
    finish(fire(999)),
    finish(FOREIGN),
    retrying(_fire(0, 1)),
]


def _spoiled(draw: st.DrawFn, changes: list[Change]) -> list[Change]:
    misfits = st.sampled_from([*MISFITS, *changes[:1]])
    for at, misfit, instead in draw(st.lists(st.tuples(st.integers(0, 30), misfits, st.booleans()), max_size=2)):
        changes[at : at + instead] = [misfit]
    return changes


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lives(), st.sampled_from([1, 3, 8]), st.sampled_from([(100, 20, 5), (4,), (3, 2)]))
def test_what_is_made_at_once_is_what_is_made_one_by_one(
    turns: list[list[Change]], fewest: int, widths: tuple[int, ...]
) -> None:
    compare(turns, fewest, widths)


@pytest.mark.parametrize("misfit", MISFITS)
@pytest.mark.parametrize("turn", [0, 1])
def test_one_that_does_not_fit_costs_the_others_nothing(misfit: Change, turn: int) -> None:
    turns: list[list[Change]] = [
        [decide(_fire(0, index), job=job, move=(0, 1)) for index, job in enumerate(JOBS)],
        [finish(_fire(0, index)) for index in range(len(JOBS))],
    ]
    turns[turn][2] = misfit
    compare(turns, 8, (5,))


def compare(turns: list[list[Change]], fewest: int, widths: tuple[int, ...]) -> None:
    with ledger() as quick, ledger() as slow, pytest.MonkeyPatch.context() as patched:
        for connection in (quick, slow):
            sqlitechanges.make_all(THEIRS, [activate(job) for job in JOBS] + [decide(FOREIGN, job=JOBS[0])], connection)
        for turn in turns:
            patched.setattr(stretches, "FEWEST", fewest)
            patched.setattr(stretches, "_WIDTHS", widths)
            answer = make(quick, turn)
            patched.setattr(stretches, "FEWEST", 1_000_000)
            assert answer == make(slow, turn)
            assert _rows(quick) == _rows(slow)


def test_a_burst_is_a_few_statements() -> None:
    decided: list[Change] = [decide(_fire(0, index), job=job, move=(0, 1)) for index, job in enumerate(JOBS)]
    ended: list[Change] = [finish(_fire(0, index)) for index in range(len(JOBS))]
    follow: list[Change] = [decide(job=job, move=(1, 2)) for job in JOBS]
    with ledger() as connection:
        assert make(connection, [activate(job) for job in JOBS]) == ()
        told: list[str] = []
        connection.set_trace_callback(told.append)
        assert make(connection, decided) == ()
        # 12 rows are two statements of five and two of one, for the moves and for the fires; and there is a savepoint
        assert len(told) == 2 * (2 + 2) + 2
        told.clear()
        assert make(connection, [change for both in zip(ended, follow, strict=True) for change in both]) == ()
        assert len(told) == 2 * (2 + 2) + 2


@pytest.mark.parametrize("change", [Decide, Finish])
def test_what_is_done_twice_in_a_row_is_refused_as_one_by_one(change: type[Change]) -> None:
    """Two that move one watermark, or end one run, must not count for each other."""
    many = [decide(_fire(0, index), job=job, move=(0, 1)) for index, job in enumerate(JOBS)]
    run: list[Change] = [*many, decide(fire(99, job=JOBS[0], at=1), job=JOBS[0], move=(0, 1))]
    if change is Finish:
        run = [*(finish(one) for decided in many for one, _ in decided.fires), finish(_fire(0, 0), FAILED)]
    with ledger() as connection:
        make(connection, [activate(job) for job in JOBS])
        if change is Finish:
            make(connection, many)
        (rejected,) = make(connection, run)
        assert rejected.change is run[-1]


def make(connection: sqlite3.Connection, changes: Sequence[Change]) -> Sequence[Rejected]:
    return sqlitechanges.make_all(OURS, changes, connection)


@contextmanager
def ledger() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        connection.execute("BEGIN")
        yield connection


def _rows(connection: sqlite3.Connection) -> list[list[tuple[object, ...]]]:
    return [
        connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("fires", "watermarks", "gaps", "streaks")
    ]
