"""The event log: what happens, as log lines. One line a finished run at INFO; its start at DEBUG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asched.core.outcome import Skip, SkipReason
from asched.core.reasons import explain_skip
from asched.engine.bus import Event

if TYPE_CHECKING:
    import structlog

LINES_PER_RUN = 200  # of output that are logged; the ledger keeps head and tail of all

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
    "job.activated": "debug",
    "absence.recorded": "warning",
    "clock.stepped": "warning",
    "ledger.unavailable": "error",
    "change.rejected": "warning",
    "engine.cancelled": "warning",
    "loop.blocked": "error",
}
_UNSAID = {"type", "at", "facts"}
_NOT_LATE = 1.0  # seconds: less is not worth a word


class EventLog:
    """A listener for the bus. `output`: also log what jobs print."""

    def __init__(self, logger: structlog.typing.FilteringBoundLogger, *, output: bool = True) -> None:
        self._logger = logger
        self._output = output
        self._printed: dict[object, int] = {}

    def __call__(self, event: Event) -> None:
        kind = str(event["type"])
        if kind == "run.printed":
            if self._output:
                self._print(event)
            return
        if kind.startswith("run."):
            self._printed.pop(event.get("run"), None)
        getattr(self._logger, _LEVELS.get(kind, "info"))(kind, **_facts(event))

    def _print(self, event: Event) -> None:
        if event["stream"] == "log":
            return  # run.log has logged it already
        run = event.get("run")
        for line in str(event["text"]).splitlines():
            count = self._printed[run] = self._printed.get(run, 0) + 1
            if count > LINES_PER_RUN:
                return
            more = "" if count < LINES_PER_RUN else f"… more is in `asched logs {run}`"
            self._logger.info("output", job=event["job"], run=run, stream=event["stream"], line=line, more=more)


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
