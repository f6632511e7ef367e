"""Templates in a command's arguments and environment: {scheduled_at:%Y-%m-%d}, {job}, {run}, {attempt}. Nothing else.

A subset of str.format: no attributes, no indexing, no conversions, so that a template is text and never code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from string import Formatter

from asched.core.model import Attempt
from asched.runners.context import scheduled_at

FIELDS = ("scheduled_at", "job", "run", "attempt")
_ALLOWED = "{scheduled_at}, {scheduled_at:%Y-%m-%d}, {job}, {run} and {attempt}; write {{ and }} for braces themselves"
_SAMPLE: Mapping[str, object] = {
    "scheduled_at": datetime(2026, 11, 21, 7, tzinfo=UTC),
    "job": "j",
    "run": "1-1",
    "attempt": 1,
}

Part = tuple[str, str, str]  # literal text, then a field ("" for none) and its format


def check_template(text: str) -> None:
    """Raises ValueError, saying what may stand there, unless `render` will understand `text`."""
    _fill(_parts(text), _SAMPLE)


def render(text: str, attempt: Attempt) -> str:
    """The text with its fields filled in, times in the job's zone. Raises ValueError like `check_template`."""
    if "{" not in text and "}" not in text:
        return text
    values = {
        "scheduled_at": scheduled_at(attempt),
        "job": attempt.job.name,
        "run": attempt.fire.run,
        "attempt": attempt.number,
    }
    return _fill(_parts(text), values)


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[Part, ...]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error} in {text!r}: allowed are {_ALLOWED}") from None
    return tuple(_part(*piece, text=text) for piece in parsed)


def _part(literal: str, field: str | None, spec: str | None, conversion: str | None, *, text: str) -> Part:
    if field is None:
        return literal, "", ""
    if field not in FIELDS:
        raise ValueError(f"unknown field {{{field}}} in {text!r}: allowed are {_ALLOWED}")
    if conversion or (spec and (field != "scheduled_at" or "{" in spec)):
        raise ValueError(f"{{{field}}} takes no such format in {text!r}: allowed are {_ALLOWED}")
    return literal, field, spec or ""


def _fill(parts: tuple[Part, ...], values: Mapping[str, object]) -> str:
    return "".join(literal + (_written(values[field], spec) if field else "") for literal, field, spec in parts)


def _written(value: object, spec: str) -> str:
    if isinstance(value, datetime):
        return value.strftime(spec) if spec else value.isoformat()
    return str(value)
