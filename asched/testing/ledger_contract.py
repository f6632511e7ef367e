"""The contract of a ledger, as tests that every implementation runs.

    class TestMyLedger(LedgerContract):
        async def make_ledger(self, folder: Path) -> Ledger:
            return MyLedger(folder / "ledger")

Every change is committed twice, because a caller whose answer was lost commits it again; so the suite also holds for
a ledger wrapped in FlakyLedger, with a caller that tries again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from asched.engine.ports import Ledger
from asched.testing.ledger_contract_decisions import DecisionContract
from asched.testing.ledger_contract_reading import ReadingContract
from asched.testing.ledger_contract_runs import RunContract
from asched.testing.ledger_samples import OURS, THEIRS, instance


@pytest.mark.anyio
class LedgerContract(DecisionContract, RunContract, ReadingContract):
    """Derive, and say how a ledger is made."""

    async def make_ledger(self, folder: Path) -> Ledger:
        raise NotImplementedError

    @pytest.fixture
    async def ledger(self, tmp_path: Path) -> AsyncIterator[Ledger]:
        """An open ledger in which two instances are entered: OURS and THEIRS."""
        ledger = await self.make_ledger(tmp_path)
        await ledger.open()
        try:
            assert await ledger.enter(instance(1)) == OURS
            assert await ledger.enter(instance(2)) == THEIRS
            yield ledger
        finally:
            await ledger.close()
