"""Who works on an open run, and does it still live? So that nobody waits for the end of what nobody will end."""

from __future__ import annotations

from asched.core.record import FireRecord, InstanceRecord
from asched.engine.instance import describe, lives
from asched.engine.ports import Ledger
from asched.errors import ServiceUnreachable

ALL = 1_000_000


async def owner_of(ledger: Ledger, record: FireRecord) -> InstanceRecord | None:
    """The instance that an open run belongs to, while it lives."""
    owner = await _recorded_owner(ledger, record)
    return owner if owner is not None and lives(owner) else None


async def check_owner(ledger: Ledger, record: FireRecord) -> None:
    """Raises ServiceUnreachable when the asched that an open run belongs to is gone."""
    owner = await _recorded_owner(ledger, record)
    if owner is None or not lives(owner):
        name = describe(owner) if owner else f"asched {record.owner}"
        raise ServiceUnreachable(f"{name} is gone, and run {record.run} is open: the next `asched serve` settles it")


async def _recorded_owner(ledger: Ledger, record: FireRecord) -> InstanceRecord | None:
    return next((one for one in await ledger.instances(limit=ALL) if one.number == record.owner), None)
