"""A cron expression as one English sentence."""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Sequence
from itertools import product

from asched.core.localtime.cron import Cron
from asched.core.localtime.cronfields import Field
from asched.core.localtime.monthdays import LastDay, LastWeekday, LastWorkday, MonthDay, NearestWorkday, NthWeekday
from asched.core.text.wording import counted, listed, runs, weekday_name, weekday_runs

_FEW = 6  # so many times of day are listed one by one
_TIMES = ("at 0", "at 1", "at 2")  # how such a list starts


def cron_sentence(cron: Cron) -> str:
    """When it is due. UTC is not mentioned, any other zone is."""
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
        return "at " + listed(_times(hour, minute, second))
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
    return f"at minute {minute} of {counted('hour', hour.values)}"


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
    return f"at {counted(name, field.values)}"


def _minutes_of(minute: Field) -> str:
    return "" if minute.full else f"of {counted('minute', minute.values)}"


def _hours_of(hour: Field) -> str:
    if hour.full:
        return ""
    first, last = hour.values[0], hour.values[-1]
    if last - first == len(hour.values) - 1:
        return f"from {first:02}:00 to {last:02}:59"
    return f"of {counted('hour', hour.values)}"


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
    parts += [] if fields.month.full else ["in " + runs(fields.month.values, month_name.__getitem__)]
    parts += [] if fields.year.full else ["in " + runs(fields.year.values, str)]
    return " ".join(part for part in parts if part)


def _either(day: str, weekday: str) -> str:
    return f"on {day} or on {weekday}" if day and weekday else ""


def _both(day: str, weekday: str) -> str:
    if day and weekday:
        return f"on {day} if that is {weekday}"
    return f"on {day or weekday}" if day or weekday else ""


def _day_of_month(day: Field) -> str:
    named = [_special(special) for special in day.special]
    numbers = [counted("day", day.values)] if day.values else []
    return listed([*numbers, *named], "or" if day.special else "and") + " of the month"


def _weekday(weekday: Field) -> str:
    plain = [weekday_runs(weekday.values)] if weekday.values else []
    named = [f"{_special(special)} of the month" for special in weekday.special]
    return listed([*plain, *named], "or")


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
            return f"the {_ORDINALS[nth]} {weekday_name(weekday)}"
        case LastWeekday(weekday):
            return f"the last {weekday_name(weekday)}"


_ORDINALS = ("", "first", "second", "third", "fourth", "fifth")
