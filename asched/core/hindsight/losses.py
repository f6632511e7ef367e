"""Which open fires belong to an asched that is gone, and what the next start makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field

from asched.core.dataclass import dataclass
from asched.core.outcome import Queue
from asched.core.record import FireRecord


@dataclass(frozen=True, slots=True)
class Loss:
    """Whose it was, as "asched 3 (pid 4711 on host)". `again`: its job is idempotent."""

    owner: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Losses:
    """Those owners of open fires that are gone, by number, and how to call them; and the jobs that are idempotent."""

    owners: Mapping[int, str] = field(default_factory=dict, hash=False)
    idempotent: frozenset[str] = frozenset()

    def of(self, record: FireRecord) -> Loss | None:
        """None where nothing is lost."""
        if not record.open or record.owner not in self.owners:
            return None
        return Loss(self.owners[record.owner], record.job in self.idempotent)

    def among(self, records: Iterable[FireRecord]) -> Mapping[int, Loss]:
        """By the ids of the fires."""
        return {one.id: loss for one in records if (loss := self.of(one)) is not None}


def goes_on(record: FireRecord) -> bool:
    """Lost or not, the next start takes it up where it is: it waits."""
    return isinstance(record.decision, Queue) or record.retry_at is not None


def explain_loss(record: FireRecord, loss: Loss) -> str:
    """What becomes of it: as in core/rules/adopt.py. Neither a capital nor a full stop."""
    if goes_on(record):
        return f"{loss.owner} is gone, and the next start goes on with it"
    then = "runs it once more, for its job is idempotent" if loss.again else "records it as abandoned"
    return f"it was running when {loss.owner} was killed or lost: the next start {then}"
