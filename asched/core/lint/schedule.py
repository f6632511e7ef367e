"""What is odd about when a job is due: accepted, and probably not what was meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import assert_never

from asched.core.lint.cron import Oddity, odd_cron, odd_fields, odd_offset_changes
from asched.core.lint.recurrence import odd_rrule
from asched.core.lint.remark import Remark
from asched.core.localtime.cron import Cron
from asched.core.model import Job
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.instants import between
from asched.core.triggers.minus import Minus
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.rrule import RRule
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import watches_of
from asched.core.triggers.within import Within
from asched.errors import ScheduleError

_ASKED = [timedelta(days=30 * n) for n in range(13)]  # after now, when a trigger is asked whether it raises


def odd_schedule(job: Job, now: datetime) -> Iterator[Remark]:
    """What is odd about its instants, seen from `now`."""
    for member in members(job.trigger):
        yield from _rules(job, member, now)
        if error := _raised(member, now):
            yield Remark(job.name, "schedule", _no_more(member, error), _way_out(member, error), member.text())
        elif _over(member, now):
            help = "take it out, or give it a new instant"
            yield Remark(job.name, "schedule", f'"{member.text()}" is never due again', help, member.text())


def at_offset_changes(trigger: Trigger | None, now: datetime) -> list[str]:
    """What becomes of its times of day when clocks are changed, within 18 months."""
    crons = (member for member in members(trigger) if isinstance(member, Cron))
    return [odd.message for cron in crons for odd in odd_offset_changes(cron, now)]


def _rules(job: Job, trigger: Trigger, now: datetime) -> Iterator[Remark]:
    for rule in _inside(trigger):
        match rule:
            case Cron():
                for odd in odd_cron(rule, now) if rule is trigger else odd_fields(rule):
                    place = None if odd.field is None else rule.fields.written.index(odd.field)
                    yield Remark(job.name, "schedule", odd.message, odd.help, rule.expression, place)
            case RRule():
                for odd in _unless_it_raises(odd_rrule, rule.anchored(now)):
                    yield Remark(job.name, "schedule", odd.message, odd.help, trigger.text())
            case _:
                assert_never(rule)


def _unless_it_raises(odd: Callable[[RRule], Iterable[Oddity]], rule: RRule) -> list[Oddity]:
    """What raises is remarked on as such."""
    try:
        return list(odd(rule))
    except ScheduleError:
        return []


def _inside(trigger: Trigger) -> Iterator[Cron | RRule]:
    """The rules that choose its instants; not those that take some out."""
    if isinstance(trigger, Cron | RRule):
        yield trigger
    elif isinstance(trigger, AllOf):
        for member in trigger.triggers:
            yield from _inside(member)
    elif isinstance(trigger, Bounded | Minus | Within | Excluding | OnlyOn | Blackout):
        yield from _inside(trigger.trigger)


def _over(trigger: Trigger, now: datetime) -> bool:
    return not _has_none(trigger) and not instants(trigger, now, 1)


def _has_none(trigger: Trigger) -> bool:
    """Whether its fires are no instants on the calendar."""
    return trigger.relative or trigger.startup is not None or bool(watches_of(trigger))


def _raised(trigger: Trigger, now: datetime) -> Exception | None:
    """What it raises when it is asked now, or within a year."""
    if _has_none(trigger):
        return None
    try:
        anchored = trigger.anchored(now)
        for ahead in _ASKED:
            anchored.next_after(now + ahead)
    except Exception as error:
        return error
    return None


def _no_more(trigger: Trigger, error: Exception) -> str:
    return f'"{trigger.text()}" raises {raised(error)}: from then on it has no next fire'


def _way_out(trigger: Trigger, error: Exception) -> str:
    """What to do about an exception of a trigger: searches give up in words, all else is a fault in its code."""
    if not isinstance(error, ScheduleError):
        return f"{type(error).__name__} comes from the code of {type(trigger).__name__}.next_after: mend it there"
    return error.help or (
        'its search looks at so many instants and no more: say hours and days with "between" and "on", which '
        'are not searched, instead of "except" and "&"; or fewer instants to search'
    )


def raised(error: Exception) -> str:
    """An exception of a trigger in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"


def instants(trigger: Trigger, now: datetime, n: int) -> list[datetime]:
    """The first `n` after `now`; none where it raises, which is remarked on as such."""
    try:
        return between(trigger.anchored(now), now, now + timedelta(days=366 * 60), n)
    except Exception:
        return []


def members(trigger: Trigger | None) -> Sequence[Trigger]:
    """Those of a union, or the trigger itself."""
    if trigger is None:
        return ()
    return trigger.triggers if isinstance(trigger, AnyOf) else (trigger,)
