"""What a configuration was read from: its file, the files of jobs, and calendars; what is watched to read it again."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path


def read_from(file: Path, places: Iterable[str], calendars: object) -> tuple[str, ...]:
    """Absolute paths; of a folder of jobs, the pattern of the names in it that matter. The secrets' files are none of
    them: a job's definition does not hold what they say."""
    found = [os.path.abspath(file), *(one for place in places for one in _of_place(file.parent, place))]
    found += [_beside(file.parent, one) for one in _texts(calendars, "ics")]
    return tuple(dict.fromkeys(found))


def _of_place(folder: Path, place: str) -> Iterator[str]:
    at = _beside(folder, place)
    if os.path.isdir(at):
        yield os.path.join(at, "*.py")
    elif place.endswith(".py") or os.path.exists(at):
        yield at
    else:
        module = getattr(sys.modules.get(place), "__file__", None)
        if isinstance(module, str):
            yield os.path.abspath(module)


def _texts(tables: object, key: str) -> Iterator[str]:
    for table in tables.values() if isinstance(tables, Mapping) else ():
        value = table.get(key, ()) if isinstance(table, Mapping) else ()
        yield from (value,) if isinstance(value, str) else (one for one in value if isinstance(one, str))


def _beside(folder: Path, path: str) -> str:
    return os.path.abspath(folder / Path(path).expanduser())
