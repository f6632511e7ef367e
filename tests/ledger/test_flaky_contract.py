"""The contract holds through failures on open, before a transaction and after it, if callers try again."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import cast

import pytest
from patient_ledger import PatientLedger

from asched.engine.ports import Ledger
from asched.errors import LedgerUnavailable
from asched.ledger.memory import MemoryLedger
from asched.ledger.sqlite import SqliteLedger
from asched.testing.flaky import FlakyLedger
from asched.testing.ledger_contract import LedgerContract
from asched.testing.ledger_samples import instance


class TestFlakyMemoryLedger(LedgerContract):
    async def make_ledger(self, folder: Path) -> Ledger:
        return cast(Ledger, PatientLedger(FlakyLedger(MemoryLedger(), Random(str(folder)))))


class TestFlakySqliteLedger(LedgerContract):
    async def make_ledger(self, folder: Path) -> Ledger:
        return cast(Ledger, PatientLedger(FlakyLedger(SqliteLedger(folder / "asched.db"), Random(str(folder)))))


@pytest.mark.anyio
async def test_it_really_fails_before_and_after() -> None:
    """The positive control."""
    inner = MemoryLedger()
    flaky = FlakyLedger(inner, Random(1), probability=0.5)
    lost, undone = 0, 0
    for pid in range(100):
        before = len(await inner.instances(1000))
        try:
            await flaky.enter(instance(pid))
        except LedgerUnavailable:
            done = len(await inner.instances(1000)) > before
            lost, undone = lost + done, undone + (not done)
    assert flaky.failures == lost + undone
    assert lost > 10
    assert undone > 10
