"""Secrets: references that are resolved at load, and values that are masked wherever text leaves us."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from asched.core.action import Command, Request
from asched.core.model import Job
from asched.faults import Fault, did_you_mean
from asched.faults import Path as KeyPath

MASK = "***"
_SHORTEST = 4  # shorter values would mask ordinary words
_LARGEST = 1 << 16


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is to be found: an environment variable or a file, one of both."""

    env: str = ""
    file: str = ""


def read_reference(value: object, path: KeyPath, faults: list[Fault]) -> Reference | None:
    """`{ env = "NAME" }` or `{ file = "PATH" }`. What is wrong never shows the value: it may be the secret itself."""
    if not isinstance(value, Mapping):
        message = f'"{path[-1]}" must be a reference: secrets are references, never values'
        faults.append(Fault(path, message, 'write { env = "NAME" } or { file = "/path" }', of_key=True))
        return None
    before = len(faults)
    for key in value:
        if key not in ("env", "file"):
            help = did_you_mean(str(key), ("env", "file"))
            faults.append(Fault((*path, key), f'unknown key "{key}" of a secret', help, of_key=True))
    named = {key: name for key, name in value.items() if key in ("env", "file") and name and isinstance(name, str)}
    if len(faults) == before and len(named) != 1:
        help = 'write { env = "NAME" } or { file = "/path" }'
        faults.append(Fault(path, f'"{path[-1]}" needs one of env and file', help, of_key=True))
    return Reference(**named) if len(faults) == before else None


def resolve(reference: Reference, *, env: Mapping[str, str], folder: Path) -> str:
    """The value behind a reference, without one trailing newline. Raises LookupError with what to do."""
    if reference.env:
        value = env.get(reference.env, "")
        if not value:
            raise LookupError(f"secret {reference.env} is not set: export it in the environment")
        return value
    return _read(folder / reference.file)


def _read(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise LookupError(f"secret file {file} cannot be read: {error.strerror}") from None
    try:
        value = data.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise LookupError(f"secret file {file} is not UTF-8 text") from None
    if not value or "\0" in value or len(data) > _LARGEST:
        fault = "is empty" if not value else "holds a NUL" if "\0" in value else "is larger than 64 kB"
        raise LookupError(f"secret file {file} {fault}")
    return value


class Secrets:
    """Secrets by name: those that [secrets] names, else environment variables."""

    def __init__(
        self, references: Mapping[str, Reference], *, env: Mapping[str, str] = os.environ, folder: Path = Path()
    ) -> None:
        self._references = references
        self._env = env
        self._folder = folder

    def __call__(self, name: str) -> str | None:
        """The value, or None when nothing is known of it. Raises LookupError when its reference leads nowhere."""
        if name in self._references:
            return self.resolve(self._references[name])
        return self._env.get(name) or None

    def resolve(self, reference: Reference) -> str:
        return resolve(reference, env=self._env, folder=self._folder)


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

    Values shorter than 4 characters are not masked. `longest` is the length of the longest form: who masks a stream
    piece by piece must keep that much back.
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= _SHORTEST}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        self.longest = max((len(form) for form in ordered), default=0)
        self._text = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        encoded = sorted(
            (form.encode("utf-8", "surrogateescape") for form in forms), key=lambda form: (-len(form), form)
        )
        self._bytes = re.compile(b"|".join(map(re.escape, encoded))) if encoded else None

    def mask(self, text: str) -> str:
        return self._text.sub(MASK, text) if self._text else text

    def mask_bytes(self, data: bytes) -> bytes:
        return self._bytes.sub(MASK.encode(), data) if self._bytes else data


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
