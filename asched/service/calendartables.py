"""[calendars.NAME]: from tables to calendars, with everything in them read."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from asched.core.localtime.calendars import Calendar
from asched.core.text.pattern import pattern
from asched.declaration.calendars.reading import (
    Years,
    from_dates,
    from_function,
    from_holidays,
    from_ics,
    from_weekdays,
    union,
)
from asched.declaration.faults import Fault, did_you_mean, shown
from asched.engine.clock import SystemClock
from asched.errors import ScheduleError
from asched.service.schema import CalendarTable, as_table, read_table

_TARGET = pattern(r"(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)")


def read_calendars(tables: Mapping[str, Any], folder: Path, faults: list[Fault]) -> dict[str, Calendar]:
    """Every calendar by its name. One that something is wrong with is empty; what is wrong goes to `faults`."""
    return _Reader(tables, folder, faults).read()


class _Reader:
    def __init__(self, tables: Mapping[str, Any], folder: Path, faults: list[Fault]) -> None:
        self._tables = tables
        self._folder = folder
        self._faults = faults
        self._years = Years.around(SystemClock().now().year)
        self._read: dict[str, Calendar] = {}
        self._open: list[str] = []  # those that are being read: a calendar may hold others

    def read(self) -> dict[str, Calendar]:
        for name in self._tables:
            self._calendar(name)
        return self._read

    def _calendar(self, name: str) -> Calendar:
        if name not in self._read:
            self._open.append(name)
            self._read[name] = self._made(name)
            self._open.pop()
        return self._read[name]

    def _made(self, name: str) -> Calendar:
        before, path = len(self._faults), ("calendars", name)
        table = as_table(self._tables[name], path, self._faults)
        checked = read_table(CalendarTable, table, path, self._faults) if len(self._faults) == before else None
        parts = [] if checked is None else self._parts(name, checked)
        if len(self._faults) > before:
            return Calendar(name)
        try:
            return union(name, parts)
        except ScheduleError as error:
            help = 'as in holidays = "DE-BE" or dates = ["2026-12-24"]'
            self._faults.append(Fault(path, error.message, error.help or help))
            return Calendar(name)

    def _parts(self, name: str, table: CalendarTable) -> list[Calendar]:
        years = self._years
        read: list[tuple[str, Callable[[], Calendar]]] = []
        if table.dates:
            read.append(("dates", partial(from_dates, name, table.dates)))
        if table.weekdays:
            read.append(("weekdays", partial(from_weekdays, name, table.weekdays)))
        read += [("ics", partial(from_ics, name, self._file(file), years)) for file in table.ics]
        read += [("holidays", partial(from_holidays, name, place, years)) for place in table.holidays]
        if table.python is not None:
            read.append(("python", partial(_from_python, name, table.python, years)))
        read += [("calendars", partial(self._other, other)) for other in table.calendars]
        found = []
        for key, make in read:
            try:
                found.append(make())
            except ScheduleError as error:
                self._faults.append(Fault(("calendars", name, key), error.message, error.help))
        return found

    def _file(self, written: str) -> Path:
        return self._folder / Path(written).expanduser()

    def _other(self, name: str) -> Calendar:
        if name not in self._tables:
            raise ScheduleError(f'unknown calendar "{name}"', help=did_you_mean(name, self._tables))
        if name in self._open:
            circle = " -> ".join([*self._open[self._open.index(name) :], name])
            raise ScheduleError(f"calendars go in a circle: {circle}")
        return self._calendar(name)


def _from_python(name: str, target: str, years: Years) -> Calendar:
    return from_function(name, _function(target), years)


def _function(target: str) -> Callable[[int], Any]:
    parts = _TARGET.fullmatch(target)
    if parts is None:
        raise ScheduleError(f"{shown(target)} names no function", help='write "module:function"')
    try:
        module = importlib.import_module(parts["module"])
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too
        raise ScheduleError(f'cannot import "{parts["module"]}" ({type(error).__name__}: {error})'[:500]) from None
    found = getattr(module, parts["name"], None)
    if not callable(found):
        known = [name for name in vars(module) if not name.startswith("_")]
        help = did_you_mean(parts["name"], known)
        message = f'"{parts["module"]}" has no function "{parts["name"]}"'
        raise ScheduleError(message, help=help if help.startswith("did you mean") else "")
    return found  # type: ignore[no-any-return]
