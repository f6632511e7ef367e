"""Whether a run that went well printed what its job expects."""

from __future__ import annotations

from asched.core.expectation import Expectation
from asched.core.masking import Mask, mask_for
from asched.core.model import Attempt
from asched.core.outcome import ErrorNote, Failed, Outcome, Succeeded
from asched.engine.capture import Capture
from asched.engine.ports import OutputSink, Runner
from asched.runners.notes import bounded, failure, printable
from asched.runners.searching import search

_SHOWN = 100  # characters of a pattern, and of what came instead


class Heard:
    """A sink that hands everything on, and keeps as much of it as the ledger does: head and tail, masked."""

    def __init__(self, output: OutputSink, mask: Mask) -> None:
        self._output = output
        self._kept = Capture(lambda _: None, lambda _, pid, started: output.child(pid, started), mask)

    def write(self, stream: str, data: bytes | str) -> None:
        self._kept.write(stream, data)
        self._output.write(stream, data)

    def child(self, pid: int, started: int) -> None:
        self._output.child(pid, started)

    def text(self) -> str:
        """What the job said, our own notes left out. Nothing is kept from here on."""
        return "".join("\n" if piece.stream == "note" else piece.text for piece in self._kept.close())


async def run_and_listen(runner: Runner, attempt: Attempt, output: OutputSink, mask: Mask) -> Outcome:
    """As `runner` runs it, and failed where it went well and its output is not as expected."""
    heard = Heard(output, mask_for(attempt.job, mask))
    outcome = await runner.run(attempt, heard)
    if not isinstance(outcome, Succeeded):
        return outcome
    message = await _unexpected(attempt.job.expect, heard.text())
    return outcome if message is None else Failed(_note(message))


async def _unexpected(expect: Expectation, text: str) -> str | None:
    """What was expected, and what came, or None when it is as expected."""
    if expect.some_output and not text.strip():
        return "expected some output, got none"
    for pattern, wanted in ((expect.output, True), (expect.not_output, False)):
        try:
            found = await search(pattern, text) if pattern else None
        except (TimeoutError, OSError, RuntimeError) as error:
            return f"its output could not be searched for {_quoted(pattern)}: {error}"
        if pattern and wanted and found is None:
            return f"expected output that matches {_quoted(pattern)}, got {_last(text)}"
        if not wanted and found is not None:
            return f"expected no output that matches {_quoted(pattern)}, got {_quoted(found)}"
    return None


def _note(message: str) -> ErrorNote:
    return failure("UnexpectedOutput", message)  # masked already


def _quoted(text: str) -> str:
    return f'"{bounded(printable(text), _SHOWN)}"'


def _last(text: str) -> str:
    """Where it ended: there the sign was probably to be."""
    lines = text.strip().splitlines()
    return f'"{bounded(printable(lines[-1]), _SHOWN)}" as its last line' if lines else "none"
