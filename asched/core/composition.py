"""Schedules made of schedules, in the grammar. What binds loosest comes first:

    A | B                                      whenever either is due
    A & B                                      when both are, at the same instant
    A except B                                 when A is and B is not; several are taken out one by one
    A between 08:00 and 18:00 on weekdays      those in windows of local time; also `between …` or `on …` alone
    A from X   A until Y   A 5 times           those from an instant on, up to one (included), the first so many
    ( … )                                      what is inside, as one

The suffixes hold for the phrase or the parentheses before them. Their order makes no difference: what lies in the
windows is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from asched.core.pointing import read_part
from asched.core.triggers.both import all_of
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.minus import Minus
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_never_fires
from asched.core.triggers.union import any_of
from asched.core.triggers.within import Within
from asched.core.writteninstants import read_end, read_instants
from asched.core.writtenwindows import read_windows
from asched.errors import ScheduleError

_EITHER = re.compile(r"\|")
_BOTH = re.compile("&")
_EXCEPT = re.compile(r"(?:(?<=[\s)])|^)except(?=[\s(]|$)", re.IGNORECASE)
_SUFFIX = re.compile(
    r"(?<=[\s)])(?:(?P<word>between|from|until|on)(?=\s|$)|(?P<count>[0-9]{1,9})\s+(?P<times>times?)(?=\s|$))",
    re.IGNORECASE,
)
_WINDOW = re.compile(r"(?:between|on)\b", re.IGNORECASE)
_DAYS = re.compile(r"on\b[a-z,\s-]*", re.IGNORECASE)
_INTERVAL = re.compile(r"\s*@?every\s", re.IGNORECASE)
_CALENDAR = re.compile(r"\s*every\s+(?:(?:[0-9]+|other)\s+)?(?:week|month|year)s?\s", re.IGNORECASE)
_ONCE = re.compile(r"\s*once\s", re.IGNORECASE)
_DEEPEST = 20  # so many parentheses in each other, and suffixes behind each other
_WORDS = ("between", "from", "until", "times", "except")


@dataclass(frozen=True, slots=True)
class Composition:
    """`phrase` reads a text that is no composition. Local times are said in `tz`."""

    phrase: Callable[[str], Trigger]
    tz: str

    def read(self, text: str) -> Trigger:
        """Raises ScheduleError, pointing into `text`."""
        parts = _split(text, _EITHER)
        if len(parts) == 1:
            return self._both(text)
        return any_of([read_part(text, *part, self._both) for part in parts])

    def _both(self, text: str) -> Trigger:
        parts = _split(text, _BOTH)
        if len(parts) == 1:
            return self._except(text)
        return _firing(all_of([read_part(text, *part, self._except) for part in parts]))

    def _except(self, text: str) -> Trigger:
        parts = _split(text, _EXCEPT)
        if len(parts) == 1:
            return self._suffixed(text)
        trigger, *others = [read_part(text, *part, self._suffixed) for part in parts]
        return _firing(Minus(trigger, any_of(others)))

    def _suffixed(self, text: str) -> Trigger:
        starts = list(_suffixes(text))
        if not starts:
            return self._operand(text)
        trigger = read_part(text, 0, starts[0], self._operand)
        if len(starts) > _DEEPEST:
            raise ScheduleError(f"more than {_DEEPEST} bounds of one schedule", text=text, span=(starts[0], len(text)))
        suffixes = list(zip(starts, [*starts[1:], len(text)], strict=True))
        for start, end in sorted(suffixes, key=lambda place: not _WINDOW.match(text, place[0])):
            trigger = read_part(text, start, end, _Suffix(trigger, self.tz).read)
        return trigger

    def _operand(self, text: str) -> Trigger:
        inner = text.strip()
        if inner.startswith("(") and _depths(inner).index(0) == len(inner) - 1:
            start = text.index("(") + 1
            return read_part(text, start, start + len(inner) - 2, self.read)
        try:
            return self.phrase(text)
        except ScheduleError as error:
            raise _mistyped(text, error) from None


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What stands behind `trigger`."""

    trigger: Trigger
    tz: str

    def read(self, text: str) -> Trigger:
        word, *rest = text.split(maxsplit=1)
        match word.lower():
            case "between" | "on":
                return _firing(Within(self.trigger, read_windows(text, self.tz)))
            case "from":
                start = read_part(text, len(word), len(text), lambda said: read_instants(said, self.tz)[0])
                return _firing(Bounded(self.trigger, start=start))
            case "until":
                end = read_part(text, len(word), len(text), lambda said: read_end(said, self.tz))
                return _firing(Bounded(self.trigger, end=end))
            case count if re.fullmatch("times?", rest[0], re.IGNORECASE):
                return _firing(Bounded(self.trigger, times=int(count)))
            case _:
                message = f'"{rest[0]}" is not understood behind "{word}"'
                raise ScheduleError(message, text=text, help='"5 times", then "between", "on", "from" or "until"')


def _suffixes(text: str) -> Iterator[int]:
    """Where the suffixes begin that do not belong to the phrase before them, or to the suffix before."""
    depths = _depths(text)
    found = [match for match in _SUFFIX.finditer(text) if not depths[match.start()]]
    head, before = text[: found[0].start()] if found else "", ""
    if not head.strip():
        return
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=True):
        word = (match["word"] or "times").lower()
        if word == "on" and not _DAYS.fullmatch(text, match.start(), end):
            continue  # "on the 31st at 08:00"
        if not _is_of_phrase(word, before, head):
            if not (word == "on" and before == "between"):
                yield match.start()
            head = ""
        before = word


def _is_of_phrase(word: str, before: str, head: str) -> bool:
    """Whether the phrase itself has such a word: "every 10s from …", "once on mon between …", "every month on …"."""
    if _ONCE.match(head):
        return word in ("on", "between")
    if before:
        return False
    return bool((word == "from" and _INTERVAL.match(head)) or (word == "on" and _CALENDAR.match(head)))


def _split(text: str, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    """Where the parts begin and end; what stands in parentheses is not looked into."""
    depths = _depths(text)
    cuts = [match.span() for match in separator.finditer(text) if not depths[match.start()]]
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)]
    return list(zip(starts, ends, strict=True))


def _depths(text: str) -> list[int]:
    """In how many parentheses each character stands; a closing one stands outside of what it closes."""
    depths: list[int] = []
    opened: list[int] = []
    for place, character in enumerate(text):
        if character == ")":
            if not opened:
                raise ScheduleError("nothing was opened that this could close", text=text, span=(place, place + 1))
            opened.pop()
        elif character == "(":
            opened.append(place)
            if len(opened) > _DEEPEST:
                span = (place, place + 1)
                raise ScheduleError(f"more than {_DEEPEST} parentheses in each other", text=text, span=span)
        depths.append(len(opened))
    if opened:
        raise ScheduleError("this is never closed", text=text, span=(opened[-1], opened[-1] + 1))
    return depths


def _firing(trigger: Trigger) -> Trigger:
    refuse_what_never_fires(trigger)
    return trigger


def _mistyped(text: str, error: ScheduleError) -> ScheduleError:
    """A word that was meant to be one of ours explains more than what the rest then looks like."""
    for word in re.finditer(r"(?<=[\s)])[a-z]{4,}", text, re.IGNORECASE):
        close = get_close_matches(word.group().lower(), _WORDS, n=1, cutoff=0.75)
        if close and close[0] != word.group().lower():
            message = f'"{word.group()}" is not understood'
            return ScheduleError(message, text=text, span=word.span(), help=f'did you mean "{close[0]}"?')
    return error
