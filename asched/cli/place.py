"""The place: where the ledger and the control socket are, and in which zone people live here.

Found without importing a single job, so that `healthcheck`, `status`, `logs` and `cancel` are quick, and work while
somebody is in the middle of a mistake in a job or in its table.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from asched.errors import ConfigurationError

MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Place:
    """The same values as in the Configuration; `timezone` is an IANA key."""

    ledger: str
    state_dir: Path
    timezone: str

    @property
    def in_memory(self) -> bool:
        return self.ledger == MEMORY


def find_place(config: str, overrides: Mapping[str, object]) -> Place | None:
    """Raises ConfigurationError for a file that cannot be read; None where [service] needs a closer look."""
    from asched.host.statedir import state_dir
    from asched.service.layers import layered

    file = Path(config)
    layers = layered(_data(file), env=os.environ, flags=overrides)
    given = layers.data.get("service", {})
    if not isinstance(given, dict):
        return None
    ledger, timezone, state = (given.get(key) for key in ("ledger", "timezone", "state_dir"))
    ledger, timezone = ledger or "state/asched.db", timezone or "UTC"
    if not (isinstance(ledger, str) and isinstance(timezone, str) and isinstance(state, str | None)):
        return None
    key = _zone(timezone)
    if key is None or "://" in ledger or ledger.endswith("/"):
        return None
    at = ledger if ledger == MEMORY else _beside(file, ledger)
    set_dir = _beside(file, state) if state else None
    given = layers.giver(("service", "state_dir"))
    return Place(at, state_dir(set_dir if given else None, configured=set_dir, env=os.environ), key)


def place_of_flags(overrides: Mapping[str, object]) -> Place | None:
    """For one whose configuration cannot be read while its service runs: what the two flags say, and UTC."""
    ledger, state_dir = overrides.get("service.ledger"), overrides.get("service.state_dir")
    return Place(str(ledger), Path(str(state_dir)), "UTC") if ledger and state_dir else None


def with_way_out(error: ConfigurationError, config: str) -> ConfigurationError:
    """The same, with how to get to the service in spite of it."""
    if not os.path.exists(config):
        return error
    *others, last = error.problems
    way_out = "with --ledger and --state-dir both given, a service that runs is reached without this file"
    return ConfigurationError([*others, replace(last, help=f"{last.help}\n{way_out}".strip())])


def _data(file: Path) -> dict[str, Any]:
    from asched.service.configfile import read_file, read_text

    if file.suffix == ".py":
        read_text(file)
        return {"service": {"ledger": f"state/{file.stem}.db"}}
    return read_file(file)[0]


def _zone(key: str) -> str | None:
    from asched.core.localtime.zones import zone
    from asched.errors import ScheduleError
    from asched.host.localzone import local_zone_key

    try:
        return zone(local_zone_key() if key == "local" else key).key
    except ScheduleError:
        return None


def _beside(file: Path, path: str) -> str:
    """Relative to the folder of the configuration, as the service reads it."""
    return os.path.abspath(file.parent / Path(path).expanduser())
