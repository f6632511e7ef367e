"""The event log: what happens, as log lines. One line a finished run at INFO; its start at DEBUG."""

from __future__ import annotations

import logging
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from asched.core.english.reasons import explain_skip
from asched.core.outcome import Skip, SkipReason
from asched.engine.bus import Event
from asched.service.livelog import LiveLog

if TYPE_CHECKING:
    import structlog

_LEVELS = {
    "run.started": "debug",
    "run.succeeded": "info",
    "run.failed": "error",
    "run.timed_out": "error",
    "run.abandoned": "error",
    "run.cancelled": "warning",
    "run.interrupted": "warning",
    "run.retrying": "warning",
    "fire.queued": "debug",
    "fire.skipped": "info",
    "fires.skipped": "info",
    "job.broken": "error",
    "job.paused": "warning",
    "job.activated": "debug",
    "absence.recorded": "warning",
    "clock.stepped": "warning",
    "clock.resumed": "warning",
    "job.corrected": "warning",
    "ledger.unavailable": "error",
    "change.rejected": "warning",
    "engine.cancelled": "warning",
    "loop.blocked": "error",
}
_UNSAID = {"type", "at", "facts"}
_NOT_LATE = 1.0  # seconds: less is not worth a word
_USUAL: dict[str, Callable[[Any], bool]] = {
    "type": lambda _: True,
    "at": lambda _: True,
    "attempt": lambda number: number == 1,
    "caught_up": operator.not_,
    "left_running": operator.not_,
    "lateness_s": lambda seconds: seconds < _NOT_LATE,
}


class EventLog:
    """A listener for the bus. `output`: also log what jobs print, as far as `live` admits it."""

    def __init__(
        self, logger: structlog.typing.FilteringBoundLogger, live: LiveLog | None = None, *, output: bool = True
    ) -> None:
        self._logger = logger.bind()
        self._live = live or LiveLog()
        self._output = output

    @property
    def unsaid(self) -> frozenset[str]:
        """Types of events that say nothing at the logger's level: they need not be heard. (All ends are: the live log
        has counted the lines.)"""
        enabled = getattr(self._logger, "is_enabled_for", lambda _: True)  # before structlog 25.1 there is none to ask
        said = {kind for kind, level in _LEVELS.items() if _is_end(kind) or enabled(getattr(logging, level.upper()))}
        return frozenset(_LEVELS.keys() - said) | (frozenset() if self._output else {"run.printed"})

    def __call__(self, event: Event) -> None:
        kind = str(event["type"])
        if kind == "run.printed":
            if self._output:
                self._print(event)
            return
        facts = _of_run(event) if kind.startswith("run.") else _facts(event)
        if _is_end(kind) and (unlogged := self._live.end(str(event.get("run")))):
            facts["unlogged_lines"] = unlogged
        getattr(self._logger, _LEVELS.get(kind, "info"))(kind, **facts)

    def _print(self, event: Event) -> None:
        if event["stream"] == "log":
            return  # run.log has logged it already
        for line in str(event["text"]).splitlines():
            facts = {"job": event["job"], "run": event.get("run"), "stream": event["stream"], "line": line}
            if self._live.admit(str(facts["run"]), facts):
                self._logger.info("output", **facts)


def _facts(event: Event) -> dict[str, Any]:
    """What is worth saying of an event."""
    facts = {key: value for key, value in event.items() if key not in _UNSAID}
    if isinstance(event.get("facts"), dict) and event.get("reason"):
        facts["why"] = explain_skip(Skip(SkipReason(str(event["reason"])), event["facts"]))  # type: ignore[arg-type]
        del facts["reason"]
    return facts


def _of_run(event: Event) -> dict[str, Any]:
    """Without what is as it always is: there is a line of each run."""
    return {key: value for key, value in event.items() if not ((usual := _USUAL.get(key)) and usual(value))}


def _is_end(kind: str) -> bool:
    """Of an attempt."""
    return kind.startswith("run.") and kind not in ("run.started", "run.printed")
