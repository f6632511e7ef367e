"""Whether what a start needs lies on this machine: a file server that is gone holds up whoever asks it, for ever.

All of this asks file systems, so it is for threads. A local disk that hangs, or a lease on a local file, is not seen.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from pathlib import PurePath

_MOUNTS = "/proc/self/mountinfo"
_LOCAL = re.compile(
    "bcachefs|btrfs|cramfs|devtmpfs|erofs|exfat|ext[234]|f2fs|hfsplus|iso9660|jfs|nilfs2|ntfs3|overlay|ramfs|reiserfs|"
    "rootfs|squashfs|tmpfs|udf|ufs|vfat|xfs|zfs"
)
_LINE = 256  # bytes of a script's first line that the kernel looks at


def all_local(program: str, cwd: str | None, path: str) -> bool:
    """Whether `cwd` (ours if None), `program`, all folders of `path` in which it is looked for, and the interpreter
    that its first line names are on local file systems. What that interpreter looks for itself, or a program's loader,
    is not asked: the former no start waits for. False where that cannot be found out. Blocks, perhaps for ever."""
    try:
        mounts = _mounts()
        here = os.path.realpath(cwd or os.getcwd())
        return all(_LOCAL.fullmatch(_type(os.path.realpath(file), mounts)) for file in _needed(program, here, path))
    except (OSError, ValueError):
        return False


def _needed(program: str, cwd: str, path: str) -> Iterator[str]:
    yield cwd
    for folder in [""] if "/" in program else path.split(os.pathsep):
        file = os.path.join(cwd, folder, program)
        yield os.path.dirname(file)
        yield file
        if os.access(file, os.X_OK) and os.path.isfile(file):
            yield from (os.path.join(cwd, interpreter) for interpreter in _interpreter(file))
            return


def _interpreter(file: str) -> list[str]:
    """Of a script; of anything else none."""
    if not os.access(file, os.R_OK):
        return []
    with open(file, "rb", buffering=0) as opened:
        first = opened.read(_LINE).partition(b"\n")[0]
    return [os.fsdecode(word) for word in first[2:].split()[:1]] if first.startswith(b"#!") else []


def _type(file: str, mounts: dict[str, str]) -> str:
    """Of the file system that it is on: by its path, as devices of btrfs and overlay are not those that are listed."""
    folders = (file, *map(str, PurePath(file).parents))
    return next((mounts[folder] for folder in folders if folder in mounts), "")


def _mounts() -> dict[str, str]:
    """The type of what is mounted, by its place; of several at a place the last, which hides the others."""
    with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as lines:
        split = [line.partition(" - ") for line in lines]
    return {_place(before.split(" ")[4]): after.split(" ")[0] for before, _, after in split}


_place = partial(re.compile(r"\\([0-7]{3})").sub, lambda found: chr(int(found[1], 8)))
