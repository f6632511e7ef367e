"""The schedule grammar: one text, or a list of texts, to a trigger.

    30 2 * * *            cron: 5 fields, 6 with seconds first, 7 with the year last; H by the job's name
    @daily                @yearly @annually @monthly @weekly @daily @midnight @hourly
    @reboot  @startup     once per boot; at every start of the scheduler
    every 10m             an interval; also `@every 10m`, and `every 10m from INSTANT` with its anchor
    every 15s to 30s      an interval that varies between the two
    after 60s             counted from the end of the previous run; also `60s after finish`
    daily at 02:30        also `weekdays at`, `mon,thu at 09:00, 17:00`, `hourly at :15`: see `dailyphrases`
    every hour            also `hourly`, `daily`, `weekly`, `monthly`, `yearly`
    at 2026-12-24T17:30   one instant; in the schedule's zone unless it has an offset; `at` may be left out
    in 10m                once, so long after it is scheduled
    once a day between 02:00 and 05:00    also `once on mon,thu between …`: at its beginning, or late inside it
    when /data/in changes                 a file, a directory, or a pattern of names: /data/in/*.csv; or in quotes
    while /data/in has files              again and again, as long as there is something in it
    every 2 weeks on monday at 09:00      also days, months, years: see `calendarphrases`
    rrule:FREQ=WEEKLY;BYDAY=MO;BYHOUR=9   of RFC 5545; `rrule:DTSTART=20260105T090000;FREQ=…` with its start

These make up larger ones with `|`, `&`, `except`, `between`, `from`, `until` and `times`: see `composition`. What
stands on the calendar becomes a Cron.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import TypeVar

from asched.core.dataclass import dataclass
from asched.core.english.trigger import explain_trigger
from asched.core.grammar.byhand import refuse_by_hand
from asched.core.grammar.calendarphrases import parse_calendar_interval
from asched.core.grammar.composition import Composition
from asched.core.grammar.dailyphrases import parse_daily
from asched.core.grammar.instants import INSTANT, read_instants
from asched.core.grammar.rewordings import reworded
from asched.core.grammar.texts import read_texts, refuse_endless_text
from asched.core.grammar.windows import read_windows
from asched.core.localtime.budget import one_budget
from asched.core.localtime.cron import Cron, DayRule, Dst
from asched.core.localtime.spread import resolve
from asched.core.localtime.weekdays import EVERY_DAY, format_weekdays, parse_weekdays
from asched.core.localtime.windows import Windows
from asched.core.text.durations import parse_duration
from asched.core.text.paths import QUOTED, read_path
from asched.core.text.pattern import pattern
from asched.core.text.pointing import moved
from asched.core.triggers.at import At
from asched.core.triggers.delayed import In
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.once import OncePerWindow
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.rrule import parse_rrule
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import any_of
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.watch import Watch
from asched.errors import ScheduleError

GRAMMAR = (
    'write cron ("30 2 * * *"), an interval ("every 10m", "after 60s"), a time ("daily at 02:30", '
    '"mon,thu at 09:00", "every hour at :15", "every 2 weeks on monday at 09:00", '
    '"once a day between 02:00 and 05:00"), a nickname ("@daily"), an instant ("2026-12-24T17:30") or a path '
    '("when /data/in changes"); more with "|", "&", "except", "between", "from", "until", "5 times"'
)

_NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_WORDS = {
    **{name[1:]: expression for name, expression in _NICKNAMES.items() if name != "@annually"},
    "every minute": "* * * * *",
    "every hour": "0 * * * *",
    "every day": "0 0 * * *",
    "every week": "0 0 * * 0",
    "every month": "0 0 1 * *",
    "every year": "0 0 1 1 *",
}
_STARTUPS = {"@reboot": Startup(once_per_boot=True), "@startup": Startup()}


def parse_schedule(
    text: str | Sequence[str], *, tz: str = "UTC", dst: Dst = "auto", day_rule: DayRule = "crontab", name: str = ""
) -> Trigger:
    """The trigger that `text` names; of several texts, their union.

    `tz` (an IANA key), `dst` and `day_rule` go to everything that stands on the calendar: see `Cron`. `name` is the
    job's, on which each H in a cron expression depends.
    What has to be looked for comes from one budget. Raises ScheduleError, for what is no text too; its span counts in
    `text`, or in that text of the list.
    """
    if not isinstance(text, str):
        with one_budget():
            members = read_texts(text)
            return any_of([parse_schedule(one, tz=tz, dst=dst, day_rule=day_rule, name=name) for one in members])
    refuse_endless_text(text)
    refuse_by_hand(text)
    read = Composition(lambda phrase: _Phrase(phrase, tz, dst, day_rule, name).read(), tz).read
    try:
        with one_budget():
            return read(text)
    except ScheduleError as error:
        error.text = error.text or text
        with one_budget():
            raise reworded(error, text, read) from None


_EVERY = pattern(
    rf"@?every\s+(?P<period>.+?)(?:\s+to\s+(?P<longest>.+?))?(?:\s+from\s+(?P<anchor>{INSTANT}))?", re.IGNORECASE
)
_AFTER = pattern(r"after\s+(?P<period>.+)|(?P<before>.+?)\s+after\s+finish", re.IGNORECASE)
_ONCE = pattern(
    r"once\s+(?:(?:a|every|per)\s+(?P<day>[a-z]+)|on\s+(?P<days>[a-z,\s-]+?))\s+(?P<windows>between\b.*)", re.IGNORECASE
)
_ONCE_WORD = pattern(r"once\b", re.IGNORECASE)
_IN = pattern(r"in\s+(?P<delay>.+)", re.IGNORECASE)
_WATCH = pattern(
    rf"when\s+(?P<changing>{QUOTED}|\S.*?)\s+changes|while\s+(?P<queue>{QUOTED}|\S.*?)\s+has\s+files", re.IGNORECASE
)
_SO_OFTEN = pattern(r"[0-9]+\s+times?\b", re.IGNORECASE)
_AT = pattern(r"(?:at\s+)?(?P<instant>[0-9]{4}-[0-9]{2}-[0-9]{2}.*)", re.IGNORECASE)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One text that is no composition, and its options. Each rule answers None when the text is not of its kind."""

    text: str
    tz: str
    dst: Dst
    day_rule: DayRule
    name: str

    def read(self) -> Trigger:
        rules: tuple[Callable[[str], Trigger | None], ...] = (
            self._word,
            self._calendar_interval,
            self._rrule,
            self._daily,
            self._every,
            self._once,
            self._in,
            self._after,
            self._at,
            self._watch,
            self._crontab,
        )
        phrase = self.text.strip()
        for rule in rules:
            if found := rule(phrase):
                return found
        raise self._unknown(phrase)

    def _word(self, phrase: str) -> Trigger | None:
        word = " ".join(phrase.lower().split())
        if word in _STARTUPS:
            return _STARTUPS[word]
        expression = _NICKNAMES.get(word) or _WORDS.get(word)
        return self._cron(expression) if expression else None

    def _calendar_interval(self, phrase: str) -> Trigger | None:
        return parse_calendar_interval(self.text, self.tz, self.dst)

    def _rrule(self, phrase: str) -> Trigger | None:
        return parse_rrule(self.text, self.tz, self.dst)

    def _daily(self, phrase: str) -> Trigger | None:
        return parse_daily(self.text, self._cron)

    def _every(self, phrase: str) -> Trigger | None:
        if not (match := _EVERY.fullmatch(phrase)):
            return None
        period = self._duration(match, "period")
        anchor = None if match["anchor"] is None else self._instants(match, "anchor")[0]
        if match["longest"] is None:
            return Every(period, anchor)
        longest = self._duration(match, "longest")
        if longest <= period:
            written = f'did you mean "every {match["longest"]} to {match["period"]}"?'
            help = written if longest < period else f'did you mean "every {match["period"]}"?'
            raise self._wrong("the second period must be longer than the first", match, "longest", help)
        return VariedEvery(period, longest, anchor)

    def _once(self, phrase: str) -> Trigger | None:
        if not _ONCE_WORD.match(phrase):
            return None
        if not (match := _ONCE.fullmatch(phrase)):
            help = 'as in "once a day between 02:00 and 05:00", "once on mon,thu between 22:00 and 02:00"'
            raise ScheduleError('"once" needs days and a window', text=self.text, help=help)
        windows = self._part(match, "windows", lambda text: read_windows(text, self.tz))
        days = self._part(match, "days" if match["days"] else "day", parse_weekdays)
        both = tuple(day for day in windows.weekdays if day in days)
        if not both:
            raise self._never(match, windows, days)
        return OncePerWindow(replace(windows, weekdays=both))

    def _never(self, match: re.Match[str], windows: Windows, days: tuple[int, ...]) -> ScheduleError:
        first, second = format_weekdays(days), format_weekdays(windows.weekdays)
        once = f"once on {second} {replace(windows, weekdays=EVERY_DAY).text()}"
        message = f"this can never fire: no day is one of {first} and of {second}"
        return self._wrong(message, match, "windows", f'did you mean "{once}"?')

    def _in(self, phrase: str) -> Trigger | None:
        match = _IN.fullmatch(phrase)
        return In(self._duration(match, "delay")) if match else None

    def _after(self, phrase: str) -> Trigger | None:
        if not (match := _AFTER.fullmatch(phrase)):
            return None
        return AfterFinish(self._duration(match, "period" if match["period"] else "before"))

    def _at(self, phrase: str) -> Trigger | None:
        if not (match := _AT.fullmatch(phrase)):
            return None
        return any_of([At(instant) for instant in self._instants(match, "instant")])

    def _watch(self, phrase: str) -> Trigger | None:
        if not (match := _WATCH.fullmatch(phrase)):
            return None
        if match["changing"]:
            return self._part(match, "changing", lambda path: Watch(read_path(path)))
        return self._part(match, "queue", lambda path: Watch(read_path(path), "has files"))

    def _crontab(self, phrase: str) -> Trigger | None:
        if _SO_OFTEN.match(phrase):
            return None
        many_numbers = re.match(r"[-0-9?,]|H\b", phrase, re.IGNORECASE) and len(phrase.split()) > 3
        return self._cron(self.text) if "*" in phrase or many_numbers else None

    def _cron(self, expression: str) -> Cron:
        try:
            return Cron(resolve(expression, self.name), self.tz, self.dst, self.day_rule)
        except ScheduleError as error:
            raise self._explained(error) from None

    def _explained(self, error: ScheduleError) -> ScheduleError:
        """A suggested expression is followed by what it would mean."""
        if suggested := re.fullmatch(r'did you mean "([^"]+ [^"]+)"\?', error.help):
            with suppress(ScheduleError):  # some suggestions are no expressions
                meaning = explain_trigger(Cron(suggested[1], day_rule=self.day_rule))
                error.help = f'did you mean "{suggested[1]}" ({meaning})?'
        return error

    def _duration(self, match: re.Match[str], group: str) -> timedelta:
        period = self._part(match, group, parse_duration)
        if not period:
            raise self._wrong("a period must be longer than nothing", match, group)
        return period

    def _instants(self, match: re.Match[str], group: str) -> tuple[datetime, ...]:
        return self._part(match, group, lambda text: read_instants(text, self.tz, self.dst))

    def _part(self, match: re.Match[str], group: str, read: Callable[[str], T]) -> T:
        try:
            return read(match[group])
        except ScheduleError as error:
            raise self._moved(error, match, group) from None

    def _wrong(self, message: str, match: re.Match[str], group: str, help: str = "") -> ScheduleError:
        error = ScheduleError(message, span=(0, len(match[group])), help=help)
        return self._moved(error, match, group)

    def _moved(self, error: ScheduleError, match: re.Match[str], group: str) -> ScheduleError:
        indent = len(self.text) - len(self.text.lstrip())
        return moved(error, self.text, indent + match.start(group), len(match[group]))

    def _unknown(self, phrase: str) -> ScheduleError:
        if not phrase:
            return ScheduleError("an empty schedule", help=GRAMMAR)
        if _SO_OFTEN.match(phrase):
            help = 'say at what times, as in "daily at 09:00, 17:00", or how far apart, as in "every 4h"'
            return ScheduleError("this schedule is not understood", text=self.text, help=help)
        if re.fullmatch("[0-9.]+ *[a-z]+", phrase, re.IGNORECASE):
            return ScheduleError("not a schedule", text=self.text, help=f'did you mean "every {phrase}"?')
        known = [*_NICKNAMES, *_STARTUPS, *_WORDS, "every 10s", "daily at 02:30", "weekdays at 08:00"]
        close = get_close_matches(phrase.lower(), known, n=1, cutoff=0.75)
        hint = f'did you mean "{close[0]}"?' if close else GRAMMAR
        return ScheduleError("this schedule is not understood", text=self.text, help=hint)
