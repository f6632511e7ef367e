"""An exception as an ErrorNote: bounded text, whatever the exception is like.

Nothing here trusts it: __str__ may raise, causes may form a ring, names may be endless.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from types import FrameType, TracebackType

from asched.core.masking import Mask
from asched.core.outcome import ErrorNote

LARGEST = 4096  # bytes of a whole note
_MESSAGE = 1000  # characters
_NAME = 100
_CLASSES = 16
_CAUSES = 5
_FRAMES = 12
_LEAVES = 3  # of an exception group

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def note_of(error: BaseException, mask: Mask = str, *, message: str = "", types: Iterable[str] = ()) -> ErrorNote:
    """What is kept of `error`. `message` replaces its own; `types` are further names that retry_on may use."""
    name = _name(type(error))
    said = bounded(mask(printable(message or message_of(error))), _MESSAGE)
    names = tuple(dict.fromkeys((*_class_names(type(error)), *types)))
    room = LARGEST - _size(name) - _size(said) - sum(map(_size, names))
    return ErrorNote(name, said, _tail(mask(printable(_story(error))), room), names)


def failure(type: str, message: str, mask: Mask = str, *, exit_code: int | None = None) -> ErrorNote:
    """A note on a failure that is no exception."""
    return ErrorNote(type, bounded(mask(printable(message)), _MESSAGE), types=(type,), exit_code=exit_code)


def message_of(error: BaseException) -> str:
    """str(error); of a group, what is in it too. A job's __str__ and __repr__ are code like any other."""
    said = _safely_str(error)
    if isinstance(error, BaseExceptionGroup):
        leaves = [f"{_name(type(leaf))}: {_safely_str(leaf)}"[:_MESSAGE] for leaf in _leaves(error)]
        said = f"{said}: {'; '.join(leaves)}"
    return said


def bounded(text: str, limit: int) -> str:
    """At most `limit` characters, the beginning kept."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def printable(text: str) -> str:
    """Lone surrogates, NUL and terminal controls written out: one line in, one line out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def _safely_str(error: BaseException) -> str:
    try:
        return str(error)[: 4 * _MESSAGE]
    except BaseException as fault:  # its own code, and it may raise anything at all
        return f"<its __str__ raised {_name(type(fault))}>"


def _name(kind: type) -> str:
    return printable(kind.__name__[:_NAME])


def _class_names(kind: type[BaseException]) -> Iterator[str]:
    for base in kind.__mro__[:_CLASSES]:
        if base is not object:
            yield _name(base)
            yield printable(f"{base.__module__}.{base.__qualname__}"[:_NAME])


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException] = [group]
    while waiting and len(found) < _LEAVES:
        one = waiting.pop()
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(reversed(one.exceptions[:_LEAVES]))
        else:
            found.append(one)
    return found


def _story(error: BaseException) -> str:
    """The traceback as Python writes it, causes first, each with its last frames."""
    parts: list[str] = []
    told: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in told and len(told) < _CAUSES:
        told.add(id(current))
        cause, link = _before(current)
        parts.append(_chapter(current))
        if cause is not None and id(cause) not in told and len(told) < _CAUSES:
            parts.append(link)
        current = cause
    return "".join(reversed(parts))


def _before(error: BaseException) -> tuple[BaseException | None, str]:
    if error.__cause__ is not None:
        return error.__cause__, _CAUSED
    return (None if error.__suppress_context__ else error.__context__), _DURING


def _chapter(error: BaseException) -> str:
    frames = _frames(error.__traceback__)
    lines = traceback.StackSummary.extract(frames).format() if frames else []
    head = "Traceback (most recent call last):\n" if lines else ""
    notes = getattr(error, "__notes__", None)
    added = [f"{note}\n"[:_MESSAGE] for note in notes[:_LEAVES] if isinstance(note, str)] if type(notes) is list else []
    said = bounded(message_of(error), _MESSAGE)
    last = f"{_name(type(error))}: {said}" if said else _name(type(error))
    return f"{head}{''.join(lines)}{last}\n{''.join(added)}"


def _frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The last ones that are not asched's: a runner's frames tell the job's author nothing."""
    frames = [
        (frame, line)
        for frame, line in traceback.walk_tb(trace)
        if str(frame.f_globals.get("__name__")).partition(".")[0] != "asched"
    ]
    return frames[-_FRAMES:]


def _size(text: str) -> int:
    return len(text.encode())


def _tail(text: str, limit: int) -> str:
    """At most `limit` bytes, the end kept, from a line's beginning."""
    data = text.encode()
    if len(data) <= limit:
        return text
    kept = data[-limit + 4 :].decode("utf-8", "ignore")
    return "…\n" + kept[kept.find("\n") + 1 :]
