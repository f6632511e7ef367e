"""What the ledger is asked to remember: each a value, each idempotent, any number of them in one transaction.

A change says its own precondition, so that making it twice, or making it after another instance made it, changes
nothing and is reported as rejected (or, where it already stands as asked, as accepted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from asched.core.dataclass import dataclass, quickly_made
from asched.core.model import Fire, OnResume
from asched.core.occurrence import Occurrence
from asched.core.outcome import Decision, Outcome, SkipReason
from asched.core.written import Written


@quickly_made
class Activate:
    """A version of a job begins: its trigger's instants after `since` are owed. Becomes the job's only active
    version. `trigger` is Trigger.spec() (None for jobs without one), `definition` canonical JSON text.
    Rejected when another version of that number exists with another definition.
    """

    job: str
    version: int
    since: datetime
    trigger: Mapping[str, object] | None = field(hash=False)
    definition: str | Written
    at: datetime

    @property
    def text(self) -> str:
        """Its definition."""
        return self.definition.of(self.job) if isinstance(self.definition, Written) else self.definition


@dataclass(frozen=True, slots=True)
class Retire:
    """A version ends at `at`: it was removed from the configuration, or superseded by the next one."""

    job: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Instants of one job in (after, until] that were decided together and not enumerated.

    `count` is how many, or None when that was too many to count.
    """

    after: datetime
    until: datetime
    reason: SkipReason
    count: int | None = None
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)


@quickly_made
class Decide:
    """The decisions on fires of one job, its gaps, and the watermark, which moves from `watermark` to `until`.

    Accepted only if the stored watermark of (job, version) is still `watermark` (or is already `until` with these
    very fires). Both None: fires beside the schedule (manual, startup, upstream), the watermark stays.
    A fire whose (job, scheduled_at, nonce) exists under another id is not inserted and is reported in Rejected.fires.
    """

    job: str
    version: int
    at: datetime
    fires: tuple[tuple[Fire, Decision], ...]
    gaps: tuple[Gap, ...] = ()
    watermark: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Promote:
    """A queued fire gets its final decision (Start or Skip). Only while it is still queued and ours."""

    fire: int
    decision: Decision
    at: datetime


@dataclass(frozen=True, slots=True)
class Retrying:
    """Attempt `attempt` ended with `outcome` and another follows at `retry_at`. Only while open, ours, same attempt."""

    fire: int
    attempt: int
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    duration: timedelta
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class Begin:
    """Attempt `attempt` (> 1) begins. Only while open, ours, and waiting with the attempt before it."""

    fire: int
    attempt: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Child:
    """The running attempt has a child process: `started` is its start time in kernel ticks, so that a recycled
    pid is not mistaken for it."""

    fire: int
    attempt: int
    pid: int
    started: int


@dataclass(frozen=True, slots=True)
class Output:
    """A piece of what the attempt printed. `seq` counts pieces from 0 within the run; writing one twice is one.
    `stream` is "stdout", "stderr", "log" or "note" (our own remark, such as how much was left out).
    """

    fire: int
    attempt: int
    seq: int
    at: datetime
    stream: str
    text: str


@quickly_made
class Finish:
    """The run ended with its last attempt. Written once, only while open, ours, same attempt."""

    fire: int
    attempt: int
    outcome: Outcome
    started_at: datetime
    finished_at: datetime
    duration: timedelta


@dataclass(frozen=True, slots=True)
class Adopt:
    """An open fire of a dead instance becomes ours. Only while it is open and still belongs to `owner`."""

    fire: int
    owner: int


@dataclass(frozen=True, slots=True)
class Pause:
    """No new starts of `job` from `at`: its beginning, also when who has it last extended it. `until` None: until
    resumed. What comes due meanwhile is skipped(paused), or waits, as `on_resume` says; None: as the job's policies
    say."""

    job: str
    at: datetime
    by: str
    reason: str = ""
    until: datetime | None = None
    on_resume: OnResume | None = None


@dataclass(frozen=True, slots=True)
class Unpause:
    job: str
    at: datetime
    by: str
    reason: str = ""


class BackfillState(StrEnum):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Backfill:
    """How a backfill stands: the instants of `job` in [since, until) run beside its schedule, at most `at_once` at the
    same time; those up to `cursor` are decided. The first with its number makes it, later ones move it on, forward
    only, and only while it is open. `again`: also instants that succeeded already. `at` is when it was asked for.
    """

    number: int
    job: str
    since: datetime
    until: datetime
    cursor: datetime
    at: datetime
    by: str
    reason: str = ""
    at_once: int = 1
    again: bool = False
    state: BackfillState = BackfillState.OPEN
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Arrange:
    """One fire is to go otherwise than its schedule says. Takes the place of what was arranged for the same instant;
    a skip and a move are of one instant, an addition is beside them."""

    occurrence: Occurrence


@dataclass(frozen=True, slots=True)
class Expire:
    """What was arranged is arranged no more. `why` is "" when it has come, and is decided in this transaction."""

    occurrence: Occurrence
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Absence:
    """No scheduler was deciding in (since, until]. `cause`: stopped, killed, reboot, stalled, suspended,
    stepped, drained."""

    since: datetime
    until: datetime
    cause: str
    facts: Mapping[str, object] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Streak:
    """So many runs of `job` in a row have failed, this one included: what `pause_after` counts."""

    job: str
    failures: int


@dataclass(frozen=True, slots=True)
class TakeOver:
    """The instance that commits this has begun: what was before it is settled, and it answers for what comes. One that
    entered and did not get as far was nobody's predecessor."""

    at: datetime


CORRECT = "correct"  # what asched itself asks for when the clock was set back a long way: begin a job anew
QUARANTINE = "quarantine"  # and: to hold a job that took it down
PAUSE_AFTER = "pause_after"  # and: too many of its runs in a row failed


@dataclass(frozen=True, slots=True)
class Act:
    """What an operator asked for: the audit row. `verb`: run, cancel, pause, resume, reload, …"""

    at: datetime
    verb: str
    by: str
    job: str = ""
    run: str = ""
    reason: str = ""


Change = (
    Activate
    | Retire
    | Decide
    | Promote
    | Retrying
    | Begin
    | Child
    | Output
    | Finish
    | Adopt
    | Pause
    | Unpause
    | Arrange
    | Expire
    | Backfill
    | Absence
    | Act
    | Streak
    | TakeOver
)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A change that the ledger did not make, because the world was not as it presumed.

    For a Decide whose watermark held, `fires` are the ids that were already decided elsewhere (the rest stands);
    empty means that the whole change was refused.
    """

    change: Change = field(hash=False)
    why: str
    fires: tuple[int, ...] = ()
