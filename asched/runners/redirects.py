"""Where a redirect may lead. What answers is not trusted to choose where we go next (FAULTS 32)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

import httpx

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class RefusedRedirect(Exception):
    """The message says where it led."""


async def check_hop(here: httpx.URL, there: httpx.URL) -> None:
    """Raises RefusedRedirect for anything but http and https, for a step down from https to http, for link-local
    addresses (a cloud's metadata service), and for a way from the public net into a private one."""
    if there.scheme not in ("http", "https"):
        raise RefusedRedirect(f"redirect to {there.scheme}: refused, only http and https are followed")
    if here.scheme == "https" and there.scheme == "http":
        raise RefusedRedirect(f"redirect from https to http://{there.host} refused")
    if here.host == there.host:
        return
    targets = await _addresses(there)
    if any(address.is_link_local for address in targets):
        raise RefusedRedirect(f"redirect to {there.host} refused: a link-local address")
    if not all(map(_is_public, targets)) and all(map(_is_public, await _addresses(here))):
        raise RefusedRedirect(f"redirect from {here.host} to {there.host} refused: a private address")


def _is_public(address: Address) -> bool:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_global


async def _addresses(url: httpx.URL) -> list[Address]:
    """Of its host; empty when it cannot be resolved, as then the connection fails by itself."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
