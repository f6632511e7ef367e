"""What becomes of the instants that are due when some of them were left out: these are skipped, and the policies speak
of the others as if those had never been."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from datetime import datetime, timedelta

from asched.core.change import Gap
from asched.core.dataclass import dataclass
from asched.core.model import Policies
from asched.core.outcome import Skip
from asched.core.rules.policy import DueAt, Settled, settle, whole_gap
from asched.core.triggers.protocol import Series

_SMALLEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Without:
    """The instants of a trigger but for a few."""

    trigger: Series
    instants: Set[datetime]

    def next_after(self, instant: datetime) -> datetime | None:
        found = self.trigger.next_after(instant)
        while found is not None and found in self.instants:
            found = self.trigger.next_after(found)
        return found


def settle_around(
    trigger: Series,
    left_out: Mapping[datetime, Skip],
    watermark: datetime,
    until: datetime,
    now: datetime,
    policies: Policies,
    due_at: DueAt,
) -> Settled:
    """As policy.settle, with the decisions on what was left out, all of which is due. There is at least one."""
    others = Without(trigger, left_out.keys())
    skips, last = list(left_out.items()), max(left_out)
    rest = settle(others, watermark, until, now, policies, due_at)
    if rest is None:
        return Settled(last, (), sorted(skips, key=lambda skip: skip[0]))
    gaps = [part for gap in rest.gaps for part in _around(gap, left_out.keys(), others)]
    together = sorted([*rest.skips, *skips], key=lambda skip: skip[0])
    return Settled(max(rest.until, last), rest.candidates, together, gaps)


def _around(gap: Gap, instants: Set[datetime], others: Series) -> Iterator[Gap]:
    """The parts of a gap between the instants, which have rows of their own."""
    inside = sorted(at for at in instants if gap.after < at <= gap.until)
    if not inside:
        yield gap
        return
    ends = [*(at - _SMALLEST for at in inside), gap.until]
    for after, until in zip([gap.after, *inside], ends, strict=True):
        yield from whole_gap(others, after, until, gap.reason, gap.facts)
