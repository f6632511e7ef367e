"""What a changed configuration would do: the jobs on disk against the versions in the ledger. Reads, and writes
nothing; for `asched plan`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from asched.cli.desk import Desk
from asched.cli.elsewhere import served_elsewhere
from asched.cli.rehearsing import rehearsed
from asched.cli.supposing import durations, median, simulated
from asched.core.change import Expire
from asched.core.english.dependence import explain_after
from asched.core.foresight.asdefined import job_as_defined
from asched.core.foresight.differences import Shift, shift
from asched.core.foresight.edits import Edit, edits
from asched.core.foresight.forecast import Busy, Forecast
from asched.core.foresight.rehearsal import Rehearsal, known_of
from asched.core.grammar.byhand import BY_HAND
from asched.core.limits import Limits
from asched.core.lint.schedule import at_offset_changes
from asched.core.model import Job
from asched.core.rules.board import Previous
from asched.core.triggers.otherdays import same_but_for_days
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.core.version import definition_of, same_trigger
from asched.engine.ports import Ledger
from asched.errors import Problem, ScheduleError

INSTANTS = 100_000  # of one job; what is beyond them is not compared
FIRES = 50_000  # of each simulation; then both are cut
CROWD = 3  # so many runs of others in one minute are worth a word


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one job. `how`: "added", "changed", "disabled" or "removed". The schedules are texts, "" for
    none; then `otherwise` says when it runs. `days`: only what its calendars hold is different. `clocks`: what offset
    changes do to the new schedule and did not do to the old one. `waiting` runs would be skipped, `running` ones end as
    they are."""

    job: str
    how: str
    why: str
    schedule: tuple[str, str]
    days: bool
    edits: Sequence[Edit]
    shift: Shift
    clocks: Sequence[str] = ()
    waiting: int = 0
    running: int = 0
    otherwise: tuple[str, str] = ("", "")

    @property
    def rescheduled(self) -> bool:
        return self.schedule[0] != self.schedule[1]


@dataclass(frozen=True, slots=True)
class Load:
    """The same days before and after, as simulated; `until` is how far. `crowds`: of jobs that newly start in one
    minute with many others. `limits` are those of the new configuration, for both: what limits all jobs is not in the
    ledger. `unknown` are pools in which jobs took places before, and of which it is not known how many there were."""

    before: Forecast
    after: Forecast
    crowds: Mapping[str, Busy]
    limits: Limits
    unknown: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`same` counts the jobs that stay as they are; `off` those that are disabled before and after."""

    now: datetime
    until: datetime
    changes: Sequence[Change]
    same: int
    off: int
    rehearsal: Rehearsal
    load: Load | None
    ending: Sequence[Problem]
    problems: Sequence[Problem]
    elsewhere: str = ""  # that a service has another ledger than the one that was compared with

    def count(self, how: str) -> int:
        return sum(change.how == how for change in self.changes)

    def dropped(self, change: Change) -> Sequence[Expire]:
        """What was arranged for single fires that the job would not have any more."""
        return [one for one in self.rehearsal.dropped if one.occurrence.job == change.job]

    def cuts(self, change: Change) -> bool:
        """Whether it has more fires than are compared."""
        return change.shift.until < self.until


@dataclass(frozen=True, slots=True)
class _Stands:
    """What the ledger holds."""

    known: Mapping[str, Previous] = field(default_factory=dict)
    rehearsal: Rehearsal | None = None
    open: Mapping[str, Sequence[bool]] = field(default_factory=dict)  # of each open run: does it wait?
    past: Mapping[str, Sequence[timedelta]] = field(default_factory=dict)


def foresee(desk: Desk, days: int) -> Plan:
    """Raises ConfigurationError for a configuration that would be refused whole, Refused for a ledger in memory."""
    configuration, now = desk.configuration, desk.now()
    until = now.astimezone(UTC) + timedelta(days=days)
    jobs = list(configuration.jobs)
    stands = desk.wait_for(_read(desk, jobs, configuration.limits, now))
    rehearsal = stands.rehearsal
    assert rehearsal is not None
    changes = _changes(jobs, stands, rehearsal, now, until)
    return Plan(
        now=now,
        until=until,
        changes=changes,
        same=len(rehearsal.jobs) - sum(one.how in ("added", "changed") for one in changes),
        off=sum(bool(job.disabled) for job in jobs) - sum(one.how == "disabled" for one in changes),
        rehearsal=rehearsal,
        load=_load(changes, stands, rehearsal, configuration.limits, now, until) if changes else None,
        ending=configuration.ending(now),
        problems=configuration.problems,
        elsewhere="" if desk.is_served else served_elsewhere(desk.config, desk.place),
    )


async def _read(desk: Desk, jobs: Sequence[Job], limits: Limits, now: datetime) -> _Stands:
    if desk.place.in_memory:
        async with desk.reading():  # says that it cannot be read
            pass
    async with desk.reading_if_any() as ledger:
        if ledger is None:
            return _Stands(rehearsal=(await rehearsed(None, jobs, limits, now)).rehearsal)
        return await _read_from(ledger, jobs, limits, now)


async def _read_from(ledger: Ledger, jobs: Sequence[Job], limits: Limits, now: datetime) -> _Stands:
    known = known_of(await ledger.versions())
    found = await rehearsed(ledger, jobs, limits, now)
    open_: dict[str, list[bool]] = {}
    for record in found.stored.open:
        open_.setdefault(record.job, []).append(record.decision.kind == "queue" or record.retry_at is not None)
    past = await durations(ledger, {*known, *(job.name for job in jobs)})
    return _Stands(known, found.rehearsal, open_, past)


# Job by job.


def _changes(
    jobs: Sequence[Job], stands: _Stands, rehearsal: Rehearsal, now: datetime, until: datetime
) -> list[Change]:
    active = {name: previous for name, previous in stands.known.items() if previous.active}
    found = [_of_a_job(job, active.get(job.name), stands, rehearsal, now, until) for job in jobs]
    names = {job.name for job in jobs}
    gone = [_gone(name, "removed", "", stands, now, until) for name in sorted(active.keys() - names)]
    return [change for change in found if change is not None] + gone


def _of_a_job(
    job: Job, previous: Previous | None, stands: _Stands, rehearsal: Rehearsal, now: datetime, until: datetime
) -> Change | None:
    if job.disabled:
        return None if previous is None else _gone(job.name, "disabled", job.disabled, stands, now, until)
    served, definition = rehearsal.jobs[job.name], definition_of(job)
    before = "" if previous is None else previous.written.of(job.name)
    new = "" if job.trigger is None else job.trigger.text()
    if previous is None:
        shifted = shift(None, served.trigger, now, until, INSTANTS)
        clocks = at_offset_changes(served.trigger, now)
        return Change(job.name, "added", "", ("", new), days=False, edits=(), shift=shifted, clocks=clocks,
                      otherwise=("", _otherwise(job)))  # fmt: skip
    if before == definition:
        return None
    return Change(
        job=job.name,
        how="changed",
        why="",
        schedule=(_text(previous), new),
        days=same_but_for_days(before, definition) and not same_trigger(before, definition),
        edits=edits(before, definition),
        shift=shift(previous.trigger, served.trigger, now, until, INSTANTS),
        clocks=_new_to(served.trigger, previous.trigger, now),
        otherwise=(_otherwise(job_as_defined(job.name, previous)), _otherwise(job)),
    )


def _gone(name: str, how: str, why: str, stands: _Stands, now: datetime, until: datetime) -> Change:
    previous, open_ = stands.known[name], stands.open.get(name, ())
    shifted = shift(previous.trigger, None, now, until, INSTANTS)
    waiting = sum(open_)
    return Change(
        name,
        how,
        why,
        (_text(previous), ""),
        days=False,
        edits=(),
        shift=shifted,
        waiting=waiting,
        running=len(open_) - waiting,
        otherwise=(_otherwise(job_as_defined(name, previous)), ""),
    )


def _otherwise(job: Job) -> str:
    """When one without a schedule runs, as `asched list` says it."""
    return explain_after(job) if job.after else f"only {BY_HAND}"


def _text(previous: Previous) -> str:
    """As it was declared, not as it is anchored."""
    spec = json.loads(previous.written.of(""))["trigger"]
    try:
        return "" if spec is None else from_spec(spec).text()
    except ScheduleError:
        return "a schedule of another kind of asched"


def _new_to(trigger: Trigger | None, old: Trigger | None, now: datetime) -> Sequence[str]:
    known = at_offset_changes(old, now)
    return [said for said in at_offset_changes(trigger, now) if said not in known]


# All together.


def _load(
    changes: Sequence[Change], stands: _Stands, rehearsal: Rehearsal, limits: Limits, now: datetime, until: datetime
) -> Load:
    old = [job_as_defined(name, previous) for name, previous in stands.known.items() if previous.active]
    new = list(rehearsal.jobs.values())
    lasts = {job.name: median(stands.past.get(job.name, ())) for job in (*old, *new)}
    before = simulated(_at(old, now), now, until, lasts, FIRES, limits=limits)
    after = simulated(_at(new, now), now, before.until, lasts, FIRES, limits=limits)
    if after.until < before.until:
        before = simulated(_at(old, now), now, after.until, lasts, FIRES, limits=limits)
    newcomers = [one.job for one in changes if one.shift.moves.moved or one.shift.moves.new]
    pools = {name for job in old for name in job.policies.pool}
    return Load(before, after, _crowds(newcomers, before, after), limits, sorted(pools - limits.pools.keys()))


def _at(jobs: Sequence[Job], now: datetime) -> list[Job]:
    return [job if job.trigger is None else replace(job, trigger=job.trigger.anchored(now)) for job in jobs]


def _crowds(names: Sequence[str], before: Forecast, after: Forecast) -> dict[str, Busy]:
    """Of each that starts in one minute with so many others, and with more than it did."""
    found = {}
    for name in names:
        crowd = after.crowd(name)
        then = before.crowd(name) if name in before.courses else None
        if crowd is not None and crowd.runs - crowd.jobs[name] >= CROWD and (then is None or crowd.runs > then.runs):
            found[name] = crowd
    return found
