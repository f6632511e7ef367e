"""Which file is the configuration? Asked before it is read, for the mistakes of somebody in the wrong folder."""

from __future__ import annotations

import os
from pathlib import Path
from stat import S_ISDIR


def check_file(config: str) -> None:
    """Raises ConfigurationError, with what to type instead, for one that is not there, or that is a folder."""
    file = Path(config)
    try:
        mode = file.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        _refuse(file, "no such file", _help(file))
    except OSError:
        return  # who reads it says why it cannot be read
    else:
        if S_ISDIR(mode):
            _refuse(file, "is a folder", f"name the file in it: -c {file / 'config.toml'}")


def _help(file: Path) -> str:
    if file.suffix == ".py":
        return ""
    above = _above(file)
    if above is not None:
        return f"there is one in {above}: cd there, or name it with -c {os.path.relpath(above / file.name)}"
    if file.name != "config.toml" and Path("config.toml").is_file():
        return "there is a config.toml here: leave -c out"
    where = "" if file.parent == Path() else f" {file.parent}"
    return f"`asched init{where}` writes one to start from, -c names one that is elsewhere"


def _above(file: Path) -> Path | None:
    """The nearest folder above this one that has such a file."""
    if len(file.parts) != 1:
        return None
    return next((folder for folder in Path.cwd().parents if (folder / file).is_file()), None)


def _refuse(file: Path, message: str, help: str) -> None:
    from asched.declaration.problems import Finding
    from asched.errors import ConfigurationError

    raise ConfigurationError([Finding(message, str(file), help=help)])
