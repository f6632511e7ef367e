"""skip, move, add, restore without a service: what they say, what is written, and what `asched next` shows of it."""

from __future__ import annotations

import asyncio
import getpass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from clifolder import Folder
from test_cli_control import acts
from test_cli_reference import keys

from asched import Scheduler
from asched.ledger.lock import ServerLock
from asched.service.config import load
from asched.service.printing import routed_prints
from asched.testing.clock import FakeClock

BERLIN = ZoneInfo("Europe/Berlin")


def at(hour: int, days: int = 1) -> datetime:
    """An hour of tomorrow, in Berlin, or of another day."""
    day = datetime.now(BERLIN) + timedelta(days=days)
    return day.replace(hour=hour, minute=0, second=0, microsecond=0)


def ahead(folder: Folder, job: str = "greet", count: int = 4) -> list[tuple[datetime, str, bool]]:
    """When, what is arranged, and whether it is left out."""
    found = folder.asched("next", job, "-n", str(count), "--json").json
    return [(datetime.fromisoformat(one["at"]), _kind(one["arranged"]), one["left_out"]) for one in found]


def _kind(arranged: dict[str, Any] | None) -> str:
    return "" if arranged is None else arranged["kind"]


def test_a_fire_is_skipped_by_its_time_and_next_says_by_whom_and_why(folder: Folder) -> None:
    said = folder.asched("skip", "greet@tomorrow 08:00", "--reason", "holiday")
    assert (said.code, said.out) == (0, f"greet: {at(8).isoformat(sep=' ')} is skipped\n")
    assert (at(8), "skip", True) in ahead(folder)
    assert f"greet  skipped by {getpass.getuser()}: holiday" in folder.asched("next", "greet").out
    assert at(8).isoformat() not in folder.asched("show", "greet", "--json").json["upcoming"]
    assert acts(folder) == [("skip", "greet", f"{at(8).isoformat(sep=' ')}: holiday")]
    assert folder.asched("next", "greet", "--ics", "-n", "2").out.count("STATUS:CANCELLED") == 1


def test_a_fire_is_moved_and_stands_in_both_places(folder: Folder) -> None:
    said = folder.asched("move", "greet@tomorrow 08:00", "tomorrow 11:00")
    assert said.out == f"greet: {at(8).isoformat(sep=' ')} is moved to {at(11).isoformat(sep=' ')}\n"
    found = ahead(folder)
    assert (at(8), "move", True) in found
    assert (at(11), "move", False) in found
    out = folder.asched("next", "greet").out
    assert f"moved to 11:00 by {getpass.getuser()}\n" in out
    assert f"moved from 08:00 by {getpass.getuser()}\n" in out


def test_a_fire_is_added_to_a_job_with_a_schedule_or_without(folder: Folder) -> None:
    assert folder.asched("add", "greet", "tomorrow 09:00").out == f"greet is added at {at(9).isoformat(sep=' ')}\n"
    assert (at(9), "add", False) in ahead(folder)
    assert folder.asched("add", "chatty", "tomorrow 09:00").code == 0
    assert ahead(folder, "chatty") == [(at(9), "add", False)]


def test_what_is_restored_is_as_if_nothing_had_been(folder: Folder) -> None:
    for arguments in (
        ["skip", "greet@next"],
        ["move", "greet@next", "2099-01-01T10:00"],
        ["add", "greet", "2098-01-01"],
    ):
        assert folder.asched(*arguments).code == 0
    assert folder.asched("restore", "greet@2099-01-01T10:00").out.endswith("goes as its schedule says\n")
    assert folder.asched("restore", "greet").code == 0
    assert folder.asched("restore", "greet").out == "greet: 2098-01-01 00:00:00+01:00 is taken back\n"
    assert [kind for _, kind, _ in ahead(folder)] == ["", "", "", ""]
    assert folder.asched("restore", "greet").code == 6


@pytest.mark.parametrize("verb", ["skip", "move", "add", "restore"])
def test_json_has_the_documented_keys(folder: Folder, verb: str) -> None:
    arguments = {"add": ["greet", "2098-01-01"], "move": ["greet@next", "2098-01-01"]}.get(verb, ["greet@next"])
    if verb == "restore":
        folder.asched("skip", "greet@next")
    assert set(folder.asched(verb, *arguments, "--json").json) == keys(verb)


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (["skip", "greet"], 2, "which one? greet@next, or the time that it is due, as in greet@03:00"),
        (["move", "greet", "11:00"], 2, "which one?"),
        (["skip", "greet@soon"], 2, '"soon" is not an instant'),
        (["skip", "greet@last"], 2, "the last one is over"),
        (["skip", "nobody@next"], 3, 'no job is called "nobody"'),
        (["skip", "greet@09:00"], 6, "is not due at"),
        (["skip", "greet@2098-01-01"], 6, "a whole day is no time: greet is due then at 2098-01-01 08:00:00+01:00"),
        (["move", "greet@tomorrow", "11:00"], 6, "a whole day is no time: greet is due then at "),
        (["skip", "greet@yesterday 08:00"], 6, "was decided already"),
        (["skip", "report@next"], 6, "has no schedule: it comes after tick"),
        (["skip", "tick@next"], 6, "counts from when it is scheduled, and no service has done that yet"),
        (["skip", "rested@next"], 6, "counts from"),
        (["move", "greet@next", "now"], 6, "`asched run greet` runs it here"),
        (["move", "greet@next", "yesterday 08:00"], 6, "is over"),
        (["add", "greet", "08:00"], 6, "by its schedule"),
        (["add", "greet", "now"], 6, "`asched run greet` runs it here"),
        (["add", "locked", "08:00"], 6, "is disabled"),
        (["restore", "greet@08:00"], 6, "nothing is arranged"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_refused_in_one_message(folder: Folder, arguments: list[str], code: int, why: str) -> None:
    said = folder.asched(*arguments)
    assert (said.code, said.out) == (code, "")
    assert why in said.err
    assert ahead(folder)[0][1:] == ("", False)


def test_an_interval_that_a_service_has_scheduled_is_skipped_at_what_it_yields(filled: Folder) -> None:
    made = filled.asched("skip", "tick", "--next", "--json").json
    skipped = datetime.fromisoformat(made["scheduled_at"])
    assert skipped > datetime.now(UTC)
    assert [one for one in ahead(filled, "tick", 9) if one[1]] == [(skipped, "skip", True)]


def test_a_ledger_that_a_service_holds_is_left_alone(filled: Folder) -> None:
    lock = ServerLock.take(filled.ledger)
    try:
        assert filled.asched("skip", "tick", "--next").code == 6
    finally:
        lock.release()


def test_what_nobody_was_there_for_is_skipped_by_hand_before_the_next_service_catches_up(filled: Folder) -> None:
    last = datetime.fromisoformat(filled.asched("runs", "tick", "-n", "1", "--json").json[0]["scheduled_at"])
    instant = last + timedelta(seconds=50)
    assert filled.asched("skip", f"tick@{instant.isoformat()}", "--reason", "no data").code == 0
    asyncio.run(_serve(filled, since=instant + timedelta(seconds=3)))
    found = filled.asched("runs", "tick", "--skipped", "-n", "8", "--json").json
    missed = {datetime.fromisoformat(one["scheduled_at"]) - last: one for one in found}
    assert missed[timedelta(seconds=50)]["facts"]["reason"] == "no data"
    assert missed[timedelta(seconds=50)]["reason"] == "excluded"
    assert missed[timedelta(seconds=40)]["caught_up"], "the latest of the others"
    assert ahead(filled, "tick", 1)[0][1] == ""
    assert filled.asched("audit").code == 0


async def _serve(folder: Folder, since: datetime) -> None:
    """For a second."""
    clock = FakeClock(since)
    scheduler = Scheduler(ledger=folder.ledger, clock=clock)
    scheduler.replace([job for job in load(folder.config, env={}).jobs if job.name == "tick"])
    with routed_prints():
        async with scheduler:
            await clock.advance(1)
