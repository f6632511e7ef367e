"""Conditions as people write them: a table."""

import pytest

from asched.core.condition import LoadBelow, MainsPower, Network, PathExists, Reachable, Term, parse_condition, text_of
from asched.errors import ScheduleError

TEXTS = [
    ("network", Network()),
    ("reachable db.internal:5432", Reachable("db.internal", 5432)),
    ("reachable [::1]:80", Reachable("[::1]", 80)),
    ("ac power", MainsPower()),
    ("path /out/{scheduled_at:%F}.csv exists", PathExists("/out/{scheduled_at:%F}.csv")),
    ("path /my files/x exists", PathExists("/my files/x")),
    ("load below 2.5", LoadBelow(2.5)),
    ("load below 3", LoadBelow(3.0)),
]


@pytest.mark.parametrize(("text", "condition"), TEXTS)
def test_a_condition_is_read_and_told_as_it_is_written(text, condition):
    assert parse_condition(text) == condition
    assert text_of(condition) == text
    assert Term(condition).text == f"if {text}"
    assert Term(condition, holds=False).text == f"unless {text}"


@pytest.mark.parametrize("text", ["  Network ", "AC  Power", "load  below  2.5"])
def test_spaces_and_capitals_do_not_matter(text):
    parse_condition(text)


@pytest.mark.parametrize(
    "text",
    ["", "net", "reachable db", "reachable db:0", "reachable db:99999", "path exists", "load below 0", "load below x"],
)
def test_what_is_no_condition(text):
    with pytest.raises(ScheduleError):
        parse_condition(text)
