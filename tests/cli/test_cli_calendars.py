"""What the command line says about calendars."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clifolder import Folder

ICS = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:{}\nRRULE:FREQ=YEARLY{}\nEND:VEVENT\nEND:VCALENDAR\n"
CONFIG = """
[service]
timezone = "Europe/Berlin"

[calendars.fairs]
ics = "fairs.ics"

[[job]]
name = "x"
schedule = "daily at 09:00"
except = ["fairs"]
command = ["true"]
"""


@pytest.mark.parametrize(("end", "warned"), [(";COUNT=1", True), ("", False)])
def test_check_warns_of_a_calendar_that_ends_soon(folder: Folder, end: str, warned: bool) -> None:
    day = datetime.now(UTC) - timedelta(days=3)
    Path("fairs.ics").write_text(ICS.format(f"{day:%Y%m%d}", end))
    Path("config.toml").write_text(CONFIG)
    said = folder.asched("check")
    assert said.code == 0
    assert (f'warning  calendar "fairs" knows no day after {day:%Y-%m-%d}' in said.out) == warned


def test_a_job_says_what_it_goes_without(folder: Folder) -> None:
    Path("fairs.ics").write_text(ICS.format("20260101", ""))
    Path("config.toml").write_text(CONFIG)
    assert "except on the days of fairs" in folder.asched("show", "x").out
    assert "except on the days of fairs" in folder.asched("list").out
