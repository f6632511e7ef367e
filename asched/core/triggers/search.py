"""Looking for the first instant of a trigger that passes: in bounded steps, and not twice over the same ground."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from asched.core.triggers.protocol import Trigger
from asched.core.zones import EPOCH
from asched.errors import ScheduleError

STEPS = 50_000  # so many are looked at (a third of a second), then it is given up

_FAR = 16  # a search of so many steps is remembered
_KEPT = 32  # so many of them
_TICK = timedelta(microseconds=1)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday at midnight
_OTHERS = [_FIRST - n * timedelta(hours=31) for n in range(1, 10)]  # all weekdays, at various times of day
_FLOATS = 'say its days and times, or where it counts from, as in "from 2026-01-05T09:00"'

Following = Callable[[datetime], datetime | None]  # a trigger's next_after
Judge = Callable[[datetime], datetime | None]
_Walked = tuple[tuple[datetime, datetime | None], ...]


class SpentError(ScheduleError):
    """A budget of steps is used up."""


@dataclass(slots=True)
class Budget:
    """So many steps, for all searches together while it is open.

    They remember in it, not in themselves: whether it lasts must not depend on what was asked before.
    """

    left: int
    spent: int = 0
    walked: dict[Search, _Walked] = field(default_factory=dict)

    def spend(self, steps: int) -> None:
        """Raises SpentError when there are not so many."""
        self.left -= steps
        self.spent += steps
        if self.left < 0:
            raise SpentError("this takes too many steps")


_open: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def budget_of(steps: int) -> Iterator[Budget]:
    """One that holds for every search inside; what was open before is as it was."""
    budget = Budget(steps)
    token = _open.set(budget)
    try:
        yield budget
    finally:
        _open.reset(token)


def spend(steps: int) -> None:
    """From the budget that is open, if one is. Raises SpentError."""
    budget = _open.get()
    if budget is not None:
        budget.spend(steps)


class Search:
    """The searches of one trigger. What it remembers changes its cost, never an answer."""

    __slots__ = ("_walked",)

    def __init__(self) -> None:
        self._walked: _Walked = ()  # replaced whole: threads may share it

    def first(self, following: Following, instant: datetime, judge: Judge, whole: Trigger) -> datetime | None:
        """The first instant after `instant` that passes, of those that `following` yields; `whole` is who searches.

        `judge` answers with the instant itself when it passes, with a later one when nothing before that passes,
        with None when nothing ever does. Raises ScheduleError when STEPS do not lead to an answer.
        """
        budget = _open.get()
        before = self._walked if budget is None else budget.walked.get(self, ())
        for walked, found in before:
            if walked <= instant and (found is None or instant < found):
                return found
        at = following(instant)
        for step in range(STEPS):
            judged = None if at is None else judge(at)
            if judged is None or judged == at:
                if step >= _FAR:
                    self._remember(instant, judged, budget)
                return judged
            if budget is not None:
                budget.spend(1)
            at = following(judged - _TICK)
        raise ScheduleError(f"gave up: none of {STEPS} instants after {instant.isoformat()} fits", text=whole.text())

    def _remember(self, instant: datetime, found: datetime | None, budget: Budget | None) -> None:
        if budget is None:
            self._walked = ((instant, found), *self._walked)[:_KEPT]
        else:
            budget.walked[self] = ((instant, found), *budget.walked.get(self, ()))[:_KEPT]


def refuse_what_never_fires(trigger: Trigger) -> None:
    """Raises ScheduleError for it. What counts from when it is first scheduled is asked as if that were _FIRST."""
    if counts_from_anchoring(trigger):
        _refuse_unless_found(trigger.anchored(_FIRST), _FIRST, floats=True)
    else:
        _refuse_unless_found(trigger, EPOCH - _TICK, floats=False)


def refuse_what_may_never_fire(trigger: Trigger) -> None:
    """Raises ScheduleError for it, also when it depends on the day and time at which it is first scheduled."""
    refuse_what_never_fires(trigger)
    for first in _OTHERS if counts_from_anchoring(trigger) else ():
        _refuse_unless_found(trigger.anchored(first), first, floats=True)


def _refuse_unless_found(trigger: Trigger, first: datetime, *, floats: bool) -> None:
    try:
        found = trigger.next_after(first)
    except SpentError:
        raise
    except ScheduleError:
        help = _FLOATS if floats else ""
        message = f"this can never fire, it seems: none of its first {STEPS} instants fits"
        raise ScheduleError(message, help=help) from None
    if found is None and floats:
        said = f"{first:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        raise ScheduleError(f"this may never fire: counted from {said}, no instant fits all of it", help=_FLOATS)
    if found is None:
        raise ScheduleError("this can never fire: no instant fits all of it")


def counts_from_anchoring(trigger: Trigger) -> bool:
    """Whether something in it counts from when it is first scheduled."""
    return trigger.anchored(EPOCH) != trigger
