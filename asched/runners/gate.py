"""Spreads spawns over the loop's rounds: a thousand commands at 12:00 must not hold up the output of the others."""

from __future__ import annotations

import asyncio
from types import TracebackType


class Gate:
    """An async context that `width` may enter in one round of the loop, in order; who leaves makes room in the next."""

    def __init__(self, width: int = 2) -> None:
        self._free = asyncio.Semaphore(width)

    async def __aenter__(self) -> None:
        await self._free.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().call_soon(self._free.release)
