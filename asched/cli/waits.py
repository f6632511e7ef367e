"""What each fire that waits lacks, by the service, which alone knows it: the ledger has what it was decided for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asched.cli.desk import Desk

if TYPE_CHECKING:
    from asched.core.hindsight.atpresent import Lacking


def lacking(desk: Desk) -> Lacking:
    """Of the first that wait of each job; of none where no service answers."""
    if not desk.is_served:
        return {}
    return {one["run"]: one["lacks"] for job in desk.call("status")["jobs"] for one in job["waiting"]}
