"""Where in a TOML text each key and each value stands: what tomllib does not tell.

The text must be one that tomllib accepts; this only finds its way through it. A path is what leads to a value in
the loaded data: `("job", 0, "schedule")`.
"""

from __future__ import annotations

import bisect
import re

from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern

Path = tuple[str | int, ...]

_SPACE = pattern(r"[ \t]*")
_BLANK = pattern(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = pattern(r"[A-Za-z0-9_-]+")
_SCALAR = pattern(r"[^\s,\]}#]+(?: (?=\d\d:)[^\s,\]}#]+)?")  # a date and its time may stand apart
_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", '"': '"', "\\": "\\"}
_ESCAPE = pattern(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|x([0-9A-Fa-f]{2})|([btnfre\"\\])|[ \t]*\n[ \t\n]*)")


@dataclass(frozen=True, slots=True)
class Place:
    """A range of characters on one line: line and column count from 1."""

    line: int
    column: int
    length: int
    source: str


class Positions:
    """The keys and values of one text."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\r\n", "\n")  # as tomllib does
        self._lines = [0, *(match.end() for match in re.finditer("\n", self._text))]
        scan = _Scan(self._text)
        scan.document()
        self._keys, self._values = scan.keys, scan.values

    def __contains__(self, path: Path) -> bool:
        return path in self._keys or path in self._values

    def key(self, path: Path) -> Place:
        """The last key that leads to `path`; for an item of a list, the item; else what is nearest above it."""
        while path and path not in self._keys and path not in self._values:
            path = path[:-1]
        return self._place(*self._keys.get(path) or self._values.get(path) or (0, 1))

    def value(self, path: Path) -> Place:
        """The value at `path`, or what is nearest above it. A table's place is its header."""
        while path and path not in self._values and path not in self._keys:
            path = path[:-1]
        return self._place(*self._values.get(path) or self._keys.get(path) or (0, 1))

    def within(self, path: Path, span: tuple[int, int]) -> Place:
        """The characters `span` of the string at `path`, escapes and all."""
        if path not in self._values:
            return self.value(path)
        offsets = _string_offsets(self._text, self._values[path][0])
        if not offsets:  # no string
            return self.value(path)
        start, end = (offsets[min(at, len(offsets) - 1)] for at in span)
        return self._place(start, max(end, start + 1))

    def _place(self, start: int, end: int) -> Place:
        """A range that goes on over several lines is shown as far as its first line goes."""
        line = bisect.bisect_right(self._lines, start)
        begin = self._lines[line - 1]
        source = self._text[begin:].partition("\n")[0]
        length = min(end, begin + len(source)) - start
        return Place(line, start - begin + 1, max(1, length), source)


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, tuple[int, int]] = {}
        self.values: dict[Path, tuple[int, int]] = {}
        self.counts: dict[Path, int] = {}  # of the [[arrays of tables]], how many so far

    def document(self) -> None:
        table: Path = ()
        self._skip(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        start = self.at
        is_array = self.text.startswith("[[", self.at)
        self.at += 2 if is_array else 1
        path = self._resolved(self._key((), note=not is_array))
        self.at = self.text.index("]", self.at) + (2 if is_array else 1)
        if is_array:
            self.keys.setdefault(path, (start, self.at))
            self.counts[path] = self.counts.get(path, -1) + 1
            path = (*path, self.counts[path])
        self.values[path] = (start, self.at)
        return path

    def _resolved(self, path: Path) -> Path:
        """Within an array of tables, a header speaks of its last one."""
        whole: Path = ()
        for place, part in enumerate(path):
            whole = (*whole, part)
            if place < len(path) - 1 and whole in self.counts:
                whole = (*whole, self.counts[whole])
        return whole

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._skip(_SPACE)
        self.at += 1  # the =
        self._skip(_SPACE)
        self._value(path)

    def _key(self, above: Path, note: bool = True) -> Path:
        """A dotted key; each of its parts is a key of its own."""
        path = above
        while True:
            self._skip(_SPACE)
            start = self.at
            path = (*path, self._key_part())
            if note:
                self.keys.setdefault(path if above else self._resolved(path), (start, self.at))
            self._skip(_SPACE)
            if self.text[self.at] != ".":
                return path
            self.at += 1

    def _key_part(self) -> str:
        if self.text[self.at] in "\"'":
            return self._string()
        found = _BARE_KEY.match(self.text, self.at)
        assert found is not None
        self.at = found.end()
        return found.group()

    def _value(self, path: Path) -> None:
        start = self.at
        match self.text[self.at]:
            case '"' | "'":
                self._string()
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case _:
                found = _SCALAR.match(self.text, self.at)
                assert found is not None
                self.at = found.end()
        self.values[path] = (start, self.at)

    def _array(self, path: Path) -> None:
        self.at += 1
        place = 0
        while not self._closed("]"):
            self._value((*path, place))
            place += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while not self._closed("}"):
            self._pair(path)

    def _closed(self, bracket: str) -> bool:
        """Past blanks and a comma; True when the bracket came, which is passed too."""
        self._skip(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1
            self._skip(_BLANK)
        if self.text[self.at] != bracket:
            return False
        self.at += 1
        return True

    def _string(self) -> str:
        """Past a string of any of the four kinds; what it says."""
        start, (opening, end) = self.at, _string_bounds(self.text, self.at)
        self.at = end + opening
        offsets = _string_offsets(self.text, start)
        read = _letter if self.text[start] == '"' else str.__getitem__
        return "".join(read(self.text, at) for at in offsets[:-1])

    def _skip(self, blanks: re.Pattern[str]) -> None:
        found = blanks.match(self.text, self.at)
        assert found is not None  # both match nothing at all, too
        self.at = found.end()


def _string_bounds(text: str, start: int) -> tuple[int, int]:
    """(length of its quotes, where its closing quotes begin)."""
    quote = text[start]
    opening = 3 if text.startswith(quote * 3, start) else 1
    at = start + opening
    while not text.startswith(quote * opening, at):
        at += 2 if quote == '"' and text[at] == "\\" else 1
    while opening == 3 and text.startswith(quote, at + 3):  # up to two quotes may stand right before the closing ones
        at += 1
    return opening, at


def _string_offsets(text: str, start: int) -> list[int]:
    """Where each character of the string that begins at `start` stands, and where it ends; [] if it is none."""
    if text[start] not in "\"'":
        return []
    opening, end = _string_bounds(text, start)
    at = start + opening
    if opening == 3 and text.startswith("\n", at):
        at += 1
    offsets = []
    while at < end:
        escape = _ESCAPE.match(text, at) if text[start] == '"' else None
        if escape is None or escape.lastindex:
            offsets.append(at)
        at = escape.end() if escape else at + 1
    return [*offsets, end]


def _letter(text: str, at: int) -> str:
    escape = _ESCAPE.match(text, at)
    if escape is None or not escape.lastindex:
        return text[at]
    return _SIMPLE[escape[4]] if escape[4] else chr(int(escape[escape.lastindex], 16))
