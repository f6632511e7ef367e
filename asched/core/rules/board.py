"""The board: what a scheduler knows at this moment, and the turn it is about to make.

Plain state without behaviour of its own beyond keeping its parts consistent. Everything that decides works on
it: plan.py (fires), runs.py (what was started), roster.py (which jobs there are), adopt.py (what others left).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from asched.core.backfill import Backfilling
from asched.core.change import Change, Pause
from asched.core.dataclass import dataclass, quickly_made
from asched.core.jitter import due_at
from asched.core.lanes import NOBODY_WAITS, Waiting, lane_of
from asched.core.limits import Limits
from asched.core.model import Fire, Job, Origin
from asched.core.need import Successes
from asched.core.nothing import NOTHING
from asched.core.occurrence import Added, Occurrence, Override
from asched.core.outcome import Outcome
from asched.core.permits import LaneKey, Permit, Permits
from asched.core.recovery import RECOVERY, Recovering
from asched.core.timeline import Rank, Timeline
from asched.core.triggers.protocol import Trigger
from asched.core.version import written
from asched.core.written import Written

A_STEP = timedelta(seconds=0.5)  # between the axes; less is none: as Axes.NOTICED in engine/clock.py


@quickly_made
class Now:
    """One moment on two axes. Calendar triggers live on `wall` time; intervals on `steady` time, which advances with
    the boot clock and does not move when somebody sets the wall clock. Without steps they are the same.
    """

    wall: datetime
    steady: datetime

    def on(self, steady: bool) -> datetime:
        return self.steady if steady else self.wall


class Cause(StrEnum):
    """Why a running attempt was asked to stop."""

    TIMEOUT = "timeout"
    RUN_TIMEOUT = "run_timeout"
    OPERATOR = "operator"
    REPLACED = "replaced"
    SHUTDOWN = "shutdown"


@dataclass(slots=True)
class RunState:
    """A run that is not over: being executed, or waiting for its next attempt. Until then it keeps its place in its
    job's `lane`, and what it `holds`. `limit` is its run_timeout, `until` (steady) when that is up."""

    fire: Fire
    attempt: int = 1
    waiting: bool = False
    cause: Cause | None = None
    reason: str = ""
    lane: str = ""
    holds: tuple[Permit, ...] = ()
    limit: timedelta | None = None
    until: datetime | None = None


@dataclass(slots=True)
class JobState:
    """A job on the board, as it was defined, and its `trigger`, anchored. `next_at` is its next nominal instant, on its
    own axis; None when there is none (known). `overrides` and `added` are kept by core/rules/pending.py."""

    job: Job
    version: int
    watermark: datetime
    trigger: Trigger | None
    said: Written | None = None  # its definition, where it cannot be written again: see `written`
    next_at: datetime | None = None
    pause: Pause | None = None
    running: dict[int, RunState] = field(default=NOTHING)
    queue: Waiting = NOBODY_WAITS
    cooling: dict[str, datetime] = field(default=NOTHING)  # lanes, and until when (steady) they start nothing
    decided_until: datetime | None = None  # by its earlier versions: beyond the watermark once the clock was corrected
    overrides: dict[datetime, Override] = field(default=NOTHING)  # of instants of its schedule
    added: dict[datetime, Added] = field(default=NOTHING)
    everyday: bool = False  # nothing about it is special: core/rules/everyday.py

    @property
    def written(self) -> Written:
        """Its definition. Not kept but for arguments, which whoever is given them may change."""
        return self.said or written(self.job)

    @property
    def definition(self) -> str:
        return self.written.of(self.job.name)

    @property
    def steady(self) -> bool:
        return self.trigger is not None and self.trigger.steady

    @property
    def relative(self) -> bool:
        return self.trigger is not None and self.trigger.relative

    def in_lane(self, lane: str) -> list[RunState]:
        """The runs of a lane that are not over."""
        runs = self.running.values()
        return [run for run in runs if run.lane == lane] if self.job.policies.key else list(runs)


@quickly_made
class Previous:
    """The newest known version of a job. `trigger` is anchored, None for jobs without or when it cannot be read."""

    version: int
    watermark: datetime
    written: Written
    trigger: Trigger | None
    active: bool
    decided_until: datetime | None = None  # by the versions before it, where that is later


@quickly_made
class StartRun:
    """Execute this attempt now, as `job` is defined at this moment: its decision is in the ledger."""

    job: Job
    fire: Fire
    attempt: int


@dataclass(frozen=True, slots=True)
class StopRun:
    """Ask the running attempt to stop. `at_once`: without the politeness of kill_after."""

    fire: int
    cause: Cause
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class BrokenJob:
    """A job's trigger raised: it has no next fire until it is changed."""

    job: str
    error: str


@dataclass(frozen=True, slots=True)
class Recovers:
    """So many owed fires of so many jobs are about to be made up for; or are held, until somebody approves."""

    fires: int
    jobs: int
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AskConditions:
    """Ask whether the conditions of `job` hold for this fire: an Answered message comes of it."""

    job: Job
    fire: Fire


Effect = StartRun | StopRun | BrokenJob | Recovers | AskConditions


@dataclass(slots=True)
class Turn:
    """What is to be remembered (one transaction) and then, only then, to be done."""

    changes: list[Change] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.changes or self.effects)


class Kind(StrEnum):
    """What a deadline is for."""

    FIRE = "fire"
    RETRY = "retry"
    RUN_TIMEOUT = "run_timeout"
    RESUME = "resume"
    COOLED = "cooled"
    PACED = "paced"  # the next owed fire may start
    UNANSWERED = "unanswered"  # nobody approved of the recovery
    MOVED = "moved"
    ADDED = "added"
    ASK = "ask"  # its conditions, again
    GIVE_UP = "give_up"  # waiting for what it needs, or for its conditions
    BACKFILL = "backfill"  # the search for what it has still to run goes on


Deadline = tuple[Kind, str, int]  # (kind, job, fire id, the instant that was moved or added as a number, or 0)


@dataclass(frozen=True, slots=True)
class Drain:
    """Somebody wants nothing to be started, until it is lifted."""

    since: datetime
    by: str
    reason: str


class Board:
    """`new_id` gives fire ids, each once."""

    def __init__(self, new_id: Callable[[], int], limits: Limits | None = None) -> None:
        self.new_id = new_id
        limits = limits or Limits()
        self.permits = Permits(limits.capacities())
        self.recovering = Recovering(limits.recovery)
        self.jobs: dict[str, JobState] = {}
        self.known: dict[str, Previous] = {}  # of jobs that are not on the board: versions are never given twice
        self.pauses: dict[str, Pause] = {}  # of jobs that were removed: they are still paused when they come back
        self.broken: dict[str, str] = {}  # what their triggers raised, of jobs on the board
        self.failures: dict[str, int] = {}  # runs in a row that failed, of jobs on the board or not
        self.occurrences: dict[str, tuple[Occurrence, ...]] = {}  # of jobs that are not on the board yet
        self.runs: dict[int, RunState] = {}  # every run that is not over, also of jobs removed meanwhile
        self.moving_up: dict[LaneKey, None] = {}  # whose first may be another since somebody left, in this turn
        self.dependents: dict[str, list[str]] = {}
        self.joins: dict[tuple[str, datetime, str], dict[str, int] | None] = {}  # partly met `after`s; None: decided
        self.needing: dict[str, list[str]] = {}  # by the job that they need
        self.successes = Successes()
        self.unread: set[str] = set()  # needed jobs of which it is being looked up what they did before
        self.abandoned: list[tuple[Fire, Outcome]] = []  # lost before this start: who comes after them
        self.backfills: dict[int, Backfilling] = {}  # those that are not over
        self.last_backfill = 0  # the number of the newest one ever
        self.wall: Timeline[Deadline] = Timeline()
        self.steady: Timeline[Deadline] = Timeline()
        self.draining = False  # nothing is started: somebody asked for it (`drain`), or we stop
        self.drain: Drain | None = None

    def next_deadlines(self) -> tuple[datetime | None, datetime | None]:
        """The earliest deadline on the wall axis, and on the steady axis."""
        return self.wall.next_at(), self.steady.next_at()

    def has_come(self, wall: datetime, steady: datetime) -> bool:
        """Is anything due by then?"""
        ahead = zip(self.next_deadlines(), (wall, steady), strict=True)
        return any(deadline is not None and deadline <= here for deadline, here in ahead)

    def schedule(self, state: JobState) -> None:
        """Put the job's next fire on the timeline, or take it off when there is none."""
        key: Deadline = (Kind.FIRE, state.job.name, 0)
        if state.next_at is None:
            self.wall.remove(key)
            self.steady.remove(key)
            return
        timeline = self.steady if state.steady else self.wall
        timeline.put(key, self.due_at(state, state.next_at), Rank.FIRE, state.job.policies.priority)

    def due_at(self, state: JobState, scheduled_at: datetime) -> datetime:
        """When a nominal instant is due, its jitter included."""
        policies, trigger = state.job.policies, state.trigger
        if not policies.jitter or trigger is None:
            return scheduled_at
        try:
            following = None if trigger.relative else trigger.next_after(scheduled_at)
        except Exception:  # plan.py says so when this instant is decided
            following = None
        return due_at(state.job.name, scheduled_at, policies.jitter, following)

    def run(self, fire: int) -> tuple[JobState | None, RunState] | None:
        """The unfinished run of that fire, with its job's state while the job is on the board."""
        run = self.runs.get(fire)
        if run is None:
            return None
        state = self.jobs.get(run.fire.job)
        return (state if state is not None and fire in state.running else None), run

    def wants(self, state: JobState, fire: Fire) -> tuple[Permit, ...]:
        """What its run takes besides a place in its lane."""
        policies = state.job.policies
        if not (fire.caught_up or policies.pool or policies.exclusive):
            return self.permits.of_all
        owed = (RECOVERY,) if fire.caught_up and fire.origin is Origin.SCHEDULE else ()
        named = [("pool", name) for name in policies.pool] + [("exclusive", name) for name in policies.exclusive]
        return (*owed, *named, *self.permits.of_all)

    def limit(self, limits: Limits) -> None:
        """Other limits from now on: the next look at who waits goes by them."""
        self.recovering.rules = limits.recovery
        self.permits.limit(limits.capacities())

    def recovery_door(self) -> None:
        """Owed fires start, or not, as the recovery stands."""
        self.permits.shut(RECOVERY, closed=self.recovering.closed)

    def waits(self, state: JobState, lane: str, fire: Fire) -> None:
        state.queue = state.queue or Waiting()
        state.queue.put(lane, fire)
        self.is_to_be_run(state, fire)

    def is_to_be_run(self, state: JobState, fire: Fire) -> None:
        """It waits, in its lane or at the gate: if it is owed, it is part of the recovery."""
        self.is_open(fire)
        if RECOVERY in self.wants(state, fire):
            self.recovering.waits(fire)

    def waits_no_more(self, state: JobState, fire: int) -> Fire | None:
        """Take it out of its queue; None when it did not wait."""
        if fire in state.queue.gated:
            self.wall.remove((Kind.GIVE_UP, state.job.name, fire))
            self.steady.remove((Kind.ASK, state.job.name, fire))
        found = state.queue.take(fire)
        if found is not None:
            self.is_open_no_more(found)
            self.recovering.waits_no_more(fire)
        return found

    def leaves(self, state: JobState, fire: int) -> Fire | None:
        """It will not run: as `waits_no_more`, and whoever stands behind it moves up when the turn ends."""
        lane = state.queue.lane_with(fire)
        if lane is not None:
            self.moving_up[state.job.name, lane] = None
        return self.waits_no_more(state, fire)

    def begun(self, state: JobState, run: RunState) -> None:
        run.lane, run.holds = lane_of(state.job, run.fire), self.wants(state, run.fire)
        self.permits.take(run.fire.id, run.holds)
        state.running = state.running or {}
        state.running[run.fire.id] = run
        self.runs[run.fire.id] = run
        self.is_open(run.fire)

    def over(self, fire: int) -> RunState:
        """It is no more, and holds nothing more."""
        run = self.runs.pop(fire)
        self.permits.give_back(fire, run.holds)
        if run.until is not None:
            self.steady.remove((Kind.RUN_TIMEOUT, run.fire.job, fire))
        self.is_open_no_more(run.fire)
        state = self.jobs.get(run.fire.job)
        if state is not None:
            state.running.pop(fire, None)
        return run

    def is_open(self, fire: Fire) -> None:
        """It runs or waits: its backfill, if it is part of one, counts it."""
        if self.backfills and (backfilling := self.backfills.get(fire.backfill)) is not None:
            backfilling.open[fire.id] = fire.scheduled_at

    def is_open_no_more(self, fire: Fire) -> None:
        if self.backfills and (backfilling := self.backfills.get(fire.backfill)) is not None:
            backfilling.open.pop(fire.id, None)

    def link(self) -> None:
        """Work out who comes after whom, and who needs whom."""
        self.dependents, self.needing = {}, {}
        for name, state in self.jobs.items():
            for upstream in state.job.after:
                self.dependents.setdefault(upstream, []).append(name)
            for need in state.job.needs:
                self.needing.setdefault(need.job, []).append(name)
