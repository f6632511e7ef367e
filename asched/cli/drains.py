"""What is said of a drain that lasts, wherever jobs and what comes due are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from asched.cli import show
from asched.cli.desk import Desk

if TYPE_CHECKING:
    from asched.core.change import Act


def said_of_drain(desk: Desk, drain: Mapping[str, str]) -> str:
    """Of `drain` as a status has it."""
    return _said(desk, drain["by"], drain["reason"], datetime.fromisoformat(drain["since"]))


def say_drain(desk: Desk, drain: Act | None) -> None:
    """Of the act that asked for it."""
    if drain is not None:
        desk.talk(_said(desk, drain.by, drain.reason, drain.at))


def _said(desk: Desk, by: str, reason: str, since: datetime) -> str:
    why = f" ({reason})" if reason else ""
    return f"starts nothing since {show.when(since, desk.zone)}, by {by}{why}: `asched drain --cancel` goes on"
