"""`asched compare`: two schedules, and two tz databases."""

from __future__ import annotations

import shutil
import zoneinfo
from importlib import resources
from pathlib import Path

import pytest
from clifolder import Folder

from asched.cli import comparison

FROM = ["--from", "2026-03-28T00:00"]


def zone_file(key: str) -> Path:
    """A file of the present tz database, wherever that is."""
    places = [Path(path) / key for path in zoneinfo.TZPATH]
    found = next((path for path in places if path.is_file()), None)
    return found or Path(str(resources.files("tzdata"))) / "zoneinfo" / key


@pytest.fixture
def elsewhere(folder: Folder) -> Path:
    """A tz database in which Berlin has the clocks of London, and Tokyo its own."""
    made = folder.path / "zones"
    for key, clocks in (("Europe/Berlin", "Europe/London"), ("Asia/Tokyo", "Asia/Tokyo")):
        (made / key).parent.mkdir(parents=True)
        shutil.copy(zone_file(clocks), made / key)
    (made / "tzdata.zi").write_text("# version 2099z\n# more\n")
    return made


def test_two_schedules(folder: Folder) -> None:
    folder.config.unlink()
    said = folder.asched("compare", "0 9 * * *", "0 9,10 * * mon-fri", "--tz", "Europe/Berlin", "--days", "3", *FROM)
    assert said.code == 1
    assert said.out.splitlines() == [
        "a: every day at 09:00 (Europe/Berlin)",
        "b: at 09:00 and 10:00 on Monday to Friday (Europe/Berlin)",
        "2026-03-28 00:00 to 2026-03-31 01:00 (Europe/Berlin): 1 in both, 2 only in a, 1 only in b",
        "only in a",
        "  2026-03-28 09:00:00+01:00",
        "  2026-03-29 09:00:00+02:00",
        "only in b",
        "  2026-03-30 10:00:00+02:00",
    ]


def test_the_first_ones_are_shown_and_all_are_counted(folder: Folder) -> None:
    asked = ["compare", "0 * * * *", "30 * * * *", "--days", "10", "-n", "2", *FROM]
    out = folder.asched(*asked).out
    assert out.count("  and 238 more\n") == 2
    found = folder.asched(*asked, "--json").json
    assert (found["common"], found["only_a"], found["only_b"]) == (0, 240, 240)
    assert found["first_only_b"] == ["2026-03-28T00:30:00+00:00", "2026-03-28T01:30:00+00:00"]


@pytest.mark.parametrize(
    ("one", "other"), [("every 10m", "*/10 * * * *"), ("@daily", "0 0 * * *"), ("weekdays at 9:00", "0 9 * * 1-5")]
)
def test_equal_schedules_leave_with_0(folder: Folder, one: str, other: str) -> None:
    said = folder.asched("compare", one, other, *FROM)
    assert said.code == 0
    assert ", 0 only in a, 0 only in b" in said.out


def test_work_is_bounded_and_both_are_cut_at_the_same_instant(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "MOST", 10)
    said = folder.asched("compare", "* * * * *", "*/2 * * * *", "--json", *FROM)
    assert (said.json["cut"], said.json["until"]) == (True, "2026-03-28T00:10:00+00:00")
    assert (said.json["common"], said.json["only_a"], said.json["only_b"]) == (5, 5, 0)
    assert said.err == "cut at 2026-03-28 00:10:00+00:00: 10 fires; ask for fewer --days\n"


def test_another_tz_database_moves_the_fires_of_jobs(folder: Folder, elsewhere: Path) -> None:
    folder.config.write_text(
        '[service]\ntimezone = "Europe/Berlin"\njobs = []\n'
        + "".join(
            f'[[job]]\nname = "{name}"\nschedule = "{schedule}"\ncommand = ["true"]\n{more}'
            for name, schedule, more in [
                ("nightly", "daily at 02:30", ""),
                ("tokyo", "daily at 02:30", 'tz = "Asia/Tokyo"\n'),
                ("utc", "daily at 02:30", 'tz = "UTC"\n'),
                ("often", "every 10m", ""),
                ("rested", "after 10m", ""),
            ]
        )
    )
    said = folder.asched("compare", "--tzdata", "zones", "--days", "3", "-n", "2", *FROM)
    assert said.code == 1
    lines = said.out.splitlines()
    assert lines[0].endswith(", and 2099z")
    assert "of 4 schedules, of which 1 would move" in lines[1]
    assert lines[2:] == [
        "nightly (Europe/Berlin): 3 moved, 0 gone, 0 new, of 3",
        "  2026-03-28 01:30:00Z moves to 2026-03-28 02:30:00Z",
        "  2026-03-29 01:00:00Z moves to 2026-03-29 01:30:00Z",
        "  and 1 more",
    ]
    found = folder.asched("compare", "--tzdata", "zones", "--days", "3", "--json", *FROM).json
    assert found["version"] == "2099z"
    assert [(one["job"], one["moved"], one["gone"], one["new"]) for one in found["jobs"]] == [
        ("nightly", 3, 0, 0),
        ("tokyo", 0, 0, 0),
        ("utc", 0, 0, 0),
        ("often", 0, 0, 0),
    ]
    assert " ".join(found["jobs"][0]) == "job timezone fires moved gone new first_moved first_gone first_new"


def test_another_tz_database_and_one_schedule(folder: Folder, elsewhere: Path) -> None:
    folder.config.unlink()
    asked = ["compare", "--tzdata", "zones", "30 2 * * *", "--days", "3", *FROM]
    assert folder.asched(*asked, "--tz", "Asia/Tokyo").code == 0
    said = folder.asched(*asked, "--tz", "Europe/Berlin")
    assert said.code == 1
    assert "the schedule (Europe/Berlin): 3 moved" in said.out


def test_what_this_process_knows_of_zones_stays_as_it_is(folder: Folder, elsewhere: Path) -> None:
    folder.asched("compare", "--tzdata", "zones", "30 2 * * *", "--tz", "Europe/Berlin")
    out = folder.asched("next", "30 2 * * *", "--tz", "Europe/Berlin", "--at", "2026-07-01", "-n", "1").out
    assert out == "2026-07-01 02:30:00+02:00\n"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "two schedules are compared, or, with --tzdata, one or all jobs"),
        (["@daily"], 2, "two schedules are compared"),
        (["@daily", "@daily", "@daily"], 2, "two schedules are compared"),
        (["@daily", "@hourly", "--tzdata", "zones"], 2, "with --tzdata there is one schedule, or none"),
        (["--tzdata", "zones", "--tz", "UTC"], 2, "--tz goes with a schedule: each job has its own zone"),
        (["@daily", "61 * * * *"], 4, "minute 61 is out of range"),
        (["@daily", "after 60s"], 4, "it counts from the end of a run, and has no instants that could be compared"),
        (["@daily", "H 3 * * *"], 4, "`asched explain --name JOB` says what it comes to there"),
        (["when /a changes", "when /b changes"], 4, '"when /a changes" has no instants that could be compared'),
        (["@daily", "while /a has files"], 4, '"while /a has files" has no instants that could be compared'),
        (["@startup", "@reboot"], 4, '"@startup" has no instants that could be compared'),
        (["@daily | @reboot", "@daily"], 4, "compare what stands beside it alone"),
        (["when /a changes", "--tzdata", "zones"], 4, '"when /a changes" has no instants that could be compared'),
        (["@daily", "--tzdata", "nowhere"], 6, "is no folder: name one such as /usr/share/zoneinfo"),
        (["@daily", "--tzdata", "zones", "--tz", "Europe/Riga"], 6, "has no zone Europe/Riga"),
        (["@daily", "--tzdata", "zones", "--tz", "Asia/Riyadh"], 6, "has no zone Asia/Riyadh"),
        (["@daily", "@hourly", "--days", "0"], 2, "0 is not in the range"),
    ],
)
def test_mistakes(folder: Folder, elsewhere: Path, arguments: list[str], code: int, said: str) -> None:
    (elsewhere / "Asia" / "Riyadh").write_text("no zone at all")
    answer = folder.asched("compare", *arguments)
    assert answer.code == code, answer
    assert said in answer.err
