"""Paths as people write them in a schedule: in quotes, when something in them would be read as a part of it.

    when /data/in changes
    when '/data/a|b' changes        also in "…"; a quote inside is written twice

Quotes mean something only right behind "when" and "while": an apostrophe in a path does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from asched.core.text.pattern import pattern

QUOTED = r"'(?:[^']|'')+'" + "|" + r'"(?:[^"]|"")+"'

_WATCHED = pattern(rf"\b(?:when|while)\s+(?P<path>{QUOTED})(?=\s+(?:changes|has\s+files)\b)", re.IGNORECASE)
_MEANS_SOMETHING = pattern(
    r"[|&()]|\s(?:between|on|from|until|except|changes|has|[0-9]+\s+times?)(?=\s|$)|^\s|\s$", re.IGNORECASE
)


def read_path(text: str) -> str:
    """Without its quotes, if it has some."""
    quote = text[:1]
    return text[1:-1].replace(quote * 2, quote) if re.fullmatch(QUOTED, text) else text


def write_path(path: str) -> str:
    """As `read_path` reads it; in quotes only where it needs them."""
    return "'" + path.replace("'", "''") + "'" if _MEANS_SOMETHING.search(path) else path


def quoted_paths(text: str) -> Iterator[tuple[int, int]]:
    """Where in a schedule they stand: nothing in there belongs to the grammar."""
    return (match.span("path") for match in _WATCHED.finditer(text))
