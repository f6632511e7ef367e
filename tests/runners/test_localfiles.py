"""What a start needs is on this machine, or some of it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from asched.runners import localfiles
from asched.runners.localfiles import all_local


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A root on ext4, `far` on nfs with xfs in it, `auto` on ext4 that fuse hides; a program in each."""
    here = tmp_path.resolve()
    lines = [
        "1 0 8:1 / / rw - ext4 /dev/sda rw",
        f"2 1 0:41 / {here}/far rw shared:1 - nfs4 server:/x rw",
        f"3 2 8:2 / {here}/far/my\\040disk rw - xfs /dev/sdb rw",
        f"4 1 0:43 / {here}/auto rw - ext4 /dev/sdc rw",
        f"5 4 0:44 / {here}/auto rw - fuse.sshfs server rw",
    ]
    mounts = here / "mountinfo"
    mounts.write_text("".join(line + "\n" for line in lines))
    monkeypatch.setattr(localfiles, "_MOUNTS", str(mounts))
    for folder in ("near", "far", "far/my disk", "auto", "farther"):
        (here / folder).mkdir()
        program = here / folder / "run"
        program.write_text("#! /bin/sh -e\n")
        program.chmod(0o755)
    (here / "near" / "remote").write_text(f"#!{here}/far/run\n")
    (here / "near" / "remote").chmod(0o755)
    (here / "near" / "link").symlink_to(here / "far" / "run")
    return here


@pytest.mark.parametrize(
    ("program", "cwd", "path", "local"),
    [
        ("/near/run", "/near", "", True),
        ("/near/run", "/far", "", False),
        ("/far/run", "/near", "", False),
        ("/auto/run", "/near", "", False),
        ("/farther/run", "/near", "", True),
        ("/far/my disk/run", "/near", "", True),
        ("./run", "/near", "", True),
        ("../far/run", "/near", "", False),
        ("/near/link", "/near", "", False),
        ("/near/remote", "/near", "", False),
        ("run", "/near", "/near:/far", True),
        ("run", "/near", "/far:/near", False),
        ("remote", "/near", "/near", False),
        ("none", "/near", "/near:/far", False),
        ("none", "/near", "/near", True),
    ],
)
def test_all_that_a_start_asks_for_must_be_local(program: str, cwd: str, path: str, local: bool, here: Path) -> None:
    program = f"{here}{program}" if program.startswith("/") else program
    folders = ":".join(f"{here}{folder}" for folder in path.split(":"))
    assert all_local(program, f"{here}{cwd}", folders) is local


def test_without_a_list_of_mounts_nothing_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(localfiles, "_MOUNTS", "/no/such")
    assert not all_local("/bin/sh", None, "")
