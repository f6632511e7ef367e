"""`asched run`: run a job now, in the service when there is one, else here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.kinds import ARGUMENT, INSTANT, Moment
from asched.cli.names import complete_job, complete_run
from asched.cli.verb import verb
from asched.errors import AschedError, Refused, ServiceUnreachable, UnknownRun
from asched.service.exitcodes import FAILED, INTERRUPTED, OK, REFUSED, TIMED_OUT

if TYPE_CHECKING:
    from asched.core.model import Job
    from asched.core.record import FireRecord


@verb("run")
@click.argument("job", shell_complete=complete_job)
@click.option("--arg", "args", type=ARGUMENT, multiple=True, metavar="KEY=VALUE", help="The value is JSON, or text.")
@click.option("--at", type=INSTANT, metavar="INSTANT", help="The scheduled instant that the job is told.")
@click.option("--reason", default="", help="Why: it is kept with the run.")
@click.option("--wait/--no-wait", default=True, help="Wait for its end, and print what it prints.")
def run_command(
    desk: Desk, job: str, args: Sequence[tuple[str, object]], at: Moment | None, reason: str, wait: bool
) -> None:
    """Run a job now.

    When a service runs, it runs the job, within the job's limits; else it is run here. It is recorded either way, and
    no schedule is touched. Exit code: 0 when it succeeded, 1 when it failed, 6 when it was refused, 124 when it timed
    out, 130 when it was interrupted.
    """
    instant = None if at is None else at.at(desk.zone, desk.now(), back=True)
    given = dict(args)
    if desk.is_served:
        record = _in_service(desk, job, given, instant, reason, wait)
    elif wait:
        raise SystemExit(_here(desk, desk.job(job), given, instant, reason))
    else:
        raise ServiceUnreachable("--no-wait leaves the run to the service, and no service runs: leave it out")
    if record is not None:
        raise SystemExit(_report(desk, record))


@verb("retry")
@click.argument("run", shell_complete=complete_run)
@click.option("--reason", default="", help="Why: it is kept with the run.")
@click.option("--wait/--no-wait", default=True, help="Wait for its end, and print what it prints.")
def retry_command(desk: Desk, run: str, reason: str, wait: bool) -> None:
    """Run a finished run again: for the same instant, with the same arguments and the results of what it came after.

    In the service when there is one, else here. Exit codes as of `asched run`.
    """
    if not desk.is_served and not wait:
        raise ServiceUnreachable("--no-wait leaves the run to the service, and no service runs: leave it out")
    try:
        again = _again_in_service(desk, run, reason, wait) if desk.is_served else _again_here(desk, run, reason)
    except UnknownRun:
        from asched.cli.norun import no_run

        raise no_run(desk, run, "retry") from None
    raise SystemExit(again)


def _again_in_service(desk: Desk, run: str, reason: str, wait: bool) -> int:
    record = _begun(desk, "", desk.call("retry", run=run, reason=reason, by=desk.who()), wait)
    return OK if record is None else _report(desk, record)


def _again_here(desk: Desk, run: str, reason: str) -> int:
    from asched.cli.here import Wanted, run_here
    from asched.operating import check_enabled

    before = desk.wait_for(_finished(desk, run))
    job = desk.job(before.job)
    check_enabled(job)
    wanted = Wanted(job, {}, None, reason, before.fire)
    return run_here(desk, wanted, lambda record: _report(desk, record))


async def _finished(desk: Desk, run: str) -> FireRecord:
    async with desk.reading() as ledger:
        record = await desk.run_named(ledger, run)
    if record.open:
        raise Refused(f"run {run} is not over yet: `asched cancel {run}` stops it")
    return record


def _in_service(
    desk: Desk, job: str, args: Mapping[str, object], at: datetime | None, reason: str, wait: bool
) -> FireRecord | None:
    _check_known_arguments(desk, job, args)
    at_text = None if at is None else at.isoformat()
    answer = desk.call("run", job=job, args=dict(args), at=at_text, reason=reason, by=desk.who())
    return _begun(desk, job, answer, wait)


def _begun(desk: Desk, job: str, answer: Mapping[str, Any], wait: bool) -> FireRecord | None:
    run = answer["run"]
    job = str(answer.get("job", job))
    if answer.get("waits_for"):
        desk.talk(f"run {run} of {job} waits for {answer['waits_for']}")
    if not wait:
        if desk.as_json:
            show.as_json({"run": run, "job": job})
        else:
            click.echo(run)
            desk.hint(f"asched logs -f {run}")
        return None
    desk.talk(f"run {run} of {job}, in the service")
    if desk.place.in_memory:
        desk.talk("its ledger is in memory: what it prints, and how it ends, is seen in the service's log only")
        return None
    try:
        return desk.wait_for(_follow(desk, run))
    except KeyboardInterrupt:
        desk.talk(f"the run goes on in the service; `asched cancel {run}` stops it, `asched logs -f {run}` follows it")
        raise SystemExit(INTERRUPTED) from None


async def _follow(desk: Desk, run: str) -> FireRecord:
    from asched.cli.logs import print_output, until_over

    async with desk.reading() as ledger:
        record = await desk.run_named(ledger, run)
        return await (until_over(ledger, record) if desk.as_json else print_output(ledger, record, follow=True))


def _here(desk: Desk, job: Job, args: Mapping[str, object], at: datetime | None, reason: str) -> int:
    from asched.cli.here import Wanted, run_here
    from asched.operating import check_enabled

    check_enabled(job)
    _check_arguments(job, args)
    return run_here(desk, Wanted(job, args, at, reason), lambda record: _report(desk, record))


def _check_known_arguments(desk: Desk, job: str, args: Mapping[str, object]) -> None:
    """As far as we can tell: the service has jobs of its own, and whatever we cannot load is for it to judge."""
    if not args:
        return
    try:
        known = desk.job(job)
    except AschedError:
        return
    _check_arguments(known, args)


def _check_arguments(job: Job, args: Mapping[str, object]) -> None:
    """What the job does not take is known before it runs."""
    from asched.core.action import Function
    from asched.declaration.signature import read_function

    if not args:
        return
    if not isinstance(job.action, Function):
        raise click.BadParameter(f'job "{job.name}" is no function: it takes no arguments', param_hint="--arg")

    _, faults = read_function(job.action.call, {**job.args, **args})
    if faults:
        said = "; ".join(f"{fault.message}: {fault.help}" if fault.help else fault.message for fault in faults)
        raise click.BadParameter(said, param_hint="--arg")


def _report(desk: Desk, record: FireRecord) -> int:
    from asched.core.english.reasons import explain_outcome, explain_skip
    from asched.core.outcome import Skip

    if desk.as_json:
        show.as_json(show.record_json(record))
    elif isinstance(record.decision, Skip):
        click.echo(f"asched: it was not started: {show.one_line(explain_skip(record.decision, desk.zone))}", err=True)
    elif record.outcome is not None:
        ended = show.one_line(explain_outcome(record.outcome))
        desk.talk(f"run {record.run}: {ended}, after {show.took(record.duration)}")
        desk.hint(f"asched logs {record.run}")
    return exit_code(record)


def exit_code(record: FireRecord) -> int:
    """What became of the run, for scripts."""
    from asched.core.outcome import Interrupted, Succeeded, TimedOut

    match record.outcome:
        case Succeeded():
            return OK
        case TimedOut():
            return TIMED_OUT
        case Interrupted():
            return INTERRUPTED
        case None:
            return REFUSED
        case _:
            return FAILED
