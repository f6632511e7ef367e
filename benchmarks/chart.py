"""What came of it as a picture: each contestant's cost beside asched's, on a logarithmic axis.

SVG by hand: no library, and greys and colours that can be read on a light page and on a dark one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from benchmarks.contest import Entry, Result, is_ours
from benchmarks.report import factor

WIDTH, LEFT, RIGHT, ROW, HEAD, LEGEND_ROW = 960, 300, 24, 22, 44, 20  # pixels
LEGEND_COLUMNS = 4
GREY, FAINT = "#808890", "#80889055"
COLOURS = ("#e69f00", "#0e8fd0", "#00a878", "#d1495b", "#a06cd5", "#8a6d3b", "#cc79a7", "#4c9f38", "#5b7db1", "#b8860b")
LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Dot:
    """`ratio`: how many times asched's cost; above 1 it costs more, or does less in the same time."""

    title: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    dots: tuple[Dot, ...]


def rows(results: Sequence[Result]) -> list[Row]:
    """One for each case in which asched and somebody else have a figure."""
    found = (Row(f"{result.workload}: {result.case}", tuple(_dots(result))) for result in results)
    return [row for row in found if row.dots]


def _dots(result: Result) -> Iterator[Dot]:
    for entry in result.entries:
        ratio = _cost(entry, result)
        if ratio and not is_ours(entry):
            yield Dot(entry.title, ratio)


def _cost(entry: Entry, result: Result) -> float | None:
    found = factor(entry, result)
    return found if not found or result.metrics[0].better == "low" else 1 / found


def chart(results: Sequence[Result], caption: str) -> str:
    """An SVG document. Without a row to draw it says so."""
    drawn = rows(results)
    titles = list(dict.fromkeys(dot.title for row in drawn for dot in row.dots))
    scale = Scale.of([dot.ratio for row in drawn for dot in row.dots])
    bottom = HEAD + ROW * len(drawn)
    legend_rows = math.ceil(len(titles) / LEGEND_COLUMNS)
    height = bottom + 60 + LEGEND_ROW * legend_rows
    said = caption if drawn else f"{caption}: nothing to compare"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="12" role="img" aria-label="{escape(said)}">',
        _text(LEFT, 16, said, "start", bold=True),
        *_axis(scale, bottom),
        *(line for number, row in enumerate(drawn) for line in _row(row, HEAD + ROW * number, scale, titles)),
        *_legend(titles, bottom + 50),
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
        yield _line(x, HEAD - 10, x, bottom, GREY if power == 0 else FAINT, 2 if power == 0 else 1)
        yield _text(x, HEAD - 14, "asched" if power == 0 else _times(power), "middle")
    yield _text(LEFT, bottom + 20, "← costs less than asched", "start")
    yield _text(WIDTH - RIGHT, bottom + 20, "costs more than asched →", "end")


def _times(power: int) -> str:
    return f"{10**power:,} ×" if power > 0 else f"1/{10**-power:,}"


def _row(row: Row, top: int, scale: Scale, titles: Sequence[str]) -> Iterator[str]:
    middle = top + ROW / 2
    yield _text(LEFT - 12, middle + 4, row.label, "end")
    yield _line(LEFT, middle, WIDTH - RIGHT, middle, FAINT, 0.5)
    for dot in row.dots:
        yield _mark(scale.x(dot.ratio), middle, dot.title, titles, f"{dot.title}: {dot.ratio:.3g} × asched")


def _legend(titles: Sequence[str], top: int) -> Iterator[str]:
    wide = (WIDTH - 24) / LEGEND_COLUMNS
    for number, title in enumerate(titles):
        x, y = 24 + number % LEGEND_COLUMNS * wide, top + number // LEGEND_COLUMNS * LEGEND_ROW
        yield _mark(x, y - 4, title, titles, title)
        yield _text(x + 12, y, title, "start")


def _mark(x: float, y: float, title: str, titles: Sequence[str], says: str) -> str:
    """A limit is a hollow diamond, so that nobody takes it for a scheduler; the others are discs in colours."""
    told = f"<title>{escape(says)}</title>"
    if title.startswith(LIMIT):
        points = f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}"
        return f'<polygon points="{points}" fill="none" stroke="{GREY}" stroke-width="2">{told}</polygon>'
    named = [one for one in titles if not one.startswith(LIMIT)]
    colour = COLOURS[named.index(title) % len(COLOURS)]
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}" fill-opacity="0.85">{told}</circle>'


def _line(x: float, y: float, x2: float, y2: float, colour: str, width: float) -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>'


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{GREY}"{weight}>{escape(text)}</text>'
