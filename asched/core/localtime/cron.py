"""Cron: a cron expression in a time zone, as a set of instants (docs: the time contract, T1 to T8).

croniter is never given a zone, and never does arithmetic here: it reads each expression once, as a second
opinion on what our own reader made of it. The wall times come from `walltimes`, the zone rules are below.
"""

from __future__ import annotations

from calendar import month_name
from dataclasses import field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar, Literal, get_args

from asched.core.dataclass import dataclass
from asched.core.localtime.cronfields import Field, Fields, read_fields
from asched.core.localtime.localinstants import Dst as Dst
from asched.core.localtime.localinstants import LocalInstants
from asched.core.localtime.walltimes import DAY_SECONDS, WallTimes
from asched.core.localtime.zones import EPOCH, Offsets, offsets
from asched.errors import ScheduleError

DayRule = Literal["crontab", "and"]

_DSTS, _DAY_RULES = get_args(Dst), get_args(DayRule)


@dataclass(frozen=True, slots=True)
class Cron:
    """The instants at which clocks in `tz` show a time that `expression` names, from 1970 to 2199.

    `dst` says what becomes of wall times that an offset change skips (a gap) or repeats (a fold):

    | dst     | a time in a gap                       | a time in a fold |
    |---------|---------------------------------------|------------------|
    | `skip`  | never                                 | first pass       |
    | `first` | once, at the first instant after it   | first pass       |
    | `last`  | once, at the first instant after it   | second pass      |
    | `both`  | once, at the first instant after it   | both passes      |
    | `auto`  | interval-like: never, else as `first` | interval-like: both passes, else the first |

    However many times of one gap match, they are one fire, and one with a regular fire at that instant. A job
    is interval-like when its second (if given), minute or hour field starts with a star.

    `day_rule`: with both day fields restricted, "crontab" matches a day that fits either, "and" both.
    Raises ScheduleError for what is not understood, or can never fire.
    """

    expression: str
    tz: str = "UTC"
    dst: Dst = "auto"
    day_rule: DayRule = "crontab"
    _instants: _Instants = field(init=False, repr=False, compare=False)

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        _one_of("dst", self.dst, _DSTS)
        _one_of("day_rule", self.day_rule, _DAY_RULES)
        instants = _instants(self.expression, self.tz, self.dst, self.day_rule)
        object.__setattr__(self, "_instants", instants)
        object.__setattr__(self, "expression", instants.expression)

    @property
    def fields(self) -> Fields:
        return self._instants.fields

    @property
    def interval_like(self) -> bool:
        return _is_interval_like(self.fields)

    @property
    def passes(self) -> tuple[bool, bool]:
        """Whether it is due in the first pass of a fold, and in the second."""
        return self._instants.passes

    def next_after(self, instant: datetime) -> datetime | None:
        """The first fire strictly after `instant` (aware), in UTC; None when there is none before 2200."""
        return self._instants.next_after(instant)

    def past_units(self, at: datetime, unit: int) -> datetime:
        """From `at` past the minutes, hours or days (`unit`, in seconds) in a row of which something is named.

        `at` itself when nothing is named of its own. No further than the next offset change.
        """
        return self._instants.past_units(at, unit)

    def spec(self) -> dict[str, object]:
        return {
            "kind": "cron",
            "expression": self.expression,
            "tz": self.tz,
            "dst": self.dst,
            "day_rule": self.day_rule,
        }

    def text(self) -> str:
        """The canonical expression; it reads back to an equal trigger given the same tz, dst and day rule."""
        return self.expression

    def anchored(self, at: datetime) -> Cron:
        return self

    @property
    def startup(self) -> None:
        return None

    def __reduce__(self) -> tuple[type[Cron], tuple[str, str, Dst, DayRule]]:
        return Cron, (self.expression, self.tz, self.dst, self.day_rule)


class _Instants(LocalInstants):
    """What a Cron knows beyond its text; shared by all with the same text and options."""

    __slots__ = ("_named", "expression", "fields")

    def __init__(self, fields: Fields, walls: WallTimes, zone: Offsets, dst: Dst) -> None:
        super().__init__(walls, zone, dst, interval_like=_is_interval_like(fields))
        self.fields = fields
        self.expression = fields.expression
        self._named = walls

    def past_units(self, at: datetime, unit: int) -> datetime:
        since = at - EPOCH
        seconds = since.days * DAY_SECONDS + since.seconds
        stretch = self._offsets.stretch(seconds)
        past = self._named.past_units(seconds + stretch.offset, unit, stretch.end + stretch.offset) - stretch.offset
        return max(at, EPOCH + timedelta(seconds=min(past, stretch.end)))


@lru_cache(maxsize=8192)
def _instants(expression: str, tz: str, dst: Dst, day_rule: DayRule) -> _Instants:
    fields, walls = _walls(expression, day_rule)
    return _Instants(fields, walls, offsets(tz), dst)


@lru_cache(maxsize=8192)
def _walls(expression: str, day_rule: DayRule) -> tuple[Fields, WallTimes]:
    fields = read_fields(expression)
    _ask_croniter(fields)
    walls = WallTimes(fields, either_day=day_rule == "crontab")
    if walls.at_or_after(0) is None:
        raise _unsatisfiable(fields, expression)
    return fields, walls


def _is_interval_like(fields: Fields) -> bool:
    return any(part.starts_with_star for part in (fields.second, fields.minute, fields.hour))


def _ask_croniter(fields: Fields) -> None:
    """Refuse what croniter reads otherwise than we do.

    It is asked about explicit values only: ranges of equal ends, wrapping steps and the special days are
    known to differ (they are ours, and tested), and a difference beyond those is a defect here or there.
    """
    from croniter import CroniterError, croniter  # a tenth of what importing asched costs, for whoever has no cron job

    asked = [fields.second, fields.minute, fields.hour, fields.day, fields.month, fields.weekday]
    asked += [fields.year] if len(fields.written) == 7 else []
    try:
        answer, _ = croniter.expand(" ".join(map(_explicit, asked)), second_at_beginning=True)
    except CroniterError as error:
        raise ScheduleError(f"croniter refuses this: {error}", text=fields.expression) from error
    answer.insert(0, answer.pop(5))  # it answers with the seconds behind the weekday
    for part, values in zip(asked, answer, strict=True):
        if list(part.values or "*") != values and not (part.full and values == ["*"]):
            raise ScheduleError(f"croniter reads {values} here", text=fields.expression, span=part.span)


def _explicit(part: Field) -> str:
    return "*" if part.full or not part.values else ",".join(map(str, part.values))


def _unsatisfiable(fields: Fields, expression: str) -> ScheduleError:
    months = " or ".join(month_name[month] for month in fields.month.values)
    message = "this can never fire: no day fits all of its day, month, weekday and year fields"
    if fields.weekday.full and fields.year.full:
        message = f"this can never fire: there is no day {fields.day.text} in {months}"
    last = fields.month if fields.weekday.full else fields.weekday
    span = (fields.day.span[0], last.span[1])
    return ScheduleError(message, text=expression, span=span, help='the last day of a month is "L"')


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ScheduleError(f'{name} "{value}" is not one of {", ".join(allowed)}')
