"""A job's own secrets, masked in what its runner hands on: errors and results.

What the job prints is masked by the sink. The engine's `mask` knows more secrets than these; it runs too, where given.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from asched.core.action import Command, Request
from asched.core.model import Job

MASK = "***"
_SHORTEST = 4  # shorter values would mask ordinary words

Mask = Callable[[str], str]


def mask_for(job: Job, mask: Mask = str) -> Mask:
    """`mask`, and after it the secrets that this job was given, raw and as JSON, repr and URLs write them."""
    forms = {form for value in _secrets_of(job) for form in _forms(value)}
    if not forms:
        return mask
    pattern = re.compile("|".join(map(re.escape, sorted(forms, key=len, reverse=True))))
    return lambda text: pattern.sub(MASK, mask(text))


def _secrets_of(job: Job) -> Iterator[str]:
    yield from job.secrets.values()
    if isinstance(job.action, Command):
        yield from job.action.secrets.values()
    elif isinstance(job.action, Request):
        for value in job.action.secret_headers.values():
            yield value
            yield from value.split()  # "Bearer TOKEN": servers tend to quote the token alone


def _forms(value: str) -> Iterator[str]:
    if len(value) >= _SHORTEST:
        yield from (value, json.dumps(value)[1:-1], repr(value)[1:-1], quote(value, safe="", errors="replace"))
