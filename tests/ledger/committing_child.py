"""A process that commits batches until it is killed, and says after each that it has been confirmed.

Batch n of every job decides instant n and ends the run of instant n - 1.
"""

from __future__ import annotations

import asyncio
import sys

from patient_ledger import PatientLedger

from asched.core.change import Adopt, Change
from asched.core.record import FireQuery
from asched.ledger.sqlite import SqliteLedger
from asched.testing.ledger_samples import activate, decide, finish, fire, instance, minute, output

JOBS = [f"job-{number}" for number in range(10)]


async def main(path: str, pid: int, batches: int) -> None:
    ledger = PatientLedger(SqliteLedger(path))
    await ledger.open()
    owner = await ledger.enter(instance(pid))
    print("open", flush=True)
    await ledger.commit(owner, [activate(job) for job in JOBS])
    await settle(ledger, owner)
    watermarks = {v.job: round((v.watermark - minute(0)).total_seconds() / 60) for v in await ledger.versions()}
    first = watermarks[JOBS[0]] + 1
    for number in range(first, first + batches):
        refused = await ledger.commit(owner, batch(owner, number, is_first=number == first))
        assert refused == (), refused
        print(number, flush=True)
    await ledger.close()
    print(f"unavailable {ledger.refusals} times", file=sys.stderr)


async def settle(ledger: PatientLedger, owner: int) -> None:
    """What the one before us left open is ours, and over."""
    for record in await ledger.fires(FireQuery(open=True, limit=1000)):
        changes: list[Change] = [Adopt(record.id, record.owner), finish(record.fire)]
        assert await ledger.commit(owner, changes) == ()


def batch(owner: int, number: int, *, is_first: bool) -> list[Change]:
    changes: list[Change] = []
    for index, job in enumerate(JOBS):
        one = fire(number * 100 + index, by=owner, job=job, at=number)
        last = fire((number - 1) * 100 + index, by=owner, job=job, at=number - 1)
        changes.append(decide(one, job=job, move=(number - 1, number)))
        changes.append(output(one, 0, f"{job} {number}\n"))
        if not is_first:
            changes.append(finish(last))
    return changes


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
