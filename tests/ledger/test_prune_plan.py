"""Pruning looks things up: what it costs must not grow with what is kept."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from asched.core.record import Keep
from asched.ledger import schema
from asched.ledger import statements as sql
from asched.ledger.sqliteprune import Pruning, forget

BOUNDS = {"job": "a", "at": 1, "id": 1, "failed_at": 1, "failed_id": 1, "after_at": 1, "after_id": 1, "limit": 1}
STATEMENTS = [
    (sql.FORGETTABLE, BOUNDS),
    (sql.COUNT_FORGETTABLE, BOUNDS),
    (sql.NEWEST_BEYOND, ("a", 1, 1)),
    (sql.NEWEST_FAILED_BEYOND, ("a", 1, 1)),
]


@pytest.mark.parametrize(("statement", "values"), STATEMENTS)
def test_no_fire_is_looked_at_but_through_an_index(statement, values):
    with closing(sqlite3.connect(":memory:")) as connection:
        schema.migrate(connection)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert plan[0].startswith("SEARCH fires USING")
    assert not any("SCAN fires" in step for step in plan)


def _cost_of_a_later_bite(keep, *, failed, kept):
    """In steps of SQLite's machine: the second ten of a pass, after so many failures and before so many others."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        schema.migrate(connection)
        connection.execute(sql.ACTIVATE, ("a", 1, -1, None, "", 0))
        connection.execute(sql.START_WATERMARK, ("a", 1, -1, 0))
        connection.executemany(
            _FIRE, [(at, at, "failed" if at < failed else "succeeded") for at in range(failed + kept)]
        )
        pruning = Pruning(keep)
        first = pruning.find(10, connection)
        assert forget(first, connection) == 10
        pruning.went(first)
        steps = []
        connection.set_progress_handler(lambda: steps.append(1), 1)
        second = pruning.find(10, connection)
        connection.set_progress_handler(None, 1)
        assert [row[0] for row in second] == list(range(failed + 10, failed + 20))
        return len(steps)


_FIRE = """
INSERT INTO fires (id, job, version, scheduled_at, nonce, due_at, origin, caught_up, owner, decided_at, decision,
                   started_at, finished_at, duration, outcome)
VALUES (?, 'a', 1, ?, '', 0, 'schedule', 0, 1, 0, 'start', 0, 0, 0, ?)
"""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def test_a_later_bite_costs_the_same_whatever_is_kept_after_it():
    few = _cost_of_a_later_bite(Keep(EPOCH, 40), failed=0, kept=60)
    assert few == _cost_of_a_later_bite(Keep(EPOCH, 4000), failed=0, kept=4020)


def test_a_later_bite_costs_the_same_whatever_is_kept_before_it():
    """Failures that are kept longer were passed by the first bite."""
    keep = Keep(EPOCH.replace(year=1980), 4000, failures_since=EPOCH)
    assert _cost_of_a_later_bite(keep, failed=10, kept=60) == _cost_of_a_later_bite(keep, failed=2000, kept=60)
