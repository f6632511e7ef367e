"""run, without a service: here, once, recorded; and everything else as if nobody had been here."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

import pytest
from clifolder import Folder, Said, wait_until

from asched.core.action import Function
from asched.core.model import Job
from asched.core.triggers.startup import Startup
from asched.engine.clock import SystemClock
from asched.engine.inheritance import enter
from asched.engine.instance import this_instance
from asched.ledger.sqlite import SqliteLedger
from asched.service.oneshot import run_once


def test_it_prints_what_the_job_prints_and_records_it_as_manual(folder: Folder) -> None:
    said = folder.asched("run", "tick", "--reason", "to see it")
    assert (said.code, said.out) == (0, "hello world\n")
    assert "run 1-1: it succeeded, after " in said.err
    (run,) = folder.asched("runs", "--json").json
    assert (run["job"], run["origin"], run["outcome"]) == ("tick", "manual", "succeeded")
    assert folder.asched("logs", "1-1").out == "hello world\n"


def test_arguments_are_json_or_text(folder: Folder) -> None:
    assert folder.asched("run", "tick", "--arg", "name=Bob").out == "hello Bob\n"
    assert folder.asched("run", "chatty", "--arg", "lines=2").out == "line 0\nline 1\n"


def test_the_job_is_told_the_instant_in_the_configured_zone(folder: Folder) -> None:
    run = folder.asched("run", "tick", "--at", "2026-07-01T12:00", "--json").json
    assert datetime.fromisoformat(run["scheduled_at"]) == datetime.fromisoformat("2026-07-01T12:00+02:00")


def test_a_command_runs_too(folder: Folder) -> None:
    assert folder.asched("run", "greet").out == "good morning\n"


def test_json_is_the_record_and_nothing_else(folder: Folder) -> None:
    said = folder.asched("run", "tick", "--json")
    assert said.json["result"] == {"greeted": "world"}
    assert said.err == ""


@pytest.mark.parametrize(("job", "code", "outcome"), [("broken", 1, "failed"), ("late", 124, "timed_out")])
def test_how_it_ended_is_the_exit_code(folder: Folder, job: str, code: int, outcome: str) -> None:
    assert folder.asched("run", job).code == code
    assert folder.asched("runs", "--json").json[0]["outcome"] == outcome


def test_a_disabled_job_is_refused(folder: Folder) -> None:
    said = folder.asched("run", "locked")
    assert said.code == 6
    assert 'job "locked" is disabled: secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set' in said.err
    assert not folder.ledger.exists()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("nmae=1", 'has no argument "nmae": did you mean "name"?'),
        ("name", "write KEY=VALUE"),
        ("run=1", "is filled with the Run"),
    ],
)
def test_wrong_arguments_are_a_mistake_in_usage_and_start_nothing(folder: Folder, argument: str, said: str) -> None:
    answer = folder.asched("run", "tick", "--arg", argument)
    assert answer.code == 2
    assert said in answer.err
    assert not folder.ledger.exists()


def test_a_command_takes_no_arguments(folder: Folder) -> None:
    assert "it takes no arguments" in folder.asched("run", "greet", "--arg", "a=1").err


def test_leaving_it_to_a_service_needs_one(folder: Folder) -> None:
    said = folder.asched("run", "tick", "--no-wait")
    assert said.code == 5
    assert "leave it out" in said.err


def test_a_ledger_in_memory_remembers_nothing(folder: Folder) -> None:
    assert folder.asched("run", "tick", "--ledger", ":memory:").code == 0
    said = folder.asched("runs", "--ledger", ":memory:")
    assert said.code == 6
    assert "in the service's memory" in said.err
    assert not (folder.path / ":memory:").exists()


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_interrupts_the_job_and_that_is_recorded(folder: Folder, sign: signal.Signals, code: int) -> None:
    said = interrupted(folder, sign, "line 0\n", "chatty", "--arg", "lines=600", "--arg", "pause=0.05")
    assert said.code == code
    assert "it was interrupted: asched run was interrupted" in folder.asched("runs").out


def test_a_signal_calls_off_the_next_attempt(folder: Folder) -> None:
    """It would be in an hour, and nobody will be there."""
    process = folder.start("run", "hopeless")
    try:
        wait_until(lambda: folder.ledger.exists() and "retrying" in folder.asched("runs").out)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert folder.asched("audit").out.endswith("0 open\n")


def interrupted(folder: Folder, sign: signal.Signals, after: str, *arguments: str) -> Said:
    process = folder.start("run", *arguments)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == after
        process.send_signal(sign)
        out, err = process.communicate(timeout=15)
    finally:
        process.kill()
        process.wait()
    return Said(process.returncode, out, err)


# As if nobody had been here.


def test_no_schedule_is_placed_retired_or_caught_up(filled: Folder) -> None:
    before = tables(filled)
    filled.asched("run", "tick")
    filled.asched("run", "broken")
    assert tables(filled) == before


def tables(folder: Folder) -> list[Any]:
    async def read() -> list[Any]:
        ledger = SqliteLedger(folder.ledger, readonly=True)
        await ledger.open()
        try:
            return [await ledger.versions(), await ledger.gaps(), await ledger.absences()]
        finally:
            await ledger.close()

    return asyncio.run(read())


def test_a_job_that_the_ledger_does_not_know_owes_nothing_afterwards(folder: Folder) -> None:
    folder.asched("run", "tick")
    time.sleep(0.01)
    assert folder.asched("audit").out == "balanced: 1 job, 0 fires, 0 gaps, 0 open\n"


async def _nothing() -> None: ...


REBOOT = Job("reboot", Function(_nothing, "m:f", "coroutine"), trigger=Startup(once_per_boot=True))


def with_ledger(folder: Folder, do: Callable[[SqliteLedger], Coroutine[Any, Any, Any]]) -> Any:
    async def doing() -> Any:
        ledger = SqliteLedger(folder.ledger)
        await ledger.open()
        try:
            return await do(ledger)
        finally:
            await ledger.close()

    folder.ledger.parent.mkdir(exist_ok=True)
    return asyncio.run(doing())


def test_the_service_still_finds_the_first_start_after_the_boot(folder: Folder) -> None:
    """Or an @reboot job would not run, because somebody ran another by hand before."""

    async def both(ledger: SqliteLedger) -> bool:
        await run_once(ledger, REBOOT, by="me")
        return (await enter(ledger, this_instance(SystemClock().now()), SystemClock())).first_of_boot

    assert with_ledger(folder, both) is True


def test_the_absence_of_the_service_is_not_shortened(filled: Folder) -> None:
    """It decided last minutes ago, whoever ran a job by hand since."""

    async def last(ledger: SqliteLedger) -> Any:
        previous = (await enter(ledger, this_instance(SystemClock().now()), SystemClock())).previous
        assert previous is not None
        return previous.number

    filled.asched("run", "tick")
    filled.asched("pause", "tick")
    filled.asched("resume", "tick")
    assert with_ledger(filled, last) == 1
