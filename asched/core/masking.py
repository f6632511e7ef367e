"""Masking: secret values are replaced wherever text leaves us, by value, in all the forms that they take."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import quote, quote_plus

from asched.core.action import Command, Function, Request
from asched.core.model import Job

MASK = "***"
_SHORTEST = 4  # shorter values would mask ordinary words

Mask = Callable[[str], str]


def mask_for(job: Job, mask: Mask = str) -> Mask:
    """`mask`, and after it the secrets that this job was given."""
    if not job.secrets and isinstance(job.action, Function):
        return mask  # most jobs, and once for every run
    own = secret_values([job])
    if not own:
        return mask
    masker = _masker(own)
    return lambda text: masker.mask(mask(text))


@lru_cache(maxsize=256)
def _masker(values: frozenset[str]) -> Masker:
    return Masker(values)


def secret_values(jobs: Iterable[Job]) -> frozenset[str]:
    """Every secret value that these jobs were given."""
    found: set[str] = set()
    for job in jobs:
        found.update(job.secrets.values())
        if isinstance(job.action, Command):
            found.update(job.action.secrets.values())
        elif isinstance(job.action, Request):
            for value in job.action.secret_headers.values():
                found.update([value, value.partition(" ")[2]])  # "Bearer TOKEN": servers quote the token alone
    return frozenset(found - {""})


class Masker:
    """Replaces secret values in text, also in the forms that they take in URLs, headers, JSON and Python's repr.

    Values shorter than 4 characters are not masked.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= _SHORTEST}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None

    def mask(self, text: str) -> str:
        return self._text.sub(MASK, text) if self._text else text


def _forms(value: str) -> Iterable[str]:
    if len(value) < _SHORTEST:
        return
    yield value
    yield from (line for line in value.splitlines() if len(line) >= 2 * _SHORTEST)  # a key is printed line by line
    yield from (quote(value, safe="", errors="replace"), quote(value, errors="replace"))
    yield quote_plus(value, errors="replace")
    yield from (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1])
    yield from _base64_forms(value.encode("utf-8", "surrogateescape"))


def _base64_forms(data: bytes) -> Iterable[str]:
    """The letters that depend on the value alone, wherever in the encoded bytes it begins ("user:secret")."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + data).decode("ascii")
        whole = encoded[(before * 8 + 5) // 6 : (before + len(data)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")
