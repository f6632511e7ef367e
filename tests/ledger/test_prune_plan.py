"""Pruning looks things up: what it costs must not grow with what is kept."""

import sqlite3
from contextlib import closing

import pytest

from asched.ledger import schema
from asched.ledger import statements as sql

BOUNDS = {"job": "a", "at": 1, "id": 1, "failed_at": 1, "failed_id": 1, "limit": 1}
STATEMENTS = [
    (sql.FORGETTABLE, BOUNDS),
    (sql.COUNT_FORGETTABLE, BOUNDS),
    (sql.NEWEST_BEYOND, ("a", 1)),
    (sql.NEWEST_FAILED_BEYOND, ("a", 1)),
]


@pytest.mark.parametrize(("statement", "values"), STATEMENTS)
def test_no_fire_is_looked_at_but_through_an_index(statement, values):
    with closing(sqlite3.connect(":memory:")) as connection:
        schema.migrate(connection)
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert plan[0].startswith("SEARCH fires USING")
    assert not any("SCAN fires" in step for step in plan)
