"""`asched next` from and up to other instants, in another zone, of a schedule that is no job's, as a calendar."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from clifolder import Folder

JOBS = """
[[job]]
name = "early"
schedule = "0 6 * * *"
command = ["true"]

[[job]]
name = "also"
schedule = "0 6,7 * * *"
command = ["true"]

[[job]]
name = "second"
after = ["early"]
command = ["true"]

[[job]]
name = "both"
after = ["second", "also"]
command = ["true"]
"""


@pytest.fixture
def chained(folder: Folder) -> Folder:
    head = '[service]\ntimezone = "Europe/Berlin"\njobs = []\n'
    folder.config.write_text(head + JOBS)
    return folder


def test_as_seen_from_another_instant_in_the_zone_of_the_service(chained: Folder) -> None:
    said = chained.asched("next", "early", "--at", "2026-03-28T06:00", "-n", "2")
    assert [line.split("  ")[0] for line in said.out.splitlines() if line[0] == "2"] == [
        "2026-03-29 06:00:00+02:00",
        "2026-03-30 06:00:00+02:00",
    ]


def test_all_up_to_an_instant_inclusive(chained: Folder) -> None:
    asked = ["next", "also", "--at", "2026-06-01T00:00", "--until", "2026-06-03T07:00+02:00", "--json"]
    found = [one["at"] for one in chained.asched(*asked).json]
    assert found == [f"2026-06-0{day}T0{hour}:00:00+02:00" for day in (1, 2, 3) for hour in (6, 7)]


def test_what_is_cut_is_said_to_programs_too(chained: Folder) -> None:
    asked = ["next", "--at", "2026-06-01T00:00", "--until", "2026-06-03T07:00", "-n", "4", "--json"]
    said = chained.asched(*asked)
    assert len(said.json) == 4
    assert said.err == "cut after 4: more are due by then; -n goes up to 10000\n"
    assert chained.asched(*asked[:-3], "-n", "9", "--json").err == ""
    long = chained.asched("next", "* * * * * *", "--at", "2026-06-01", "--until", "2027-06-01")
    assert len(long.out.splitlines()) == 10_000
    assert "cut after 10000: more are due by then; ask for a shorter time" in long.err


def test_in_another_zone(chained: Folder) -> None:
    asked = ["next", "early", "--at", "2026-06-01T00:00", "-n", "1", "--tz", "Asia/Kathmandu"]
    assert "2026-06-01 09:45:00+05:45" in chained.asched(*asked).out
    (one,) = chained.asched(*asked, "--json").json
    assert (one["at"], one["timezone"]) == ("2026-06-01T09:45:00+05:45", "Europe/Berlin")


def test_followers_stand_under_the_fire_that_they_follow(chained: Folder) -> None:
    out = chained.asched("next", "early", "--at", "2026-06-01T00:00", "-n", "1").out
    assert [" ".join(line.split()) for line in out.splitlines()[1:]] == [
        "2026-06-01 06:00:00+02:00 early",
        "second after early",
        "both after second and also",
    ]


def test_what_comes_after_several_fires_of_one_instant_stands_there_once(chained: Folder) -> None:
    assert chained.asched("next", "--at", "2026-06-01T00:00", "-n", "2").out.count("both") == 1


def test_what_comes_after_several_follows_only_where_they_all_have_a_fire(chained: Folder) -> None:
    found = chained.asched("next", "also", "--at", "2026-06-01T00:00", "-n", "2", "--json").json
    assert [one["followers"] for one in found] == [["both"], []]


def test_a_schedule_needs_no_configuration(chained: Folder) -> None:
    chained.config.unlink()
    said = chained.asched("next", "30 2 * * *", "--tz", "Europe/Berlin", "--at", "2026-03-28", "-n", "2")
    assert (said.code, said.out) == (0, "2026-03-28 02:30:00+01:00\n2026-03-29 03:00:00+02:00\n")
    (one,) = chained.asched("next", "@daily", "--at", "2026-03-28T12:00", "-n", "1", "--json").json
    assert one == {
        "at": "2026-03-29T00:00:00+00:00",
        "job": None,
        "jitter_s": 0.0,
        "timezone": "UTC",
        "paused": False,
        "ifs": "",
        "followers": [],
        "left_out": False,
        "arranged": None,
    }


def test_of_a_word_that_is_both_the_job_is_meant(chained: Folder) -> None:
    assert chained.asched("next", "hourly", "--at", "2026-03-28", "-n", "1").out == "2026-03-28 01:00:00+00:00\n"
    chained.config.write_text(chained.config.read_text().replace('"early"', '"hourly"'))
    assert "06:00:00" in chained.asched("next", "hourly", "-n", "1").out


def test_a_calendar(chained: Folder) -> None:
    asked = ["next", "--at", "2026-06-01T00:00", "--until", "2026-06-02T00:00", "--ics"]
    made = chained.asched(*asked).out
    assert made.count("BEGIN:VEVENT") == 3
    assert "UID:early-20260601T040000Z@asched" in made
    assert made.replace("\r\n", "").count("\n") == 0, "every line ends as RFC 5545 wants it"
    again = chained.asched(*asked).out
    assert [line for line in again.splitlines() if line.startswith("UID")] == [
        line for line in made.splitlines() if line.startswith("UID")
    ]
    assert "then second\\, both" in made


def test_a_fire_that_a_pause_will_skip_is_cancelled_in_the_calendar(chained: Folder) -> None:
    chained.asched("pause", "early")
    assert chained.asched("next", "early", "-n", "1", "--ics").out.count("STATUS:CANCELLED") == 1


def test_the_calendar_of_a_schedule_tells_it_from_others(folder: Folder) -> None:
    one, other = (
        folder.asched("next", text, "--at", "2026-06-01", "-n", "1", "--ics").out for text in ("0 9 * * *", "0 9 1 * *")
    )
    uids = {line for made in (one, other) for line in made.splitlines() if line.startswith("UID")}
    assert len(uids) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--at", "2026-06-02", "--until", "2026-06-01"], 2, "--until 2026-06-01 00:00:00+02:00 is not after"),
        (["--ics", "--json"], 2, "--ics and --json exclude each other"),
        (["61 * * * *"], 4, "minute 61 is out of range"),
        (["H 3 * * *"], 4, "`asched explain --name JOB` says what it comes to there"),
        (["erly"], 3, 'no job is called "erly": did you mean "early"?'),
        (["--tz", "Berlin"], 2, 'did you mean "Europe/Berlin"?'),
        (["--until", "soon"], 2, '"soon" is not an instant'),
        (
            ["early", "--at", "2026-06-01T07:00", "--until", "2026-06-01T08:00"],
            0,
            "early: not up to 2026-06-01 08:00:00",
        ),
    ],
)
def test_mistakes(chained: Folder, arguments: list[str], code: int, said: str) -> None:
    answer = chained.asched("next", *arguments)
    assert answer.code == code
    assert said in answer.err


def test_from_far_away(folder: Folder) -> None:
    found = folder.asched("next", "0 0 29 2 *", "--at", "2096-03-01", "-n", "1", "--json").json
    assert datetime.fromisoformat(found[0]["at"]) == datetime(2104, 2, 29, tzinfo=UTC)


def test_a_schedule_that_raises_is_said(folder: Folder) -> None:
    bad = '[[job]]\nname = "bad"\nschedule = "every 1m from 2026-01-01 except * * * 2-12 *"\ncommand = ["true"]\n'
    folder.config.write_text(bad)
    said = folder.asched("next", "bad", "--at", "2026-03-01T00:00")
    assert "bad: its schedule raises ScheduleError: gave up" in said.err
    assert "never again" not in said.out + said.err
    assert "raises ScheduleError" in folder.asched("simulate", "--from", "2026-03-01T00:00", "--days", "1").err
    assert "raises ScheduleError" in folder.asched("check").out + folder.asched("check").err
