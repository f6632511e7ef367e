"""Job, Fire, Attempt and the policies: the frozen values that everything else speaks about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum

from asched.core.action import Action
from asched.core.condition import Term
from asched.core.dataclass import dataclass, quickly_made
from asched.core.expectation import NOTHING_MORE, Expectation
from asched.core.need import Need
from asched.core.nothing import NOTHING
from asched.core.triggers.protocol import Trigger
from asched.core.wait import Wait

BACKFILL = "backfill-"  # so begins the nonce of its fires; its number follows
AGAIN = "again-"  # so begins the nonce of a run that repeats another; that one's name follows, and its own


class Origin(StrEnum):
    """Why a fire exists."""

    SCHEDULE = "schedule"
    MANUAL = "manual"
    BACKFILL = "backfill"
    STARTUP = "startup"
    UPSTREAM = "upstream"
    CHANGE = "change"


class CatchUp(StrEnum):
    """What becomes of fires that came due while nobody was deciding."""

    NONE = "none"
    LATEST = "latest"
    FIRST = "first"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of a fire when its job is already at max_instances."""

    SKIP = "skip"  # it does not run
    QUEUE_ONE = "queue_one"  # it waits, if nothing else waits
    QUEUE = "queue"  # it waits, up to queue_max
    REPLACE = "replace"  # the running one is asked to stop, then it runs
    TERMINATE = "terminate"  # the running one is killed at once, then it runs
    ALLOW = "allow"  # it runs beside the others; max_instances does not count


class OnResume(StrEnum):
    """What becomes, when a pause ends, of the fires that came due in it."""

    SKIP = "skip"  # they were skipped
    LATEST = "latest"  # the latest waits, and runs then
    ALL = "all"  # each waits, up to catch_up_max, and runs then


class Ending(StrEnum):
    """How a run must end for what comes after it to be due."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"  # or timed out, or was abandoned; not: was cancelled, or interrupted by our own stop
    ENDED = "ended"  # in any way


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when to try again. `attempts` counts all tries, the first included.

    The wait before attempt n+1 is delay · factor^(n-1), at most max_delay, less up to `jitter` (a fraction) of
    itself by a hash of (run, attempt). `on` names exception classes, bare or qualified; empty means any failure.
    A timeout is tried again too when `on` is empty or holds "TimeoutError".
    """

    attempts: int = 1
    delay: timedelta = timedelta(seconds=10)
    factor: float = 2.0
    max_delay: timedelta = timedelta(minutes=15)
    jitter: float = 0.1
    on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policies:
    """How a job's fires are treated. Durations are timedeltas; None means unlimited."""

    grace: timedelta = timedelta(seconds=10)  # lateness that still counts as on time
    catch_up: CatchUp = CatchUp.LATEST
    catch_up_window: timedelta | None = None  # older missed fires expire
    catch_up_max: int = 100  # with `all`: the newest so many
    overlap: Overlap = Overlap.SKIP
    max_instances: int = 1
    queue_max: int = 100
    key: tuple[str, ...] = ()  # names of arguments: max_instances and overlap then hold for each of their values
    cooldown: timedelta = timedelta(0)  # from the end of a run to the next start
    pool: tuple[str, ...] = ()  # names of pools: a run takes a place in each
    exclusive: tuple[str, ...] = ()  # names of groups: no two runs of a group at the same time
    on_resume: OnResume = OnResume.SKIP
    timeout: timedelta | None = None  # of one attempt, on the monotonic clock
    run_timeout: timedelta | None = None  # of the whole run: all attempts and the waits between them, on steady time
    kill_after: timedelta = timedelta(seconds=10)  # from being asked to stop to being killed, or given up
    retry: Retry = Retry()
    pause_after: int | None = None  # so many runs in a row that failed pause it
    probe_after: timedelta | None = timedelta(hours=1)  # then it is tried again; None: once somebody resumes it
    quarantine: bool = True  # whether it is held after asched died three times in a row while it ran
    idempotent: bool = False  # a run lost with its asched may be run again
    wait: Wait | None = None  # for what it needs, and for its conditions; None: asked once
    poll: timedelta = timedelta(seconds=30)  # between two times that its conditions are asked
    jitter: timedelta = timedelta(0)
    priority: int = 0  # among fires due at the same instant, higher goes first


@quickly_made
class Job:
    """A named definition: trigger + action + policies. `trigger` is None for jobs that run only after others, or
    by hand. `after` names the jobs whose ends, all for the same instant, make this one due: each has to end as it is
    `wished` of it, which is to succeed where that says nothing. What is due runs if all `needs` are met and all
    `conditions` hold. `args` are the keyword arguments. `secrets` are the values it asked for by name: never shown,
    never stored. `disabled` is "" or the reason why it must not run.
    """

    name: str
    action: Action
    trigger: Trigger | None = None
    policies: Policies = Policies()
    after: tuple[str, ...] = ()
    wished: Mapping[str, Ending] = field(default=NOTHING, hash=False)
    needs: tuple[Need, ...] = ()
    conditions: tuple[Term, ...] = ()
    expect: Expectation = NOTHING_MORE
    args: Mapping[str, object] = field(default=NOTHING, hash=False)
    secrets: Mapping[str, str] = field(default=NOTHING, hash=False, repr=False)
    tags: tuple[str, ...] = ()
    description: str = ""
    disabled: str = ""
    timezone: str = "UTC"
    source: str = ""  # file:line, for people

    def wish(self, upstream: str) -> Ending:
        """How that one has to end."""
        return self.wished.get(upstream, Ending.SUCCEEDED)


@quickly_made
class Fire:
    """One due instant of one job: the unit of accounting.

    `id` is assigned by the scheduler: instance number << 32 | counter, and names the run too (`run_name`).
    `nonce` is "" for what the schedule itself produced and otherwise tells apart fires of one instant (a manual
    run, and what follows from it); (job, scheduled_at, nonce) is unique in the ledger.
    `upstream` maps each job it came after to that job's run (a fire id).
    """

    id: int
    job: str
    version: int
    scheduled_at: datetime
    due_at: datetime
    origin: Origin = Origin.SCHEDULE
    nonce: str = ""
    caught_up: bool = False
    args: Mapping[str, object] = field(default=NOTHING, hash=False)
    upstream: Mapping[str, int] = field(default=NOTHING, hash=False)

    @property
    def run(self) -> str:
        return run_name(self.id)

    @property
    def backfill(self) -> int:
        """The number of the backfill that it is part of, or follows a part of; 0: none."""
        return int(self.nonce.removeprefix(BACKFILL)) if self.nonce.startswith(BACKFILL) else 0

    @property
    def repeats(self) -> str:
        """The run that it, or what it came after, was asked to repeat; "": none."""
        return self.nonce.removeprefix(AGAIN).partition(".")[0] if self.nonce.startswith(AGAIN) else ""


@quickly_made
class Attempt:
    """One try within a run, from 1: what a runner is given. `upstream` maps job names to their results."""

    job: Job
    fire: Fire
    number: int
    args: Mapping[str, object] = field(default=NOTHING, hash=False)
    upstream: Mapping[str, object] = field(default=NOTHING, hash=False)


def run_name(fire_id: int) -> str:
    """The run as people type it: `instance-counter`, e.g. "3-17"."""
    return f"{fire_id >> 32}-{fire_id & 0xFFFFFFFF}"


def fire_id(run: str) -> int | None:
    """The fire id behind a run's name, or None when it is not one."""
    instance, dash, counter = run.partition("-")
    if not (dash and instance.isascii() and instance.isdigit() and counter.isascii() and counter.isdigit()):
        return None
    if int(counter) > 0xFFFFFFFF or int(instance) > 0x7FFFFFFF:
        return None
    return int(instance) << 32 | int(counter)
