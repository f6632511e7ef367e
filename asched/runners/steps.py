"""The steps of the loop, among which what holds it up is distributed."""

from __future__ import annotations

import asyncio
from collections import deque


class Steps:
    """Lets `most` callers go on in each step of the loop, first come, first served: it attends to others between."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._gone = 0  # in this step
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def next(self) -> None:
        """Wait until it is the caller's turn: now, if there was none before it."""
        loop = asyncio.get_running_loop()
        if self._gone == self._most:
            self._waiting.append(turn := loop.create_future())
            await turn
            return
        if self._gone == 0:
            loop.call_soon(self._step)
        self._gone += 1

    def _step(self) -> None:
        self._gone = 0
        while self._waiting and self._gone < self._most:
            turn = self._waiting.popleft()
            if not turn.done():  # else it was cancelled meanwhile
                turn.set_result(None)
                self._gone += 1
        if self._gone:
            asyncio.get_running_loop().call_soon(self._step)
