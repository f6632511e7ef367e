"""How each option's value is read: from what people write to what the model wants.

A reader takes the value, its path, and the list to which it adds what is wrong; what it returns then is not used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, get_args

from asched.core.localtime.cron import DayRule, Dst
from asched.core.localtime.zones import zone
from asched.core.model import CatchUp, Ending, OnResume, Overlap, Retry
from asched.core.text.durations import as_duration
from asched.core.text.pattern import pattern
from asched.core.triggers.excluding import Shift
from asched.declaration.conditions import needs_reader, read_conditions, read_wait
from asched.declaration.exclusions import read_blackout, read_except
from asched.declaration.expecting import read_expect
from asched.declaration.faults import Fault, Path, did_you_mean, dotted, shown, unknown_option
from asched.errors import ScheduleError

Reader = Callable[[object, Path, list[Fault]], Any]

_VARIABLE = pattern(r"[A-Za-z_][A-Za-z0-9_]*")
JOB_NAME = pattern(r"[A-Za-z0-9_.-]{1,100}")


def one_of(words: Sequence[str]) -> Reader:
    """One of these texts."""
    quoted = [f'"{word}"' for word in words]
    choice = f"{', '.join(quoted[:-1])} or {quoted[-1]}"

    def read(value: object, path: Path, faults: list[Fault]) -> str:
        if not isinstance(value, str) or value not in words:
            help = did_you_mean(value, words) if isinstance(value, str) else ""
            hint = help if help.startswith("did you mean") else ""
            faults.append(Fault(path, f"{dotted(path)} must be {choice}, not {shown(value)}", hint))
        return str(value)

    return read


def enum(kind: type[StrEnum]) -> Reader:
    read_word = one_of([member.value for member in kind])

    def read(value: object, path: Path, faults: list[Fault]) -> StrEnum | None:
        before = len(faults)
        word = read_word(value, path, faults)
        return kind(word) if len(faults) == before else None

    return read


def duration(value: object, path: Path, faults: list[Fault]) -> timedelta | None:
    if not isinstance(value, (str, int, float, timedelta)) or isinstance(value, bool):
        faults.append(_not_a(path, 'a duration such as "30s" or a number of seconds', value))
        return None
    if not isinstance(value, str) and _is_negative(value):
        faults.append(Fault(path, f"{dotted(path)} cannot be negative"))
        return None
    try:
        return as_duration(value)
    except ScheduleError as error:
        text, span = (value, error.span) if isinstance(value, str) else ("", None)
        faults.append(Fault(path, f"{dotted(path)}: {_said(error)}", error.help, span, text=text))
        return None


def _is_negative(value: float | timedelta) -> bool:
    return value < timedelta(0) if isinstance(value, timedelta) else value < 0


def _said(error: ScheduleError) -> str:
    """What is wrong, with the text, where the message does not hold it."""
    if error.text and error.span is None and error.text not in error.message:
        return f"{shown(error.text)} is {error.message}" if error.message.startswith("not ") else error.message
    return error.message


def _limit(value: object, path: Path, faults: list[Fault]) -> timedelta | None:
    """A duration, or none at all: [defaults] may set a limit that one job must be able to lift."""
    if value is None or value == "none":
        return None
    before = len(faults)
    limit = duration(value, path, faults)
    if limit == timedelta(0) and len(faults) == before:
        faults.append(Fault(path, f"{dotted(path)} of 0 leaves no time at all", 'write "none" for no limit'))
    return limit


def _poll(value: object, path: Path, faults: list[Fault]) -> timedelta | None:
    before = len(faults)
    read = duration(value, path, faults)
    if len(faults) == before and read is not None and read < timedelta(seconds=1):
        faults.append(Fault(path, f"{dotted(path)} must be at least 1s, not {shown(value)}"))
    return read


def whole(least: int | None = None) -> Reader:
    def read(value: object, path: Path, faults: list[Fault]) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            faults.append(_not_a(path, "a whole number", value))
        elif least is not None and value < least:
            faults.append(Fault(path, f"{dotted(path)} must be at least {least}, not {value}"))
        return value

    return read


def _number(least: float, most: float = math.inf) -> Reader:
    range_text = f"a number of {least:g} or more" if most == math.inf else f"a number from {least:g} to {most:g}"

    def read(value: object, path: Path, faults: list[Fault]) -> object:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not least <= value <= most:  # type: ignore[operator]
            faults.append(_not_a(path, range_text, value))
            return value
        return float(value)  # type: ignore[arg-type]  # 2 and 2.0 are one, also as texts

    return read


def _plain(kind: type, what: str) -> Reader:
    def read(value: object, path: Path, faults: list[Fault]) -> object:
        if not isinstance(value, kind):
            faults.append(_not_a(path, what, value))
        return value

    return read


def _unless_none(read: Reader) -> Reader:
    """Or none at all, as a limit may be lifted."""
    return lambda value, path, faults: None if value is None or value == "none" else read(value, path, faults)


_flag = _plain(bool, "true or false")
_text = _plain(str, "a text")


def _zone(value: object, path: Path, faults: list[Fault]) -> object:
    """An IANA key; "local" is resolved by who knows this machine."""
    if not isinstance(value, str):
        faults.append(_not_a(path, 'a time zone such as "Europe/Berlin"', value))
    elif value != "local":
        try:
            zone(value)
        except ScheduleError as error:
            faults.append(Fault(path, error.message, error.help))
    return value


def _each(read_one: Reader, what: str) -> Reader:
    def read(value: object, path: Path, faults: list[Fault]) -> tuple[Any, ...]:
        if isinstance(value, str) or not isinstance(value, (Sequence, set, frozenset)):
            help = f"write [{shown(value)}]" if isinstance(value, str) else ""
            faults.append(Fault(path, f"{dotted(path)} must be a list of {what}, not {shown(value)}", help))
            return ()
        items = sorted(value) if isinstance(value, (set, frozenset)) else value
        return tuple(read_one(item, (*path, place), faults) for place, item in enumerate(items))

    return read


def _variable(value: object, path: Path, faults: list[Fault]) -> object:
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        faults.append(_not_a(path, "a name like an environment variable's", value, "letters, digits and _ only"))
    return value


def _args(value: object, path: Path, faults: list[Fault]) -> dict[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        faults.append(_not_a(path, 'a table of arguments such as { base = "EUR" }', value))
        return {}
    return dict(value)


def _after(value: object, path: Path, faults: list[Fault]) -> dict[str, Ending]:
    """How each has to end, by name."""
    if isinstance(value, Mapping):
        return {
            _job_name(key, path, faults): _read_ending(end, (*path, str(key)), faults) for key, end in value.items()
        }
    places: list[tuple[object, Path]] = [(value, path)]
    if isinstance(value, Sequence) and not isinstance(value, str):
        places = [(item, (*path, place)) for place, item in enumerate(value)]
    return dict.fromkeys((_job_name(item, at, faults) for item, at in places), Ending.SUCCEEDED)


_read_ending: Reader = enum(Ending)


def _job_name(value: object, path: Path, faults: list[Fault]) -> str:
    """A name, a decorated function, whatever has a name, or a function that `add` knows by its own."""
    named = getattr(value, "__asched__", value)
    found = value if isinstance(value, str) else getattr(named, "name", getattr(value, "__name__", None))
    if not isinstance(found, str):
        faults.append(_not_a(path, "the name of a job, or its decorated function", value))
        return ""
    return found


def _name(value: object, path: Path, faults: list[Fault]) -> str:
    if not isinstance(value, str) or not JOB_NAME.fullmatch(value):
        faults.append(_not_a(path, "a name", value, "1 to 100 letters, digits, _, . and -"))
    return str(value)


def _names(value: object, path: Path, faults: list[Fault]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_name(value, path, faults),)
    return tuple(dict.fromkeys(_each(_name, "names")(value, path, faults)))


def _exception(value: object, path: Path, faults: list[Fault]) -> str:
    if isinstance(value, type) and issubclass(value, BaseException):
        return f"{value.__module__}.{value.__qualname__}"
    if not isinstance(value, str) or not value:
        faults.append(_not_a(path, 'an exception class, or its name such as "TimeoutError"', value))
    return str(value)


def _exceptions(value: object, path: Path, faults: list[Fault]) -> tuple[str, ...]:
    if isinstance(value, (str, type)):
        return (_exception(value, path, faults),)
    read: tuple[str, ...] = _each(_exception, "exceptions")(value, path, faults)
    return read


_RETRY: dict[str, Reader] = {
    "attempts": whole(1),
    "delay": duration,
    "factor": _number(1),
    "max_delay": duration,
    "jitter": _number(0, 1),
    "on": _exceptions,
}


def _retry(value: object, path: Path, faults: list[Fault]) -> Retry:
    if isinstance(value, Retry):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Retry(attempts=whole(1)(value, path, faults))
    if not isinstance(value, Mapping):
        faults.append(_not_a(path, "a number of attempts or a table such as { attempts = 3 }", value))
        return Retry()
    return _retry_table(value, path, faults)


def _retry_table(table: Mapping[str, object], path: Path, faults: list[Fault]) -> Retry:
    before = len(faults)
    if "attempts" not in table:
        faults.append(Fault(path, f"{dotted(path)} needs attempts", "as in { attempts = 3 }, the first included"))
    values = {}
    for key, value in table.items():
        if key in _RETRY:
            values[key] = _RETRY[key](value, (*path, key), faults)
        else:
            faults.append(unknown_option((*path, key), _RETRY))
    return Retry(**values) if len(faults) == before else Retry()


def _not_a(path: Path, what: str, value: object, help: str = "") -> Fault:
    return Fault(path, f"{dotted(path)} must be {what}, not {shown(value)}", help)


READERS: dict[str, Reader] = {
    "tz": _zone,
    "dst": one_of(get_args(Dst)),
    "day_rule": one_of(get_args(DayRule)),
    "except": read_except,
    "shift": one_of(get_args(Shift)),
    "blackout": read_blackout,
    "after": _after,
    "needs": needs_reader(_job_name),
    "only_if": read_conditions,
    "unless": read_conditions,
    "wait": read_wait,
    "poll": _poll,
    "timeout": _limit,
    "run_timeout": _limit,
    "kill_after": duration,
    "retry": _retry,
    "max_instances": whole(1),
    "overlap": enum(Overlap),
    "queue_max": whole(1),
    "key": _names,
    "cooldown": duration,
    "pool": _names,
    "exclusive": _names,
    "on_resume": enum(OnResume),
    "catch_up": enum(CatchUp),
    "catch_up_window": _limit,
    "catch_up_max": whole(1),
    "grace": duration,
    "jitter": duration,
    "priority": whole(),
    "expect": read_expect,
    "pause_after": _unless_none(whole(1)),
    "probe_after": _limit,
    "quarantine": _flag,
    "idempotent": _flag,
    "args": _args,
    "tags": _each(_text, "texts"),
    "description": _text,
    "secrets": _each(_variable, "names"),
    "enabled": _flag,
}
