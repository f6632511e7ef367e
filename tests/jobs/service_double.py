"""A small HTTP service on 127.0.0.1 that answers as told, and fails as real services fail."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from base64 import b64decode
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Reply:
    """An answer, or a way of not answering.

    `fault` is "" or one of: "reset" (the connection is reset after the request was read), "hang" (nothing ever
    comes), "cut" (the body ends before its announced length), "slow" (the answer comes after `seconds`).
    """

    status: int = 200
    body: bytes = b""
    fault: str = ""
    seconds: float = 0.02
    headers: Mapping[str, str] = field(default_factory=dict)


def reply_json(value: object, status: int = 200, **how: object) -> Reply:
    return Reply(status, json.dumps(value).encode(), **how)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]

    @property
    def basic_auth(self) -> str:
        """user:password"""
        return b64decode(self.headers["authorization"].removeprefix("Basic ")).decode()


class ServiceDouble:
    """Replies per (method, path): the last one stays for all further requests. Unknown paths get a 404."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._replies: dict[tuple[str, str], deque[Reply]] = defaultdict(deque)
        self.asked = threading.Event()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, method: str, path: str, *replies: Reply) -> None:
        self._replies[method, path] = deque(replies)

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def __enter__(self) -> ServiceDouble:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _next(self, method: str, path: str) -> Reply:
        replies = self._replies[method, path]
        if not replies:
            return reply_json({"message": f"no {path}"}, 404)
        return replies.popleft() if len(replies) > 1 else replies[0]

    def _handler(double) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer()

            def do_POST(self) -> None:
                self._answer()

            def log_message(self, format: str, *args: object) -> None:
                pass

            def _answer(self) -> None:
                address = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
                request = Request(
                    self.command,
                    address.path,
                    dict(parse_qsl(address.query)),
                    dict(parse_qsl(body, keep_blank_values=True)),
                    {name.lower(): value for name, value in self.headers.items()},
                )
                double.requests.append(request)
                double.asked.set()
                self._send(double._next(self.command, address.path))

            def _send(self, reply: Reply) -> None:
                self.close_connection = True
                if reply.fault == "reset":
                    # Linger of 0 seconds: close() sends RST, as a server that dies after reading does.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                if reply.fault == "hang":
                    double._released.wait()
                    return
                if reply.fault == "slow":
                    time.sleep(reply.seconds)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                # Said, not only done: else the client keeps the connection and its next request meets the end of it.
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(reply.body[: len(reply.body) // 2] if reply.fault == "cut" else reply.body)

        return Handler


def free_port() -> int:
    """A port on which nobody listens: connecting to it is refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
