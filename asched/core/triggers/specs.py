"""Triggers from their specs: what the ledger keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from asched.core.localtime.cron import Cron
from asched.core.text.durations import parse_duration
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger
from asched.errors import ScheduleError


def spec_of(trigger: Trigger) -> Mapping[str, object]:
    """What is kept of it: one mapping for all that are equal, where many are."""
    return _shared(trigger) if isinstance(trigger, Every | Cron) else trigger.spec()


@lru_cache(maxsize=1024)
def _shared(trigger: Every | Cron) -> Mapping[str, object]:
    return trigger.spec()


def from_spec(spec: Mapping[str, Any]) -> Trigger:
    """The trigger of which this is the spec. Raises ScheduleError for anything else."""
    try:
        return _flat(tuple(spec.items())) if spec["kind"] in ("every", "cron") else _from_spec(spec)
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, ScheduleError):
            raise
        raise ScheduleError(f"not the spec of a trigger: {dict(spec)!r}") from error


@lru_cache(maxsize=1024)
def _flat(items: tuple[tuple[str, object], ...]) -> Trigger:
    """One trigger for all jobs that have the same."""
    return _from_spec(dict(items))


def _from_spec(spec: Mapping[str, Any]) -> Trigger:
    match spec["kind"]:
        case "every":
            anchor = spec["anchor"]
            return Every(parse_duration(spec["period"]), None if anchor is None else datetime.fromisoformat(anchor))
        case "cron":
            return Cron(spec["expression"], spec["tz"], spec["dst"], spec["day_rule"])
        case _:
            from asched.core.triggers.rarerspecs import from_rarer_spec  # which loads every kind that there is

            return from_rarer_spec(spec)
