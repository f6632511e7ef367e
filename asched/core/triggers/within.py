"""Those instants that lie in windows of local time."""

from __future__ import annotations

from dataclasses import field, replace
from datetime import datetime
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.localtime.windows import Windows
from asched.core.text.durations import format_duration
from asched.core.triggers.binding import PHRASE, WITHIN, bracketed
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import Search
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.wrapping import refuse_what_has_no_instants
from asched.errors import ScheduleError


@dataclass(frozen=True, slots=True)
class Within:
    """The instants of `trigger` that lie in `windows`; from outside it goes straight to where the next one begins.

    Windows stand on the wall, so it lives on wall time, also when what it is made of does not.
    """

    trigger: Trigger
    windows: Windows
    _search: Search = field(default_factory=Search, init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False
    startup: ClassVar[None] = None
    binding: ClassVar[int] = WITHIN

    def __post_init__(self) -> None:
        refuse_what_has_no_instants(self.trigger, "on" if self.windows.all_day else "between")
        _refuse_what_may_miss(self.trigger, self.windows)

    def next_after(self, instant: datetime) -> datetime | None:
        return self._search.first(self.trigger.next_after, instant, self.windows.at_or_after, self)

    def spec(self) -> dict[str, object]:
        return {"kind": "within", "trigger": self.trigger.spec(), "windows": self.windows.spec()}

    def text(self) -> str:
        return f"{bracketed(self.trigger, PHRASE)} {self.windows.text()}"

    def anchored(self, at: datetime) -> Within:
        return replace(self, trigger=self.trigger.anchored(at))


def _refuse_what_may_miss(trigger: Trigger, windows: Windows) -> None:
    """An interval that is longer than every window and whose phase nobody knows may never meet one."""
    match trigger:
        case Every(period, None) | VariedEvery(_, period, None) if period > windows.longest:
            written = trigger.text()
            raise ScheduleError(
                f'"{written}" may miss every window: they last {format_duration(windows.longest)} or less',
                help=f'say from where it counts, as in "{written} from 2026-01-01T00:00", or "once a day between …"',
            )
