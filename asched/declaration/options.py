"""The options of a job: one set, the same for the decorator, `add`, [defaults], [override.NAME] and [[job]].

`read_options` checks all of them and reports all that is wrong; nothing here knows files or functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import timedelta
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

from asched.core.localtime.calendars import Calendar
from asched.core.localtime.cron import DayRule, Dst
from asched.core.model import Policies, Retry
from asched.core.triggers.excluding import Shift
from asched.declaration.faults import Fault, unknown_option
from asched.declaration.optionvalues import READERS

Duration = str | float | timedelta
"""A text such as "1h30m", a number of seconds, or a timedelta."""

After = str | Callable[..., Any]
"""The name of a job, or its decorated function."""


class NeedOptions(TypedDict):
    """`within` is a duration before the fire's instant, or "today" (the default): the same day."""

    job: After
    within: NotRequired[Duration]


Need = After | NeedOptions

Condition = str | Callable[..., Any]
"""A text, or a function without arguments (or with one for the Run) whose answer counts."""


CalendarNames = str | Calendar | Sequence[str | Calendar]
"""Calendars, or the names they have in the configuration."""


class BlackoutOptions(TypedDict, total=False):
    """`windows` as in "between 02:00 and 04:00 on sunday" or "from 2026-12-24T18:00 until 2026-12-27T06:00"; with

    `owed`, what fell into one is due once when it ends.
    """

    windows: str | Sequence[str]
    owed: bool


class RetryOptions(TypedDict, total=False):
    """See core.model.Retry. `on` takes exception classes, or their names."""

    attempts: int
    delay: Duration
    factor: float
    max_delay: Duration
    jitter: float
    on: str | type[BaseException] | Sequence[str | type[BaseException]]


class ExpectOptions(TypedDict, total=False):
    """What counts as success. `output` must be found in what the run prints and logs, `not_output` must not."""

    exit: int | Sequence[int]  # of a command
    status: int | Sequence[int]  # of an HTTP answer
    output: str
    not_output: str
    some_output: bool
    result: Callable[[Any], object]  # of a Python function: True, False, or a text that says what is wrong


class JobOptions(TypedDict, total=False):
    """What may be said about a job besides its name, its schedule and what it does."""

    tz: str  # an IANA key, or "local"; else the configuration's
    dst: Dst  # what becomes of times that a clock change skips or repeats
    day_rule: DayRule  # both day fields set: "crontab" means either, "and" means both
    except_: CalendarNames  # calendars on whose days it is not due; `except` where Python does not keep the word
    shift: Shift  # what falls on such a day: "none", or moved to the "previous" or "next" day that is free
    blackout: str | Sequence[str] | BlackoutOptions  # maintenance windows in which it is not due
    after: After | Sequence[After] | Mapping[Any, str]  # runs when all of these succeeded for the same instant; or
    # ended as a mapping says: "succeeded", "failed", "ended"
    needs: Need | Sequence[Need]  # runs only if these succeeded that day, or `within` so long before
    only_if: Condition | Sequence[Condition]  # runs only if these hold: "network", "path /x exists", a function, …
    unless: Condition | Sequence[Condition]  # and if none of these does
    wait: Duration | None  # for needs and conditions, so long, or "until 10:00"; None or "none": not at all
    poll: Duration  # between two times that conditions are asked while it waits
    timeout: Duration | None  # of one attempt; None or "none": unlimited
    run_timeout: Duration | None  # of the whole run, all attempts and the waits between them
    kill_after: Duration  # from being asked to stop to being killed
    retry: int | RetryOptions | Retry  # a number counts all attempts, the first included
    max_instances: int
    overlap: str  # skip, queue_one, queue, replace, terminate, allow
    queue_max: int
    key: str | Sequence[str]  # names of arguments: max_instances and overlap hold for each of their values
    cooldown: Duration  # from the end of a run to the next start
    pool: str | Sequence[str]  # names of pools: a run takes a place in each
    exclusive: str | Sequence[str]  # names of groups: no two runs of a group at the same time
    on_resume: str  # skip, latest, all: what becomes of what came due during a pause
    catch_up: str  # none, latest, first, all
    catch_up_window: Duration | None  # older missed fires expire; None or "none": never
    catch_up_max: int
    grace: Duration  # lateness that still counts as on time
    jitter: Duration
    priority: int  # among fires due at the same instant, higher goes first
    expect: ExpectOptions | Callable[[Any], object]  # what counts as success; a function looks at the result
    pause_after: int | None  # so many runs in a row that failed pause it; None or "none": never
    probe_after: Duration | None  # then it is tried again; None or "none": once somebody resumes it
    quarantine: bool  # whether it is held after asched died three times in a row while it ran
    idempotent: bool  # a run lost with its asched may be run again
    args: Mapping[str, object]  # keyword arguments
    tags: Sequence[str]
    description: str
    secrets: Sequence[str]  # names; the job reads them as run.secret(NAME)
    enabled: bool


_POLICIES = {field.name for field in fields(Policies)}
_USUAL = Policies()
OPTIONS = tuple(name.rstrip("_") for name in JobOptions.__annotations__)


def spelled(options: Mapping[str, Any]) -> dict[str, Any]:
    """With `except_`, as Python has to write it, as `except`."""
    return {"except" if name == "except_" else name: value for name, value in options.items()}


def policies_of(values: Mapping[str, Any]) -> Policies:
    """The policies among values that were read; one that is not there has its default."""
    said = {name: value for name, value in values.items() if name in _POLICIES}
    return _shared(Policies(**said)) if said else _USUAL


@lru_cache(maxsize=256)
def _shared(policies: Policies) -> Policies:
    """One value for all that were told the same, as where a configuration has defaults."""
    return policies


def read_options(options: Mapping[str, object]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """The options as what the model wants (timedeltas, enums, Retry, tuples), and all that is wrong with them."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in spelled(options).items():
        if name not in READERS:
            faults.append(unknown_option((name,), OPTIONS))
            continue
        before = len(faults)
        read = READERS[name](value, (name,), faults)
        if len(faults) == before:
            values[name] = read
    return values, tuple(faults)
