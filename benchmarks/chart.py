"""What came of it as a picture: each contestant's cost beside asched's, on a logarithmic axis.

SVG by hand: no library, and greys and colours that can be read on a light page and on a dark one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from statistics import median

from benchmarks.contest import Entry, Result, is_ours
from benchmarks.report import factor

WIDTH, LEFT, RIGHT, ROW, HEAD, LEGEND_ROW = 960, 300, 40, 22, 44, 20  # pixels
LEGEND_COLUMNS = 4
GREY = "#808890"
COLOURS = ("#e69f00", "#0e8fd0", "#00a878", "#d1495b", "#a06cd5", "#8a6d3b", "#d46fb0")
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Dot:
    """`ratio`: how many times asched's cost; above 1 it costs more, or does less in the same time."""

    title: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    """`remark`: what the dots do not show, and would be in asched's favour."""

    label: str
    dots: tuple[Dot, ...]
    remark: str = ""


def rows(results: Sequence[Result]) -> list[Row]:
    """One for each case in which asched and somebody else took part, and there is something to say."""
    found = (Row(f"{result.workload}: {result.case}", tuple(_dots(result)), _remark(result)) for result in results)
    return [row for row in found if row.dots or row.remark]


def _remark(result: Result) -> str:
    """A lateness is of those served only, and of none there is no ratio."""
    ours = next((entry for entry in result.entries if is_ours(entry) and entry.figures), None)
    missed = ours.found("missed_pct") if ours else []
    return f"asched missed {median(missed):.3g} %" if missed and median(missed) > 0 else ""


def _dots(result: Result) -> Iterator[Dot]:
    for entry in result.entries:
        ratio = _cost(entry, result)
        if ratio and ratio > 0 and not is_ours(entry):  # of noise around nothing there is no logarithm
            yield Dot(entry.title, ratio)


def _cost(entry: Entry, result: Result) -> float | None:
    found = factor(entry, result)
    return 1 / found if found and result.metrics[0].better == "high" else found


def chart(results: Sequence[Result], caption: str) -> str:
    """An SVG document. Without a row to draw it says so."""
    drawn = rows(results)
    named = _Legend.of(drawn)
    scale = Scale.of([dot.ratio for row in drawn for dot in row.dots])
    bottom = HEAD + ROW * len(drawn)
    height = bottom + 60 + LEGEND_ROW * math.ceil(len(named.names) / LEGEND_COLUMNS)
    said = caption if drawn else f"{caption}: nothing to compare"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(said)}">',
        _text(LEFT, 16, said, "start", bold=True),
        *_axis(scale, bottom),
        *(line for number, row in enumerate(drawn) for line in _row(row, HEAD + ROW * number, scale, named)),
        *_legend(named, bottom + 50),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Scale:
    """From one power of ten to another, both whole."""

    low: int
    high: int

    @classmethod
    def of(cls, ratios: Sequence[float]) -> Scale:
        """Wide enough for all of them, and for 1 with room on both sides."""
        logs = [math.log10(ratio) for ratio in ratios]
        return cls(min(-1, *map(math.floor, logs), 0), max(1, *map(math.ceil, logs), 0))

    def x(self, ratio: float) -> float:
        share = (math.log10(ratio) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


def _axis(scale: Scale, bottom: int) -> Iterator[str]:
    for power in range(scale.low, scale.high + 1):
        x = scale.x(10.0**power)
        yield _line(x, HEAD - 10, x, bottom, 1.0 if power == 0 else 0.35)
        yield _text(x, HEAD - 14, "asched" if power == 0 else _times(power), "middle")
    yield _text(LEFT, bottom + 20, "← costs less than asched", "start")
    yield _text(WIDTH - RIGHT, bottom + 20, "costs more than asched →", "end")


def _times(power: int) -> str:
    return f"{10**power:,} ×" if power > 0 else f"1/{10**-power:,}"


def _row(row: Row, top: int, scale: Scale, named: _Legend) -> Iterator[str]:
    middle = top + ROW / 2
    yield _text(LEFT - 12, middle + 4, row.label, "end")
    yield _line(LEFT, middle, WIDTH - RIGHT, middle, 0.2)
    if row.remark:
        yield _text(WIDTH - RIGHT, middle + 4, row.remark, "end", bold=True)
    for dot in row.dots:
        yield named.mark(scale.x(dot.ratio), middle, dot.title, f"{dot.title}: {dot.ratio:.3g} × asched")


def _legend(named: _Legend, top: int) -> Iterator[str]:
    wide = (WIDTH - 24) / LEGEND_COLUMNS
    for number, name in enumerate(named.names):
        x, y = 24 + number % LEGEND_COLUMNS * wide, top + number // LEGEND_COLUMNS * LEGEND_ROW
        yield named.mark(x, y - 4, name, name)
        yield _text(x + 12, y, name, "start")


@dataclass(frozen=True, slots=True)
class _Legend:
    """Who has which mark: a colour, and once those are used up another shape. All limits are one hollow diamond, so
    that nobody takes them for schedulers."""

    names: tuple[str, ...]

    @classmethod
    def of(cls, drawn: Sequence[Row]) -> _Legend:
        names = dict.fromkeys(_name(dot.title) for row in drawn for dot in row.dots)
        return cls((*(name for name in names if name != LIMIT), *(name for name in names if name == LIMIT)))

    def mark(self, x: float, y: float, title: str, says: str) -> str:
        told = f"<title>{escape(says)}</title>"
        if _name(title) == LIMIT:
            return f'<path d="{_diamond(x, y)}" fill="none" stroke="{GREY}" stroke-width="2">{told}</path>'
        shape, colour = divmod(self.names.index(title), len(COLOURS))
        path = (_disc, _square, _triangle)[shape % 3](x, y)
        return f'<path d="{path}" fill="{COLOURS[colour]}" fill-opacity="0.9">{told}</path>'


def _name(title: str) -> str:
    return LIMIT if title.startswith(LIMIT) else title


def _disc(x: float, y: float) -> str:
    return f"M{x - 5:.1f} {y:.1f}a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z"


def _square(x: float, y: float) -> str:
    return f"M{x - 4.5:.1f} {y - 4.5:.1f}h9v9h-9z"


def _triangle(x: float, y: float) -> str:
    return f"M{x:.1f} {y - 6:.1f}l6 11h-12z"


def _diamond(x: float, y: float) -> str:
    return f"M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z"


def _line(x: float, y: float, x2: float, y2: float, opacity: float) -> str:
    return (
        f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
        f'stroke="{GREY}" stroke-opacity="{opacity}" stroke-width="1.5"/>'
    )


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{GREY}"{weight}>{escape(text)}</text>'
