"""What this machine calls local time, and which tz data it reads: asked once, at load, and recorded."""

from __future__ import annotations

import os
import zoneinfo
from importlib import metadata
from pathlib import Path

from asched.core.zones import zone
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


def tzdata_version() -> str:
    """The release of the tz data in use, such as "2026a"; "unknown" where the system does not say."""
    for folder in zoneinfo.TZPATH:
        if found := _version_in(Path(folder)):
            return found
    try:
        return metadata.version("tzdata")
    except metadata.PackageNotFoundError:
        return "unknown"


def _version_in(folder: Path) -> str:
    """From the two files that distributions ship beside the zones."""
    if text := _read(folder / "+VERSION"):
        return text
    first_line = _read(folder / "tzdata.zi").partition("\n")[0]
    return first_line.removeprefix("# version ").strip() if first_line.startswith("# version ") else ""


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
