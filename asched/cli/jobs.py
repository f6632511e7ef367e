"""`asched list` and `asched show`: the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.drains import say_drain
from asched.cli.names import complete_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from asched.cli.outlook import Known
    from asched.core.change import Act, Pause
    from asched.core.hindsight.losses import Losses
    from asched.core.model import Job
    from asched.core.record import FireRecord
    from asched.engine.ports import Ledger

SHOWN = 5  # of the latest runs, and of the next instants


@dataclass(frozen=True, slots=True)
class Standing:
    """A job, and what the ledger knows of it. `recent` runs are newest first, some of them may be in `losses`.
    `waiting` are its fires that wait. `once_it_ends`: when it is due, as long as nobody knows the instant. `raised`:
    what its trigger said instead of one. `drain`: nothing is started until that is lifted."""

    job: Job
    upcoming: Sequence[datetime]
    recent: Sequence[FireRecord]
    waiting: Sequence[FireRecord]
    pause: Pause | None
    once_it_ends: str
    raised: str
    losses: Losses
    drain: Act | None

    @property
    def next_at(self) -> datetime | None:
        return self.upcoming[0] if self.upcoming else None

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.job.timezone)

    @property
    def state(self) -> str:
        if self.job.disabled:
            return "disabled"
        return "paused" if self.pause is not None else "enabled"


@verb("list")
def list_command(desk: Desk) -> None:
    """The jobs, when each is due next, and how it last went."""
    jobs = _at_present(desk, desk.wait_for(_standings(desk, desk.configuration.jobs, 1)))
    show.say_what_was_raised({one.job.name: one.raised for one in jobs if one.raised})
    if desk.as_json:
        show.as_json([_json(one) for one in jobs])
    else:
        _say(desk, jobs)
    desk.say_what_is_wrong()


def _say(desk: Desk, jobs: Sequence[Standing]) -> None:
    from asched.core.english.reasons import explain_wait

    heads = ("JOB", "STATE", "SCHEDULE", "NEXT", "LAST")
    show.table(heads, [_row(desk, one) for one in jobs])
    for one in jobs:
        if one.job.disabled:
            desk.talk(f"{one.job.name} is disabled: {one.job.disabled}")
        elif one.pause is not None and one.pause.reason:
            desk.talk(f"{one.job.name} is paused by {one.pause.by}: {one.pause.reason}")
    for one in jobs:
        for record in one.waiting[:SHOWN]:
            desk.talk(f"{record.run} of {one.job.name} waits for {explain_wait(record.waited_for, one.zone)}")
    say_drain(desk, jobs[0].drain if jobs else None)
    _say_what_is_held(desk)
    desk.hint(f"asched show {jobs[0].job.name}" if jobs else "asched check")


def _say_what_is_held(desk: Desk) -> None:
    """As long as nobody has answered."""
    if desk.is_served:
        from asched.cli.recovering import said_of

        recovery = desk.call("recovery")
        if recovery["state"] == "held":
            desk.talk(said_of(desk, recovery))


async def _standings(desk: Desk, jobs: Sequence[Job], count: int) -> list[Standing]:
    from asched.cli.outlook import standing

    async with desk.reading_if_any() as ledger:
        known = await standing(ledger, desk.now())
        return [await _standing(ledger, known, job, desk.now(), count) for job in jobs]


def _at_present(desk: Desk, found: list[Standing]) -> list[Standing]:
    """Only where something waits is anybody asked for what."""
    if not any(one.waiting for one in found):
        return found
    from asched.cli.waits import lacking
    from asched.core.hindsight.atpresent import record_at_present

    known = lacking(desk)
    return [replace(one, waiting=[record_at_present(record, known) for record in one.waiting]) for one in found]


async def _standing(ledger: Ledger | None, known: Known, job: Job, now: datetime, count: int) -> Standing:
    from asched.cli.outlook import once_it_ends, upcoming_of
    from asched.core.hindsight.losses import Losses
    from asched.core.record import FireQuery
    from asched.engine.evidence import losses_of

    recent: Sequence[FireRecord] = ()
    waiting: Sequence[FireRecord] = ()
    losses = Losses()
    if ledger is not None:
        query = FireQuery(jobs=(job.name,), decisions=("queue",), oldest_first=True, open=True)
        waiting = await ledger.fires(query)
        recent = await ledger.fires(FireQuery(jobs=(job.name,), decisions=("start",), limit=count))
        losses = await losses_of(ledger, recent, now)
    pause = known.pauses.get(job.name)
    if pause is not None and pause.until is not None and pause.until <= now:
        pause = None  # nobody was there to end it, and whoever comes will
    upcoming = upcoming_of(job, known, now, count)
    raised = known.raised.get(job.name, "")
    return Standing(job, upcoming, recent, waiting, pause, once_it_ends(job, known), raised, losses, known.drain)


def when_due(job: Job) -> str:
    """A job's schedule in words, and what must hold then."""
    from asched.core.english.dependence import explain_ifs

    return ", ".join(filter(None, [_when(job), explain_ifs(job)]))


def _when(job: Job) -> str:
    from asched.core.english.dependence import explain_after
    from asched.core.english.trigger import explain_trigger
    from asched.core.grammar.byhand import BY_HAND

    if job.trigger is not None:
        return explain_trigger(job.trigger)
    return explain_after(job) if job.after else f"only {BY_HAND}"


def _row(desk: Desk, one: Standing) -> tuple[str, ...]:
    next_at = show.due(
        one.once_it_ends or show.when(one.next_at, one.zone),
        paused=one.pause is not None,
        drained=one.drain is not None,
    )
    return one.job.name, one.state, when_due(one.job), next_at, _last(desk, one)


def _last(desk: Desk, one: Standing) -> str:
    if not one.recent:
        return "-"
    last = one.recent[0]
    return f"{show.state_of(last, one.losses.of(last))} {show.when(last.started_at, desk.zone)}"


def _json(one: Standing) -> dict[str, Any]:
    job = one.job
    return {
        "name": job.name,
        "state": one.state,
        "disabled": job.disabled or None,
        "paused": _pause_json(one.pause),
        "schedule": None if job.trigger is None else job.trigger.text(),
        "explained": when_due(job),
        "after": list(job.after),
        "wished": {name: job.wish(name) for name in job.after},
        "needs": [{"job": need.job, "within_s": need.within} for need in job.needs],
        "conditions": [term.text for term in job.conditions],
        "timezone": job.timezone,
        "next_at": one.next_at,
        "raised": one.raised or None,
        "last": _record_json(one, one.recent[0]) if one.recent else None,
        "description": job.description,
        "source": job.source,
        "waiting": [_waiting_json(record, one.zone) for record in one.waiting],
    }


def _record_json(one: Standing, record: FireRecord) -> dict[str, Any]:
    return show.record_json(record, one.losses.of(record))


def _waiting_json(record: FireRecord, zone: ZoneInfo) -> dict[str, object]:
    from asched.core.english.reasons import explain_wait

    return {"run": record.run, "scheduled_at": record.scheduled_at, "for": explain_wait(record.waited_for, zone)}


def _pause_json(pause: Pause | None) -> dict[str, object] | None:
    if pause is None:
        return None
    return {"by": pause.by, "reason": pause.reason, "since": pause.at, "until": pause.until}


@verb("show")
@click.argument("job", shell_complete=complete_job)
def show_command(desk: Desk, job: str) -> None:
    """Everything about one job."""
    (one,) = _at_present(desk, desk.wait_for(_standings(desk, [desk.job(job)], SHOWN)))
    show.say_what_was_raised({job: one.raised} if one.raised else {})
    if desk.as_json:
        show.as_json({**_json(one), **_more_json(one)})
        return
    for name, value in _facts(desk, one):
        click.echo(f"{name:<16} {value}")
    say_drain(desk, one.drain)
    instants = [show.when(instant, one.zone) for instant in one.upcoming]
    if instants or one.once_it_ends:
        click.echo("\nnext")
        for instant in instants or [one.once_it_ends]:
            click.echo(f"  {instant}")
    if one.recent:
        click.echo("\nlatest runs")
        for record in one.recent:
            said = f"{show.state_of(record, one.losses.of(record))}, took {show.took(record.duration)}"
            click.echo(f"  {record.run:<8} {show.when(record.scheduled_at, one.zone)}  {said}")
    desk.hint("asched list" if one.job.disabled else f"asched run {job}")


def _more_json(one: Standing) -> dict[str, object]:
    from asched.cli.policies import policies_json

    return {
        "tags": list(one.job.tags),
        "args": dict(one.job.args),
        "secrets": sorted(one.job.secrets),
        "kind": one.job.action.kind,
        "policies": policies_json(one.job.policies),
        "upcoming": one.upcoming,
        "runs": [_record_json(one, record) for record in one.recent],
    }


def _facts(desk: Desk, one: Standing) -> list[tuple[str, str]]:
    from asched.cli.policies import policy_lines
    from asched.core.english.expectation import explain_expectation

    job = one.job
    facts = [
        ("job", job.name),
        ("does", job.description or job.action.kind),
        ("state", one.state + _why(desk, one)),
        ("schedule", when_due(job)),
        ("written", "" if job.trigger is None else job.trigger.text()),
        ("time zone", job.timezone),
        ("defined in", job.source),
        ("tags", ", ".join(job.tags)),
        ("arguments", ", ".join(f"{key}={value!r}" for key, value in job.args.items())),
        ("secrets", ", ".join(sorted(job.secrets))),
        ("expects", explain_expectation(job)),
        *policy_lines(job.policies),
    ]
    return [(name, value) for name, value in facts if value]


def _why(desk: Desk, one: Standing) -> str:
    if one.job.disabled:
        return f": {one.job.disabled}"
    if one.pause is None:
        return ""
    until = f" until {show.when(one.pause.until, desk.zone)}" if one.pause.until else ""
    reason = f": {one.pause.reason}" if one.pause.reason else ""
    return f" by {one.pause.by} since {show.when(one.pause.at, desk.zone)}{until}{reason}"
