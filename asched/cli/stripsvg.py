"""The same picture as SVG: self-contained, every job, readable on dark and on light."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

from asched.cli.disturbing import Planned, said
from asched.cli.strips import axis
from asched.core.foresight.forecast import CELLS, Course, Forecast, Mark

_ROW, _BAR, _LABEL, _EDGE, _LOAD = 20, 14, 200, 16, 80  # pixels
_NAMES = {
    Mark.RUNNING: "runs",
    Mark.WAITING: "waits for a slot",
    Mark.CROWDED: "skipped, at its limit",
    Mark.COALESCED: "coalesced",
    Mark.MISSED: "missed, or lost",
    Mark.SKIPPED: "skipped otherwise",
}
_STYLE = """
svg { background: #ffffff; font: 12px system-ui, sans-serif }
text { fill: #1f2328 } .quiet { fill: #57606a } .line { stroke: #d0d7de } .disturbed { fill: #d0d7de }
.running { fill: #1a7f37 } .waiting { fill: #bf8700 } .crowded { fill: #bc4c00 } .coalesced { fill: #8250df }
.missed { fill: #cf222e } .skipped { fill: #6e7781 } .load { fill: #0969da }
@media (prefers-color-scheme: dark) {
svg { background: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 } .line { stroke: #30363d }
.disturbed { fill: #30363d } .running { fill: #3fb950 } .waiting { fill: #d29922 } .crowded { fill: #f0883e }
.coalesced { fill: #a371f7 } .missed { fill: #f85149 } .skipped { fill: #8b949e } .load { fill: #4493f8 }
}
"""


def svg(forecast: Forecast, disturbances: Sequence[Planned], title: str, home: ZoneInfo) -> str:
    """The whole file, as text."""
    courses = [course for course in forecast.courses.values() if course.fires or course.uncounted]
    width = _LABEL + CELLS + 2 * _EDGE
    top = 64
    load = top + _ROW * len(courses) + 8
    height = load + _LOAD + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="title">',
        f'<title id="title">{_text(title)}</title>',
        f"<style>{_STYLE}</style>",
        f'<text x="{_EDGE}" y="24">{_text(title)}</text>',
        *_legend(),
        *_disturbed(forecast, disturbances, home, top, load + _LOAD),
        *_axis(forecast, home, top, load + _LOAD),
    ]
    for place, course in enumerate(courses):
        parts += _row(course, top + _ROW * place)
    parts += _load(forecast, load)
    return "\n".join([*parts, "</svg>", ""])


def _text(text: str) -> str:
    """Escaped, and without what XML cannot hold."""
    return escape("".join(letter for letter in text if letter >= " " or letter in "\t\n"), {'"': "&quot;"})


def _x(cell: float) -> float:
    return _EDGE + _LABEL + cell


def _legend() -> Iterator[str]:
    x = _EDGE
    for mark, name in _NAMES.items():
        yield f'<rect class="{mark.name.lower()}" x="{x}" y="36" width="10" height="10"/>'
        yield f'<text class="quiet" x="{x + 14}" y="45">{name}</text>'
        x += 34 + 7 * len(name)


def _disturbed(
    forecast: Forecast, disturbances: Sequence[Planned], home: ZoneInfo, top: int, bottom: int
) -> Iterator[str]:
    length = forecast.until - forecast.since
    for one in disturbances:
        first = max(0.0, (one.since - forecast.since) / length) * CELLS
        last = min(1.0, (one.until - forecast.since) / length) * CELLS
        yield (
            f'<rect class="disturbed" x="{_x(first):.1f}" y="{top}" width="{max(1.0, last - first):.1f}" '
            f'height="{bottom - top}"><title>{_text(said(one, home))}</title></rect>'
        )


def _axis(forecast: Forecast, home: ZoneInfo, top: int, bottom: int) -> Iterator[str]:
    for cell, name in axis(forecast, CELLS, home, 120):
        yield f'<path class="line" d="M{_x(cell):g} {top}V{bottom}"/>'
        yield f'<text class="quiet" x="{_x(cell):g}" y="{bottom + 16}">{_text(name)}</text>'


def _row(course: Course, top: int) -> Iterator[str]:
    told = f"{course.job}: {course.fires} fires, {course.started} started"
    shown = course.job if len(course.job) <= 28 else course.job[:27] + "…"
    yield f'<g><title>{_text(told)}</title><text x="{_EDGE}" y="{top + _BAR}">{_text(shown)}</text>'
    pieces: dict[Mark, list[str]] = {}
    for start, end, mark in _stretches(course.strip):
        pieces.setdefault(mark, []).append(f"M{_x(start):g} {top + 2}h{end - start}v{_BAR}h-{end - start}z")
    for mark, path in pieces.items():
        yield f'<path class="{mark.name.lower()}" d="{"".join(path)}"/>'
    yield "</g>"


def _stretches(strip: Sequence[int]) -> Iterator[tuple[int, int, Mark]]:
    """Neighbouring cells with the same mark, as one; without those with none."""
    start = 0
    for cell in range(1, len(strip) + 1):
        if cell == len(strip) or strip[cell] != strip[start]:
            if strip[start]:
                yield start, cell, Mark(strip[start])
            start = cell


def _load(forecast: Forecast, top: int) -> Iterator[str]:
    """How many runs go on at once."""
    profile = forecast.profile()
    most, bottom = max(profile), top + _LOAD
    yield f'<text x="{_EDGE}" y="{top + 14}">runs at once, up to {most}</text>'
    if not most:
        return
    points = [f"M{_x(0):g} {bottom}"]
    before = 0
    for cell, count in enumerate([*profile, 0]):
        if count != before:
            points.append(f"H{_x(cell):g}V{bottom - _LOAD * count / most:.1f}")
            before = count
    yield f'<path class="load" d="{"".join(points)}z"/>'
