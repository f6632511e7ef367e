"""The newest fires are looked up: what that costs does not grow with what is kept."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from asched.core.outcome import FAILURES
from asched.core.record import FireQuery
from asched.ledger import queries, schema
from asched.ledger import statements as sql

FIRE = """
INSERT INTO fires (id, job, version, scheduled_at, nonce, due_at, origin, caught_up, owner, decided_at, decision,
                   started_at, finished_at, duration, outcome, detail)
VALUES (?, ?, 1, ?, '', 0, 'schedule', 0, 1, 0, 'start', 0, 0, 0, ?, ?)
"""
JOBS = ("a", "b", "c")
GOOD, BAD = ("succeeded", None), ("failed", '{"type": "E", "message": "no", "types": []}')


def _steps(query, kept):
    """Of SQLite's machine, with so many fires of each job; the first of each failed."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        for place, job in enumerate(JOBS):
            connection.execute(sql.ACTIVATE, (job, 1, -1, None, "", 0))
            connection.execute(sql.START_WATERMARK, (job, 1, -1, 0))
            fires = [(at * 3 + place, job, at, *(GOOD if at else BAD)) for at in range(kept)]
            connection.executemany(FIRE, fires)
        steps = []
        connection.set_progress_handler(lambda: steps.append(1), 1)
        found = queries.fires(query, connection)
        connection.set_progress_handler(None, 1)
        assert found
        return len(steps)


@pytest.mark.parametrize(
    "query",
    [
        FireQuery(jobs=("b",), decisions=("start",), limit=5),
        FireQuery(jobs=("b",), limit=5, oldest_first=True),
        FireQuery(jobs=("b",), outcomes=FAILURES, limit=5),
        FireQuery(jobs=("a", "c"), decisions=("start",), limit=5, offset=2),
        FireQuery(decisions=("start",), limit=5),
        FireQuery(outcomes=FAILURES, limit=5),
        FireQuery(since=datetime(1970, 1, 1, tzinfo=UTC), limit=5),
    ],
    ids=str,
)
def test_the_first_of_many_cost_what_the_first_of_few_do(query):
    assert _steps(query, 4_000) <= _steps(query, 400) * 1.1
