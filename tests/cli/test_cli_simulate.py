"""`asched simulate`: what is supposed, what is said of it, and the two pictures."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from clifolder import Folder

from asched.cli import virtualdays

HEAD = '[service]\ntimezone = "Europe/Berlin"\njobs = []\n'
FROM = ["--from", "2026-06-01T00:00"]  # a Monday


def job(name: str, schedule: str, more: str = "") -> str:
    return f'[[job]]\nname = "{name}"\nschedule = "{schedule}"\ncommand = ["true"]\ntimeout = "3h"\n{more}'


@pytest.fixture
def quiet(folder: Folder) -> Folder:
    folder.config.write_text(
        HEAD + job("hourly", "0 * * * *") + job("nightly", "daily at 02:30", 'catch_up = "none"\n')
    )
    return folder


def jobs_of(folder: Folder, *arguments: str) -> dict[str, dict[str, object]]:
    said = folder.asched("simulate", *FROM, "--json", *arguments)
    assert said.err == ""
    return {one["job"]: one for one in said.json["jobs"]}


def test_a_quiet_week(quiet: Folder) -> None:
    said = quiet.asched("simulate", *FROM)
    assert said.code == 0
    first, durations, _, *lines = said.out.splitlines()
    assert first == "2 jobs, 2026-06-01 00:00 to 2026-06-08 00:00 (Europe/Berlin): 175 fires, 175 started"
    assert durations == "durations: 1.0s is assumed for 2 jobs (hourly, nightly)"
    assert lines[0].startswith("hourly   =")
    assert "OVERLAPPED" not in said.out, "what does not happen has no column"
    assert "at most 2 runs" not in said.out


def test_a_slow_job_is_overlapped_and_says_so(quiet: Folder) -> None:
    slow = jobs_of(quiet, "--days", "1", "--slow", "hourly=90m")["hourly"]
    assert (slow["started"], slow["skipped"], slow["takes_s"]) == (12, {"overlapped": 12}, 5400.0)
    out = quiet.asched("simulate", *FROM, "--days", "1", "--slow", "hourly=90m").out
    assert re.search(r"^hourly +24 +12 +1h30m +17h30m +12", out, re.MULTILINE)
    assert "x" in out.splitlines()[3].removeprefix("hourly")


def test_so_many_times_as_slow(quiet: Folder) -> None:
    assert jobs_of(quiet, "--slow", "hourly x2.5", "--slow", "nightly = 2m")["hourly"]["takes_s"] == 2.5


def test_a_job_that_is_too_slow_runs_into_its_timeout(quiet: Folder) -> None:
    assert jobs_of(quiet, "--days", "1", "--slow", "nightly=4h")["nightly"]["outcomes"] == {"timed_out": 1}


@pytest.mark.parametrize(
    "outage", ["tue 02:00 +5h30m", "Tuesday 2:00 + 5h30m", "2026-06-02T02:00 +5h30m", "2026-06-02T00:00Z +5h30m"]
)
def test_an_outage(quiet: Folder, outage: str) -> None:
    found = jobs_of(quiet, "--outage", outage)
    assert found["hourly"]["skipped"] == {"coalesced": 5}
    assert found["hourly"]["caught_up"] == 1
    assert found["nightly"]["skipped"] == {"missed": 1}
    out = quiet.asched("simulate", *FROM, "--outage", outage).out
    assert "outage: 2026-06-02 02:00:00+02:00 to 2026-06-02 07:30:00+02:00" in out
    (line,) = (line for line in out.splitlines() if line.startswith("disturbed "))
    assert set(line.removeprefix("disturbed ").strip()) == {"#", "."}


@pytest.mark.parametrize("away", ["--suspend", "--stall"])
def test_a_machine_that_sleeps_and_a_service_that_gets_no_time(quiet: Folder, away: str) -> None:
    found = jobs_of(quiet, away, "tue 02:00 +5h30m")
    assert (found["hourly"]["skipped"], found["hourly"]["caught_up"]) == ({"coalesced": 5}, 1)
    assert found["nightly"]["skipped"] == {"missed": 1}


def test_a_clock_that_is_set(quiet: Folder) -> None:
    """Forward: what lies between is missed. Back: nothing runs twice, and what comes after it is on time."""
    forward = jobs_of(quiet, "--step", "tue 02:15 +3h")
    assert forward["hourly"]["skipped"] == {"coalesced": 2}
    assert forward["nightly"]["skipped"] == {"missed": 1}
    back = jobs_of(quiet, "--step", "tue 02:45 -2h")
    assert (back["hourly"]["fires"], back["hourly"]["skipped"]) == (166, {})
    assert (back["nightly"]["fires"], back["nightly"]["outcomes"]) == (7, {"succeeded": 7})


def test_times_are_what_the_clock_shows_when_it_was_set_before(quiet: Folder) -> None:
    asked = ["--days", "3", "--step", "mon 12:30 +2h", "--outage", "tue 02:00 +5h30m", "--json"]
    said = quiet.asched("simulate", *FROM, *asked).json
    assert [(one["kind"], one["since"], one["until"], one["by_s"]) for one in said["disturbances"]] == [
        ("step", "2026-06-01T12:30:00+02:00", "2026-06-01T12:30:00+02:00", 7200.0),
        ("outage", "2026-06-02T02:00:00+02:00", "2026-06-02T07:30:00+02:00", None),
    ]
    found = {one["job"]: one for one in said["jobs"]}
    assert found["nightly"]["skipped"] == {"missed": 1}
    assert found["hourly"]["skipped"] == {"coalesced": 6}, "13:00 into 14:00; 02:00 to 06:00 into 07:00"
    out = quiet.asched("simulate", *FROM, *asked[:-1]).out
    assert "step: the clock is set forward by 2h at 2026-06-01 12:30:00+02:00" in out
    (line,) = (line for line in out.splitlines() if line.startswith("disturbed "))
    assert set(line.removeprefix("disturbed ").strip()) == {"#", ".", "^"}


def test_durations_are_the_medians_of_past_runs(filled: Folder) -> None:
    found = {one["job"]: one for one in filled.asched("simulate", "--days", "1", "--json").json["jobs"]}
    assert (found["long"]["takes_s"], found["long"]["past_runs"]) == (12.0, 3)
    assert (found["rates"]["takes_s"], found["rates"]["past_runs"]) == (1.0, 0)
    assert found["long"]["skipped"]["overlapped"] > 10_000
    assert "locked" not in found, "it is disabled"
    said = filled.asched("simulate", "--days", "1").out.splitlines()[1]
    assert said.startswith("durations: the median of past runs for ")


def test_intervals_keep_the_phase_that_the_ledger_knows(filled: Folder) -> None:
    at = datetime.fromisoformat(filled.asched("next", "tick", "-n", "1", "--json").json[0]["at"])
    begin = at.replace(microsecond=0).isoformat()
    found = filled.asched("simulate", "--from", begin, "--days", "1", "--json").json
    assert {one["job"]: one["fires"] for one in found["jobs"]}["tick"] == 8640
    assert datetime.fromisoformat(found["since"]) == datetime.fromisoformat(begin)


def test_the_load(quiet: Folder) -> None:
    quiet.config.write_text(HEAD + "".join(job(f"j{n}", "30 4 * * *") for n in range(8)))
    found = quiet.asched("simulate", *FROM, "--days", "2", "--json").json
    assert (found["peak"]["runs"], found["peak"]["at"]) == (8, "2026-06-01T04:30:00+02:00")
    assert found["hours"] == [0] * 4 + [16] + [0] * 19
    assert found["minutes"][30] == sum(found["minutes"]) == 16
    assert [busy["runs"] for busy in found["busiest"]] == [8, 8]
    out = quiet.asched("simulate", *FROM, "--days", "2").out
    assert "at most 8 runs at once, first at 2026-06-01 04:30:00+02:00: j0, j1, j2, j3, j4, j5 and 2 more" in out
    assert "most at 04h: 16 of 16" in out


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_the_picture_is_as_wide_as_the_terminal(quiet: Folder, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = quiet.asched("simulate", *FROM).out.splitlines()[3:7]
    assert [line.split()[0] for line in lines] == ["hourly", "nightly", "at", lines[3].split()[0]]
    assert {len(line) for line in lines[:3]} == {columns}
    assert len(lines[3]) <= columns + 14


def test_the_svg_is_valid_and_whole(quiet: Folder) -> None:
    name = 'with "quotes" & <tags>'.replace('"', "")
    text = quiet.config.read_text().replace('"hourly"', '"a-b_c.d"')
    quiet.config.write_text(text)
    said = quiet.asched("simulate", *FROM, "--outage", "tue 02:00 +6h", "--svg", "out.svg")
    assert (said.code, said.err) == (0, "wrote out.svg\n")
    root = ElementTree.fromstring(Path("out.svg").read_text())
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    texts = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a-b_c.d", "nightly", "coalesced"} <= set(texts)
    assert name not in texts
    style = "".join(root.find("{http://www.w3.org/2000/svg}style").itertext())  # type: ignore[union-attr]
    assert "prefers-color-scheme: dark" in style
    assert "http" not in Path("out.svg").read_text().replace("http://www.w3.org/2000/svg", ""), "it needs nothing else"
    shown = {one.get("class") for one in root.iter("{http://www.w3.org/2000/svg}path")}
    assert {"running", "coalesced", "missed", "load", "line"} <= shown


def test_work_is_bounded_and_a_cut_is_said_to_programs_too(quiet: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtualdays, "MOST", 10)
    said = quiet.asched("simulate", *FROM, "--json")
    assert (said.json["cut"], said.json["fires"], said.json["until"]) == (True, 10, "2026-06-01T09:00:00+02:00")
    assert said.err == "cut at 2026-06-01 09:00:00+02:00: 10 fires; ask for a shorter time\n"


def test_the_night_in_which_clocks_change(quiet: Folder) -> None:
    asked = ["simulate", "--from", "2026-03-28T12:00", "--until", "2026-03-29T12:00", "--json"]
    found = {one["job"]: one["fires"] for one in quiet.asched(*asked).json["jobs"]}
    assert found == {"hourly": 23, "nightly": 1}


@pytest.mark.parametrize("outage", ["2026-03-29 02:10 +3h", "2026-03-29T02:59:59 +3h", "sun 02:10 +3h"])
def test_an_outage_that_begins_in_the_hour_that_clocks_skip_begins_just_after_it(quiet: Folder, outage: str) -> None:
    out = quiet.asched("simulate", "--from", "2026-03-28T12:00", "--days", "2", "--outage", outage).out
    assert "outage: 2026-03-29 03:00:00+02:00 to 2026-03-29 06:00:00+02:00" in out


def test_without_jobs_or_fires(quiet: Folder) -> None:
    quiet.config.write_text(HEAD)
    assert quiet.asched("simulate").out.endswith("0 fires, 0 started\ndurations: there are no jobs\n")
    quiet.config.write_text(HEAD + job("old", "2020-01-01T00:00"))
    assert quiet.asched("simulate", "--svg", "out.svg").code == 0
    ElementTree.fromstring(Path("out.svg").read_text())


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--days", "0"], 2, "0 is not in the range"),
        (["--days", "2", "--until", "2026-06-03"], 2, "--days and --until exclude each other"),
        (["--until", "2026-05-03"], 2, "it ends after it begins, and within 3660 days"),
        (["--outage", "tue 02:00"], 2, 'write when and how long, as in "tue 02:00 +6h"'),
        (["--outage", "teu 02:00 +6h"], 2, 'did you mean "tue"?'),
        (["--outage", "soon +6h"], 2, '"soon" is not an instant'),
        (["--outage", "tue 25:00 +6h"], 2, "25:00"),
        (["--outage", "0001-01-01 +6h"], 2, "is not between the years 1900 and 9000"),
        (["--outage", "9999-12-31T23:30 +6h"], 2, "is not between the years 1900 and 9000"),
        (["--outage", "tue 02:00 +99999999d"], 2, "is more than a century"),
        (["--slow", "hourly=99999999d"], 2, "is more than a century"),
        (["--outage", "tue 02:00 +6"], 2, "a duration needs a unit"),
        (["--outage", "tue 02:00 -6h"], 2, "how long takes a +"),
        (["--outage", "tue 02:00 +0s"], 2, "is over before it begins"),
        (["--outage", "2026-05-01 +6h"], 2, "--outage at 2026-05-01 00:00:00+02:00 is not within what is simulated"),
        (["--outage", "sun 22:00 +6h"], 2, "ends after what is simulated"),
        (["--outage", "tue 02:00 +6h", "--outage", "tue 07:00 +1h"], 2, "begins within the one before it"),
        (["--step", "tue 12:00 +3h", "--suspend", "tue 13:00 +1h"], 2, "or where that set the clock past it"),
        (["--stall", "tue 12:00 -3h"], 2, "how long takes a +"),
        (["--slow", "hourly"], 2, 'write the job and how slow it is, as in "backup x3" or backup=10m'),
        (["--slow", "hourly=x"], 2, "not a duration"),
        (["--slow", "hourly x0"], 2, "'hourly x0': no run takes so little; half the time is \"hourly x0.5\""),
        (["--slow", "hourly x0.00"], 2, "no run takes so little"),
        (["--slow", "horly x3"], 3, 'no job is called "horly": did you mean "hourly"?'),
        (["--svg", "no/such/folder/x.svg"], 74, "No such file or directory"),
    ],
)
def test_mistakes(quiet: Folder, arguments: list[str], code: int, said: str) -> None:
    answer = quiet.asched("simulate", *FROM, *arguments)
    assert answer.code == code, answer
    assert said in answer.err
