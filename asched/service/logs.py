"""Logs: structlog, set up by who serves. Console on a terminal, JSON Lines elsewhere; one line in, one record out."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

from asched.runners.notes import printable

if TYPE_CHECKING:
    import structlog

Mask = Callable[[str], str]
Record = MutableMapping[str, Any]

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_COLOURS = {"debug": "\x1b[2m", "info": "", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31;1m"}
_OFF = "\x1b[0m"
_LONGEST = 4000  # characters of one value
_CHATTY = ("httpx", "httpcore", "asyncio")  # httpx logs whole URLs, which may hold keys


def set_up(format: str = "auto", level: str = "info", mask: Mask = str, stream: TextIO | None = None) -> None:
    """Configure structlog for this process. `mask` is applied to every text that leaves."""
    import structlog

    stream = stream or sys.stderr
    console = format == "console" or (format == "auto" and stream.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _stamped,
            lambda _, __, record: _masked(record, mask),
            _Console(stream) if console else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    import structlog

    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger("asched")
    return logger


def _stamped(_: object, __: str, record: Record) -> Record:
    from asched.engine.clock import SystemClock

    return {"at": SystemClock().now(), **record}


def _masked(record: Record, mask: Mask) -> Record:
    return {key: _plain(value, mask) for key, value in record.items()}


def _plain(value: object, mask: Mask) -> object:
    """As it may stand in a record: times with an offset, durations in seconds, texts masked and in bounds."""
    match value:
        case bool() | int() | float() | None:
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case dict():
            return {str(key): _plain(item, mask) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item, mask) for item in value]
        case _:
            text = mask(str(value))
            return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


class _Console:
    """12:00:10.123 run.succeeded        job=host run=3-17 took=12ms late=3ms"""

    def __init__(self, stream: TextIO) -> None:
        self._colours = stream.isatty() and not os.environ.get("NO_COLOR")

    def __call__(self, _: object, __: str, record: Record) -> str:
        at = datetime.fromisoformat(str(record.pop("at"))).astimezone()
        level, event = str(record.pop("level", "info")), printable(str(record.pop("event", ""))).replace("\n", "\\n")
        trace = record.pop("exception", "")
        facts = " ".join(f"{key}={_shown(key, value)}" for key, value in record.items() if value not in ("", None))
        line = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d} {event:<20} {facts}".rstrip()
        colour = _COLOURS.get(level, "") if self._colours else ""
        line = f"{colour}{line}{_OFF}" if colour else line
        return line + _indented(str(trace))


def _indented(traceback: str) -> str:
    """Each line behind a bar, so that none can pass for a record."""
    return "".join(f"\n    | {printable(line)}" for line in traceback.splitlines())


def _shown(key: str, value: object) -> str:
    if key.endswith("_s") and isinstance(value, int | float):
        return human_seconds(value)
    text = printable(str(value)).replace("\n", "\\n")
    return f'"{text}"' if " " in text or not text else text


def human_seconds(seconds: float) -> str:
    """12ms, 3.4s, 2m05s, 3h12m."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f}ms"
    if abs(seconds) < 60:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest:02d}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02d}m"
