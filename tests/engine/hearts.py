"""What the tests of the engine share: jobs, runners that misbehave, and a ledger that can be switched off."""

from datetime import UTC, datetime

from asched.core.outcome import Succeeded
from asched.core.record import FireQuery
from asched.engine.audit import audit
from asched.errors import LedgerUnavailable
from asched.ledger.memory import MemoryLedger

START = datetime(2026, 1, 1, tzinfo=UTC)


def lasting(duration, outcome=None):
    return lambda fire, attempt: (duration, outcome or Succeeded())


async def fires(harness, job="tick", **query):
    return await harness.ledger.fires(FireQuery(jobs=(job,), oldest_first=True, limit=100_000, **query))


async def went(harness, job="tick"):
    """(seconds after the start, how it ended, or what was decided) of every fire."""
    return [
        (
            (f.scheduled_at - START).total_seconds(),
            f.outcome.kind if f.outcome else str(getattr(f.decision, "reason", f.decision.kind)),
        )
        for f in await fires(harness, job)
    ]


async def imbalances(harness):
    return [str(one) for one in (await audit(harness.ledger, harness.clock.now())).imbalances]


class SwitchedLedger(MemoryLedger):
    """`off`: nothing can be written or read. `lose_answers`: it is written, and then there is no answer."""

    def __init__(self):
        super().__init__()
        self.off = False
        self.lose_answers = 0
        self.tries = 0

    async def commit(self, owner, changes):
        self.tries += 1
        self._check()
        answer = await super().commit(owner, changes)
        if self.lose_answers:
            self.lose_answers -= 1
            raise LedgerUnavailable("the answer was lost")
        return answer

    async def renew(self, number, at):
        self._check()
        await super().renew(number, at)

    async def fire(self, id):
        self._check()
        return await super().fire(id)

    def _check(self):
        if self.off:
            raise LedgerUnavailable("switched off for a test")
