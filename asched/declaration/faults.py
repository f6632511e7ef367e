"""What is wrong with a value, before anybody knows in which file it stands; and how to say so."""

from __future__ import annotations

import json
from collections.abc import Iterable
from difflib import get_close_matches

from asched.core.dataclass import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a value: where in it (`path`), what, and what to do.

    `span` is the half-open range of characters to blame within the text at `path`, None for all of it. With
    `of_key` it is not the value but the key itself that should not be there. `text` is the text that the span
    counts in, where it is known.
    """

    path: Path
    message: str
    help: str = ""
    span: tuple[int, int] | None = None
    of_key: bool = False
    text: str = ""


LATER = frozenset({"notify", "process"})
"""Options that are designed, documented, and not there yet."""


def unknown_option(path: Path, known: Iterable[str]) -> Fault:
    """The fault of a key that nobody reads."""
    key = str(path[-1])
    if key in LATER:
        return Fault(path, f'option "{key}" is not in this version yet', "take it out", of_key=True)
    return Fault(path, f'unknown option "{key}"', did_you_mean(key, known), of_key=True)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Help for a misspelt word: the nearest known one, or, where none is near, all of them."""
    known = sorted(known)
    folded = {name.lower().replace("-", "_"): name for name in known}
    close = get_close_matches(word.lower().replace("-", "_"), folded, n=1)
    if close:
        return f'did you mean "{folded[close[0]]}"?'
    return "known: " + ", ".join(known) if known else ""


def shown(value: object) -> str:
    """A value as it may stand in a message: short, and like what was written."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def dotted(path: Path) -> str:
    """`("retry", "on", 0)` as people read it: retry.on[0]."""
    head, *rest = path
    return str(head) + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)
