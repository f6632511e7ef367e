"""Every exception that asched raises.

    AschedError
    ├── ScheduleError (ValueError)     a schedule that is not understood, or can never fire
    ├── ConfigurationError             what was asked for cannot be loaded; carries every problem found
    ├── UnknownJob (LookupError)       no job of that name
    ├── UnknownRun (LookupError)       no run of that id
    ├── Refused                        understood, and not done: the reason says why
    │   └── AlreadyServed              another live asched owns this ledger
    ├── NotRunning                     the scheduler was used before it started, or after it stopped
    ├── ServiceUnreachable             no service answers on the socket
    └── LedgerError
        ├── LedgerUnavailable          for now: locked, full, slow; the same call may be made again
        ├── Superseded                 somebody else decides on this ledger: what we know of it no longer holds
        └── LedgerUnusable             for good: corrupt, foreign, newer than this asched

A job's own failure is never an exception here: it is an Outcome (core/outcome.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AschedError(Exception):
    """Base of everything below."""


class ScheduleError(AschedError, ValueError):
    """A schedule that is not understood or can never fire.

    `text` is the whole schedule as given, `span` the half-open range of characters in it that is to blame
    (None when it is the whole), `help` what to write instead ("" when we do not know).
    """

    def __init__(self, message: str, *, text: str = "", span: tuple[int, int] | None = None, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.help = help

    def __str__(self) -> str:
        lines = [self.message]
        if self.text and self.span:
            start, end = self.span
            lines += [f"    {self.text}", "    " + " " * start + "^" * max(1, end - start)]
        elif self.text and self.text not in self.message:
            lines[0] += f": {self.text!r}"
        if self.help:
            lines.append(f"    help: {self.help}")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration or a definition: where, what, and what to do.

    `line` and `column` count from 1 and are 0 when unknown; `length` is how many characters to underline.
    `source` is the text of that line.
    """

    message: str
    path: str = ""
    line: int = 0
    column: int = 0
    length: int = 1
    source: str = ""
    help: str = ""


class ConfigurationError(AschedError):
    """What was asked for cannot be loaded. `problems` holds all that was found, in file order."""

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = (Problem(problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(p.message for p in self.problems))


class UnknownJob(AschedError, LookupError):
    """No job of that name."""


class UnknownRun(AschedError, LookupError):
    """No run of that id."""


class Refused(AschedError):
    """Understood, and not done: the message says why."""


class AlreadyServed(Refused):
    """Another live asched owns this ledger; the message names it."""


class NotRunning(AschedError):
    """The scheduler was used before it started, or after it stopped."""


class ServiceUnreachable(AschedError):
    """No service answers on the socket."""


class LedgerError(AschedError):
    """The ledger could not do what was asked."""


class LedgerUnavailable(LedgerError):
    """For now: locked, full, slow. Making the same call again is safe, whatever had become of the first."""


class Superseded(LedgerError):
    """Somebody else decides on this ledger: what we know of it no longer holds. The next start reads it anew."""


class LedgerUnusable(LedgerError):
    """For good: corrupt, foreign, or written by a newer asched. Never replaced, never worked around."""
