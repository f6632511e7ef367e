"""What the ledger gives back: read-only rows, as values. Instants are aware UTC, durations timedeltas."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta

from asched.core.change import Backfill, Gap, Pause
from asched.core.dataclass import dataclass, quickly_made
from asched.core.model import Fire
from asched.core.nothing import NOTHING
from asched.core.occurrence import Occurrence
from asched.core.outcome import Decision, Outcome


@quickly_made
class FireRecord:
    """A fire, what was decided on it, and, once started, its run.

    `queued_at` is set when it had to wait, and `waited_for` is what for (the facts of its Queue). `started_at` is when
    the latest attempt started (while it is open: when its start was recorded). `retry_at` is set while it waits for its
    next attempt. `duration` is the last attempt's.
    """

    fire: Fire
    decision: Decision
    decided_at: datetime
    owner: int
    attempt: int = 1
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    duration: timedelta | None = None
    outcome: Outcome | None = None
    retry_at: datetime | None = None
    child: tuple[int, int] | None = None  # (pid, start time in ticks)
    waited_for: Mapping[str, object] = field(default=NOTHING, hash=False)

    @property
    def id(self) -> int:
        return self.fire.id

    @property
    def run(self) -> str:
        return self.fire.run

    @property
    def job(self) -> str:
        return self.fire.job

    @property
    def scheduled_at(self) -> datetime:
        return self.fire.scheduled_at

    @property
    def caught_up(self) -> bool:
        return self.fire.caught_up

    @property
    def open(self) -> bool:
        """Still owed something: waiting in the queue, running, or waiting for its next attempt."""
        return self.decision.kind == "queue" or (self.decision.kind == "start" and self.outcome is None)

    @property
    def lateness(self) -> timedelta | None:
        """How late it was started: its first attempt, for a retry is not late."""
        if self.started_at is None:
            return None
        return (self.started_at if self.attempt == 1 else self.decided_at) - self.fire.due_at


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One ended attempt of a run that went on to another, or the last one."""

    fire: int
    attempt: int
    started_at: datetime
    finished_at: datetime
    duration: timedelta
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class OutputRecord:
    fire: int
    attempt: int
    seq: int
    at: datetime
    stream: str
    text: str


@quickly_made
class VersionRecord:
    """A version of a job. Instants of its trigger in (since, watermark] are decided. `retired_at` None: active."""

    job: str
    version: int
    since: datetime
    watermark: datetime
    trigger: Mapping[str, object] | None = field(hash=False)
    definition: str
    activated_at: datetime
    retired_at: datetime | None = None

    @property
    def by_hand(self) -> bool:
        """It ended where it began: a run by hand made it, before any service had the job."""
        return self.retired_at == self.activated_at


@dataclass(frozen=True, slots=True)
class GapRecord:
    job: str
    version: int
    at: datetime
    gap: Gap


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """A running asched, or one that was. `seen_at` is its last sign of life. `left_at` is set by an orderly stop,
    `took_over_at` by the first thing it records of its own, if it ever served: see TakeOver.
    `token` is random and its own: entering the ledger twice with one token is entering once.
    """

    number: int
    host: str
    boot_id: str
    pid: int
    pid_started: int
    started_at: datetime
    seen_at: datetime
    left_at: datetime | None = None
    token: str = ""
    took_over_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FireQuery:
    """Which fires. Empty tuples and Nones do not restrict. `since`/`until`: scheduled_at in [since, until).

    `decisions`: "start", "queue", "skip". `outcomes`: outcome kinds, e.g. "failed". `open`: only those still owed
    something. `after_id`: only ids above it (for following). Newest scheduled_at first unless `oldest_first`;
    ties by id in the same direction.
    """

    jobs: tuple[str, ...] = ()
    decisions: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    open: bool = False
    nonce: str | None = None
    version: int | None = None
    limit: int = 100
    offset: int = 0
    oldest_first: bool = False
    after_id: int | None = None


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept of closed fires: those at or after `since`, and of them the newest `per_job` of each job. Of the
    rest what failed (`outcome.FAILURES`) at or after `failures_since`, if it is among the newest `per_job` failures of
    its job: one which always fails must fill no disk."""

    since: datetime
    per_job: int
    failures_since: datetime | None = None  # None: failures are kept like everything else


@dataclass(frozen=True, slots=True)
class Stored:
    """What a starting engine needs beside the versions: pauses, every open fire, who was here before, how many runs of
    a job in a row have failed, which fires are to go otherwise than their schedules say, and the backfills that are not
    over."""

    pauses: tuple[Pause, ...]
    open: tuple[FireRecord, ...]
    instances: tuple[InstanceRecord, ...]
    failures: Mapping[str, int] = field(default=NOTHING, hash=False)
    occurrences: tuple[Occurrence, ...] = ()
    backfills: tuple[Backfill, ...] = ()
