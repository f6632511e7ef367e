"""From what a user declared to a Job: the decorator, and `define`, which finds everything that is wrong."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, Protocol, TypeVar, Unpack

from asched.core.action import Action, Command, Request
from asched.core.condition import Term
from asched.core.dataclass import quickly_made
from asched.core.grammar.byhand import BY_HAND, is_by_hand, means_by_hand
from asched.core.grammar.texts import refuse_endless_list
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.zones import zone
from asched.core.model import Ending, Job
from asched.core.nothing import NOTHING
from asched.core.triggers.once import window_of
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import AnyOf
from asched.declaration.exclusions import with_exclusions
from asched.declaration.expecting import expectation_of, with_expected
from asched.declaration.faults import Fault, shown
from asched.declaration.lanekeys import with_key_defaults
from asched.declaration.options import JobOptions, policies_of, read_options, spelled
from asched.declaration.optionvalues import JOB_NAME
from asched.declaration.problems import Finding, job_problem, shown_path
from asched.declaration.signature import read_function, underlying, whereabouts
from asched.errors import ScheduleError

__all__ = ["Declaration", "declared_problems", "define", "job"]

P = ParamSpec("P")
R = TypeVar("R")


class HasTrigger(Protocol):
    """A schedule value, as `every(...)` and `cron(...)` make them."""

    @property
    def trigger(self) -> Trigger: ...


Schedule = str | Sequence[str] | Trigger | HasTrigger


@quickly_made
class Declaration:
    """A job as it was written down, unchecked. `function` is what it does: a callable, a Command or a Request.
    `file` and `line` say where.
    """

    name: str
    schedule: object = None
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    function: object = None
    file: str = ""
    line: int = 0

    @property
    def source(self) -> str:
        return "" if not self.file else f"{shown_path(Path(self.file))}:{self.line}"


def job(
    schedule: Schedule | None = None, /, *, name: str | None = None, **options: Unpack[JobOptions]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a function a job; the function itself stays as it is.

    `schedule` is a text of the schedule grammar, a list of them, or a schedule value; with "by hand", or without one
    and without `after`, the job runs by hand only. `name` is by default the function's. What is wrong with the values
    is found when the jobs are loaded; raises TypeError where this is not used as a decorator with arguments.
    """
    given: object = schedule
    if callable(given) and not _has_instants(given):
        raise TypeError('@job needs its parentheses: write @job("every 10s"), or @job() for one run by hand')

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        _check_decorated(function)
        file, line = whereabouts(function, sys._getframe(1))
        declared = Declaration(name or default_name(function), schedule, dict(options), function, file, line)
        try:
            function.__asched__ = declared  # type: ignore[attr-defined]
        except AttributeError:
            raise TypeError(f"{function!r} cannot carry a declaration: decorate a function") from None
        return function

    return declare


def default_name(function: object) -> str:
    """What a job is called when nobody named it: as its function is."""
    named = underlying(function)
    return str(getattr(named, "__name__", type(named).__name__))


def define(
    declared: Declaration,
    *,
    defaults: Mapping[str, object] | JobOptions | None = None,
    overrides: Mapping[str, object] | None = None,
    timezone: str = "UTC",
    secrets: Callable[[str], str | None] | None = None,
    local_zone: Callable[[], str] | None = None,
    calendars: Mapping[str, Calendar] | None = None,
) -> Job | list[Fault]:
    """The job that was declared, or all that is wrong with it.

    `overrides` may hold a `schedule` besides options, and wins over the declaration, which wins over `defaults`.
    `secrets` gives the value of a secret, or None (by default the environment's); it may raise LookupError to say
    why there is none. `calendars` are those that `except` may name.
    A fault's path begins with the option, "schedule", "name", or "python" for the function itself.
    """
    overrides = dict(overrides or {})
    schedule = overrides.pop("schedule", declared.schedule)
    by_hand = is_by_hand(schedule)
    values, option_faults = read_options({**spelled(defaults or {}), **spelled(declared.options), **spelled(overrides)})
    faults = [*_name_faults(declared.name), *option_faults]
    try:
        tz = _resolved(values.get("tz", timezone), local_zone)
    except ValueError as error:
        return [*faults, Fault(("tz",), str(error))]
    trigger = None if by_hand else _trigger(schedule, declared.name, tz, values, faults)
    if "catch_up_window" not in {*declared.options, *overrides} and (window := window_of(trigger)) is not None:
        values["catch_up_window"] = window  # a schedule of the job's own is nearer to it than the defaults
    if trigger is not None:
        trigger = with_exclusions(trigger, values, tz, calendars or {}, faults)
    if schedule is not None and values.get("after"):
        faults.append(
            Fault(("after",), "has both a schedule and after", "it runs at its own times, or by hand, or after others")
        )
    action = _action(declared.function, values, faults)
    args = with_key_defaults(action, values.get("key", ()), values.get("args", NOTHING), faults)
    if faults or action is None:
        return faults
    after: Mapping[str, Ending] = values.get("after", {})
    given, reasons = _secrets(values.get("secrets", ()), secrets or os.environ.get)
    return Job(
        name=declared.name,
        action=action,
        trigger=trigger,
        policies=policies_of(values),
        after=tuple(after),
        wished={name: ending for name, ending in after.items() if ending is not Ending.SUCCEEDED} or NOTHING,
        needs=values.get("needs", ()),
        conditions=_terms(values),
        expect=expectation_of(values.get("expect", {})),
        args=args,
        secrets=given or NOTHING,
        tags=values.get("tags", ()),
        description=values.get("description", ""),
        disabled="; ".join(reasons) if values.get("enabled", True) else "enabled is false",
        timezone=tz,
        source=declared.source,
    )


def _terms(values: Mapping[str, Any]) -> tuple[Term, ...]:
    only_if = [Term(condition) for condition in values.get("only_if", ())]
    return (*only_if, *(Term(condition, holds=False) for condition in values.get("unless", ())))


def declared_problems(declared: Declaration, faults: Sequence[Fault]) -> list[Finding]:
    """The faults of a job declared in Python, at their places."""
    return [job_problem(declared.name, fault, declared.file, declared.line) for fault in faults]


def _has_instants(schedule: object) -> bool:
    return hasattr(schedule, "next_after") or hasattr(schedule, "trigger")


def _check_decorated(function: object) -> None:
    if hasattr(function, "close") and hasattr(function, "cr_code"):
        function.close()
        raise TypeError("@job got a called coroutine: decorate the function itself")
    if not callable(function):
        raise TypeError(f"@job decorates a function, not {function!r}")
    if hasattr(function, "__asched__"):
        raise TypeError(
            f'job "{function.__asched__.name}" is declared twice on one function: give its schedules as a list'
        )


def _name_faults(name: str) -> list[Fault]:
    if JOB_NAME.fullmatch(name):
        return []
    help = 'give it one: name="…"' if name == "<lambda>" else "1 to 100 letters, digits, _, . and -"
    return [Fault(("name",), f"{shown(name)} cannot be the name of a job", help)]


def _resolved(tz: str, local_zone: Callable[[], str] | None) -> str:
    """The IANA key; "local" means what this machine has, asked once."""
    if tz == "local":
        if local_zone is None:
            raise ScheduleError('"local" is not known here: write an IANA key such as "Europe/Berlin"')
        tz = local_zone()
    return zone(tz).key


def _trigger(schedule: object, name: str, tz: str, values: Mapping[str, Any], faults: list[Fault]) -> Trigger | None:
    if schedule is None:
        return None
    if isinstance(schedule, Sequence) and not isinstance(schedule, str):
        if not _is_bounded(schedule, faults):
            return None
        read = [_single(one, ("schedule", place), name, tz, values, faults) for place, one in enumerate(schedule)]
        return _union([trigger for trigger in read if trigger is not None], faults) if all(read) else None
    return _single(schedule, ("schedule",), name, tz, values, faults)


def _is_bounded(schedules: Sequence[object], faults: list[Fault]) -> bool:
    try:
        refuse_endless_list(len(schedules))
    except ScheduleError as error:
        faults.append(Fault(("schedule",), error.message, error.help))
        return False
    return True


def _single(
    schedule: object,
    path: tuple[str | int, ...],
    name: str,
    tz: str,
    values: Mapping[str, Any],
    faults: list[Fault],
) -> Trigger | None:
    given: Any = schedule
    if hasattr(given, "next_after"):
        return given  # type: ignore[no-any-return]
    if hasattr(given, "trigger"):
        return given.trigger  # type: ignore[no-any-return]
    if not isinstance(given, str):
        help = f'write it as a text: "{given.isoformat()}"' if isinstance(given, datetime) else ""
        faults.append(Fault(path, f'schedule must be a text such as "daily at 02:30", not {shown(given)}', help))
        return None
    from asched.core.grammar.phrases import parse_schedule  # a third of what there is to load, for texts only

    try:
        dst, day_rule = values.get("dst", "auto"), values.get("day_rule", "crontab")
        return parse_schedule(given, tz=tz, dst=dst, day_rule=day_rule, name=name)
    except ScheduleError as error:
        help = f'did you mean "{BY_HAND}"?' if means_by_hand(given) and path == ("schedule",) else error.help
        faults.append(Fault(path, error.message, help, error.span, text=given))
        return None


def _union(triggers: list[Trigger], faults: list[Fault]) -> Trigger | None:
    try:
        return triggers[0] if len(triggers) == 1 else AnyOf(tuple(triggers))
    except ScheduleError as error:
        faults.append(Fault(("schedule",), error.message, error.help))
        return None


def _action(does: object, values: Mapping[str, Any], faults: list[Fault]) -> Action | None:
    if not isinstance(does, (Command, Request)):
        action, found = read_function(does, values.get("args", NOTHING))
        faults += found
        return None if action is None else with_expected(action, values.get("expect", {}), faults)
    for option in ("args", "secrets"):
        if values.get(option):
            faults.append(Fault((option,), f"{option} go to Python functions only", "take them out", of_key=True))
    return with_expected(does, values.get("expect", {}), faults)


def _secrets(names: Sequence[str], lookup: Callable[[str], str | None]) -> tuple[dict[str, str], list[str]]:
    """The values, and the reasons why some are not there."""
    given: dict[str, str] = {}
    unset, reasons = [], []
    for name in names:
        try:
            value = lookup(name)
        except LookupError as error:
            reasons.append(str(error.args[0]) if error.args else f"secret {name} is not there")
            continue
        if value is None:
            unset.append(name)
        else:
            given[name] = value
    return given, [*_unset(unset), *reasons]


def _unset(names: Sequence[str]) -> list[str]:
    how = "in the environment, or name a file in [secrets] of config.toml"
    if len(names) == 1:
        return [f"secret {names[0]} is not set: export it {how}"]
    return [f"secrets {', '.join(names)} are not set: export them {how}"] if names else []
