"""The drain that lasts, if one does, by what the ledger holds: for whoever asks no service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from asched.core.change import Act
from asched.core.record import InstanceRecord
from asched.core.rules.draining import DRAIN, LIFT
from asched.engine.instance import VISITOR, is_lost
from asched.engine.ports import Ledger


async def drain_of(ledger: Ledger, instances: Iterable[InstanceRecord], now: datetime) -> Act | None:
    """Who asked for it, and why. It ends with the asched that was asked, whatever became of that."""
    last = next(iter(await ledger.acts(1, verbs=(DRAIN, LIFT))), None)
    if last is None or last.verb != DRAIN:
        return None
    asked = any(one.started_at <= last.at for one in instances if serves(one, now))
    return last if asked else None


def serves(instance: InstanceRecord, now: datetime) -> bool:
    """It lives, and decides what is due."""
    return not instance.token.startswith(VISITOR) and not is_lost(instance, now)
