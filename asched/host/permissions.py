"""What others may write, we do not run: the rule that sshd applies to its own files."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path


def writable_by_others(path: Path) -> bool:
    """Whether anybody but its owner may write to it. A path that is not there is nobody's."""
    try:
        status = path.stat()
    except OSError:
        return False
    if status.st_mode & stat.S_IWOTH:
        return True
    return bool(status.st_mode & stat.S_IWGRP) and not _private_group(status.st_uid, status.st_gid)


def remedy(path: Path) -> str:
    """The command that takes the permission away."""
    return f"chmod go-w {shlex.quote(str(path))}"


def _private_group(uid: int, gid: int) -> bool:
    """Many systems give each user a group of its own and a umask of 002: that group is nobody else."""
    import grp
    import pwd

    try:
        owner, group = pwd.getpwuid(uid), grp.getgrgid(gid)
    except KeyError:
        return False
    return owner.pw_gid == gid and group.gr_name == owner.pw_name and set(group.gr_mem) <= {owner.pw_name}
