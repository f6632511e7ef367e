"""The state directory: where the control socket and what the service remembers of itself live."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from asched.errors import ConfigurationError, Problem
from asched.host.permissions import remedy, writable_by_others


def find_state_dir(
    flag: str | Path | None = None,
    *,
    configured: str | Path | None = None,
    env: Mapping[str, str] = os.environ,
    root: bool | None = None,
) -> tuple[Path, str]:
    """The directory, absolute, and what named it.

    First of: the flag, $ASCHED_STATE_DIR, $STATE_DIRECTORY (systemd; its first), the configuration file,
    $XDG_STATE_HOME/asched, /var/lib/asched for root, ~/.local/state/asched.
    """
    is_root = os.geteuid() == 0 if root is None else root
    xdg = env.get("XDG_STATE_HOME", "")
    named = (
        (str(flag or ""), "flag"),
        (env.get("ASCHED_STATE_DIR", ""), "environment ASCHED_STATE_DIR"),
        (env.get("STATE_DIRECTORY", "").partition(":")[0], "environment STATE_DIRECTORY"),
        (str(configured or ""), "file"),
        # The XDG specification: a relative path is to be ignored.
        (f"{xdg}/asched" if xdg.startswith("/") else "", "environment XDG_STATE_HOME"),
        ("/var/lib/asched" if is_root else "", "default"),
        (f"{env.get('HOME') or Path.home()}/.local/state/asched", "default"),
    )
    path, origin = next((path, origin) for path, origin in named if path)
    return Path(os.path.abspath(Path(path).expanduser())), origin


def state_dir(
    flag: str | Path | None = None,
    *,
    configured: str | Path | None = None,
    env: Mapping[str, str] = os.environ,
    root: bool | None = None,
) -> Path:
    """See find_state_dir."""
    return find_state_dir(flag, configured=configured, env=env, root=root)[0]


def make_state_dir(path: Path) -> Path:
    """Create it, for its owner only. Raises ConfigurationError where that cannot be, or others may write to it."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        help = "name another with --state-dir or ASCHED_STATE_DIR"
        raise ConfigurationError(
            [Problem(f"cannot make the state directory {path}: {error.strerror}", help=help)]
        ) from None
    if writable_by_others(path):
        help = remedy(path)
        raise ConfigurationError([Problem(f"the state directory {path} is writable by others", help=help)])
    return path
