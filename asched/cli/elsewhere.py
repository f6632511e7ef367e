"""A service that was started by this configuration, and has another ledger than it names by now.

Its socket goes by its ledger, so that whoever asks by the new one finds nobody, and would think that nothing is served.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from asched.cli.place import Place
from asched.errors import AschedError
from asched.service.client import call, is_running
from asched.service.otherledger import another_ledger


def served_elsewhere(config: str, place: Place) -> str:
    """What to say of it; "" when there is none."""
    for socket in sorted(place.state_dir.glob("control-*.sock")):
        ledger = _ledger_of(socket, os.path.abspath(config))
        if ledger not in ("", place.ledger):
            return another_ledger(place.ledger, ledger)
    return ""


def _ledger_of(socket: Path, config: str) -> str:
    """Of the service that answers there, if it was started by that configuration."""
    if not is_running(socket):
        return ""
    try:
        status = asyncio.run(call(socket, "status"))
    except AschedError:
        return ""  # it went away meanwhile, or is of another kind
    return str(status.get("ledger", "")) if status.get("config") == config else ""
