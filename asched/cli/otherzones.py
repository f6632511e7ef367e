"""Instants of triggers as another tz database has them: asked of a child process, which reads that one only.

The child is this module, run with that database as its path: what a process has read of its own stays as it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from asched.core.localtime.zones import EPOCH
from asched.core.triggers.instants import between
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec
from asched.errors import AschedError, Refused

_MICROSECOND = timedelta(microseconds=1)
_FIXED = {"UTC", "Etc/UTC"}


def instants_elsewhere(
    triggers: Sequence[Trigger], folder: Path, since: datetime, until: datetime, limit: int
) -> list[list[datetime]]:
    """Of each trigger, at most `limit` in (since, until]. Raises Refused for a folder that lacks one of their zones."""
    specs = [trigger.spec() for trigger in triggers]
    _check(folder, sorted({key for spec in specs for key in _zones(spec)}))
    asked = {"triggers": specs, "since": since.isoformat(), "until": until.isoformat(), "limit": limit}
    package = str(Path(__file__).parents[2])
    env = {
        **os.environ,
        "PYTHONTZPATH": os.path.abspath(folder),
        "PYTHONPATH": os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    command = [sys.executable, "-m", "asched.cli.otherzones"]
    done = subprocess.run(command, input=json.dumps(asked), env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AschedError(f"cannot read the zones in {folder}: {done.stderr.strip()}")
    return [[EPOCH + at * _MICROSECOND for at in found] for found in json.loads(done.stdout)]


def version_of(folder: Path) -> str:
    """Which release of the tz database it says it is; "" when it does not say."""
    try:
        with (folder / "tzdata.zi").open(encoding="utf-8", errors="replace") as opened:
            first = opened.readline(100)
        if first.startswith("# version "):
            return first.removeprefix("# version ").strip()
        return (folder / "+VERSION").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _check(folder: Path, keys: Sequence[str]) -> None:
    """A zone that is not there would be looked up elsewhere, in silence."""
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder: name one such as /usr/share/zoneinfo")
    for key in keys:
        if key not in _FIXED and not _is_zone(folder / key):
            raise Refused(f"{folder} has no zone {key}: it would be read from elsewhere")


def _is_zone(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(4) == b"TZif"
    except OSError:
        return False


def _zones(spec: object) -> Iterator[str]:
    """Every zone that a spec names, however deep."""
    if isinstance(spec, Mapping):
        if isinstance(key := spec.get("tz"), str):
            yield key
        for value in spec.values():
            yield from _zones(value)
    elif isinstance(spec, list | tuple):
        for value in spec:
            yield from _zones(value)


def _answer(asked: Mapping[str, Any]) -> list[list[int]]:
    since, until = (datetime.fromisoformat(asked[name]) for name in ("since", "until"))
    found = (between(from_spec(spec), since, until, asked["limit"]) for spec in asked["triggers"])
    return [[(at - EPOCH) // _MICROSECOND for at in instants] for instants in found]


if __name__ == "__main__":
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)
