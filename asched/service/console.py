"""The log as people read it on a terminal; JSON Lines are for everybody else."""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from datetime import datetime
from typing import Any, TextIO

from asched.runners.notes import printable

_COLOURS = {"debug": "\x1b[2m", "info": "", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_OFF = "\x1b[0m"


class Console:
    """12:00:10.123 run.succeeded        job=host run=3-17 took=12ms late=3ms"""

    def __init__(self, stream: TextIO) -> None:
        self._colours = stream.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, _: object, __: str, record: MutableMapping[str, Any]) -> str:
        at = datetime.fromisoformat(str(record.pop("at"))).astimezone()
        level, event = str(record.pop("level", "info")), _line(str(record.pop("event", "")))
        trace = record.pop("exception", "")
        told = {key: value for key, value in record.items() if value not in ("", None)}
        facts = " ".join(f"{_line(key)}={_shown(key, value)}" for key, value in told.items())
        line = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d} {event:<20} {facts}".rstrip()
        colour = _COLOURS.get(level, "") if self._colours else ""
        line = f"{colour}{line}{_OFF}" if colour else line
        return line + _indented(str(trace))


def _indented(traceback: str) -> str:
    """Each line behind a bar, so that none can pass for a record."""
    return "".join(f"\n    | {printable(line)}" for line in traceback.splitlines())


def _line(text: str) -> str:
    return printable(text).replace("\n", "\\n")


def _shown(key: str, value: object) -> str:
    if key.endswith("_s") and isinstance(value, int | float):
        return human_seconds(value)
    text = _line(str(value))
    return f'"{text}"' if " " in text or not text else text


def human_seconds(seconds: float) -> str:
    """12ms, 3.4s, 2m05s, 3h12m."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f}ms"
    if abs(seconds) < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"
