"""The disturbances of a simulation: from what was typed to instants, and in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.spells import Spell
from asched.core.foresight.simulate import Disturbance, Outage, Stall, Step, Suspend
from asched.core.text.durations import format_duration

_AWAY: Mapping[str, Callable[[datetime, datetime], Disturbance]] = {
    "outage": Outage,
    "suspend": Suspend,
    "stall": Stall,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """From `since` to `until`, as the wall clock shows them, set or not; they are one when it is set, namely by `by`.

    `model` is the same for the simulation, which reckons with a clock that nobody ever sets.
    """

    kind: str
    since: datetime
    until: datetime
    by: timedelta
    model: Disturbance


def planned(spells: Mapping[str, Sequence[Spell]], since: datetime, until: datetime, home: ZoneInfo) -> list[Planned]:
    """In order. Raises UsageError for those that are not within what is simulated, or within each other."""
    typed = [(spell.start(since, home), kind, spell) for kind, group in spells.items() for spell in group]
    typed.sort(key=lambda one: one[0])
    found: list[Planned] = []
    set_by, end = timedelta(0), since
    for at, kind, spell in typed:
        one = _planned(at, kind, spell.length, set_by)
        named = f"--{kind} at {show.when(at, home)}"
        if not since <= one.model.since < until:
            raise click.UsageError(f"{named} is not within what is simulated")
        if one.until - set_by > until:
            raise click.UsageError(f"{named} ends after what is simulated")
        if one.model.since < end:
            raise click.UsageError(f"{named} begins within the one before it, or where that set the clock past it")
        set_by, end = set_by + one.by, one.until - set_by
        found.append(one)
    return found


def _planned(at: datetime, kind: str, length: timedelta, set_by: timedelta) -> Planned:
    begin = at - set_by
    if kind == "step":
        return Planned(kind, at, at, length, Step(begin, length))
    return Planned(kind, at, at + length, timedelta(0), _AWAY[kind](begin, begin + length))


def said(one: Planned, home: ZoneInfo) -> str:
    if one.by:
        where = "forward" if one.by > timedelta(0) else "back"
        return f"step: the clock is set {where} by {format_duration(abs(one.by))} at {show.when(one.since, home)}"
    return f"{one.kind}: {show.when(one.since, home)} to {show.when(one.until, home)}"


def planned_json(one: Planned, home: ZoneInfo) -> dict[str, object]:
    by = one.by if one.by else None
    return {"kind": one.kind, "since": one.since.astimezone(home), "until": one.until.astimezone(home), "by_s": by}
