"""What was decided about a fire (Decision) and how its run ended (Outcome): two closed unions of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

from asched.core.dataclass import dataclass, quickly_made


class SkipReason(StrEnum):
    """Why a fire was not started. Each comes with its facts."""

    MISSED = "missed"  # nobody was deciding then, and the catch-up policy does not run it
    EXPIRED = "expired"  # missed, and older than catch_up_window
    COALESCED = "coalesced"  # represented by another fire of the same job: facts.into
    OVERLAPPED = "overlapped"  # the job was at max_instances: facts.running
    QUEUE_FULL = "queue_full"  # at its limit, and no place left to wait
    REPLACED = "replaced"  # was waiting, and a newer fire took its place: facts.by
    PAUSED = "paused"  # the job was paused: facts.by, facts.reason, facts.since
    REMOVED = "removed"  # the definition that owed it is gone
    BLOCKED = "blocked"  # what it depends on is not so: facts.upstream, facts.needs or facts.condition
    INVALID = "invalid"  # its trigger or action could not be evaluated: facts.error
    EXCLUDED = "excluded"  # a calendar, or an operator, took this instant out
    REPEATED = "repeated"  # decided before the clock was corrected, and not caught up again: facts.decided_until


@dataclass(frozen=True, slots=True)
class Start:
    """Run it now."""

    kind: ClassVar[str] = "start"


@dataclass(frozen=True, slots=True)
class Queue:
    """Run it later. `facts` say what it waits for, seen when it was decided: "for" is slot, pool, exclusive, service,
    recovery, cooldown, resume, needs, condition, drain or start."""

    facts: Mapping[str, object] = field(default_factory=dict, hash=False)
    kind: ClassVar[str] = "queue"


@dataclass(frozen=True, slots=True)
class Skip:
    """Do not run it, for `reason`; `facts` are JSON-able and explain it."""

    reason: SkipReason
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)
    kind: ClassVar[str] = "skip"


Decision = Start | Queue | Skip


@dataclass(frozen=True, slots=True)
class ErrorNote:
    """What is kept of a failure: bounded text, no live objects.

    `types` are the names of the exception's classes, most derived first, bare and qualified
    ("TimeoutError", "builtins.TimeoutError"): what `retry_on` is matched against. `exit_code` is a command's,
    negative for the signal that killed it; `status` is an HTTP answer's.
    """

    type: str
    message: str
    traceback: str = ""
    types: tuple[str, ...] = ()
    exit_code: int | None = None
    status: int | None = None


@quickly_made
class Succeeded:
    """It did what it should. `result` is JSON text (64 kB at most), or None where there was nothing to keep."""

    result: str | None = None
    kind: ClassVar[str] = "succeeded"


@dataclass(frozen=True, slots=True)
class Failed:
    error: ErrorNote
    kind: ClassVar[str] = "failed"


@dataclass(frozen=True, slots=True)
class TimedOut:
    """It ran into its timeout, or, `whole_run`, into its run_timeout. `left_running`: it would not stop and was given
    up; its slot is free again."""

    limit: timedelta
    left_running: bool = False
    whole_run: bool = False
    kind: ClassVar[str] = "timed_out"


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody, or the overlap policy, stopped it: `reason` says who and why."""

    reason: str
    left_running: bool = False
    kind: ClassVar[str] = "cancelled"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Our own shutdown stopped it. Never counted as a failure of the job."""

    reason: str
    left_running: bool = False
    kind: ClassVar[str] = "interrupted"


@dataclass(frozen=True, slots=True)
class Abandoned:
    """Its asched died with it; what became of it is not known. `reason` names the dead instance."""

    reason: str
    kind: ClassVar[str] = "abandoned"


FAILURES = (Failed.kind, TimedOut.kind, Abandoned.kind)
"""The kinds of outcome that are a job's failures: what people look for afterwards, and what is kept longer."""

Outcome = Succeeded | Failed | TimedOut | Cancelled | Interrupted | Abandoned
