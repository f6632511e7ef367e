"""What is due, before it is: of all jobs, of one, or of a schedule that is no job's yet; as `asched next` says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.arranged import arranged_json, say_arranged
from asched.cli.desk import Desk
from asched.cli.drains import say_drain
from asched.cli.icalendar import Event, icalendar
from asched.cli.kinds import Moment
from asched.cli.outlook import Ahead, Followers, Known, instants, once_it_ends, standing, upcoming
from asched.cli.upcoming import FEW, MANY
from asched.core.english.dependence import explain_after, explain_ifs
from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.zones import zone
from asched.core.model import Job
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.watch import watches_of
from asched.declaration.optionvalues import JOB_NAME
from asched.errors import ConfigurationError, ScheduleError, UnknownJob


@dataclass(frozen=True, slots=True)
class Due:
    """One fire to come. `followers` are due after it, for the same instant."""

    ahead: Ahead
    paused: bool
    followers: Sequence[Job]

    @property
    def at(self) -> datetime:
        return self.ahead.at

    @property
    def job(self) -> Job:
        return self.ahead.job


@dataclass(frozen=True, slots=True)
class Asked:
    """From when (exclusive) to when (inclusive, None: as far as it takes), how many, and the zone that was named."""

    now: datetime
    until: datetime | None
    count: int
    tz: ZoneInfo | None


def say_what_is_due(
    desk: Desk,
    named: str | None,
    count: int | None,
    at: Moment | None,
    until: Moment | None,
    tz: ZoneInfo | None,
    ics: bool,
) -> None:
    """`named` is a job, a schedule, or None for all jobs."""
    trigger = _schedule(desk, named, tz)
    home = tz or (ZoneInfo("UTC") if trigger is not None else desk.zone)
    asked = _asked(desk, count, at, until, tz, home)
    if trigger is not None:
        _of_schedule(desk, trigger, asked, home, ics)
    else:
        _of_jobs(desk, named, asked, ics)


def _schedule(desk: Desk, asked: str | None, tz: ZoneInfo | None) -> Trigger | None:
    """What was asked for is a schedule when it cannot be a job's name, or when no job has it."""
    if asked is None:
        return None
    key = "UTC" if tz is None else tz.key
    if not JOB_NAME.fullmatch(asked):
        return parse_schedule(asked, tz=key)
    try:
        desk.job(asked)
    except (UnknownJob, ConfigurationError):
        try:
            return parse_schedule(asked, tz=key)
        except ScheduleError:
            pass
        raise
    return None


def _asked(
    desk: Desk, count: int | None, at: Moment | None, until: Moment | None, tz: ZoneInfo | None, home: ZoneInfo
) -> Asked:
    now = desk.now() if at is None else at.at(home, desk.now())
    end = None if until is None else until.at(home, now)
    if end is not None and end <= now:
        raise click.UsageError(f"--until {show.when(end, home)} is not after {show.when(now, home)}")
    return Asked(now, end, count or (FEW if end is None else MANY), tz)


# Jobs.


def _of_jobs(desk: Desk, name: str | None, asked: Asked, ics: bool) -> None:
    jobs = [desk.job(name)] if name else [one for one in desk.configuration.jobs if not one.disabled]
    found, known = desk.wait_for(_upcoming(desk, jobs, asked))
    more, found = len(found) > asked.count, found[: asked.count]
    if ics:
        click.echo(icalendar([_event(due, asked.tz) for due in found], desk.now()), nl=False)
    elif desk.as_json:
        show.as_json([_json(due, asked.tz) for due in found])
    elif found:
        show.table(("WHEN", "JOB", "NOTE"), _rows(found, asked.tz))
    else:
        if not (name and name in known.raised):
            desk.talk(_nothing(jobs, name, asked))
    _say_if_cut(desk, more, asked)
    show.say_what_was_raised(known.raised)
    if not ics:
        say_drain(desk, known.drain)
        _say_the_rest(desk, jobs, known, found)
    if name is None:
        desk.say_what_is_wrong()


def _say_the_rest(desk: Desk, jobs: list[Job], known: Known, found: Sequence[Due]) -> None:
    for one in jobs:
        if then := once_it_ends(one, known):
            desk.talk(f"{one.name} runs; it is due again {then}")
    if found:
        desk.hint(f"asched show {found[0].job.name}")


async def _upcoming(desk: Desk, jobs: list[Job], asked: Asked) -> tuple[list[Due], Known]:
    """One more than was asked for, if there is one."""
    async with desk.reading_if_any() as ledger:
        known = await standing(ledger, desk.now())
    followers = Followers(desk.configuration.jobs, known, asked.now)
    found = upcoming(jobs, known, asked.now, asked.count + 1, asked.until)
    return [_due(one, known, followers) for one in found], known


def _due(ahead: Ahead, known: Known, followers: Followers) -> Due:
    then = () if ahead.left_out else followers.of(ahead.job, ahead.stands_for)
    return Due(ahead, known.paused(ahead.job.name, ahead.at), then)


def _zone(job: Job, tz: ZoneInfo | None) -> ZoneInfo:
    return tz or zone(job.timezone)


def _rows(found: Sequence[Due], tz: ZoneInfo | None) -> list[tuple[str, str, str]]:
    """What follows several fires of one instant stands under the first."""
    rows, shown = [], set()
    for due in found:
        rows.append((show.when(due.at, _zone(due.job, tz)), due.job.name, _note(due, tz)))
        for one in due.followers:
            if (due.at, one.name) not in shown:
                rows.append(("", f"  {one.name}", _after(one)))
                shown.add((due.at, one.name))
    return rows


def _note(due: Due, tz: ZoneInfo | None) -> str:
    jitter, arranged = due.job.policies.jitter, due.ahead.arranged
    notes = [] if arranged is None else [say_arranged(arranged, _zone(due.job, tz), beside=due.ahead.beside)]
    notes += [f"and up to {show.took(jitter)} later"] if jitter and arranged is None else []
    notes += ["paused"] if due.paused else []
    return ", ".join([*notes, *filter(None, [explain_ifs(due.job)])])


def _after(job: Job) -> str:
    return ", ".join(filter(None, [explain_after(job), explain_ifs(job)]))


def _json(due: Due, tz: ZoneInfo | None) -> dict[str, object]:
    return {
        "at": due.at.astimezone(_zone(due.job, tz)),
        "job": due.job.name,
        "jitter_s": due.job.policies.jitter,
        "timezone": due.job.timezone,
        "paused": due.paused,
        "ifs": explain_ifs(due.job),
        "followers": [one.name for one in due.followers],
        "left_out": due.ahead.left_out,
        "arranged": None if due.ahead.arranged is None else arranged_json(due.ahead.arranged, _zone(due.job, tz)),
    }


def _event(due: Due, tz: ZoneInfo | None) -> Event:
    job = due.job
    schedule = explain_trigger(job.trigger) if job.trigger is not None else ""
    then = f"then {', '.join(one.name for one in due.followers)}" if due.followers else ""
    said = [part for part in (job.description, schedule, _note(due, tz), then) if part]
    return Event(job.name, due.at, job.name, "\n".join(said), cancelled=due.paused or due.ahead.left_out)


def _nothing(jobs: list[Job], name: str | None, asked: Asked) -> str:
    if not name:
        until = f" up to {show.when(asked.until, asked.tz or ZoneInfo('UTC'))}" if asked.until else ""
        return f"nothing is due by itself{until}: `asched list` shows the jobs"
    return f"{name}: {jobs[0].disabled or _why_not(jobs[0], asked)}"


def _why_not(job: Job, asked: Asked) -> str:
    if job.trigger is not None and (job.trigger.relative or watches_of(job.trigger)):
        return f"due {explain_trigger(job.trigger)}"
    if job.trigger is not None:
        when = f"not up to {show.when(asked.until, _zone(job, asked.tz))}" if asked.until else "never again by itself"
        return f"{when} ({explain_trigger(job.trigger)})"
    return f"due {_after(job)}" if job.after else f"only by hand: `asched run {job.name}` runs it"


# A schedule that is no job's yet.


def _of_schedule(desk: Desk, trigger: Trigger, asked: Asked, home: ZoneInfo, ics: bool) -> None:
    found = instants(trigger, asked.now, asked.count + 1, asked.until)
    more, found = len(found) > asked.count, found[: asked.count]
    if ics:
        name = f"schedule-{blake2b(f'{trigger.text()} {home.key}'.encode(), digest_size=6).hexdigest()}"
        events = [Event(name, at, trigger.text(), explain_trigger(trigger)) for at in found]
        click.echo(icalendar(events, desk.now()), nl=False)
    elif desk.as_json:
        show.as_json([_schedule_json(at, home) for at in found])
    else:
        for at in found:
            click.echo(show.when(at, home))
        if not found:
            until = f" up to {show.when(asked.until, home)}" if asked.until else " ahead"
            desk.talk(f"it has no instant{until} ({explain_trigger(trigger)})")
    _say_if_cut(desk, more, asked)


def _schedule_json(at: datetime, home: ZoneInfo) -> dict[str, object]:
    shown = at.astimezone(home)
    nothing = {"paused": False, "ifs": "", "followers": [], "left_out": False, "arranged": None}
    return {"at": shown, "job": None, "jitter_s": 0.0, "timezone": home.key, **nothing}


def _say_if_cut(desk: Desk, more: bool, asked: Asked) -> None:
    """Programs hear it too: a list that ends early looks like one that is complete."""
    if more and asked.until is not None and not desk.quiet:
        last = f"-n goes up to {MANY}" if asked.count < MANY else "ask for a shorter time"
        click.echo(f"cut after {asked.count}: more are due by then; {last}", err=True)
