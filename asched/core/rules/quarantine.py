"""Quarantine: a job that took asched down three times in a row is not started a fourth time.

What counts as "took down": asched was killed (no farewell, no reboot) while an attempt was being executed that this
very asched had started; and none of the job's runs meanwhile came to an end of its own. It is a guess all the same,
so asched names what it is made of, and does not choose between several jobs unless one of them was always the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from asched.core.dataclass import dataclass
from asched.core.record import InstanceRecord

TIMES = 3  # in a row


@dataclass(frozen=True, slots=True)
class Death:
    """A server that was killed, until its successor came."""

    server: InstanceRecord
    until: datetime

    def saw_begin(self, started_at: datetime) -> bool:
        return self.server.started_at <= started_at < self.until


@dataclass(frozen=True, slots=True)
class LostAttempt:
    """An attempt that was being executed when its asched died."""

    job: str
    started_at: datetime


Suspects = Mapping[str, tuple[datetime, ...]]
"""By job, when its last lost attempt of each death had started."""


def deaths(servers: Iterable[InstanceRecord], me: InstanceRecord) -> tuple[Death, ...]:
    """The last three servers before `me`, oldest first, if all of them were killed; else none."""
    line = [*sorted(servers, key=lambda one: one.number)[-TIMES:], me]
    died = tuple(Death(one, heir.started_at) for one, heir in pairwise(line) if _was_killed(one, heir))
    return died if len(died) == TIMES else ()


def _was_killed(one: InstanceRecord, successor: InstanceRecord) -> bool:
    return one.left_at is None and (one.host, one.boot_id) == (successor.host, successor.boot_id)


def suspects(died: Sequence[Death], lost: Sequence[LostAttempt]) -> Suspects:
    """The jobs of which an attempt was lost in each of these deaths."""
    found = {}
    for job in {one.job for one in lost}:
        starts = [
            [one.started_at for one in lost if one.job == job and death.saw_begin(one.started_at)] for death in died
        ]
        if all(starts):
            found[job] = tuple(max(each) for each in starts)
    return found


def culprit(found: Suspects, released: Mapping[str, datetime]) -> str | None:
    """The only one; of several the one that was always started last, so that a job which merely runs long is not taken
    for it; else nobody. `released`: when somebody last resumed a job; from there it counts anew."""
    lasts = {_last(found, death) for death in range(TIMES)} if found else set()
    guilty = next(iter(lasts)) if len(lasts) == 1 else None
    if guilty is None or (guilty in released and found[guilty][0] <= released[guilty]):
        return None
    return guilty


def _last(found: Suspects, death: int) -> str | None:
    """Who was started last before that death; None when several were at once."""
    latest = max(starts[death] for starts in found.values())
    last = [job for job, starts in found.items() if starts[death] == latest]
    return last[0] if len(last) == 1 else None


def reason(died: Sequence[Death], starts: Sequence[datetime]) -> str:
    """Which asched died when, as far as is known."""
    ends = [max(death.server.seen_at, start) for death, start in zip(died, starts, strict=True)]
    told = [f"asched {death.server.number} at {end:%Y-%m-%dT%H:%M:%SZ}" for death, end in zip(died, ends, strict=True)]
    return f"quarantined: asched died three times while it ran: {', '.join(told)}"
