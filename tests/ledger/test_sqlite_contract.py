"""The SQLite ledger keeps the contract."""

from __future__ import annotations

from pathlib import Path

from asched.engine.ports import Ledger
from asched.ledger.sqlite import SqliteLedger
from asched.testing.ledger_contract import LedgerContract


class TestSqliteLedger(LedgerContract):
    async def make_ledger(self, folder: Path) -> Ledger:
        return SqliteLedger(folder / "asched.db")
