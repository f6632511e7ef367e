"""HTTP clients for runs: one small client a run, so that cookies and headers stay its own, over shared connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from asched.runners.transports import AsyncShared, Shared


class Clients:
    """Nothing is imported or opened before the first client is asked for."""

    def __init__(self) -> None:
        self._asynchronous: AsyncShared | None = None
        self._blocking: Shared | None = None

    def asynchronous(self, timeout: float) -> httpx.AsyncClient:
        """A client for one run on the loop. `timeout` in seconds, of each step of a request."""
        import httpx  # 30 ms

        from asched.runners.transports import AsyncShared

        if self._asynchronous is None:
            self._asynchronous = AsyncShared()
        return httpx.AsyncClient(transport=self._asynchronous, timeout=timeout, headers=_HEADERS)

    def blocking(self, timeout: float) -> httpx.Client:
        """A client for one run in a thread."""
        import httpx

        from asched.runners.transports import Shared

        if self._blocking is None:
            self._blocking = Shared()
        return httpx.Client(transport=self._blocking, timeout=timeout, headers=_HEADERS)

    async def close(self) -> None:
        """Close the connections. Requests that still use them fail."""
        if self._asynchronous is not None:
            await self._asynchronous.shut()
        if self._blocking is not None:
            self._blocking.shut()


_HEADERS = {"User-Agent": "asched"}
