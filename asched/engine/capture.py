"""What a run prints: kept in bounds (head and tail, the middle counted), masked, line by line, from any thread."""

from __future__ import annotations

import codecs
import threading
from collections import deque
from collections.abc import Callable

from asched.core.dataclass import dataclass

HEAD = 64 * 1024  # characters that are kept from the beginning, and written while the run goes on
TAIL = 192 * 1024  # characters that are kept from the end, and written when it is over
PIECE = 16 * 1024
LONGEST_LINE = 8 * 1024  # a longer line is cut into pieces

LONGEST_SECRET = 512  # characters that are held back when a line is cut, so that no secret is cut in two

Mask = Callable[[str], str]
Attempt = tuple[int, int]  # (fire id, attempt)


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive text of one stream."""

    seq: int
    stream: str
    text: str


class Capture:
    """An OutputSink. `on_pending` is called, from the writing thread, when there is something to take; both are told
    whose output it is."""

    __slots__ = ("_closed", "_kept", "_lock", "_mask", "_on_child", "_on_pending", "_seq", "_whose")

    def __init__(
        self,
        on_pending: Callable[[Attempt], None],
        on_child: Callable[[Attempt, int, int], None],
        mask: Mask,
        whose: Attempt = (0, 1),
    ) -> None:
        self._whose = whose
        self._on_pending = on_pending
        self._on_child = on_child
        self._mask = mask
        self._lock = threading.Lock()
        self._kept: _Kept | None = None  # most runs print nothing
        self._seq = 0
        self._closed = False

    def write(self, stream: str, data: bytes | str) -> None:
        with self._lock:
            if self._closed:
                return
            kept = self._kept = self._kept or _Kept(self._mask)
            had = bool(kept.head)
            kept.feed(stream, data)
            new = bool(kept.head) and not had
        if new:
            self._on_pending(self._whose)

    def child(self, pid: int, started: int) -> None:
        self._on_child(self._whose, pid, started)

    def take(self) -> list[Piece]:
        """What is there to be written now: whole lines of the head."""
        with self._lock:
            return self._numbered(self._kept.take()) if self._kept else []

    def close(self) -> list[Piece]:
        """The run is over: unfinished lines, what was left out, and the tail. Later writes are ignored."""
        with self._lock:
            self._closed = True
            return self._numbered(self._kept.rest()) if self._kept else []

    def _numbered(self, kept: list[tuple[str, str]]) -> list[Piece]:
        pieces: list[Piece] = []
        for stream, text in _joined(kept):
            pieces.append(Piece(self._seq, stream, text))
            self._seq += 1
        return pieces


class _Kept:
    """What there is of it: head, tail, and how much was left out between them."""

    def __init__(self, mask: Mask) -> None:
        self.head: list[tuple[str, str]] = []
        self._mask = mask
        self._lines: dict[str, _Lines] = {}
        self._head_left = HEAD
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_size = 0
        self._left_out = 0

    def feed(self, stream: str, data: bytes | str) -> None:
        lines = self._lines.get(stream)
        if lines is None:
            lines = self._lines[stream] = _Lines()
        self._keep_all(stream, lines.feed(data))

    def take(self) -> list[tuple[str, str]]:
        taken, self.head = self.head, []
        return taken

    def rest(self) -> list[tuple[str, str]]:
        for stream, lines in self._lines.items():
            self._keep_all(stream, lines.rest())
        kept = self.take()
        if self._left_out:
            kept.append(("note", f"[{self._left_out} characters left out here]\n"))
        kept.extend(self._tail)
        self._tail.clear()
        return kept

    def _keep_all(self, stream: str, text: str) -> None:
        if not text:
            return
        text = self._mask(text)
        if self._head_left > 0:
            self.head.append((stream, text[: self._head_left]))
            text, self._head_left = text[self._head_left :], self._head_left - len(text)
        if text:
            self._keep_tail(stream, text)

    def _keep_tail(self, stream: str, text: str) -> None:
        """Whole pieces leave at the front, so that many short lines cost no more than one long one."""
        self._tail.extend((stream, text[i : i + PIECE]) for i in range(0, len(text), PIECE))
        self._tail_size += len(text)
        while self._tail_size - len(self._tail[0][1]) >= TAIL:
            gone = len(self._tail.popleft()[1])
            self._tail_size -= gone
            self._left_out += gone


def _joined(kept: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbours of the same stream become one."""
    joined: list[tuple[str, list[str]]] = []
    for stream, text in kept:
        if joined and joined[-1][0] == stream:
            joined[-1][1].append(text)
        else:
            joined.append((stream, [text]))
    return [(stream, "".join(texts)) for stream, texts in joined]


class _Lines:
    """Bytes or text in, text up to the last line end out, so that no secret and no character is cut in two."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes | str) -> str:
        text = self._held + (data if isinstance(data, str) else self._decode.decode(data))
        end = text.rfind("\n") + 1
        if end == 0 and len(text) > LONGEST_LINE:
            end = len(text) - LONGEST_SECRET
        self._held = text[end:]
        return text[:end]

    def rest(self) -> str:
        text = self._held + self._decode.decode(b"", final=True)
        self._held = ""
        return text
