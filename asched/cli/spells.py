"""What a simulation is told to suppose: "tue 02:00 +6h", "backup x3", "backup=10m"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from asched.cli.kinds import Kind, Moment, read_duration, read_said

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_SPELL = re.compile(r"(?P<when>\S.*?)\s+(?P<sign>[+-])\s*(?P<length>\S.*)")
_SLOW = re.compile(r"(?P<job>[A-Za-z0-9_.-]+)(?:\s*=\s*|\s+)(?:x(?P<factor>[0-9]+(?:\.[0-9]+)?)|(?P<length>\S.*))")
_SMALLEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Spell:
    """From when, as it was written, and how long. A clock may also be set back: then `length` is negative."""

    when: Moment
    length: timedelta

    def start(self, since: datetime, home: ZoneInfo) -> datetime:
        """The instant that is meant: a time of day is the first one from `since` on."""
        return self.when.at(home, since - _SMALLEST)


@dataclass(frozen=True, slots=True)
class Slow:
    """A job takes `factor` times as long as it does, or `length`."""

    job: str
    factor: float = 1.0
    length: timedelta | None = None


def _spell(text: str) -> Spell:
    match = _SPELL.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{text!r}: write when and how long, as in "tue 02:00 +6h" or "2026-03-01T12:00 +1h"')
    length = read_duration(match["length"])
    if not length:
        raise ValueError(f"{text!r} is over before it begins")
    return Spell(read_said(match["when"]), length if match["sign"] == "+" else -length)


def _ahead(text: str) -> Spell:
    spell = _spell(text)
    if spell.length < timedelta(0):
        raise ValueError(f"{text!r}: how long takes a +")
    return spell


def _slow(text: str) -> Slow:
    match = _SLOW.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'{text!r}: write the job and how slow it is, as in "backup x3" or backup=10m')
    if match["factor"] is None:
        return Slow(match["job"], length=read_duration(match["length"]))
    factor = float(match["factor"])
    if not factor:
        raise ValueError(f'{text!r}: no run takes so little; half the time is "{match["job"]} x0.5"')
    return Slow(match["job"], factor=factor)


SPELL = Kind("spell", _ahead)
STEP = Kind("step", _spell)
SLOW = Kind("slow", _slow)
