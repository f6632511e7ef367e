"""What came of it: medians, spread and ratios, as a table for people and as values for programs."""

from __future__ import annotations

import math
import os
import platform
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from benchmarks.contest import Entry, Result, is_ours
from benchmarks.markdown import table as markdown
from benchmarks.workloads import Metric

ROUNDS_OF_NOTE = 2  # with fewer there is no spread to show
_SHOWN = (
    "asched",
    "apscheduler",
    "sqlalchemy",
    "schedule",
    "scheduler",
    "aiocron",
    "celery",
    "huey",
    "croniter",
    "cronsim",
    "crontab",
    "aiosqlite",
    "structlog",
    "anyio",
)


def machine(versions: Mapping[str, Mapping[str, str]], command: str) -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "command": command,
        "cores": os.cpu_count(),
        "load": [round(one, 2) for one in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "sqlite": sqlite3.sqlite_version,
        "versions": {
            asked: {name: version for name, version in found.items() if name in _SHOWN}
            for asked, found in versions.items()
        },
    }


def heading(about: Mapping[str, Any]) -> str:
    load = " ".join(str(one) for one in about["load"])
    lines = [f"{about['date']}: {about['command']}"]
    lines += [
        f"{about['system']}, {about['cores']} cores, load at the end {load}; Python {about['python']}, "
        f"SQLite {about['sqlite']}"
    ]
    for asked, versions in about["versions"].items():
        lines.append(f"{asked}: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())))
    return "\n".join(f"- {line}" for line in lines)


def table(result: Result) -> str:
    """Markdown. Cells are the median, with (min–max) of the rounds behind it. The ratio is to the first asched."""
    first = result.metrics[0]
    head = ["", *(metric.label for metric in result.metrics), f"{first.label}, × asched"]
    rows = [[entry.title, *_cells(entry, result.metrics), _ratio(entry, result)] for entry in result.entries]
    return f"**{result.title}; {result.case}**\n\n" + markdown([head, *rows], right=range(1, len(head)))


def notes(results: Sequence[Result]) -> str:
    """Who is absent and why; then what each contestant does, and does not, once for all workloads of which it holds."""
    missing = [(r, entry) for r in results for entry in r.entries if entry.absent]
    absent = [f"- {r.workload}, {r.case}, {entry.title}: absent: {entry.absent}" for r, entry in missing]
    said: dict[tuple[str, str], dict[str, None]] = {}
    for one in results:
        for entry in one.entries:
            if entry.note:
                said.setdefault((entry.title, entry.note), {})[one.workload] = None
    return "\n".join([*absent, *(f"- {', '.join(of)}: {title}: {note}" for (title, note), of in said.items())])


def values(results: Sequence[Result], about: Mapping[str, Any]) -> dict[str, Any]:
    return {"about": dict(about), "results": [_result_values(result) for result in results]}


def _result_values(result: Result) -> dict[str, Any]:
    return {
        "workload": result.workload,
        "case": result.case,
        "contestants": [
            {
                "name": entry.name,
                "title": entry.title,
                "note": entry.note,
                "absent": entry.absent or None,
                "figures": {metric.key: _figure_values(entry, metric) for metric in result.metrics},
                "ratio": _number(factor(entry, result)),
            }
            for entry in result.entries
        ],
    }


def _figure_values(entry: Entry, metric: Metric) -> dict[str, Any] | None:
    found = entry.found(metric.key)
    if not found:
        return None
    return {"median": _number(median(found)), "min": min(found), "max": max(found), "rounds": found}


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _cells(entry: Entry, metrics: Sequence[Metric]) -> list[str]:
    if entry.absent:
        return ["absent", *[""] * (len(metrics) - 1)]
    return [_cell(entry.found(metric.key), metric.digits, len(entry.figures)) for metric in metrics]


def _cell(found: Sequence[float], digits: int, rounds: int) -> str:
    """A figure that only some rounds gave says so: those may be the lucky ones."""
    if not found:
        return "–"
    middle = f"{median(found):,.{digits}f}"
    spread = f" ({min(found):,.{digits}f}–{max(found):,.{digits}f})"
    shown = spread if len(found) >= ROUNDS_OF_NOTE and min(found) != max(found) else ""
    return middle + shown + (f" [{len(found)} of {rounds} rounds]" if len(found) < rounds else "")


def _ratio(entry: Entry, result: Result) -> str:
    found = factor(entry, result)
    return "–" if found is None else f"{found:.2f}"


def factor(entry: Entry, result: Result) -> float | None:
    """Of the first metric, to the first asched that has it in the same case."""
    key = result.metrics[0].key
    ours = next((found for one in result.entries if is_ours(one) and (found := one.found(key))), [])
    theirs = entry.found(key)
    return median(theirs) / median(ours) if theirs and ours and median(ours) else None
