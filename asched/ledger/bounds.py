"""Bounds on what a job can make us remember: 4 kB of an error, 64 kB of a result, text that UTF-8 can carry.

Runners keep to these already; the ledger holds them again, because it is the one that would burst (FAULTS 27).
"""

from __future__ import annotations

import json
from dataclasses import replace

from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    Outcome,
    Succeeded,
    TimedOut,
)

ERROR_BYTES = 4096
RESULT_BYTES = 65536

_MESSAGE_BYTES = 2048  # of ERROR_BYTES; the traceback gets the rest
_REASON_BYTES = 1024
_NAMES = 64
_NAME_BYTES = 200
_WIDEST = 4  # bytes of a character in UTF-8: what is shorter than a bound by this factor need not be measured


def bounded(outcome: Outcome) -> Outcome:
    """The outcome itself where it is within bounds, else a shortened one that says so."""
    match outcome:
        case Succeeded(result):
            kept = None if result is None else _bounded_result(result)
            return outcome if kept is result else Succeeded(kept)
        case TimedOut():
            return outcome
        case Failed(error):
            kept_error = _bounded_error(error)
            return outcome if kept_error is error else Failed(kept_error)
        case Cancelled() | Interrupted() | Abandoned():
            reason = shortened(outcome.reason, _REASON_BYTES)
            return outcome if reason is outcome.reason else replace(outcome, reason=reason)


def clean(text: str) -> str:
    """The text with what UTF-8 cannot carry (lone surrogates) written as escapes."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def shortened(text: str, limit: int) -> str:
    """The text in at most `limit` bytes: its beginning and its end, and between them how much is left out."""
    if len(text) * _WIDEST <= limit:
        return text
    text = clean(text)
    raw = text.encode()
    if len(raw) <= limit:
        return text
    note = f"\n… {len(raw) - limit} bytes and more left out …\n"
    room = limit - len(note.encode())
    head, tail = raw[: room // 3], raw[len(raw) - (room - room // 3) :]
    return head.decode(errors="ignore") + note + tail.decode(errors="ignore")


def _bounded_result(result: str) -> str:
    if len(result) * _WIDEST <= RESULT_BYTES:
        return clean(result)
    size = len(clean(result).encode())
    if size <= RESULT_BYTES:
        return clean(result)
    return json.dumps(f"a result of {size} bytes was left out: {RESULT_BYTES} are kept at most")


def _bounded_error(error: ErrorNote) -> ErrorNote:
    if _is_small(error):
        return error
    message = shortened(error.message, _MESSAGE_BYTES)
    return replace(
        error,
        type=shortened(error.type, _NAME_BYTES),
        message=message,
        traceback=shortened(error.traceback, ERROR_BYTES - len(clean(message).encode())),
        types=tuple(shortened(name, _NAME_BYTES) for name in error.types[:_NAMES]),
    )


def _is_small(error: ErrorNote) -> bool:
    return (
        (len(error.message) + len(error.traceback)) * _WIDEST <= _MESSAGE_BYTES
        and len(error.types) <= _NAMES
        and all(len(name) * _WIDEST <= _NAME_BYTES for name in (error.type, *error.types))
    )
