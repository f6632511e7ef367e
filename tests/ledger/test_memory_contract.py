"""The memory ledger keeps the contract."""

from __future__ import annotations

from pathlib import Path

from asched.engine.ports import Ledger
from asched.ledger.memory import MemoryLedger
from asched.testing.ledger_contract import LedgerContract


class TestMemoryLedger(LedgerContract):
    async def make_ledger(self, folder: Path) -> Ledger:
        return MemoryLedger()
