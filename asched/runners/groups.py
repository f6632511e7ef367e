"""A command's process group: who is left in it, and signals to all of it."""

from __future__ import annotations

import os
from pathlib import Path

_DEAD = "ZX"


def signal_group(group: int, number: int) -> bool:
    """False when nobody is left in it. Those that we may not signal count as there."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def members(group: int) -> tuple[int, ...]:
    """The living in this group. An orphan that nobody reaps stays a zombie: signals reach it, and it is dead.

    Reads all of /proc, a millisecond per hundred processes: call it in a thread, and only when `signal_group` says
    that somebody is there.
    """
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and _is_member(entry.name, group):
            found.append(int(entry.name))
    return tuple(found)


def _is_member(pid: str, group: int) -> bool:
    try:
        text = Path("/proc", pid, "stat").read_text("ascii", "replace")
    except OSError:  # gone meanwhile
        return False
    state, _, its_group = text.rpartition(")")[2].split()[:3]  # the name before it may hold anything
    return int(its_group) == group and state not in _DEAD
