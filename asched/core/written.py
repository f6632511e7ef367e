"""A definition as it is written down, in the pieces that jobs share: a million of them must not cost a gigabyte.

Most jobs of a scheduler differ by their names and arguments only; the rest, nearly a kilobyte, is there once. Put
together again the pieces are the text, wherever it was cut: where to cut is a question of room, not of truth.
"""

from __future__ import annotations

from json import JSONDecoder
from json.encoder import encode_basestring_ascii as quoted

from asched.core.dataclass import quickly_made

Shape = tuple[str, str, str]  # what stands before the arguments, between them and the name, and after the name

ARGS, NAME, NO_ARGS = '"args":', '"name":', "{}"
_MOST = 1024  # shapes that are remembered

_value = JSONDecoder().raw_decode
_shapes: dict[Shape, Written] = {}


@quickly_made
class Written:
    """All of a definition but the job's name: one value for all jobs that differ by nothing else. Where nothing stands
    between the arguments and the name, it was not cut, and all of it is what stands before."""

    shape: Shape
    args: str = NO_ARGS

    def of(self, job: str) -> str:
        """The canonical JSON text, for the job with that name."""
        before, between, after = self.shape
        return f"{before}{self.args}{between}{quoted(job)}{after}" if between else before

    def says(self, other: Written, job: str) -> bool:
        """Is it the same definition of that job? One may be cut and the other not."""
        return self is other or self == other or self.of(job) == other.of(job)


def whole(text: str) -> Written:
    return Written((text, "", ""))


def cut(text: str, job: str) -> Written:
    """The text of a definition of the job with that name, as it was read somewhere."""
    at = text.find(ARGS) + len(ARGS)
    end = at + len(NO_ARGS) if text.startswith(NO_ARGS, at) else _end_of_value(text, at)
    named = NAME + quoted(job)
    here = text.find(named, end)
    if at < len(ARGS) or here < 0:
        return whole(text)
    found = shared((text[:at], text[end : here + len(NAME)], text[here + len(named) :]))
    return found if text.startswith(NO_ARGS, at) else Written(found.shape, text[at:end])


def shared(shape: Shape) -> Written:
    """That without arguments: one value for all that are equal."""
    found = _shapes.get(shape)
    if found is None:
        if len(_shapes) >= _MOST:
            _shapes.clear()
        found = _shapes[shape] = Written(shape)
    return found


def _end_of_value(text: str, at: int) -> int:
    try:
        return _value(text, at)[1]
    except ValueError:  # not what we wrote
        return len(text)
