"""Calendars as values, for programs: what `calendar` and `holidays` make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path

from asched.core.localtime.calendars import Calendar
from asched.declaration.calendars.reading import (
    Dated,
    Years,
    from_dates,
    from_function,
    from_holidays,
    from_ics,
    from_weekdays,
    union,
)
from asched.engine.clock import SystemClock


def calendar(
    name: str,
    dates: Iterable[Dated] | Mapping[str, str] = (),
    *,
    weekdays: str | Iterable[str] = (),
    ics: str | Path | None = None,
    holidays: str | None = None,
    function: Callable[[int], Iterable[date] | Iterable[tuple[date, str]] | Mapping[date, str]] | None = None,
) -> Calendar:
    """The days of all that is given, under one name.

    `dates` are days, or texts: "2026-12-24", or "12-24" for every year; a mapping gives them labels. `weekdays` as in
    "weekends" or "sat,sun". `ics` is an iCalendar file. `holidays` are a country's, a part's or a market's: "DE",
    "DE-BE", "XNYS". `function(year)` answers with days, or with pairs of a day and its label. What has to be read is
    read now, from last year to ten years ahead. Raises ScheduleError.
    """
    years = _years()
    parts: list[Calendar] = [from_dates(name, dates)]
    parts += [from_weekdays(name, weekdays)] if weekdays else []
    parts += [from_ics(name, Path(ics), years)] if ics is not None else []
    parts += [from_holidays(name, holidays, years)] if holidays is not None else []
    parts += [from_function(name, function, years)] if function is not None else []
    return union(name, parts)


def holidays(place: str) -> Calendar:
    """Public holidays of a country ("DE"), a part of one ("DE-BE"), or a market ("XNYS"), from last year to ten years

    ahead. Needs the extra `holidays`. Raises ScheduleError.
    """
    return from_holidays(place, place, _years())


def _years() -> Years:
    return Years.around(SystemClock().now().year)


__all__ = ["Calendar", "calendar", "holidays"]
