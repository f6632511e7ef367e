"""Who else may write to a file."""

import os
from pathlib import Path

import pytest

from asched.host.permissions import writable_by_others


def test_a_group_of_ones_own_is_nobody_else(tmp_path: Path) -> None:
    """umask 002 with a private group: what most distributions give their users."""
    import grp
    import pwd

    me = pwd.getpwuid(os.geteuid())
    if grp.getgrgid(me.pw_gid).gr_name != me.pw_name:
        pytest.skip("this user has no group of its own")
    (tmp_path / "a").touch()
    os.chown(tmp_path / "a", -1, me.pw_gid)
    (tmp_path / "a").chmod(0o664)
    assert not writable_by_others(tmp_path / "a")


def test_a_group_with_others_in_it_is_others(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another group")
    (tmp_path / "a").touch()
    os.chown(tmp_path / "a", -1, 12)
    (tmp_path / "a").chmod(0o664)
    assert writable_by_others(tmp_path / "a")


def test_what_everybody_may_write_is_never_trusted(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(0o646)
    assert writable_by_others(tmp_path / "a")
    assert not writable_by_others(tmp_path / "not there")
