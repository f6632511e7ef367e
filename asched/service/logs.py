"""Logs: structlog, set up by who serves. Console on a terminal, JSON Lines elsewhere; one line in, one record out."""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import sys
from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TextIO

from asched.runners.joblog import JOBS_LOGGER
from asched.service.console import Console
from asched.service.livelog import LiveLog
from asched.service.logwriter import LogWriter

if TYPE_CHECKING:
    import structlog

Mask = Callable[[str], str]
Record = MutableMapping[str, Any]
Processor = Callable[[Any, str, Record], Record]

FLUSHED_WITHIN = 1.0  # seconds at the end for a log that nobody may be reading
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_LONGEST = 4000  # characters of one value
_DEEPEST = 6  # levels of a value
_encode = json.JSONEncoder(ensure_ascii=False).encode
_writer: LogWriter | None = None  # of this process: it has one log
_CHATTY = ("httpx", "httpcore", "asyncio", "aiosqlite")  # httpx logs whole URLs, which may hold keys


def set_up(
    format: str = "auto",
    level: str = "info",
    mask: Mask = str,
    stream: TextIO | None = None,
    *,
    live: LiveLog | None = None,
    in_background: bool = False,
) -> None:
    """Configure structlog for this process. `mask` is applied to every text that leaves; of the lines of jobs only
    those are logged that `live` admits. `in_background`: whoever logs does not wait for whoever reads."""
    import structlog

    stream = stream or sys.stderr
    console = format == "console" or (format == "auto" and stream.isatty())
    out = (_background(stream) if in_background else None) or _Stream(stream)
    of_jobs = [] if live is None else [_admitting(live)]
    structlog.configure(
        processors=[
            *of_jobs,
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,
            _stamping(),
            _masking(mask),
            Console(stream) if console else _json,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *names: _Lines(out, *names),
        cache_logger_on_first_use=False,
    )
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def flush(within: float = FLUSHED_WITHIN) -> None:
    """Wait until what was logged is written, that many seconds at most."""
    if _writer is not None:
        _writer.flush(within)


def _background(stream: TextIO) -> LogWriter | None:
    """None for a stream that is no file of the system's, such as a notebook's: nothing there can stall."""
    global _writer
    try:
        stream.flush()
        _writer = LogWriter(stream.fileno(), stream.encoding, _say_lost)
    except (OSError, ValueError):
        return None
    atexit.register(flush)
    return _writer


def _say_lost(lines: int) -> None:
    get_logger().warning("log.dropped", lines=lines, why="nobody read them in time")


def _admitting(live: LiveLog) -> Processor:
    """What a job says with run.log is counted; what is said of jobs is not."""
    from structlog import DropEvent

    def admitted(logger: object, _: str, record: Record) -> Record:
        if getattr(logger, "name", "") != JOBS_LOGGER or live.admit(str(record.get("run")), record):
            return record
        raise DropEvent

    return admitted


def get_logger() -> structlog.typing.FilteringBoundLogger:
    import structlog

    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger("asched")
    return logger


def _stamping() -> Processor:
    from asched.engine.clock import SystemClock

    now = SystemClock().now

    def stamped(_: object, __: str, record: Record) -> Record:
        if "at" in record:  # a job's own word
            record = {"at_" if key == "at" else key: value for key, value in record.items()}
        return {"at": now(), **record}

    return stamped


def _masking(mask: Mask) -> Processor:
    def masked(_: object, __: str, record: Record) -> Record:
        return {mask(key): _plain(value, mask) for key, value in record.items()}

    return masked


def _plain(value: object, mask: Mask, depth: int = 0) -> object:
    """As it may stand in a record: times with an offset, durations in seconds, texts masked and in bounds."""
    if type(value) is str:  # as most are
        text = mask(value)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    match value:
        case bool() | int() | float() | None:
            return value
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case dict() if depth < _DEEPEST:
            return {mask(_text(key)): _plain(item, mask, depth + 1) for key, item in value.items()}
        case list() | tuple() if depth < _DEEPEST:
            return [_plain(item, mask, depth + 1) for item in value]
        case _:
            text = mask(_text(value))
            return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def _text(value: object) -> str:
    try:
        return str(value)
    except BaseException as error:  # a job's own __str__
        return f"<{type(value).__name__}: its __str__ raised {type(error).__name__}>"


def _json(_: object, __: str, record: Record) -> str:
    """One line, with what could move a terminal or end the line (ESC, C1, U+2028) written as JSON escapes."""
    text = _encode(record)
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


class _Lines:
    """Where structlog's records end, as lines. `name` is what the logger was asked for by."""

    def __init__(self, out: _Stream | LogWriter, name: str = "") -> None:
        self.name = name
        self._out = out

    def msg(self, message: str) -> None:
        self._out.write(message + "\n")

    debug = info = warning = error = critical = msg


class _Stream:
    """A log that nobody reads any more, or a full disk, harms nobody."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line)
            self._stream.flush()
