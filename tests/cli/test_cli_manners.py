"""How the command line speaks to somebody new: one real `asched serve`, shared by this file's tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from clifolder import Folder
from cliserved import Served, inside, serving

pytestmark = pytest.mark.service

CONFIG = '[service]\njobs = ["jobs"]\ntimezone = "Asia/Kolkata"\ndrain = "1s"\n'
OFF = "[[job]]\nname = 'off'\nschedule = '@daily'\ncommand = ['true']\nenabled = false\ntags = ['t']\n"
DISABLED = 'asched: job "off" is disabled: enabled is false\n'
JOBS = """\
import asyncio

from asched import job


@job("0 * * * *")
def load() -> None: ...


@job("@yearly")
async def forever() -> None:
    await asyncio.sleep(600)


@job()
def hand() -> None: ...
"""
AN_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}\S*")
SHOWN = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\+05:30[,;:)]?")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with serving(tmp_path_factory.mktemp("manners"), CONFIG + OFF, {"manners.py": JOBS}) as path:
        yield path


@pytest.fixture
def served(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Served]:
    with inside(home, monkeypatch, capsys) as found:
        yield found


def assert_in_the_zone(said: str) -> None:
    instants = AN_INSTANT.findall(said)
    assert instants, said
    assert [one for one in instants if not SHOWN.fullmatch(one)] == [], said


@pytest.mark.parametrize(
    "arguments",
    [
        "backfill load --from yesterday --to tomorrow",
        "backfill load --from today --to yesterday",
        "backfill load --from 2026-01-01T10:01 --to 2026-01-01T10:02",
        "pause load --until yesterday",
        "runs --since tomorrow",
        "add load yesterday",
        "skip load@2020-01-01T10:01",
        "next load --until yesterday",
    ],
)
def test_instants_in_refusals_are_in_the_zone_and_to_the_second(served: Served, arguments: str) -> None:
    said = served.asched(*arguments.split())
    assert said.code in (2, 6)
    assert_in_the_zone(said.err)


def test_where_nothing_was_due_yet_the_last_one_is_said_to_be_none_and_the_next_is_told(served: Served) -> None:
    sentence, after = served.asched("why", "forever@last").out.splitlines()
    assert sentence == "forever: nothing was due so far"
    assert after.startswith("  after  ")
    assert served.asched("why", "forever@last", "--json").json[0]["sentence"] == sentence


def test_a_drain_that_is_asked_for_twice_says_who_asked_first_and_what_ends_it(served: Served) -> None:
    assert served.asched("drain", "--reason", "new disk").code == 0
    try:
        for asked in (["drain"], ["run", "load"]):
            said = served.asched(*asked)
            assert said.code == 6
            assert "asched drains since" in said.err
            assert "(new disk): nothing is started until `asched drain --cancel`" in said.err
            assert_in_the_zone(said.err)
    finally:
        assert served.asched("drain", "--cancel").code == 0
    assert served.asched("drain", "--cancel").err == "asched: asched is not draining\n"


def test_what_waits_for_a_paused_job_says_since_when_in_the_zone(served: Served) -> None:
    served.asched("pause", "load", "--on-resume", "all", "--reason", "moving")
    try:
        served.asched("move", "load@next", "now")
        waits = "its job to be resumed, paused by "
        (shown,) = [line for line in served.asched("list").err.splitlines() if waits in line]
        assert_in_the_zone(shown)
        (told,) = next(one["waiting"] for one in served.asched("list", "--json").json if one["name"] == "load")
        assert_in_the_zone(told["for"])
        assert_in_the_zone(served.asched("why", told["run"]).out)
        assert_in_the_zone(served.asched("status").err)
        served.asched("cancel", "--job", "load")
    finally:
        served.asched("resume", "load")


def test_whoever_names_a_job_where_a_run_is_meant_is_told_the_run(served: Served) -> None:
    assert "no run of it is over yet: `asched run forever` makes another" in served.asched("retry", "forever").err
    run = served.asched("run", "forever", "--no-wait").out.strip()
    said = served.asched("cancel", "forever")
    assert said.code == 3
    assert f"`asched cancel {run}`, or `asched cancel --job forever`" in said.err
    assert served.asched("cancel", run).code == 0
    served.asched("logs", "-f", run)
    assert "no run of it is open: `asched runs forever`" in served.asched("cancel", "forever").err
    said = served.asched("retry", "forever")
    assert said.code == 3
    assert f"`asched retry {run}`" in said.err
    assert 'no run is called "nothing": `asched runs` shows them' in served.asched("cancel", "nothing").err


@pytest.mark.parametrize(
    "arguments",
    [
        "pause lod", "pause load lod", "resume lod", "cancel --job lod", "run lod", "skip lod@next", "add lod 10:00",
        "backfill lod --from yesterday --to today", "recovery abort lod",
    ],
)  # fmt: skip
def test_a_job_that_nobody_knows_is_met_with_the_nearest_name(served: Served, arguments: str) -> None:
    said = served.asched(*arguments.split())
    assert said.code == 3
    assert said.err == 'asched: no job is called "lod": did you mean "load"?\n'


ON_DISABLED = ["pause off", "resume off", "skip off@next", "add off tomorrow", "run off"]
ON_DISABLED += ["backfill off --from yesterday --to today", "backfill off --from fri --to today --dry-run"]


@pytest.mark.parametrize("arguments", ON_DISABLED)
def test_a_disabled_job_is_refused_by_a_service(served: Served, arguments: str) -> None:
    said = served.asched(*arguments.split())
    assert (said.code, said.err) == (6, DISABLED)


@pytest.mark.parametrize("arguments", ON_DISABLED)
def test_a_disabled_job_is_refused_alike_without_a_service(folder: Folder, arguments: str) -> None:
    folder.config.write_text(folder.config.read_text() + OFF)
    folder.fill()
    said = folder.asched(*arguments.split())
    assert (said.code, said.err) == (6, DISABLED)


def test_many_jobs_are_paused_without_those_that_are_disabled(folder: Folder) -> None:
    folder.config.write_text(folder.config.read_text() + OFF + OFF.replace("off", "on").replace("false", "true"))
    folder.fill()
    assert folder.asched("pause", "--tag", "t", "--json").json["jobs"] == ["on"]
    assert folder.asched("resume", "off", "on", "--json").json["jobs"] == ["on"]


def test_what_is_over_cannot_be_skipped_and_the_command_that_is_suggested_says_why(served: Served) -> None:
    said = served.asched("skip", "load@2020-01-01T10:00")
    (fire,) = re.findall(r'`asched why "(.*?)"`', said.err)
    assert served.asched("why", fire).out.startswith("load, 2020-01-01 10:00:00+05:30: ")


def test_before_there_is_a_ledger_nothing_is_owed(folder: Folder) -> None:
    assert folder.asched("recovery").out == "if it started now, nothing would be made up for\n"
    assert folder.asched("recovery", "--json").json["waiting"] == 0


def test_a_job_without_a_schedule_is_said_to_run_only_by_hand(served: Served) -> None:
    (shown,) = [line for line in served.asched("list").out.splitlines() if line.startswith("hand ")]
    assert "only by hand" in shown
    assert "hand: only by hand: `asched run hand` runs it" in served.asched("next", "hand").err
    assert served.asched("why", "hand@next").out == "hand: nothing is due by itself: it runs only by hand\n"
    assert served.asched("why", "hand").out == "hand: nothing was due so far: it runs only by hand\n"
    assert "it runs only by hand" in served.asched("skip", "hand@next").err
    assert served.asched("explain", "by hand").out == "only by hand\n"
    assert served.asched("explain", "by hand", "--json").json["upcoming"] == []


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_a_flag_says_the_version_as_the_verb_does(folder: Folder, flag: str) -> None:
    assert folder.asched(flag) == folder.asched("version")


def test_a_misspelt_flag_suggests_flags_that_there_are(folder: Folder) -> None:
    said = folder.asched("--verison")
    for flag in re.findall(r"'(--[a-z]+)'", said.err.partition("Did you mean")[2]):
        assert flag in folder.asched("--help").out


def test_where_there_is_a_configuration_nobody_is_sent_to_write_one(folder: Folder) -> None:
    assert "there is a config.toml here: leave -c out" in folder.asched("check", "-c", "nothing.toml").out
    folder.jobs.unlink()
    folder.config.write_text('[service]\njobs = ["jobs"]\n')
    for verb in ("show", "run"):
        said = folder.asched(verb, "any")
        assert said.code == 3
        assert "`asched check` says where one is written" in said.err
    assert "write a @job function into jobs, or a [[job]] into config.toml" in folder.asched("check").out


def test_where_a_configuration_is_missing_the_command_that_is_suggested_writes_it(folder: Folder) -> None:
    said = folder.asched("list", "-c", "other/config.toml")
    (command,) = re.findall(r"`asched (init .*?)`", said.err)
    assert folder.asched(*command.split()).code == 0
    assert folder.asched("list", "-c", "other/config.toml").code == 0
