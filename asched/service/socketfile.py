"""The control socket's file: one per ledger, in the state directory, for its owner only."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

_LONGEST = 100  # bytes of a path that every system's sockets take


def socket_path(state_dir: Path, ledger: str) -> Path:
    """Where the service of that ledger listens."""
    name = blake2b(ledger.encode(), digest_size=5).hexdigest()
    return state_dir / f"control-{name}.sock"


def bind(path: Path) -> socket.socket:
    """A listening socket, 0600. What is there already is left over: only who holds the ledger's lock comes here."""
    with suppress(FileNotFoundError):
        path.unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            server.bind(name)
        os.chmod(path, 0o600)
        server.listen(64)
        server.setblocking(False)
    except BaseException:
        server.close()
        raise
    return server


def connect(path: Path) -> socket.socket:
    """A connected socket. Raises OSError when nobody answers."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            client.connect(name)
        client.setblocking(False)
    except BaseException:
        client.close()
        raise
    return client


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for it that is short enough for a socket address."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
