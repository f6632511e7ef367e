"""The environment of a command: what everybody needs, what the job declares, what the run is. Nothing slips in."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping

from asched.core.action import Command
from asched.core.model import Attempt
from asched.runners.context import rfc3339
from asched.runners.template import render

_PASSED_ON = ("PATH", "HOME", "LANG", "TZ")


def environment(command: Command, attempt: Attempt, ours: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Later entries win: ours, declared, secrets, facts of the run. Raises ValueError for a bad template."""
    return {
        "PATH": os.defpath,
        **(ours if command.inherit_env else _passed_on(ours)),
        **{name: render(value, attempt) for name, value in command.env.items()},
        **attempt.job.secrets,
        **command.secrets,
        **_facts(attempt),
    }


def _passed_on(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in _PASSED_ON if (value := ours.get(name)) is not None}


def _facts(attempt: Attempt) -> dict[str, str]:
    fire = attempt.fire
    return {
        "ASCHED_JOB": attempt.job.name,
        "ASCHED_RUN": fire.run,
        "ASCHED_ATTEMPT": str(attempt.number),
        "ASCHED_SCHEDULED_AT": rfc3339(fire.scheduled_at),
        "ASCHED_CAUGHT_UP": _text(fire.caught_up),
        **{f"ASCHED_ARG_{re.sub('[^A-Z0-9]', '_', name.upper())}": _text(arg) for name, arg in attempt.args.items()},
    }


def _text(value: object) -> str:
    """Text as it is, nothing as nothing, all else as JSON writes it: true, 3, [1, 2]."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):  # with every run
        return "true" if value else "false"
    return json.dumps(value, default=str)
