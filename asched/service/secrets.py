"""Secrets: references that are resolved at load; core/masking.py hides their values wherever text leaves us."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from asched.core.dataclass import dataclass
from asched.core.masking import Masker as Masker
from asched.core.masking import secret_values as secret_values
from asched.declaration.faults import Fault, did_you_mean
from asched.declaration.faults import Path as KeyPath

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
