"""A definition as it is written down, in the pieces that jobs share: a million of them must not cost a gigabyte.

Most jobs of a scheduler differ by their names and arguments only; the rest, nearly a kilobyte, is there once. Put
together again the pieces are the text, wherever it was cut: where to cut is a question of room, not of truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from json import JSONDecoder
from json.encoder import encode_basestring_ascii as quoted

from asched.core.quickly import quickly_made

Shape = tuple[str, str, str]  # what stands before the arguments, between them and the name, and after the name

ARGS, NAME, NO_ARGS = '"args":', '"name":', "{}"
_MOST = 1024  # shapes that are remembered

_value = JSONDecoder().raw_decode
_shapes: dict[Shape, Shape] = {}


@quickly_made
@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """`str` of it is the canonical JSON text. It equals every text that says the same, however that is held. Where
    `args` and `name` are "" all of it is in the first of the shape."""

    shape: Shape
    args: str = ""
    name: str = ""

    def __str__(self) -> str:
        before, between, after = self.shape
        return f"{before}{self.args}{between}{quoted(self.name)}{after}" if self.name else before

    def __eq__(self, other: object) -> bool:
        if type(other) is Written and other.name and other.name == self.name and other.args == self.args:
            return other.shape == self.shape or str(other) == str(self)
        return str(other) == str(self) if isinstance(other, Written | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


def cut(text: str, name: str) -> Written:
    """The text of a definition of the job with that name, as it was read somewhere."""
    at = text.find(ARGS) + len(ARGS)
    end = at + len(NO_ARGS) if text.startswith(NO_ARGS, at) else _end_of_value(text, at)
    named = NAME + quoted(name)
    here = text.find(named, end)
    if at < len(ARGS) or here < 0 or not name:
        return Written((text, "", ""))
    shape = (text[:at], text[end : here + len(NAME)], text[here + len(named) :])
    args = NO_ARGS if end - at == len(NO_ARGS) else text[at:end]
    return Written(shared(shape), args, name)


def shared(shape: Shape) -> Shape:
    """One value for all that are equal."""
    if len(_shapes) >= _MOST:
        _shapes.clear()
    return _shapes.setdefault(shape, shape)


def _end_of_value(text: str, at: int) -> int:
    try:
        return _value(text, at)[1]
    except ValueError:  # not what we wrote
        return len(text)
