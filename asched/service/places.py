"""The places that `[service] jobs` names: folders, Python files, modules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from asched.declaration.faults import Fault
from asched.host.permissions import remedy, writable_by_others
from asched.service.discovery import Found, discover_file, discover_folder, discover_module


def look_in(places: Sequence[str], beside: Path, faults: list[Fault]) -> Found:
    """What is declared there; paths are relative to the folder `beside`. Each fault is a place that was not found."""
    folder = str(beside.resolve())
    if folder not in sys.path:
        sys.path.append(folder)  # so that "myapp.jobs" is found beside the configuration
    found = Found()
    for number, name in enumerate(places):
        one = _look(name, beside, number)
        if isinstance(one, Fault):
            faults.append(one)
        else:
            found |= one
    return found


def _look(name: str, beside: Path, number: int) -> Found | Fault:
    at, path = beside / Path(name).expanduser(), ("service", "jobs", number)
    if at.is_dir():
        if writable_by_others(at):
            return Fault(path, f"the folder {at} is writable by others", remedy(at))
        return discover_folder(at)
    if at.is_file():
        return discover_file(at)
    try:
        if all(part.isidentifier() for part in name.split(".")):
            return discover_module(name)
    except ModuleNotFoundError:
        pass
    help = "paths are relative to the configuration's folder; modules must be installed, or stand beside it"
    return Fault(path, f'there is no folder, Python file or module "{name}"', help)
