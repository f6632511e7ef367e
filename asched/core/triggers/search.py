"""Looking for the first instant of a trigger that passes: in bounded steps, and not twice over the same ground."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from asched.core.localtime.budget import (
    ROUND,
    STEPS,
    Budget,
    UncountedError,
    Walk,
    Walked,
    answered,
    open_budget,
    the_budget,
)
from asched.core.localtime.zones import EPOCH
from asched.core.triggers.protocol import Trigger, is_quick, parts_of
from asched.errors import ScheduleError

_FEW = 8  # candidates
_FAR = 16 * ROUND  # a search that took so many steps is remembered
_KEPT = 32  # so many of them
_TICK = timedelta(microseconds=1)
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday at midnight
_OTHERS = [_FIRST - n * timedelta(hours=31) for n in range(1, 10)]  # all weekdays, at various times of day
_FLOATS = 'say its days and times, or where it counts from, as in "from 2026-01-05T09:00"'

Following = Callable[[datetime], datetime | None]  # a trigger's next_after
Judge = Callable[[datetime], datetime | None]


class Search:
    """The searches of one trigger. What it remembers changes its cost, never an answer."""

    __slots__ = ("_quick", "_walked")

    def __init__(self) -> None:
        self._walked: Walked = ()  # replaced whole: threads may share it
        self._quick: bool | None = None

    def first(self, following: Following, instant: datetime, judge: Judge, whole: Trigger) -> datetime | None:
        """The first instant after `instant` that passes, of those that `following` yields; `whole` is who searches.

        `judge` answers with the instant itself when it passes, with a later one when nothing before that passes,
        with None when nothing ever does. Raises ScheduleError when the budget does not lead to an answer.
        """
        budget = open_budget()
        if budget is not None:
            return self._looked(following, instant, judge, budget)
        if self._walked and (walk := _over(instant, self._walked)) is not None:
            return walk[1]
        if self._quick or (
            self._quick is None and self._is_quick(whole)
        ):  # nearly always the first looks are all: no budget for them
            at = following(instant)
            for _ in range(_FEW):
                judged = None if at is None else judge(at)
                if judged is None or judged == at:
                    return judged
                at = following(judged - _TICK)
        return answered(lambda at: self._looked(following, at, judge, the_budget()), instant, whole.text)

    def _looked(self, following: Following, instant: datetime, judge: Judge, budget: Budget) -> datetime | None:
        known = self._known(instant, budget)
        if known is not None:
            return known[1]
        spent = budget.spent
        at = following(instant)
        while True:
            budget.spend(ROUND)
            judged = None if at is None else judge(at)
            if judged is None or judged == at:
                if budget.spent - spent >= _FAR:
                    self._remember((instant, judged, budget.spent - spent), budget)
                return judged
            at = following(judged - _TICK)

    def _known(self, instant: datetime, budget: Budget) -> Walk | None:
        """What was found on this ground, within this question, or in an earlier one: then it is paid for here too."""
        if (walk := _over(instant, budget.walked.get(self, ()))) is not None:
            return walk
        if budget.recalls and (walk := _over(instant, self._walked)) is not None:
            budget.recall(self, walk)
        return walk

    def _is_quick(self, whole: Trigger) -> bool:
        self._quick = is_quick(whole) and all(is_quick(part) and not parts_of(part) for part in parts_of(whole))
        return self._quick

    def _remember(self, one: Walk, budget: Budget) -> None:
        budget.walked[self] = (one, *budget.walked.get(self, ()))[:_KEPT]
        if budget.recalls:
            self._walked = (one, *self._walked)[:_KEPT]


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
        found = _is_found(trigger, _FIRST) or trigger.next_after(first) is not None  # not by way of 1970, if possible
        why, seems = "" if found else "no instant fits all of it", ""
    except UncountedError:
        raise
    except ScheduleError:
        why, seems = f"nothing fits within {STEPS} steps", ", it seems"
    if why and floats:
        said = f"{first:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
        raise ScheduleError(f"this may never fire: counted from {said}, {why}", help=_FLOATS)
    if why:
        raise ScheduleError(f"this can never fire{seems}: {why}")


def _is_found(trigger: Trigger, first: datetime) -> bool:
    """Whether something is due after `first`; not so where that is not known."""
    try:
        return trigger.next_after(first) is not None
    except ScheduleError:
        return False


def counts_from_anchoring(trigger: Trigger) -> bool:
    """Whether something in it counts from when it is first scheduled."""
    return trigger.anchored(EPOCH) != trigger


def _over(instant: datetime, walked: Iterable[Walk]) -> Walk | None:
    return next((walk for walk in walked if walk[0] <= instant and (walk[1] is None or instant < walk[1])), None)
