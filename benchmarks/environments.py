"""A virtual environment for each set of peers that can live together, made once in benchmarks/.cache."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).parent / ".cache"
_READY = "ready.json"


class NotInstalled(Exception):
    """The packages could not be had; the message says why."""


@dataclass(frozen=True, slots=True)
class Environment:
    python: str
    versions: dict[str, str]


def environment_for(packages: tuple[str, ...]) -> Environment:
    """Where these packages can be imported. None at all: where we run ourselves."""
    if not packages:
        return Environment(sys.executable, _versions(sys.executable))
    folder = CACHE / f"env-{_mark(packages)}"
    python = folder / "bin" / "python"
    if not (folder / _READY).exists():
        _make(folder, python, packages)
        (folder / _READY).write_text(json.dumps(_versions(str(python))))
    return Environment(str(python), json.loads((folder / _READY).read_text()))


def _mark(packages: tuple[str, ...]) -> str:
    return hashlib.sha256(repr((sys.version_info[:2], packages)).encode()).hexdigest()[:10]


def _make(folder: Path, python: Path, packages: tuple[str, ...]) -> None:
    print(f"making an environment for {', '.join(packages)} …", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    done = subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        raise NotInstalled((said or ["pip failed without a word"])[-1])


def _versions(python: str) -> dict[str, str]:
    listed = subprocess.run([python, "-m", "pip", "list", "--format=json"], capture_output=True, text=True)
    return {} if listed.returncode else {one["name"].lower(): one["version"] for one in json.loads(listed.stdout)}
