"""`asched bench`: where it measures, what it says of it, and what it leaves alone."""

from __future__ import annotations

import os
import re
import signal
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from clifolder import Folder, wait_until
from test_cli_reference import SECTIONS, assert_keys, keys

from asched.bench.figures import Figures, Lateness, Machine, Pace, Recorded, Spread
from asched.bench.measuring import Scope
from asched.cli import measured
from asched.cli.judging import precisely, said_of_machine, sentences
from asched.cli.ownload import Load
from asched.core.foresight.forecast import Busy
from asched.host.processors import Shares

MS, DAY = timedelta(milliseconds=1), timedelta(days=1)
NOON, UTC_ZONE = datetime(2026, 11, 21, 12, tzinfo=UTC), ZoneInfo("UTC")


def late(jobs: int, longest: timedelta, missed: int = 0) -> Lateness:
    return Lateness(jobs, timedelta(seconds=1), 3, Spread(3 * jobs - missed, MS, longest - MS / 2, longest), missed)


FIGURES = Figures(
    file_system="ext4",
    sync=Pace(Spread(3000, MS / 4, 2 * MS, 9 * MS), 3600.0),
    commit=Pace(Spread(2500, MS / 3, 3 * MS, 12 * MS), 2900.0),
    recorded=Recorded(200, 18_000, 2.0, 1.8),
    lateness=[late(1, MS), late(100, 9 * MS), late(1000, 43 * MS)],
    machine=Machine(4, 0.25, Shares(0.03, 0.0)),
)


def load(starts: int, runs: int = 700) -> Load:
    busiest = Busy(NOON, starts, {"sync": starts}) if starts else None
    return Load(3, NOON, NOON + 7 * DAY, cut=False, runs=runs, busiest=busiest)


CONFIG = """
[service]
timezone = "Europe/Berlin"
jobs = []

[[job]]
name = "backup"
schedule = "daily at 02:30"
command = ["true"]

[[job]]
name = "report"
schedule = "30 2 * * *"
command = ["true"]
"""


@pytest.fixture(autouse=True)
def few(folder: Folder) -> None:
    """Jobs whose week is quickly foretold."""
    folder.config.write_text(CONFIG)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, Scope]]:
    """What was to be measured, and was not: FIGURES are found."""
    found: list[tuple[Path, Scope]] = []

    def measure(folder: Path, scope: Scope) -> Figures:
        found.append((folder, scope))
        return FIGURES

    monkeypatch.setattr(measured, "measure", measure)
    return found


# What it means.


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, "-"),
        (timedelta(microseconds=87), "87µs"),
        (timedelta(microseconds=999), "999µs"),
        (timedelta(microseconds=4321), "4.32ms"),
        (212 * MS, "212ms"),
        (timedelta(microseconds=999_499), "999ms"),
        (timedelta(microseconds=999_500), "1.00s"),
        (12_345 * MS, "12.35s"),
    ],
)
def test_durations_have_three_digits(duration: timedelta | None, text: str) -> None:
    assert precisely(duration) == text


@pytest.mark.parametrize(
    ("starts", "text"),
    [
        (1, "has 1 start; this machine starts 1 within 1ms"),
        (12, "has 12 starts; this machine starts 100 within 9ms"),
        (101, "has 101 starts; this machine starts 1,000 within 43ms"),
        (1001, "has 1001 starts; that is more than was measured: this machine starts 1,000 within 43ms"),
    ],
)
def test_a_busiest_second_is_held_against_the_next_larger_burst(starts: int, text: str) -> None:
    assert sentences(FIGURES, load(starts), UTC_ZONE) == [
        "your 3 jobs start 100 runs a day; this machine records 9,000 a second",
        f"your busiest second, 2026-11-21 12:00:00+00:00, {text}",
    ]


def test_a_burst_that_was_missed_is_not_called_started() -> None:
    slow = replace(FIGURES, lateness=[late(100, 9 * MS, missed=20)])
    assert sentences(slow, load(12), UTC_ZONE)[1].endswith("of 100 at once this machine missed 20 of 300")


def test_few_runs_are_counted_more_finely_and_a_cut_is_told() -> None:
    few, *_, cut = sentences(FIGURES, replace(load(1, runs=1), cut=True), UTC_ZONE)
    assert few.startswith("your 3 jobs start 0.1 runs a day")
    assert cut == "counted up to 2026-11-28 12:00:00+00:00: beyond that are too many"


def test_jobs_that_never_start_and_no_jobs() -> None:
    assert sentences(FIGURES, load(0), UTC_ZONE) == ["your jobs start nothing until 2026-11-28 12:00:00+00:00"]
    assert sentences(FIGURES, None, UTC_ZONE) == []


def test_a_disk_that_answers_at_once_keeps_nothing() -> None:
    memory = replace(FIGURES, sync=Pace(Spread(9, timedelta(microseconds=1), MS, MS), 1e5))
    assert "a power cut takes what it holds" in sentences(memory, None, UTC_ZONE)[0]


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        (None, "how busy the machine was with other work is not known (load 2.0 before)"),
        (Shares(0.09, 0.01), "other processes had 9% of its processors meanwhile (load 2.0 before): "
         "the figures are the machine's own"),
        (Shares(0.38, 0.0), "other processes had 38% of its processors meanwhile (load 2.0 before): "
         "it was busy, and does better when it is not"),
        (Shares(0.0, 0.07), "other processes had 0% of its processors meanwhile (load 2.0 before), "
         "and the machine below it took 7%: it was busy, and does better when it is not"),
    ],
)  # fmt: skip
def test_a_machine_that_was_busy_is_said_to_be(shares: Shares | None, text: str) -> None:
    assert said_of_machine(Machine(2, 2.0, shares)) == text


# The verb.


def test_people_read_tables_and_what_each_means(folder: Folder, asked: list[tuple[Path, Scope]]) -> None:
    said = folder.asched("bench", "--seconds", "30")
    assert said.code == 0
    assert said.err == f"measuring in {folder.path}, for about 30 s\n"
    lines = said.out.splitlines()
    assert lines[0].startswith(f"{folder.path} (ext4); 4 CPUs")
    assert "one sync    250µs  2ms  9ms      3,600" in lines
    assert "recorded  9,000     100µs" in lines
    assert "1,000        3      1ms       42.5ms  43ms     0" in lines
    assert "your 2 jobs start 2.0 runs a day; this machine records 9,000 a second" in lines
    assert re.match(
        r"your busiest second, \S+ 02:30:00\S+, has 2 starts; this machine starts 100 within 9ms", lines[-2]
    )
    assert lines[-1].startswith("other processes had 3%")
    assert [scope for _, scope in asked] == [Scope(30)]


def test_json_has_the_documented_keys_at_every_level(folder: Folder, asked: list[tuple[Path, Scope]]) -> None:
    said = folder.asched("bench", "--json")
    assert (said.code, said.err) == (0, "")
    assert_keys(said.json, keys("bench"))
    for part in ("sync", "commit", "recorded", "lateness", "machine", "load"):
        named = re.search(rf"^- `{part}`:((?: `\w+`)+)", SECTIONS["bench"], re.MULTILINE)
        assert named is not None
        assert_keys(said.json[part], set(re.findall(r"\w+", named[1])))
    assert said.json["commit"]["p50_s"] == pytest.approx(0.000333)
    assert said.json["load"]["busiest"]["runs"] > 0


def test_the_disk_is_that_of_the_ledger_if_there_is_a_folder_yet_or_not(
    folder: Folder, asked: list[tuple[Path, Scope]], tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    folder.asched("bench")
    folder.asched("bench", "--ledger", str(tmp_path / "disk" / "not" / "yet" / "a.db"))
    folder.fill(["tick"])
    folder.asched("bench")
    folder.asched("bench", "--ledger", ":memory:", "--state-dir", str(tmp_path / "disk" / "st"))
    assert [where for where, _ in asked] == [tmp_path, tmp_path / "disk", tmp_path / "state", tmp_path / "disk"]


def test_without_a_configuration_there_is_nothing_to_compare_with(
    folder: Folder, asked: list[tuple[Path, Scope]], tmp_path: Path
) -> None:
    folder.config.unlink()
    said = folder.asched("bench", "--json")
    assert (said.code, said.json["load"]) == (0, None)
    assert "there is no config.toml here" in folder.asched("bench").err
    assert [where for where, _ in asked] == [tmp_path, tmp_path]  # where the state directory would be
    assert list(tmp_path.glob("st*")) == []


@pytest.mark.parametrize("text", ["[service]\nledgre = 1\n", "bad = ["])
def test_a_configuration_that_is_wrong_is_told_before_anything_is_measured(
    folder: Folder, asked: list[tuple[Path, Scope]], text: str
) -> None:
    folder.config.write_text(text)
    assert folder.asched("bench").code == 4
    assert folder.asched("bench", "-c", "nobody.toml").code == 4
    assert asked == []


@pytest.mark.parametrize("seconds", ["0", "-3", "601", "soon"])
def test_a_time_that_makes_no_sense_is_a_mistake_in_usage(folder: Folder, seconds: str) -> None:
    assert folder.asched("bench", "--seconds", seconds).code == 2


def test_it_measures_beside_the_ledger_and_leaves_that_as_it_was(filled: Folder) -> None:
    before = filled.ledger.read_bytes()
    found = filled.asched("bench", "--seconds", "1", "--json").json
    assert filled.ledger.read_bytes() == before
    assert {path.name.partition(".db")[0] for path in filled.ledger.parent.iterdir()} == {"asched"}
    assert found["folder"] == str(filled.ledger.parent)
    assert found["commit"]["count"] > 0
    assert [one["jobs"] for one in found["lateness"]] == [1, 100, 1000]
    assert all(one["count"] + one["missed"] == one["jobs"] * one["times"] for one in found["lateness"])


@pytest.mark.service
@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("file", ["pages", "recorded.db"])
def test_whoever_ends_it_finds_nothing_left(folder: Folder, sign: signal.Signals, code: int, file: str) -> None:
    """Before there is a loop, and on it."""
    process = folder.start("bench", "--seconds", "15")
    try:
        wait_until(lambda: list(folder.path.glob(f".asched-bench-*/{file}")) != [])
        process.send_signal(sign)
        assert process.wait(30) == code
    finally:
        process.kill()
        process.communicate()
    assert not [name for name in os.listdir(folder.path) if name.startswith(".asched")]
