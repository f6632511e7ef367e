"""JOB@TIME."""

from datetime import UTC, datetime

import click
import pytest

from asched.cli.jobat import JobAt, parse_job_at

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ZONES = {"report": "Europe/Berlin", "backup": "UTC"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("report", JobAt("report")),
        ("report@next", JobAt("report", word="next")),
        ("report@Last", JobAt("report", word="last")),
        ("report@03:00", JobAt("report", datetime(2026, 11, 21, 2, tzinfo=UTC))),
        ("backup@03:00", JobAt("backup", datetime(2026, 11, 21, 3, tzinfo=UTC))),
        ("report@tomorrow 11:00", JobAt("report", datetime(2026, 11, 21, 10, tzinfo=UTC))),
    ],
)
def test_a_fire_is_named_by_its_job_and_an_instant_in_the_zone_of_the_job(text, expected):
    assert parse_job_at(text, ZONES.__getitem__, NOW) == expected


def test_whoever_looks_back_means_the_latest_such_instant():
    found = parse_job_at("backup@03:00", ZONES.__getitem__, NOW, back=True)
    assert found.at == datetime(2026, 11, 20, 3, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "@03:00", "report@", "report@soon"])
def test_what_names_no_fire_is_a_mistake_in_usage(text):
    with pytest.raises(click.UsageError):
        parse_job_at(text, ZONES.__getitem__, NOW)
