"""asched's SQLite ledger, which counts for how long its commits hold the loop."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

from asched.ledger.sqlite import SqliteLedger


class HeldLedger(SqliteLedger):
    """`held`: seconds of the loop's thread inside `commit`, what it waits for not included."""

    held = 0.0

    async def commit(self, *arguments: Any) -> Any:
        return await _Timed(super().commit(*arguments), self)


class _Timed:
    def __init__(self, coroutine: Any, ledger: HeldLedger) -> None:
        self._coroutine, self._ledger = coroutine, ledger

    def __await__(self) -> Generator[Any, Any, Any]:
        awaited = self._coroutine.__await__()
        resume, value = awaited.send, None
        while True:
            began = time.perf_counter()
            try:
                waits_for = resume(value)
            except StopIteration as end:
                return end.value
            finally:
                self._ledger.held += time.perf_counter() - began
            try:
                value = yield waits_for
                resume = awaited.send
            except BaseException as error:
                value, resume = error, awaited.throw
