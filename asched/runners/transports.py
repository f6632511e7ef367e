"""Connections that many HTTP clients share. The only module of ours that knows httpx's transports."""

from __future__ import annotations

import asyncio
import ssl
import threading
from urllib.request import getproxies, proxy_bypass

import httpx

from asched.engine.aside import aside

_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20, keepalive_expiry=30)


class AsyncShared(httpx.AsyncBaseTransport):
    """One pool of connections for each way out: direct, or through a proxy that the environment names.

    httpx reads the environment only where a client builds its own transport, so it is read here.
    """

    def __init__(self) -> None:
        self._pools: dict[str, httpx.AsyncHTTPTransport] = {}
        self._opening = asyncio.Lock()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = _proxy_for(request.url)
        pool = self._pools.get(proxy) or await self._open(proxy)
        return await pool.handle_async_request(request)

    async def _open(self, proxy: str) -> httpx.AsyncHTTPTransport:
        async with self._opening:
            if proxy not in self._pools:
                # Reading the certificates takes 10 to 30 ms: not on the loop.
                trusted = await aside(httpx.create_ssl_context)
                self._pools[proxy] = httpx.AsyncHTTPTransport(verify=trusted, limits=_LIMITS, proxy=proxy or None)
            return self._pools[proxy]

    async def aclose(self) -> None:
        """One client is done with it; the others are not."""

    async def shut(self) -> None:
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.aclose()


class Shared(httpx.BaseTransport):
    """The same for threads."""

    def __init__(self) -> None:
        self._pools: dict[str, httpx.HTTPTransport] = {}
        self._opening = threading.Lock()
        self._trusted: ssl.SSLContext | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = _proxy_for(request.url)
        pool = self._pools.get(proxy) or self._open(proxy)
        return pool.handle_request(request)

    def _open(self, proxy: str) -> httpx.HTTPTransport:
        with self._opening:
            if proxy not in self._pools:
                self._trusted = self._trusted or httpx.create_ssl_context()
                self._pools[proxy] = httpx.HTTPTransport(verify=self._trusted, limits=_LIMITS, proxy=proxy or None)
            return self._pools[proxy]

    def close(self) -> None:
        """One client is done with it; the others are not."""

    def shut(self) -> None:
        pools = list(self._pools.values())
        self._pools.clear()
        for pool in pools:
            pool.close()


def _proxy_for(url: httpx.URL) -> str:
    """The environment's proxy for this URL (HTTPS_PROXY and the like, NO_PROXY), "" for none."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(url.netloc.decode("ascii")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"
