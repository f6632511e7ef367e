"""Other tools' public test tables: where the rules agree so do the instants, and where not, the difference is known."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from asched.core.localtime.cron import Cron, DayRule
from asched.errors import ScheduleError

FOLDER = Path(__file__).parent / "tables"
REASONS = tomllib.loads((FOLDER / "reasons.toml").read_text())
TABLES: dict[str, dict[str, Any]] = {
    path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml")) if path.stem != "reasons"
}
DOCS = Path(__file__).parents[2] / "docs/reference/cron.md"

Answer = str | list[str]


def answer(expression: str, zone: str, rule: DayRule, start: str, count: int) -> Answer:
    """The next `count` instants as the tables write them, fewer when there are no more; or "refused"."""
    try:
        cron = Cron(expression, zone, day_rule=rule)
    except ScheduleError:
        return "refused"
    found: list[str] = []
    at = cron.next_after(datetime.fromisoformat(start))
    while at is not None and len(found) < count:
        found.append(f"{at:%Y-%m-%dT%H:%M:%SZ}")
        at = cron.next_after(at)
    return found


@pytest.mark.parametrize("name", TABLES)
def test_where_the_rules_agree_so_do_the_instants(name: str) -> None:
    for expression, zone, rule, start, theirs in TABLES[name]["agree"]:
        assert answer(expression, zone, rule, start, max(1, len(theirs))) == theirs, (expression, zone, start)


@pytest.mark.parametrize("name", TABLES)
def test_every_difference_is_as_documented(name: str) -> None:
    for why, expression, zone, rule, start, theirs, ours in TABLES[name]["differ"]:
        assert why in REASONS
        assert answer(expression, zone, rule, start, max(1, len(ours))) == ours != theirs, (expression, zone, start)


def test_what_must_stay_silent_does() -> None:
    for expression, zone, instant in TABLES["robfig"]["silent"]:
        at = datetime.fromisoformat(instant)
        assert Cron(expression, zone).next_after(at - timedelta(seconds=1)) != at, (expression, instant)


def test_no_reason_is_left_over() -> None:
    assert {row[0] for table in TABLES.values() for row in table["differ"]} == set(REASONS)


@pytest.mark.parametrize("why", REASONS)
def test_the_reference_says_where_others_differ_and_why(why: str) -> None:
    assert REASONS[why] in " ".join(DOCS.read_text().split())
