"""An HTTP answer: what is kept of it, what is shown of it, and whether it is what the job expected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus

from asched.core.action import Request
from asched.core.dataclass import dataclass
from asched.core.masking import Mask
from asched.core.outcome import ErrorNote
from asched.engine.ports import OutputSink
from asched.runners.notes import bounded, failure, printable

_LARGEST_JSON = 32 * 1024  # bytes that are kept in the result, where upstream jobs find them
_SHOWN = 200  # characters of a body in a message
_TEXTUAL = ("json", "xml", "javascript", "yaml", "x-www-form-urlencoded")
_CHARSETS = ("utf-8", "us-ascii", "iso-8859-1", "iso-8859-15", "windows-1252", "windows-1251", "utf-16")


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is as it was sent. `truncated`: there was more than max_body, and it was not read. `elapsed` in seconds.
    `headers` are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    truncated: bool = False
    elapsed: float = 0.0

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def encoding(self) -> str:
        """How the body is packed, although we asked for it as it is; "" for not at all."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        return "" if encoding == "identity" else bounded(encoding, 20)

    @property
    def is_text(self) -> bool:
        kind = self.media_type
        return not self.encoding and (not kind or kind.startswith("text/") or any(word in kind for word in _TEXTUAL))

    def text(self) -> str:
        """In its own charset if that is a common one: an answer must not choose among Python's codecs."""
        charset = self.headers.get("content-type", "").lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
        return self.body.decode(charset if charset in _CHARSETS else "utf-8", "replace")

    def summary(self) -> dict[str, object]:
        """The run's result."""
        kept: dict[str, object] = {"status": self.status, "length": len(self.body), "elapsed_s": round(self.elapsed, 6)}
        if self.truncated:
            kept["truncated"] = True
        if self.encoding:
            kept["encoding"] = self.encoding
        if "json" in self.media_type and self.is_text and not self.truncated and len(self.body) < _LARGEST_JSON:
            kept.update(_parsed(self.body))
        return kept

    def show(self, output: OutputSink) -> None:
        """The body, where people can read it, as the run's output."""
        if self.is_text and self.body:
            output.write("stdout", self.text())
        elif self.body:
            packed = f", {self.encoding}-encoded although identity was asked for" if self.encoding else ""
            kind = printable(self.media_type) or "unknown type"
            output.write("note", f"[{len(self.body)} bytes of {kind}{packed}, not shown]\n")
        if self.truncated:
            output.write("note", f"[the answer goes on; reading stopped after {len(self.body)} bytes, max_body]\n")


def judge(answer: Answer, request: Request, mask: Mask) -> ErrorNote | None:
    """What is wrong with the answer, or None when it is as expected."""
    if not _status_is_expected(answer.status, request.expect_status):
        return _note("UnexpectedStatus", _about_status(answer, request), answer, mask)
    if request.expect_body and request.expect_body not in answer.text():
        return _note("UnexpectedBody", _about_body(answer, request), answer, mask)
    return None


def _note(kind: str, message: str, answer: Answer, mask: Mask) -> ErrorNote:
    return replace(failure(kind, message, mask), status=answer.status)


def _status_is_expected(status: int, expected: tuple[int, ...]) -> bool:
    return status in expected if expected else 200 <= status < 300


def _about_status(answer: Answer, request: Request) -> str:
    expected = " or ".join(map(str, request.expect_status)) or "2xx"
    said = f"answered {answer.status}{_phrase(answer.status)}, expected {expected}"
    if 300 <= answer.status < 400 and not request.follow_redirects and "location" in answer.headers:
        return f"{said}; redirects are not followed (follow_redirects = true follows them)"
    if answer.is_text and answer.body:
        said += f": {bounded(' '.join(answer.text().split()), _SHOWN)}"
    return said


def _about_body(answer: Answer, request: Request) -> str:
    where = f"the first {len(answer.body)} bytes of the answer" if answer.truncated else "the answer"
    packed = f", which came {answer.encoding}-encoded although identity was asked for" if answer.encoding else ""
    return f'"{bounded(request.expect_body, _SHOWN)}" is not in {where}{packed}'


def _phrase(status: int) -> str:
    try:
        return f" {HTTPStatus(status).phrase}"
    except ValueError:
        return ""


def _parsed(body: bytes) -> dict[str, object]:
    try:
        return {"json": json.loads(body)}
    except (ValueError, RecursionError):  # says it is JSON, and is not
        return {}
