"""One HTTP exchange: the request, its redirects where they are wanted, and as much of the body as may be read."""

from __future__ import annotations

from dataclasses import replace

import httpx

from asched.core.action import Request
from asched.core.masking import Mask
from asched.core.outcome import ErrorNote
from asched.runners.answer import Answer
from asched.runners.notes import note_of
from asched.runners.redirects import RefusedRedirect, check_hop

_HOPS = 5

# What retry_on may say without knowing httpx.
_ALSO: tuple[tuple[type[Exception], tuple[str, ...]], ...] = (
    (httpx.TimeoutException, ("TimeoutError", "builtins.TimeoutError")),
    (httpx.NetworkError, ("ConnectionError", "builtins.ConnectionError")),
    (httpx.RemoteProtocolError, ("ConnectionError", "builtins.ConnectionError")),
)


async def exchange(client: httpx.AsyncClient, request: Request) -> Answer:
    """Raises httpx's errors, and RefusedRedirect."""
    sent = _build(client, request)
    for _ in range(_HOPS + 1):
        response = await client.send(sent, stream=True, follow_redirects=False)
        try:
            following = response.next_request if request.follow_redirects else None
            if following is None:
                return await _read(response, request.max_body)
        finally:
            await response.aclose()
        await check_hop(sent.url, following.url)
        sent = _without_secrets(following, request) if _origin(following.url) != _origin(sent.url) else following
    raise RefusedRedirect(f"more than {_HOPS} redirects")


def _build(client: httpx.AsyncClient, request: Request) -> httpx.Request:
    headers = {"Accept-Encoding": "identity", **request.headers, **request.secret_headers}
    return client.build_request(
        request.method,
        request.url,
        headers=headers,
        params=request.params or None,
        content=request.body,
        json=request.json,
    )


async def _read(response: httpx.Response, limit: int) -> Answer:
    """Raw, so that nothing is unpacked; `limit` bytes, and the connection is closed when there is more."""
    pieces: list[bytes] = []
    length = 0
    async for piece in response.aiter_raw():
        pieces.append(piece[: limit - length])
        length += len(piece)
        if length > limit:
            break
    await response.aclose()
    return Answer(
        status=response.status_code,
        headers=response.headers,
        body=b"".join(pieces),
        truncated=length > limit,
        elapsed=response.elapsed.total_seconds(),
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _without_secrets(following: httpx.Request, request: Request) -> httpx.Request:
    """What was meant for one host is not shown to another. httpx itself drops Authorization only."""
    for name in request.secret_headers:
        following.headers.pop(name, None)
    return following


def fault_of(error: Exception, request: Request, mask: Mask, said: str = "") -> ErrorNote:
    """A failure of the network, of the URL, of the endpoint's manners."""
    types = next((names for kind, names in _ALSO if isinstance(error, kind)), ())
    said = said or str(error) or type(error).__name__
    note = note_of(error, mask, message=f"{describe(request)}: {said}", types=types)
    return replace(note, traceback="")  # all of it httpx's


def describe(request: Request) -> str:
    """Method, host and path: a query and a password may be secrets."""
    try:
        url = httpx.URL(request.url)
    except httpx.InvalidURL:
        return f"{request.method} of an invalid URL"
    return f"{request.method} {url.copy_with(query=None, fragment=None, username=None, password=None)}"
