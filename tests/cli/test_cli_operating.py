"""backfill, retry, drain, and pauses and cancellations of many: with a service, and by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from clifolder import Folder, wait_until
from cliserved import Served, inside, serving
from test_cli_control import acts
from test_cli_reference import assert_keys, keys

PAST = ["--from", "2026-03-02T08:00", "--to", "2026-03-02T12:00"]


# By hand.


def test_a_pause_of_all_with_a_tag(filled: Folder) -> None:
    said = filled.asched("pause", "--tag", "money", "--on-resume", "all", "--reason", "audit")
    assert (said.code, said.out) == (0, "rates is paused until it is resumed\n")
    assert filled.asched("resume", "--tag", "money").out == "rates is resumed\n"
    assert acts(filled) == [("pause", "rates", "audit"), ("resume", "rates", "")]


def test_a_pause_of_all_and_of_several(filled: Folder) -> None:
    assert "rested is paused" in filled.asched("pause", "--all").out
    assert filled.asched("resume", "tick", "broken").out == "tick is resumed\nbroken is resumed\n"
    assert filled.asched("resume", "--all", "--json").json["jobs"] != []
    assert filled.asched("resume", "--all").err == "asched: none of these jobs is paused\n"


def test_a_pause_that_takes_the_place_of_another_says_of_which(filled: Folder) -> None:
    filled.asched("pause", "tick", "--until", "2099-01-01T12:00", "--reason", "one")
    said = filled.asched("pause", "tick", "--reason", "two")
    assert said.out == "tick is paused until it is resumed\n"
    assert "tick was paused by " in said.err
    assert " until 2099-01-01 12:00:00+0" in said.err
    assert "(one): that is replaced" in said.err
    assert "until 2099-01-01 1" in filled.asched("history", "--acts").out
    filled.asched("resume", "tick")
    assert filled.asched("pause", "tick").err == ""


def test_a_pause_until_a_time_of_day_is_until_the_next_one(filled: Folder) -> None:
    until = datetime.fromisoformat(filled.asched("pause", "tick", "--until", "10:00", "--json").json["until"])
    assert timedelta(0) < until - datetime.now(UTC) <= timedelta(days=1, hours=1)
    assert " 10:00:00+0" in filled.asched("pause", "tick", "--until", "10:00").out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["pause"], "say which: JOB..., --tag TAG, or --all"),
        (["pause", "tick", "--all"], "say which: JOB..., --tag TAG, or --all"),
        (["pause", "tick", "--for", "1h", "--until", "10:00"], "--for and --until both say when it ends"),
        (["pause", "tick", "--until", "2020-01-01"], "is past: nothing would be paused"),
        (["pause", "tick", "--until", "soon"], '"soon" is not an instant'),
        (["cancel"], "say which: RUN..., or --job JOB"),
        (["backfill"], "say what: JOB --from INSTANT --to INSTANT, NUMBER --cancel, or --list"),
        (["backfill", "tick", "--cancel"], "say which: NUMBER --cancel"),
    ],
)
def test_a_mistake_in_usage_is_said(filled: Folder, arguments: list[str], said: str) -> None:
    found = filled.asched(*arguments)
    assert found.code == 2
    assert said in found.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["pause", "--tag", "mony"], 3, 'no job has the tag "mony": there are money'),
        (["backfill", "rested", *PAST], 6, "after 1m counts from the end of its last run"),
        (["backfill", "chatty", *PAST], 6, "it has no schedule"),
        (["backfill", "report", *PAST], 6, "it comes after tick: a backfill of tick brings its runs, too"),
        (["backfill", "greet", "--from", "2099-01-01", "--to", "2099-02-01"], 6, "which is to come"),
        (["backfill", "greet", "--from", "2026-03-02", "--to", "2026-03-01"], 6, "it ends before it begins"),
        (["backfill", "greet", "--from", "2026-03-02T09:00", "--to", "2026-03-02T10:00"], 6, "has no instant from"),
        (["backfill", "nobody", *PAST], 3, 'no job is called "nobody"'),
        (["backfill", "7", "--cancel"], 3, "there is no backfill 7"),
        (["retry", "7-7"], 3, 'no run is called "7-7"'),
        (["drain"], 5, "no service answers"),
    ],
)
def test_what_cannot_be_done_is_refused(filled: Folder, arguments: list[str], code: int, said: str) -> None:
    found = filled.asched(*arguments)
    assert found.code == code
    assert said in found.err
    assert len(found.err.splitlines()) == 1


def test_a_dry_run_writes_nothing(filled: Folder) -> None:
    days = ["--from", "2026-03-02", "--to", "2026-03-10", "--dry-run"]
    said = filled.asched("backfill", "greet", *days).out.splitlines()
    assert said[:2] == ["8 instants, 0 succeeded already and left out", "  2026-03-02 08:00:00+01:00"]
    assert said[-2:] == ["  and 3 more", "how long it would take is not known: no run of the job succeeded yet"]
    assert filled.asched("backfill", "--list", "--json").json == []


def test_where_nothing_was_due_an_interval_says_in_the_jobs_zone_what_it_is_counted_from(folder: Folder) -> None:
    folder.config.write_text(
        '[service]\ntimezone = "Asia/Tokyo"\njobs = []\n'
        '[[job]]\nname = "a"\nschedule = "every 15m from 2026-03-01T00:00Z"\ncommand = ["true"]\n'
    )
    said = folder.asched("backfill", "a", "--from", "2026-03-02T00:01", "--to", "2026-03-02T00:02")
    assert said.err.endswith("its schedule is every 15m, counted from 2026-03-01 09:00:00+09:00\n")


def test_a_backfill_without_a_service_is_written_down_and_can_be_cancelled(filled: Folder) -> None:
    said = filled.asched("backfill", "greet", "--from", "2026-03-02", "--to", "2026-03-10", "--reason", "lost")
    assert (said.code, said.out) == (
        0,
        "backfill 1 of greet is written down: the next `asched serve` runs it\n",
    )
    (one,) = filled.asched("backfill", "--list", "--json").json
    assert (one["number"], one["state"], one["cursor"], one["reason"]) == (1, "open", None, "lost")
    assert filled.asched("backfill", "1", "--cancel").code == 0
    assert " cancelled  " in filled.asched("backfill", "--list").out
    assert acts(filled) == [("backfill", "greet", "lost"), ("backfill --cancel", "greet", "")]


def test_a_run_is_repeated_here(filled: Folder) -> None:
    first = filled.asched("run", "tick", "--arg", "name=Bob", "--at", "2026-07-01T12:00", "--json").json
    said = filled.asched("retry", first["run"])
    assert (said.code, said.out) == (0, "hello Bob\n")
    again = filled.asched("runs", "tick", "--json").json
    assert [one["scheduled_at"] for one in again if one["origin"] == "manual"] == [first["scheduled_at"]] * 2
    assert f"manual; repeats {first['run']}" in filled.asched("runs", "tick").out


def test_json_of_what_is_operated(filled: Folder) -> None:
    asked = ["backfill", "greet", "--from", "2026-03-02", "--to", "2026-03-10", "--json"]
    assert_keys(filled.asched(*asked).json, keys("backfill"))


# In a service.

CONFIG = '[service]\njobs = ["jobs"]\ndrain = "1s"\n\n[pools]\ndb = 1\n'
JOBS = """\
import asyncio

from asched import job


@job("* * * * *", tags=["money"])
async def minutely() -> None: ...


@job(pool="db", overlap="queue")
async def hog() -> None:
    await asyncio.sleep(600)


@job(pool="db")
async def guest() -> None: ...
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that is served, until the last of these tests is over."""
    with serving(tmp_path_factory.mktemp("operated"), CONFIG, {"jobsoperated.py": JOBS}) as path:
        yield path


@pytest.fixture
def operated(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Served]:
    with inside(home, monkeypatch, capsys) as operated:
        yield operated


@pytest.mark.service
def test_the_service_runs_a_backfill(operated: Served) -> None:
    stretch = ["--from", "2026-03-02T08:00Z", "--to", "2026-03-02T08:03Z", "--at-once", "2"]
    assert operated.asched("backfill", "minutely", *stretch).out == "backfill 1 of minutely is under way\n"
    wait_until(lambda: operated.asched("backfill", "--list", "--json").json[0]["state"] == "done")
    runs = operated.asched("runs", "minutely", "-n", "1000", "--json").json
    backfilled = [one["scheduled_at"] for one in runs if one["origin"] == "backfill"]
    assert backfilled == [f"2026-03-02T08:0{minute}:00+00:00" for minute in (2, 1, 0)]
    said = operated.asched("backfill", "minutely", *stretch, "--dry-run").out
    assert said == "3 instants, 3 succeeded already and left out\n"


@pytest.mark.service
def test_a_run_that_waits_says_what_for_and_several_are_cancelled(operated: Served) -> None:
    hog = operated.asched("run", "hog", "--no-wait").out.strip()
    said = operated.asched("run", "guest", "--no-wait")
    guest = said.out.strip()
    assert f'run {guest} of guest waits for a place in pool "db", which {hog} had' in said.err
    assert f'{guest} of guest waits for a place in pool "db", which {hog} had' in operated.asched("status").err
    assert f'{guest} of guest waits for a place in pool "db"' in operated.asched("list").err
    said = operated.asched("cancel", guest, "7-7", hog)
    assert (said.code, said.out) == (3, f"run {guest} was asked to stop\nrun {hog} was asked to stop\n")
    wait_until(lambda: operated.asched("cancel", "--job", "hog").out == "hog has no open run\n")


@pytest.mark.service
def test_a_drain_is_said_and_lifted(operated: Served) -> None:
    assert operated.asched("drain", "--reason", "new disk").out == "asched starts nothing more\n"
    assert operated.asched("drain").code == 6
    assert "healthy, draining" in operated.asched("status").out
    assert "(new disk): `asched drain --cancel` goes on" in operated.asched("status").out
    assert operated.asched("healthcheck").code == 0
    assert operated.asched("healthcheck", "--ready").code == 1
    assert "what comes due is held" in operated.asched("status").out
    for asked in (
        ["list"],
        ["next"],
        ["next", "minutely"],
        ["show", "minutely"],
        ["add", "guest", "tomorrow 10:07"],
    ):
        assert "(new disk): `asched drain --cancel` goes on" in operated.asched(*asked).err
    held = "(new disk): `asched drain --cancel` lifts it"
    assert held in operated.asched("why", "minutely@next").out
    assert operated.asched("why", "minutely@next", "--json").json[0]["drain"]["reason"] == "new disk"
    assert "nothing is started until" in operated.asched("run", "guest").err
    assert operated.asched("drain", "--cancel").out == "asched goes on\n"
    assert "goes on" not in operated.asched("list").err
    assert "held" not in operated.asched("why", "minutely@next").out
    assert operated.asched("run", "guest").code == 0
    assert operated.asched("healthcheck", "--ready").code == 0


@pytest.mark.service
def test_a_run_is_repeated_in_the_service(operated: Served) -> None:
    operated.asched("run", "guest")
    first = operated.asched("runs", "guest", "-n", "1", "--json").json[0]["run"]
    assert operated.asched("retry", first).code == 0
    assert f"repeats {first}" in operated.asched("runs", "guest").out


@pytest.mark.service
def test_all_with_a_tag_are_paused_in_the_service(operated: Served) -> None:
    assert operated.asched("pause", "--tag", "money", "--until", "10:00").out.startswith("minutely is paused until 20")
    assert operated.asched("resume", "--all").out == "minutely is resumed\n"
    assert operated.asched("pause", "nobody", "hog").code == 3
