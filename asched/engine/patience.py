"""Patience: each call of the ledger is made until it is answered. What cannot be recorded is not done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from asched.engine.bus import Bus
from asched.engine.clock import Clock, sleep
from asched.errors import LedgerUnavailable

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between tries while the ledger is unavailable

T = TypeVar("T")


class Patience:
    """`cancelled` is told when somebody cancels the task that waits, and raises when that is meant. `down` says why
    the ledger cannot be written, while it cannot; `pausing` is true between two tries."""

    def __init__(self, clock: Clock, bus: Bus, cancelled: Callable[[], None]) -> None:
        self._clock = clock
        self._bus = bus
        self._cancelled = cancelled
        self.down = ""
        self.pausing = False
        self.ends = False  # somebody waits for us to go: what is not recorded, the next start settles

    async def insist(self, call: Callable[[], Awaitable[T]]) -> T:
        """Safe, for each call is idempotent; also when somebody cancels this task meanwhile and what became of the call
        is not known. Raises LedgerUnavailable once it `ends`."""
        pause = FIRST_PAUSE
        while True:
            try:
                answer = await call()
                self._is_back()
                return answer
            except asyncio.CancelledError:
                self._cancelled()
            except LedgerUnavailable as error:
                self._is_gone(str(error))
                if self.ends and pause >= LONGEST_PAUSE:
                    raise
                await self._pause(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _pause(self, seconds: float) -> None:
        self.pausing = True
        try:
            await sleep(self._clock, seconds)
        except asyncio.CancelledError:
            self._cancelled()
        finally:
            self.pausing = False

    def _is_gone(self, why: str) -> None:
        if not self.down:
            self._bus.publish({"type": "ledger.unavailable", "at": self._clock.now(), "error": why})
        self.down = why

    def _is_back(self) -> None:
        if self.down:
            self.down = ""
            self._bus.publish({"type": "ledger.recovered", "at": self._clock.now()})
