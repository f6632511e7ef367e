"""The law of the ledger, checked from the outside."""

from asched.engine.audit import audit


async def imbalances(ledger, now):
    return [str(one) for one in (await audit(ledger, now)).imbalances]
