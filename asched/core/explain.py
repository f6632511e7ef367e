"""A trigger as one English sentence, the same on every surface."""

from __future__ import annotations

from calendar import day_name, month_name
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from itertools import pairwise, product

from asched.core.cron import Cron
from asched.core.cronfields import Field
from asched.core.monthdays import LastDay, LastWeekday, LastWorkday, MonthDay, NearestWorkday, NthWeekday
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch

_FEW = 6  # so many times of day are listed one by one
_TIMES = ("at 0", "at 1", "at 2")  # how such a list starts


def explain_trigger(trigger: Trigger) -> str:
    """When it is due, without a capital and a full stop. UTC is not mentioned, any other zone is."""
    match trigger:
        case Cron():
            return _cron(trigger)
        case Every(period, anchor):
            since = f", counted from {anchor:%Y-%m-%d %H:%M:%S} UTC" if anchor else ""
            return f"every {_period(period)}{since}"
        case AfterFinish(period):
            return f"{_amounts(period)} after the end of the previous run"
        case At(instant):
            return f"once, at {instant.replace(tzinfo=None).isoformat(' ')} UTC"
        case Startup(once_per_boot):
            return "once after each boot of the machine" if once_per_boot else "at every start of the scheduler"
        case Watch(path, event):
            return f"when {path} has changed" if event == "changes" else f"as long as there are files in {path}"
        case AnyOf(triggers):
            return "; and ".join(explain_trigger(member) for member in triggers)
        case _:
            return trigger.text()


def _cron(cron: Cron) -> str:
    clock, days = _clock(cron), _days(cron)
    if not clock.startswith(_TIMES):
        sentence = f"{clock} {days}"
    elif days:
        sentence = f"{clock} {days}" if days.startswith("on ") else f"{clock} every day {days}"
    else:
        sentence = f"every day {clock}"
    return " ".join(f"{sentence} {_options(cron)}".split())


def _options(cron: Cron) -> str:
    options = [cron.tz] if cron.tz != "UTC" else []
    options += [f"dst: {cron.dst}"] if cron.dst != "auto" else []
    return f"({', '.join(options)})" if options else ""


def _clock(cron: Cron) -> str:
    fields = cron.fields
    second, minute, hour = fields.second.values, fields.minute.values, fields.hour.values
    if len(second) * len(minute) * len(hour) <= _FEW:
        return "at " + _listed(_times(hour, minute, second))
    if second != (0,):
        return _of(_some(fields.second), _minutes_of(fields.minute), _hours_of(fields.hour))
    if len(minute) == 1:
        return _once_an_hour(minute[0], fields.hour)
    return _of(_some(fields.minute), "", _hours_of(fields.hour))


def _once_an_hour(minute: int, hour: Field) -> str:
    at = f" at minute {minute}" if minute else ""
    if hour.full:
        return f"every hour{at}"
    if step := _even_step(hour):
        return f"every {step} hours{at}, from 00:{minute:02}"
    first, last = hour.values[0], hour.values[-1]
    if last - first == len(hour.values) - 1:
        return f"every hour from {first:02}:{minute:02} to {last:02}:{minute:02}"
    return f"at minute {minute} of {_counted('hour', hour.values)}"


def _of(what: str, minutes: str, hours: str) -> str:
    """ "every 10 seconds", "at minutes 5 and 7 of every hour"."""
    if what.startswith("every") or minutes:
        return f"{what} {minutes} {hours}"
    if "second" in what:
        return f"{what} of every minute {hours}"
    return f"{what} {hours}" if hours.startswith("of") else f"{what} of every hour {hours}"


def _some(field: Field) -> str:
    name = field.unit.name
    if field.full:
        return f"every {name}"
    if step := _even_step(field):
        return f"every {step} {name}s"
    return f"at {_counted(name, field.values)}"


def _minutes_of(minute: Field) -> str:
    return "" if minute.full else f"of {_counted('minute', minute.values)}"


def _hours_of(hour: Field) -> str:
    if hour.full:
        return ""
    first, last = hour.values[0], hour.values[-1]
    if last - first == len(hour.values) - 1:
        return f"from {first:02}:00 to {last:02}:59"
    return f"of {_counted('hour', hour.values)}"


def _even_step(field: Field) -> int:
    """n when the field is every nth value from its first and n divides it; 0 otherwise."""
    cycle, values = field.unit.cycle, field.values
    step = cycle // len(values)
    return step if step > 1 and values == tuple(range(0, cycle, step)) and cycle % step == 0 else 0


def _times(hours: Iterable[int], minutes: Iterable[int], seconds: Sequence[int]) -> list[str]:
    to_the_minute = tuple(seconds) == (0,)
    return [
        f"{h:02}:{m:02}" if to_the_minute else f"{h:02}:{m:02}:{s:02}" for h, m, s in product(hours, minutes, seconds)
    ]


def _days(cron: Cron) -> str:
    fields = cron.fields
    day = "" if fields.day.full else _day_of_month(fields.day)
    weekday = "" if fields.weekday.full else _weekday(fields.weekday)
    either = cron.day_rule == "crontab" and not (fields.day.unrestricted or fields.weekday.unrestricted)
    parts = [_either(day, weekday) if either else _both(day, weekday)]
    parts += [] if fields.month.full else ["in " + _runs(fields.month.values, month_name.__getitem__)]
    parts += [] if fields.year.full else ["in " + _runs(fields.year.values, str)]
    return " ".join(part for part in parts if part)


def _either(day: str, weekday: str) -> str:
    return f"on {day} or on {weekday}" if day and weekday else ""


def _both(day: str, weekday: str) -> str:
    if day and weekday:
        return f"on {day} if that is {weekday}"
    return f"on {day or weekday}" if day or weekday else ""


def _day_of_month(day: Field) -> str:
    named = [_special(special) for special in day.special]
    numbers = [_counted("day", day.values)] if day.values else []
    return _listed([*numbers, *named], "or" if day.special else "and") + " of the month"


def _weekday(weekday: Field) -> str:
    days = sorted(value or 7 for value in weekday.values)  # Monday first
    plain = [_runs(days, _name)] if days else []
    named = [f"{_special(special)} of the month" for special in weekday.special]
    return _listed([*plain, *named], "or")


def _special(special: MonthDay) -> str:
    match special:
        case LastDay(0):
            return "the last day"
        case LastDay(back):
            return f"the day {back} before the last"
        case LastWorkday():
            return "the last workday"
        case NearestWorkday(day):
            return f"the workday nearest to day {day}"
        case NthWeekday(weekday, nth):
            return f"the {_ORDINALS[nth]} {_name(weekday)}"
        case LastWeekday(weekday):
            return f"the last {_name(weekday)}"


_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")


def _name(weekday: int) -> str:
    return day_name[(weekday - 1) % 7]


def _counted(name: str, values: Sequence[int]) -> str:
    return f"{name}{'s' if len(values) > 1 else ''} {_runs(values, str)}"


def _runs(values: Sequence[int], name: Callable[[int], str]) -> str:
    """ "1 to 5 and 9": three or more in a row are a range."""
    starts = [0, *(i for i, (a, b) in enumerate(pairwise(values), 1) if b != a + 1), len(values)]
    named: list[str] = []
    for start, end in pairwise(starts):
        run = [name(value) for value in values[start:end]]
        named += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else run
    return _listed(named)


def _listed(items: Sequence[str], word: str = "and") -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {word} {items[-1]}"


def _period(period: timedelta) -> str:
    """ "10 seconds", and "hour" for exactly one."""
    return _amounts(period).removeprefix("1 ") if " and " not in _amounts(period) else _amounts(period)


def _amounts(duration: timedelta) -> str:
    rest = duration // timedelta(microseconds=1)
    amounts = []
    for name, size in _SIZES.items():
        count, rest = divmod(rest, size)
        amounts += [f"{count} {name}{'s' if count > 1 else ''}"] if count else []
    return _listed(amounts or ["0 seconds"])


_SIZES = {
    "day": 86_400_000_000,
    "hour": 3_600_000_000,
    "minute": 60_000_000,
    "second": 1_000_000,
    "millisecond": 1_000,
    "microsecond": 1,
}
