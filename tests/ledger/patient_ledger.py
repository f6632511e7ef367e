"""A caller that tries again while a ledger is unavailable, as the engine does."""

from __future__ import annotations

from typing import Any

from asched.errors import LedgerUnavailable


class PatientLedger:
    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.refusals = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if not callable(found):
            return found

        async def again_and_again(*args: Any, **more: Any) -> Any:
            while True:
                try:
                    return await found(*args, **more)
                except LedgerUnavailable:
                    self.refusals += 1

        return again_and_again
