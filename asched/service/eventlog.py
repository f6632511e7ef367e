"""The event log: what happens, as log lines. One line a finished run at INFO; its start at DEBUG."""

from __future__ import annotations

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


class EventLog:
    """A listener for the bus. `output`: also log what jobs print, as far as `live` admits it."""

    def __init__(
        self, logger: structlog.typing.FilteringBoundLogger, live: LiveLog | None = None, *, output: bool = True
    ) -> None:
        self._logger = logger
        self._live = live or LiveLog()
        self._output = output

    def __call__(self, event: Event) -> None:
        kind = str(event["type"])
        if kind == "run.printed":
            if self._output:
                self._print(event)
            return
        facts = _facts(event)
        if kind.startswith("run.") and kind != "run.started" and (unlogged := self._live.end(str(event.get("run")))):
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
    if str(event["type"]).startswith("run."):
        facts = {key: value for key, value in facts.items() if _tells(key, value)}
    return facts


def _tells(key: str, value: object) -> bool:
    """Leave out what is as it always is."""
    match key:
        case "attempt":
            return value != 1
        case "caught_up" | "left_running":
            return bool(value)
        case "lateness_s":
            return isinstance(value, float) and value >= _NOT_LATE
        case _:
            return True
