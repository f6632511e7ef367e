"""A simulation as a picture of plain characters: a strip for each job, as wide as the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from asched.cli.disturbing import Planned
from asched.core.foresight.forecast import CELLS, Forecast, Mark

LETTERS = {
    Mark.NOTHING: ".",
    Mark.RUNNING: "=",
    Mark.COALESCED: "~",
    Mark.WAITING: "w",
    Mark.SKIPPED: "-",
    Mark.CROWDED: "x",
    Mark.MISSED: "!",
}
LEGEND = "= runs  w waits for a slot  x skipped, at its limit  ~ coalesced  ! missed, or lost  - skipped otherwise"

_LABEL = 24  # longer names are cut
_NARROWEST = 20
_APART = 14  # columns between two times on the axis
_SHADES = " .:-=+*#%@"
_FORMS = (
    (timedelta(days=2), "%H:%M"),
    (timedelta(days=14), "%b %d %Hh"),
    (timedelta(days=300), "%b %d"),
    (timedelta.max, "%Y-%m-%d"),
)


def picture(forecast: Forecast, disturbances: Sequence[Planned], width: int, home: ZoneInfo, most: int) -> list[str]:
    """The lines. Jobs without a fire are left out, and so are those beyond the first `most`."""
    shown = [course for course in forecast.courses.values() if course.fires or course.uncounted]
    own = "disturbed" if disturbances else "at once"
    label = min(max(len(name) for name in [own, *(course.job for course in shown[:most])]), _LABEL)
    columns = max(_NARROWEST, min(width - label - 2, CELLS))
    lines = [f"{_cut(course.job, label):<{label}}  {_strip(course.strip, columns)}" for course in shown[:most]]
    lines += [f"{'at once':<{label}}  {_counts(forecast.profile(), columns)}"]
    if disturbances:
        lines += [f"{'disturbed':<{label}}  {_disturbed(forecast, disturbances, columns)}"]
    lines += [f"{'':<{label}}  {_axis(forecast, columns, home)}"]
    if len(shown) > most:
        lines.append(f"and {len(shown) - most} more: --svg shows all of them")
    return [line.rstrip() for line in lines]


def shades(counts: Sequence[int]) -> str:
    """One character for each, the darker the more; only nothing is blank."""
    most = max(counts, default=0) or 1
    return "".join(_SHADES[-(-count * (len(_SHADES) - 1) // most)] for count in counts)


def _cut(name: str, width: int) -> str:
    return name if len(name) <= width else name[: width - 1] + "~"


def _cells(cells: Sequence[int], columns: int) -> list[int]:
    """The greatest of the cells that a column stands for."""
    edges = [column * CELLS // columns for column in range(columns + 1)]
    return [max(cells[start:end]) for start, end in pairwise(edges)]


def _strip(strip: Sequence[int], columns: int) -> str:
    return "".join(LETTERS[Mark(mark)] for mark in _cells(strip, columns))


def _counts(profile: Sequence[int], columns: int) -> str:
    return "".join("." if not most else str(most) if most < 10 else "+" for most in _cells(profile, columns))


def _disturbed(forecast: Forecast, disturbances: Sequence[Planned], columns: int) -> str:
    """# where something was away, ^ where the clock was set."""
    letters = ["."] * columns
    length = (forecast.until - forecast.since) / columns
    for one in disturbances:
        first, last = ((at - forecast.since) // length for at in (one.since, one.until))
        for column in range(max(0, first), min(last + 1, columns)):
            letters[column] = "^" if one.by else "#"
    return "".join(letters)


def axis(forecast: Forecast, columns: int, home: ZoneInfo, apart: int) -> list[tuple[int, str]]:
    """Where a column's beginning is named, and how: the longer the time, the coarser."""
    length = forecast.until - forecast.since
    form = next(form for longest, form in _FORMS if length <= longest)
    marks = []
    for column in range(0, max(1, columns - apart // 2), apart):
        at = forecast.since + length * (column / columns)
        marks.append((column, at.astimezone(home).strftime(form)))
    return marks


def _axis(forecast: Forecast, columns: int, home: ZoneInfo) -> str:
    line = ""
    for column, name in axis(forecast, columns, home, _APART):
        line = f"{line:<{column}}|{name}"
    return line
