"""What this machine calls local time: asked once, at load, and recorded."""

from __future__ import annotations

import os
from pathlib import Path

from asched.core.localtime.zones import zone
from asched.errors import ScheduleError


def local_zone_key(etc: Path = Path("/etc")) -> str:
    """The IANA key of the machine's zone: from TZ, /etc/localtime, or /etc/timezone, in that order.

    A machine that says nothing is on UTC; one that names what is no zone raises ScheduleError.
    """
    named = os.environ.get("TZ", "").removeprefix(":")
    key = _key_in_path(named) or _key_of_link(etc / "localtime") or _key_in_file(etc / "timezone") or "UTC"
    try:
        return zone(key).key
    except ScheduleError as error:
        raise ScheduleError(
            f'this machine\'s zone "{key}" has no IANA key', help='name the zone instead of "local"'
        ) from error


def _key_of_link(link: Path) -> str:
    return _key_in_path(str(link.resolve())) if link.is_symlink() else ""


def _key_in_path(path: str) -> str:
    """`/usr/share/zoneinfo/Europe/Berlin` and `Europe/Berlin` both name Europe/Berlin."""
    return path.rpartition("zoneinfo/")[2].removeprefix("posix/").removeprefix("right/")


def _key_in_file(path: Path) -> str:
    return _read(path).partition("#")[0].strip()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""
