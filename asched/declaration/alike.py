"""Jobs that are declared alike but for their names and arguments: what holds of one of them holds of all.

Whoever adds thousands gives the same function, schedule and options each time. Then the first is read and checked, and
the others are made after it. tests/declaration/test_alike.py holds them against what `define` makes of each.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import FunctionType, MethodType
from typing import Any

from asched.core.localtime.cron import Cron
from asched.core.model import Job
from asched.core.nothing import NOTHING
from asched.core.triggers.interval import Every
from asched.declaration.optionvalues import JOB_NAME

Kind = tuple[object, ...]

_PLAIN = {str, int, float, bool, timedelta, type(None)}  # an option that is one of these says all that it says
_CALLED = {FunctionType, MethodType}  # functions that say themselves what they take
_WHICH = {Every, Cron}  # what these are due at depends on nothing but what they say
_MOST = 256  # kinds that are remembered


class Alike:
    """Its jobs are those of one set of defaults."""

    def __init__(self) -> None:
        self._known: dict[Kind, Job] = {}

    def made(self, kind: Kind | None, name: str, options: Mapping[str, object]) -> Job | None:
        """The job of that kind and name, if one of its kind is known, and the name is one."""
        if kind is None or (like := self._known.get(kind)) is None or not JOB_NAME.fullmatch(name):
            return None
        args: Any = options.get("args", like.args)
        return Job(
            name,
            like.action,
            like.trigger,
            like.policies,
            like.after,
            like.wished,
            like.needs,
            like.conditions,
            like.expect,
            NOTHING if not args else dict(args),
            like.secrets,
            like.tags,
            like.description,
            like.disabled,
            like.timezone,
            like.source,
        )

    def learn(self, kind: Kind | None, job: Job) -> None:
        """What depends on the environment, or on its arguments, is read each time."""
        if kind is None or job.secrets or job.disabled or job.policies.key:
            return
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[kind] = job


def kind_of(function: object, schedule: object, options: Mapping[str, object]) -> Kind | None:
    """All that is said of a job but its name and the values of its arguments; None where others may say the same and
    mean something else."""
    trigger = schedule if hasattr(schedule, "next_after") else getattr(schedule, "trigger", None)
    if type(trigger) not in _WHICH or type(function) not in _CALLED:
        return None
    if not options:
        return function, trigger
    said: list[object] = [function, trigger]
    for name, value in options.items():
        kind = type(value)
        if kind in _PLAIN and name != "tz":
            said += (name, kind, value)
        elif name == "args" and type(value) is dict and all(type(key) is str for key in value):
            said.append((name, *value))
        else:
            return None
    return tuple(said)
