"""H in a cron expression: a value that depends on the job's name alone, so that many jobs do not share one minute.

    H           one value of the field (of the month's days: 1 to 28)
    H(a-b)      one of a to b
    H/n         every n, from an offset below n
    H(a-b)/n    the same, from a + offset to b

The value is the same on every machine, after every restart and in every version of asched: it is chosen by a hash
of the name and the field. What comes out is an expression without H, which `Cron` reads.
"""

from __future__ import annotations

import re
from hashlib import sha256

from asched.core.dataclass import dataclass
from asched.core.localtime.cronfields import DAY, LAYOUTS, WEEKDAY, YEAR, Unit
from asched.core.text.pattern import pattern
from asched.errors import ScheduleError

_FORMS = 'write H, H(0-29), H/15 or H(0-29)/10; in a list, each between commas, as in "H,30"'
_MENTION = pattern(r"(?<![A-Z])H(?![A-Z])", re.IGNORECASE)
_H = pattern(r"H(?:\((?P<low>[^-()]*)-(?P<high>[^-()]*)\))?(?:/(?P<step>.*))?", re.IGNORECASE)
_NUMBER = pattern(r"[0-9]{1,4}")


def resolve(expression: str, name: str) -> str:
    """The expression with each H replaced for the job of that name; without an H, the expression itself.

    Raises ScheduleError for an H that is not understood, pointing at it. What is wrong beside it is left to `Cron`.
    """
    words = list(re.finditer(r"\S+", expression))
    units = LAYOUTS.get(len(words))
    if not units or not _MENTION.search(expression):
        return expression
    if not name:
        help = "write it where the job is declared; `asched explain --name JOB` says what it comes to there"
        raise ScheduleError("H needs the name of a job: it decides on the value", text=expression, help=help)
    parts, end = [], 0
    for word, unit in zip(words, units, strict=True):
        parts += [expression[end : word.start()], _Spreader(expression, name, unit).field(word.group(), word.start())]
        end = word.end()
    return "".join([*parts, expression[end:]])


@dataclass(frozen=True, slots=True)
class _Spreader:
    expression: str
    name: str
    unit: Unit

    def field(self, text: str, at: int) -> str:
        items = []
        for item in text.split(","):
            items.append(self._item(item, at) if _MENTION.search(item) else item)
            at += len(item) + 1
        return ",".join(items)

    def _item(self, item: str, at: int) -> str:
        if self.unit is YEAR:
            raise self._wrong("H does not go with a year", at, item, "write the year itself")
        if not (match := _H.fullmatch(item)):
            raise self._wrong(f'"{item}" is not understood', at, item, _FORMS)
        low, high = self._bounds(match, at)
        if match["step"] is None:
            return str(low + self._pick(high - low + 1))
        step = self._step(match, at, low, high)
        return f"{low + self._pick(step)}-{high}/{step}"

    def _bounds(self, match: re.Match[str], at: int) -> tuple[int, int]:
        if match["low"] is None:
            # Every month has 28 days; Sunday must not be drawn as 0 and as 7.
            return self.unit.low, {DAY: 28, WEEKDAY: 6}.get(self.unit, self.unit.high)
        low, high = self._value(match, "low", at), self._value(match, "high", at)
        if low > high:
            span = match.string[match.start("low") : match.end("high")]
            raise self._wrong(f"{span} does not wrap here", at + match.start("low"), span, "the lower one first")
        return low, high

    def _value(self, match: re.Match[str], group: str, at: int) -> int:
        text, at = match[group], at + match.start(group)
        value = self.unit.names.get(text.lower(), int(text) if _NUMBER.fullmatch(text) else None)
        if value is None:
            raise self._wrong(f'"{text}" is not a {self.unit.name}', at, text, _FORMS)
        if not self.unit.low <= value <= self.unit.high:
            bounds = f"{self.unit.low}-{self.unit.high}"
            raise self._wrong(f"{self.unit.name} {value} is out of range {bounds}", at, text)
        return value

    def _step(self, match: re.Match[str], at: int, low: int, high: int) -> int:
        text, at, size = match["step"], at + match.start("step"), high - low + 1
        if not _NUMBER.fullmatch(text) or int(text) == 0:
            raise self._wrong(f'step "{text}" is not a whole number from 1', at, text)
        if int(text) > size:
            raise self._wrong(f"step {int(text)} is wider than {self.unit.name} {low}-{high} ({size})", at, text)
        return int(text)

    def _pick(self, below: int) -> int:
        """0 to `below` - 1, by name and field. The hash is so wide that no remainder is favoured."""
        digest = sha256(f"{self.unit.name}\0{self.name}".encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest) % below

    def _wrong(self, message: str, at: int, item: str, help: str = "") -> ScheduleError:
        return ScheduleError(message, text=self.expression, span=(at, at + max(1, len(item))), help=help)
