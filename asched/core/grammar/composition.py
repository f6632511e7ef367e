"""Schedules made of schedules, in the grammar. What binds loosest comes first:

    A | B                                      whenever either is due
    A & B                                      when both are, at the same instant
    A except B                                 when A is and B is not; several are taken out one by one
    A except 2026-12-24, 2026-12-25            when A is, not on these days: a date alone is its whole day
    A between 08:00 and 18:00 on weekdays      those in windows of local time; also `between …` or `on …` alone
    A from X   A until Y   A 5 times           those from an instant on, up to one (included), the first so many
    ( … )                                      what is inside, as one

The suffixes hold for the phrase or the parentheses before them. Their order makes no difference: what lies in the
windows is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from difflib import get_close_matches

from asched.core.dataclass import dataclass
from asched.core.grammar.instants import read_date, read_end, read_instants
from asched.core.grammar.parentheses import depths_of, parenthesized, split
from asched.core.grammar.windows import read_windows
from asched.core.localtime.calendars import Calendar, day_calendar
from asched.core.localtime.zones import zone
from asched.core.text.lists import list_items
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.core.triggers.both import all_of
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.minus import Minus
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import refuse_what_may_never_fire, refuse_what_never_fires
from asched.core.triggers.union import any_of
from asched.core.triggers.within import Within
from asched.errors import ScheduleError

_EITHER = pattern(r"\|")
_BOTH = pattern("&")
_EXCEPT = pattern(r"(?:(?<=[\s)])|^)except(?=[\s(]|$)", re.IGNORECASE)
_SUFFIX = pattern(
    r"(?<=[\s)])(?:(?P<word>between|from|until|on)(?=\s|$)|(?P<count>[0-9]{1,9})\s+(?P<times>times?)(?=\s|$))",
    re.IGNORECASE,
)
_FROM = pattern(r"from\b", re.IGNORECASE)
_WINDOW = pattern(r"(?:between|on)\b", re.IGNORECASE)
_DAYS = pattern(r"on\b[a-z,\s-]*", re.IGNORECASE)
_COUNTED = pattern(r"\s*@?every\s+(?:[0-9.]|other\s|(?:week|month|year)s?\s+on\s)", re.IGNORECASE)
_CALENDAR = pattern(r"\s*every\s+(?:(?:[0-9]+|other)\s+)?(?:week|month|year)s?\s", re.IGNORECASE)
_ONCE = pattern(r"\s*once\s", re.IGNORECASE)
_DATE = pattern(r"(?:at\s+)?(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})", re.IGNORECASE)
_DEEPEST = 20  # so many suffixes behind each other
_WORDS = ("between", "from", "until", "times", "except")


@dataclass(frozen=True, slots=True)
class Composition:
    """`phrase` reads a text that is no composition. Local times are said in `tz`."""

    phrase: Callable[[str], Trigger]
    tz: str

    def read(self, text: str) -> Trigger:
        """Raises ScheduleError, pointing into `text`."""
        parts = split(text, _EITHER)
        if len(parts) == 1:
            return self._both(text)
        return any_of([read_part(text, *part, self._both) for part in parts])

    def _both(self, text: str) -> Trigger:
        parts = split(text, _BOTH)
        if len(parts) == 1:
            return self._except(text)
        return _firing(all_of([read_part(text, *part, self._except) for part in parts]))

    def _except(self, text: str) -> Trigger:
        parts = split(text, _EXCEPT)
        if len(parts) == 1:
            return self._suffixed(text)
        trigger = read_part(text, *parts[0], self._suffixed)
        out = [one for part in parts[1:] for one in read_part(text, *part, self._left_out)]
        days = tuple(one for one in out if isinstance(one, Calendar))
        others = [one for one in out if not isinstance(one, Calendar)]
        if days:
            trigger = Excluding(trigger, days, zone(self.tz).key)
        return _firing(Minus(trigger, any_of(others)) if others else trigger)

    def _left_out(self, text: str) -> list[Calendar | Trigger]:
        """What stands behind "except": dates as whole days, wherever it names them beside others."""
        dates = [(item, _DATE.fullmatch(item.words)) for item in list_items(text)]
        if all(date for _, date in dates):
            return [read_part(text, item.start, item.end, _whole_day) for item, _ in dates]
        _refuse_bounded_dates(text)
        inside = parenthesized(text)
        if inside is None:
            return [self._both(text)]
        return read_part(text, *inside, self._each_left_out)

    def _each_left_out(self, text: str) -> list[Calendar | Trigger]:
        return [one for part in split(text, _EITHER) for one in read_part(text, *part, self._left_out)]

    def _suffixed(self, text: str) -> Trigger:
        starts = list(_suffixes(text))
        if not starts:
            return self._operand(text)
        trigger = read_part(text, 0, starts[0], self._operand)
        if len(starts) > _DEEPEST:
            raise ScheduleError(f"more than {_DEEPEST} bounds of one schedule", text=text, span=(starts[0], len(text)))
        suffixes = list(zip(starts, [*starts[1:], len(text)], strict=True))
        windows = [place for place in suffixes if _WINDOW.match(text, place[0])]
        begins = [place for place in suffixes if _FROM.match(text, place[0])]
        if windows and begins:  # what is counted from there must not be asked how it would do elsewhere
            trigger = trigger.anchored(read_part(text, *begins[0], _Suffix(trigger, self.tz).start))
        for start, end in [*windows, *(place for place in suffixes if place not in windows)]:
            trigger = read_part(text, start, end, _Suffix(trigger, self.tz).read)
        return trigger

    def _operand(self, text: str) -> Trigger:
        if inside := parenthesized(text):
            return read_part(text, *inside, self.read)
        try:
            return self.phrase(text)
        except ScheduleError as error:
            raise _mistyped(text, error) from None


@dataclass(frozen=True, slots=True)
class _Suffix:
    """What stands behind `trigger`."""

    trigger: Trigger
    tz: str

    def start(self, text: str) -> datetime:
        """Of "from …"."""
        return read_part(text, len("from"), len(text), lambda said: read_instants(said, self.tz)[0])

    def read(self, text: str) -> Trigger:
        word, *rest = text.split(maxsplit=1)
        match word.lower():
            case "between" | "on":
                within = Within(self.trigger, read_windows(text, self.tz))
                refuse_what_may_never_fire(within)
                return within
            case "from":
                return _firing(Bounded(self.trigger, start=self.start(text)))
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
    depths = depths_of(text)
    found = [match for match in _SUFFIX.finditer(text) if not depths[match.start()]]
    head, before = text[: found[0].start()] if found else "", ""
    if not head.strip():
        return
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, end in zip(found, ends, strict=True):
        word = (match["word"] or "times").lower()
        if word == "on" and not _DAYS.fullmatch(text, match.start(), end):
            continue  # "on the 31st at 08:00"
        if not _is_of_phrase(word, before, head and text[: match.start()]):
            if not (word == "on" and before == "between"):
                yield match.start()
            head = ""
        before = word


def _is_of_phrase(word: str, before: str, head: str) -> bool:
    """Whether the phrase itself has such a word: "every 10s from …", "once on mon between …", "every month on …"."""
    if _ONCE.match(head):
        return word in ("on", "between")
    if word == "from" and before in ("", "on"):  # "every day at 09:00" has nothing to count from
        return bool(_COUNTED.match(head))
    return bool(word == "on" and not before and _CALENDAR.match(head))


def _firing(trigger: Trigger) -> Trigger:
    refuse_what_never_fires(trigger)
    return trigger


def _refuse_bounded_dates(text: str) -> None:
    """A date with a bound would be an instant again, and nobody would see it."""
    starts = list(_suffixes(text))
    if starts and all(_DATE.fullmatch(item.words) for item in list_items(text[: starts[0]])):
        message = 'a date behind "except" is a whole day: this does not go with it'
        help = 'as in "(daily at 09:00 except 2026-12-24) until 2026-12-31"'
        raise ScheduleError(message, text=text, span=(starts[0], len(text)), help=help)


def _whole_day(text: str) -> Calendar:
    date = _DATE.fullmatch(text)
    assert date is not None
    return read_part(text, *date.span("date"), lambda said: day_calendar(read_date(said)))


def _mistyped(text: str, error: ScheduleError) -> ScheduleError:
    """A word that was meant to be one of ours explains more than what the rest then looks like."""
    for word in re.finditer(r"(?<=[\s)])[a-z]{4,}", text, re.IGNORECASE):
        close = get_close_matches(word.group().lower(), _WORDS, n=1, cutoff=0.75)
        if close and close[0] != word.group().lower():
            message = f'"{word.group()}" is not understood'
            return ScheduleError(message, text=text, span=word.span(), help=f'did you mean "{close[0]}"?')
    return error
