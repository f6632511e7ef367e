"""Who works on an open run, and does it still live? So that nobody waits for the end of what nobody will end."""

from __future__ import annotations

import socket

from asched.core.record import FireRecord, InstanceRecord
from asched.engine.instance import boot_id, describe, process_started
from asched.engine.ports import Ledger
from asched.errors import ServiceUnreachable


def lives(instance: InstanceRecord) -> bool:
    """Is its process still there? Of another machine's we cannot know, and believe it."""
    if instance.left_at is not None:
        return False
    if instance.host != socket.gethostname():
        return True
    same_boot = instance.boot_id in ("", boot_id())
    return same_boot and process_started(instance.pid) == instance.pid_started


async def owner_of(ledger: Ledger, record: FireRecord) -> InstanceRecord | None:
    """The instance that an open run belongs to, while it lives."""
    for instance in await ledger.instances(limit=1000):
        if instance.number == record.owner:
            # A visitor (service/oneshot.py) has no seen_at of its own, and leaves only after its run is over.
            return instance if lives(instance) else None
    return None


async def check_owner(ledger: Ledger, record: FireRecord) -> None:
    """Raises ServiceUnreachable when the asched that an open run belongs to is gone."""
    if await owner_of(ledger, record) is None:
        gone = next((one for one in await ledger.instances(limit=1000) if one.number == record.owner), None)
        name = describe(gone) if gone else f"asched {record.owner}"
        raise ServiceUnreachable(f"{name} is gone, and run {record.run} is open: the next `asched serve` settles it")
