"""Before any zone, our wall times and croniter's naive arithmetic agree, year after year."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from croniter import CroniterBadDateError, croniter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_cron_oracle import expressions, satisfiable

from asched.core.localtime.cron import Cron

START = datetime(2000, 1, 1)  # noqa: DTZ001 - wall times


def ours(expression: str, rule: str, start: datetime, count: int) -> list[datetime]:
    cron, found = Cron(expression, "UTC", "auto", rule), []  # type: ignore[arg-type]
    at = datetime.fromisoformat(f"{start.isoformat()}Z")
    for _ in range(count):
        following = cron.next_after(at)
        if following is None:
            break
        at = following
        found.append(at.replace(tzinfo=None))
    return found


def theirs(expression: str, rule: str, start: datetime, count: int) -> list[datetime]:
    it = croniter(
        expression,
        start,
        ret_type=datetime,
        second_at_beginning=True,
        implement_cron_bug=True,
        day_or=rule == "crontab",
        max_years_between_matches=200,
    )
    found = []
    for _ in range(count):
        try:
            found.append(it.get_next())
        except CroniterBadDateError:
            break
    return [at for at in found if at.year < 2200]


def agree(expression: str, rule: str, start: datetime, count: int) -> None:
    if not satisfiable(expression, "UTC", rule):
        assert theirs(expression, rule, start, 1) == []
    else:
        expected = theirs(expression, rule, start, count)
        assert ours(expression, rule, start, len(expected)) == expected


def is_pinned_fact(expression: str) -> bool:
    """What croniter is known to read otherwise: equal ranges, and a star that is not first in a day field."""
    fields = expression.split()
    ranges = [item.split("/")[0].split("-") for field in fields for item in field.split(",")]
    late_star = any("*" in field and not field.startswith("*") for field in fields[-3:])
    return late_star or any(len(ends) == 2 and ends[0] == ends[1] for ends in ranges)


instants = st.integers(0, 60 * 366 * 24 * 60).map(lambda minutes: START + timedelta(minutes=minutes))
rules = st.sampled_from(["crontab", "and"])


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions, rules, instants)
def test_any_expression_from_any_start(expression: str, rule: str, start: datetime) -> None:
    if not is_pinned_fact(expression):
        agree(expression, rule, start, 5)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(expressions, rules, instants)
def test_many_expressions_from_any_start(expression: str, rule: str, start: datetime) -> None:
    if not is_pinned_fact(expression):
        agree(expression, rule, start, 20)


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 L * *", "0 0 15W * *", "0 0 1W * *", "0 0 31W * *", "0 0 * * 5#2", "0 0 * * 1#5", "0 0 * * MON#1,FRI#3",
        "0 0 29 2 *", "0 0 29 2 1", "0 12 */10 * MON-FRI", "0 0 1,15 * SAT-SUN", "15 10 0 1 1 * 2031/7",
        "*/15 30 2 * JAN-MAR,DEC *", "0 0 31 * *", "30 23 28-31 FEB *",
    ],
)  # fmt: skip
def test_special_days_over_decades(expression: str) -> None:
    agree(expression, "crontab", START, 150)
