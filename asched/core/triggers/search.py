"""Looking for the first instant of a trigger that passes: in bounded steps, and not twice over the same ground."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from asched.core.triggers.protocol import Trigger
from asched.core.zones import EPOCH
from asched.errors import ScheduleError

STEPS = 50_000  # so many are looked at (a third of a second), then it is given up

_FAR = 16  # a search of so many steps is remembered
_KEPT = 32  # so many of them
_TICK = timedelta(microseconds=1)

Following = Callable[[datetime], datetime | None]  # a trigger's next_after
Judge = Callable[[datetime], datetime | None]


class Search:
    """The searches of one trigger. What it remembers changes its cost, never an answer."""

    __slots__ = ("_walked",)

    def __init__(self) -> None:
        self._walked: tuple[tuple[datetime, datetime | None], ...] = ()  # replaced whole: threads may share it

    def first(self, following: Following, instant: datetime, judge: Judge, whole: Trigger) -> datetime | None:
        """The first instant after `instant` that passes, of those that `following` yields; `whole` is who searches.

        `judge` answers with the instant itself when it passes, with a later one when nothing before that passes,
        with None when nothing ever does. Raises ScheduleError when STEPS do not lead to an answer.
        """
        for walked, found in self._walked:
            if walked <= instant and (found is None or instant < found):
                return found
        at = following(instant)
        for step in range(STEPS):
            judged = None if at is None else judge(at)
            if judged is None or judged == at:
                if step >= _FAR:
                    self._walked = ((instant, judged), *self._walked)[:_KEPT]
                return judged
            at = following(judged - _TICK)
        raise ScheduleError(f"gave up: none of {STEPS} instants after {instant.isoformat()} fits", text=whole.text())


def refuse_what_never_fires(trigger: Trigger) -> None:
    """Raises ScheduleError for it, as far as can be known before it is anchored."""
    if counts_from_anchoring(trigger):
        return
    try:
        found = trigger.next_after(EPOCH - _TICK)
    except ScheduleError:
        raise ScheduleError(f"this can never fire, it seems: none of its first {STEPS} instants fits") from None
    if found is None:
        raise ScheduleError("this can never fire: no instant fits all of it")


def counts_from_anchoring(trigger: Trigger) -> bool:
    """Whether something in it counts from when it is first scheduled."""
    return trigger.anchored(EPOCH) != trigger
