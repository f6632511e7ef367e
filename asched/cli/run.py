"""`asched run`: run a job now, in the service when there is one, else here."""

from __future__ import annotations

import asyncio
import getpass
import json
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.exits import FAILED, INTERRUPTED, OK, REFUSED, TIMED_OUT
from asched.cli.logs import print_output
from asched.cli.verb import complete_job, verb
from asched.core.model import Job, fire_id
from asched.core.outcome import Cancelled, Interrupted, Skip, Succeeded, TimedOut
from asched.core.reasons import explain_outcome, explain_skip
from asched.core.record import FireRecord
from asched.errors import Refused


@verb("run")
@click.argument("job", shell_complete=complete_job)
@click.option("--arg", "args", multiple=True, metavar="KEY=VALUE", help="An argument; the value is JSON, or text.")
@click.option("--at", metavar="INSTANT", default=None, help="The scheduled instant that the job is told.")
@click.option("--reason", default="", help="Why: it is kept with the run.")
@click.option("--wait/--no-wait", default=True, help="Wait for its end, and print what it prints.")
def run_command(desk: Desk, job: str, args: Sequence[str], at: str | None, reason: str, wait: bool) -> None:
    """Run a job now.

    When a service runs, it runs the job, within the job's limits; else it is run here. It is recorded either way, and
    no schedule is touched. Exit code: 0 when it succeeded, 1 when it failed, 124 when it timed out.
    """
    definition = desk.job(job)
    if definition.disabled:
        raise Refused(f'job "{job}" is disabled: {definition.disabled}')
    given, instant = dict(map(_argument, args)), _instant(at, desk)
    if desk.is_served:
        record = _in_service(desk, job, given, instant, reason, wait)
    else:
        record = desk.wait_for(_here(desk, definition, given, instant, reason))
    if record is not None:
        raise SystemExit(_report(desk, record))


def _argument(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not equals or not key.isidentifier():
        raise click.BadParameter(f"{text!r}: write KEY=VALUE", param_hint="--arg")
    with suppress(ValueError):
        return key, json.loads(value)
    return key, value


def _instant(text: str | None, desk: Desk) -> datetime | None:
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r}: write it as 2026-12-24T17:30", param_hint="--at") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=desk.zone)


def _in_service(
    desk: Desk, job: str, args: Mapping[str, object], at: datetime | None, reason: str, wait: bool
) -> FireRecord | None:
    at_text = None if at is None else at.isoformat()
    answer = desk.call("run", job=job, args=dict(args), at=at_text, reason=reason, by=getpass.getuser())
    desk.talk(f"run {answer['run']} of {job} was started by the service")
    if not wait:
        if desk.as_json:
            show.as_json({"run": answer["run"], "job": job})
        return None
    return desk.wait_for(_follow(desk, answer["run"]))


async def _follow(desk: Desk, run: str) -> FireRecord:
    async with desk.reading() as ledger:
        record = await ledger.fire(fire_id(run) or 0)
        assert record is not None
        if not desk.as_json:
            return await print_output(ledger, record, follow=True)
        while record.open:
            from asched.engine.clock import SystemClock, sleep

            await sleep(SystemClock(), 0.2)
            record = await ledger.fire(record.id) or record
        return record


async def _here(desk: Desk, job: Job, args: Mapping[str, object], at: datetime | None, reason: str) -> FireRecord:
    from asched.core.masking import Masker, secret_values
    from asched.ledger.opening import ledger_for
    from asched.service.oneshot import run_once
    from asched.service.printing import routed_prints

    Path(desk.configuration.ledger).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ledger = ledger_for(desk.configuration.ledger)
    await ledger.open()
    try:
        with routed_prints():
            return await run_once(
                ledger,
                job,
                by=getpass.getuser(),
                reason=reason,
                args=args,
                scheduled_at=at,
                mask=Masker(secret_values([job])).mask,
                listen=None if desk.as_json else _print,
                stop=_interruptions(),
            )
    finally:
        await ledger.close()


def _interruptions() -> asyncio.Event:
    """Set by Ctrl-C and SIGTERM, instead of what they do otherwise."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _print(event: Mapping[str, object]) -> None:
    if event["type"] == "run.printed":
        text = str(event["text"])
        click.echo(text, nl=not text.endswith("\n"), err=event["stream"] == "note")


def _report(desk: Desk, record: FireRecord) -> int:
    if desk.as_json:
        show.as_json(show.record_json(record))
    elif isinstance(record.decision, Skip):
        click.echo(f"asched: it was not started: {explain_skip(record.decision)}", err=True)
    elif record.outcome is not None:
        desk.talk(f"run {record.run}: {explain_outcome(record.outcome)}, after {show.took(record.duration)}")
    match record.outcome:
        case Succeeded():
            return OK
        case TimedOut():
            return TIMED_OUT
        case Cancelled() | Interrupted():
            return INTERRUPTED
        case None:
            return REFUSED
        case _:
            return FAILED
