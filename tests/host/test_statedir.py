"""Which state directory, and that nobody else can write to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from asched.errors import ConfigurationError
from asched.host.statedir import find_state_dir, make_state_dir, state_dir

FULL = {
    "ASCHED_STATE_DIR": "/env",
    "STATE_DIRECTORY": "/systemd:/second",
    "XDG_STATE_HOME": "/xdg",
    "HOME": "/home/ada",
}

PRECEDENCE: list[tuple[str | None, tuple[str, ...], str | None, bool, str, str]] = [
    ("/flag", (), "/file", False, "/flag", "flag"),
    (None, (), "/file", False, "/env", "environment ASCHED_STATE_DIR"),
    (None, ("ASCHED_STATE_DIR",), "/file", False, "/systemd", "environment STATE_DIRECTORY"),
    (None, ("ASCHED_STATE_DIR", "STATE_DIRECTORY"), "/file", False, "/file", "file"),
    (None, ("ASCHED_STATE_DIR", "STATE_DIRECTORY"), None, True, "/xdg/asched", "environment XDG_STATE_HOME"),
    (None, ("ASCHED_STATE_DIR", "STATE_DIRECTORY", "XDG_STATE_HOME"), None, True, "/var/lib/asched", "default"),
    (
        None,
        ("ASCHED_STATE_DIR", "STATE_DIRECTORY", "XDG_STATE_HOME"),
        None,
        False,
        "/home/ada/.local/state/asched",
        "default",
    ),
]


@pytest.mark.parametrize(("flag", "without", "configured", "root", "path", "origin"), PRECEDENCE)
def test_precedence(
    flag: str | None, without: tuple[str, ...], configured: str | None, root: bool, path: str, origin: str
) -> None:
    env = {name: value for name, value in FULL.items() if name not in without}
    assert find_state_dir(flag, configured=configured, env=env, root=root) == (Path(path), origin)


def test_a_relative_xdg_path_is_ignored_and_a_relative_flag_is_from_here() -> None:
    assert state_dir(env={"XDG_STATE_HOME": "state", "HOME": "/h"}, root=False) == Path("/h/.local/state/asched")
    assert state_dir("state", env={}) == Path.cwd() / "state"


def test_it_is_made_for_its_owner_only(tmp_path: Path) -> None:
    made = make_state_dir(tmp_path / "a" / "b")
    assert made.stat().st_mode & 0o777 == 0o700
    assert make_state_dir(made) == made


def test_one_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o707)
    with pytest.raises(ConfigurationError) as caught:
        make_state_dir(tmp_path)
    assert caught.value.problems[0].help == f"chmod go-w {tmp_path}"


def test_one_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot make the state directory"):
        make_state_dir(tmp_path / "file" / "state")
