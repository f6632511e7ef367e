"""[calendars.NAME] in config.toml: what it gives, and every error at its place."""

from __future__ import annotations

import textwrap
from datetime import date
from pathlib import Path

import pytest

from asched.core.triggers.excluding import Excluding
from asched.errors import ConfigurationError
from asched.service.config import Configuration, format_problems, load

HEAD = '[service]\ntimezone = "Europe/Berlin"\njobs = []\n'
JOB = '[[job]]\nname = "x"\nschedule = "daily at 09:00"\ncommand = ["true"]\n'


pytestmark = pytest.mark.usefixtures("here")


def loaded(text: str) -> Configuration:
    Path("config.toml").write_text(HEAD + textwrap.dedent(text))
    return load("config.toml", env={})


def test_all_of_a_table_is_one_calendar_and_a_job_goes_without_its_days() -> None:
    Path("closingdays.py").write_text("def closed(year):\n    return {f'{year}-08-03': 'closed'}\n")
    Path("fair.ics").write_text(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20200501\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    configuration = loaded(
        """
        [calendars.all]
        dates = { "2026-12-24" = "Eve", "12-31" = "" }
        weekdays = "weekends"
        ics = "fair.ics"
        python = "closingdays:closed"
        calendars = ["de"]
        [calendars.de]
        holidays = ["DE-BE", "XNYS"]
        """
        + JOB
        + 'except = ["all"]\nshift = "next"\n'
    )
    whole = configuration.calendars["all"]
    days = dict(whole.days)
    assert days[date(2026, 12, 24)] == "Eve"
    assert days[date(2027, 8, 3)] == "closed"
    assert {date(2027, 5, 1), date(2027, 3, 8), date(2027, 7, 5)} <= set(days)
    assert (whole.name, whole.weekdays, whole.yearly) == ("all", (0, 6), ((12, 31, ""),))
    (job,) = configuration.jobs
    assert isinstance(job.trigger, Excluding)
    assert job.trigger.calendars == (whole,)
    assert (job.trigger.tz, job.trigger.shift) == ("Europe/Berlin", "next")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('holidays = "ZZ"', '5:12  error  nobody knows the holidays of "ZZ"'),
        ('ics = "none.ics"', "5:7  error  cannot read none.ics: No such file or directory"),
        ('python = "no dots"', '5:10  error  "no dots" names no function'),
        ('python = "nomodule:f"', '5:10  error  cannot import "nomodule"'),
        ('python = "textwrap:dedents"', '5:10  error  "textwrap" has no function "dedents"'),
        ('python = "textwrap:dedent"', "5:10  error  textwrap:dedent(2"),
        ('calendars = ["d"]', "5:13  error  calendars go in a circle: d -> d"),
        ('calendars = ["dd"]', '5:13  error  unknown calendar "dd"'),
        (
            'dates = "2026-12-24"',
            "5:9  error  calendars.d.dates must be a list of dates, or a table of dates and labels",
        ),
        (
            "dates = 2026-12-24",
            "5:9  error  calendars.d.dates must be a list of dates, or a table of dates and labels",
        ),
        ("dates = 5", "5:9  error  calendars.d.dates must be a list of dates, or a table of dates and labels, not 5"),
        ('dates = ["soon"]', '5:9  error  "soon" is not a day'),
        ('date = ["2026-12-24"]', '5:1  error  unknown option "date" in d'),
        ('weekdays = "someday"', '5:12  error  "someday" is not a day'),
        ("", '4:1  error  calendar "d" is empty'),
    ],
)
def test_what_is_wrong_is_said_at_its_place(text: str, expected: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(f"[calendars.d]\n{text}\n")
    assert f"config.toml:{expected}" in format_problems(caught.value.problems)


def test_who_writes_one_date_is_told_how_to_write_a_list() -> None:
    for written in ('"2026-12-24"', "2026-12-24"):
        with pytest.raises(ConfigurationError) as caught:
            loaded(f"[calendars.d]\ndates = {written}\n")
        (problem,) = caught.value.problems
        assert problem.help == 'write ["2026-12-24"]'
