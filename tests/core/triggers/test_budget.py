"""Whatever a schedule is made of, one question costs a bounded number of steps, and where it gives up it says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import reduce

import pytest
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st

from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.budget import STEPS
from asched.core.localtime.calendars import Calendar, Span
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import ALL_DAY, Windows
from asched.core.localtime.zones import offsets
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.interval import Every
from asched.core.triggers.minus import Minus
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.rrule import parse_rrule
from asched.core.triggers.search import refuse_what_never_fires
from asched.core.triggers.specs import from_spec
from asched.core.triggers.union import AnyOf
from asched.core.triggers.within import Within
from asched.errors import ScheduleError

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MOST_CALLS = 20 * STEPS  # of functions: so much is within one budget
MANY = 20_000
ZONE = "Africa/Casablanca"  # its offset changes twice around each Ramadan
FAR = datetime(2150, 6, 1, tzinfo=UTC)


def calls_of(trigger: Trigger, instant: datetime) -> int:
    with counting() as calls:
        try:
            found = trigger.next_after(instant)
        except ScheduleError as error:
            assert any(said in error.message for said in ("gave up", "takes too long", "too rarely"))  # noqa: PT017
        else:
            assert found is None or found > instant
    return calls.count


def warm(tz: str) -> None:
    """Its offset changes are read once in the life of a process."""
    offsets(tz).changes(0, int(datetime(2200, 1, 1, tzinfo=UTC).timestamp()))
    for year in range(1970, 2200):
        offsets(tz).stretch(int(datetime(year, 1, 1, tzinfo=UTC).timestamp()))


def listed(every: int, count: int = MANY) -> Calendar:
    return Calendar("listed", days=tuple((date(2026, 1, 1) + every * n * DAY, "") for n in range(count)))


def spans(every: timedelta, length: timedelta, since: datetime = NEW_YEAR) -> tuple[Span, ...]:
    return tuple(Span(since + n * every, since + n * every + length) for n in range(MANY))


HOUR = timedelta(hours=1)
SECONDLY, MINUTELY, DAILY = Cron("* * * * * *", ZONE), Cron("* * * * *", ZONE), Cron("0 9 * * *", ZONE)
LEAP_MONDAYS = Cron("0 0 29 2 mon", ZONE)
YEARLY = Calendar("all but one", yearly=tuple((m, d, "") for m in range(1, 13) for d in range(1, 29 if m == 2 else 31)))
MORNINGS, AFTERNOONS = Windows(((0, 12 * 3600),)), spans(DAY, 12 * HOUR, NEW_YEAR + 12 * HOUR)
ALIGNED = Minus(Minus(SECONDLY, Cron("1-59 * * * * *")), Cron("0 1-59 * * * *"))

WALLS: dict[str, Callable[[], Trigger]] = {
    "all days are covered": lambda: Excluding(DAILY, (listed(1),), ZONE),
    "every second day is": lambda: Excluding(MINUTELY, (listed(2),), ZONE),
    "all of its days are": lambda: Excluding(Cron("0 9 * * thu"), (listed(7),), "UTC"),
    "days are moved very far": lambda: Excluding(DAILY, (listed(1),), ZONE, "next"),
    "seconds are": lambda: Excluding(SECONDLY, (listed(1),), ZONE, "next"),
    "back, too": lambda: Excluding(DAILY, (listed(1),), ZONE, "previous"),
    "rare ones are": lambda: Excluding(LEAP_MONDAYS, (listed(1),), ZONE, "next"),
    "what has to be looked for is": lambda: Excluding(ALIGNED, (listed(1),), ZONE, "next"),
    "moved within moved": lambda: reduce(
        lambda trigger, n: Excluding(trigger, (listed(n),), ZONE, "next"), (1, 2, 3, 1), DAILY
    ),
    "all of the year but two days": lambda: Excluding(DAILY, (YEARLY,), ZONE, "next"),
    "only on days that it does not have": lambda: OnlyOn(Cron("0 0 * * fri"), (listed(7),), "UTC"),
    "only in spans that it misses": lambda: OnlyOn(
        Cron("30 * * * *"), (Calendar("s", spans=spans(HOUR, HOUR / 2)),), ZONE
    ),
    "not in spans": lambda: Excluding(Cron("0 * * * *"), (Calendar("s", spans=spans(HOUR, HOUR / 2)),), ZONE),
    "spans of a blackout": lambda: Blackout(Cron("0 * * * *"), (), spans(HOUR, HOUR / 2)),
    "that meet": lambda: Blackout(MINUTELY, (), spans(HOUR, HOUR), owed=True),
    "that meet windows": lambda: Blackout(MINUTELY, (MORNINGS,), AFTERNOONS),
    "and are owed": lambda: Blackout(MINUTELY, (MORNINGS,), AFTERNOONS, owed=True),
    "a thousand windows": lambda: Blackout(MINUTELY, tuple(Windows(((60 * n, 60 * n + 60),)) for n in range(1000))),
    "five thousand members": lambda: AnyOf(tuple(Every(timedelta(seconds=60 + n), NEW_YEAR) for n in range(5000))),
    "many that search": lambda: AnyOf(
        tuple(Minus(SECONDLY, AnyOf((Cron(f"{n}-59 * * * * *"), Cron(f"0-{n} * * * * *")))) for n in range(1, 59))
    ),
    "a far year beside a dense one": lambda: Minus(AnyOf((MINUTELY, Cron("0 0 1 1 * * 2099"))), Cron("* * * * *")),
    "searches in searches": lambda: reduce(
        lambda trigger, n: Minus(AllOf((trigger, MINUTELY)), Cron(f"{n} 0-22 * * *")), range(10), ALIGNED
    ),
    "rules that are rare": lambda: AnyOf(
        tuple(
            rule
            for n in range(50)
            if (
                rule := parse_rrule(
                    f"rrule:DTSTART=20260101T000000;FREQ=SECONDLY;INTERVAL={7919 + n};BYHOUR=3", ZONE, "auto"
                )
            )
        )
    ),
}


@pytest.mark.parametrize("wall", WALLS)
def test_one_question_has_one_budget(wall: str) -> None:
    """Also the first one, and the one that was asked already."""
    warm(ZONE)
    trigger = WALLS[wall]()
    for instant in (NEW_YEAR, NEW_YEAR, NEW_YEAR + 3000 * DAY, NEW_YEAR + 19_000 * DAY, FAR):
        assert calls_of(trigger, instant) < MOST_CALLS


@pytest.mark.parametrize(
    "text",
    [
        "((* * * * * * except 1-59 * * * * *) except 0 1-59 * * * *) except 0 0 0-22 * * *",
        "((* * * * * * except 0-58 * * * * *) & (* * * * * * except 1-59 * * * * *)) | * * * * *",
        "(" * 20 + "* * * * *" + ")" * 20,
        "* * * * *" + " between 00:00 and 23:59" * 10 + " from 2026-01-01 until 2030-01-01 100 times" * 3,
        "0 9 * * *" + " from 2026-01-01 10000 times",
        "|".join(f"(0 {n} * * * from 2026-01-01 9000 times)" for n in range(20)),
        "(* * * * * | 0 0 29 2 mon) & 30 * * * * * except * * * * *",
        "* * * * * * between "
        + ", ".join(f"{n // 60:02}:{n % 60:02} and {n // 60:02}:{n % 60:02}:30" for n in range(1000)),
        reduce(lambda text, n: f"({text} except {7 * n % 60} * * * * *)", range(19), "* * * * * *"),
        reduce(lambda text, n: f"({text} & * * * * * * until 2199-01-01)", range(19), "* * * * * *"),
    ],
)
def test_so_has_the_making_of_a_schedule_from_a_text(text: str) -> None:
    with counting() as calls:
        try:
            parse_schedule(text, tz="UTC")
        except ScheduleError as error:
            assert error.message  # noqa: PT017
    reading = 4_000 * (text.count("|") + text.count("except") + text.count("&") + 10)
    assert calls.count < MOST_CALLS + reading


texts = ["* * * * * *", "* * * * *", "*/7 * * * *", "0 9 * * *", "0 0 29 2 mon", "59 59 23 31 12 *", "1-59 * * * * *"]
crons = st.builds(Cron, st.sampled_from(texts), st.sampled_from(["UTC", ZONE, "Australia/Lord_Howe"]))
leaves = crons | st.builds(lambda n: Every(timedelta(seconds=n), NEW_YEAR), st.integers(1, 100_000))
closed = [listed(1, 900), listed(2, 300), YEARLY, Calendar("weekends", weekdays=(0, 6))]
calendars = st.sampled_from(closed).map(lambda one: (one,))
shifts = st.sampled_from(["none", "next", "previous"])
narrow = st.builds(
    lambda start, days: Windows(((start, start + 60),), ZONE, days),
    st.integers(0, 86_000),
    st.sampled_from([(1,), (0, 6)]),
)


def larger(inner: st.SearchStrategy[Trigger]) -> st.SearchStrategy[Trigger]:
    several = st.lists(inner, min_size=1, max_size=4).map(tuple)
    return st.one_of(
        st.builds(AnyOf, several),
        st.builds(AllOf, several),
        st.builds(Minus, inner, inner),
        st.builds(Excluding, inner, calendars, st.just(ZONE), shifts),
        st.builds(OnlyOn, inner, calendars, st.just(ZONE)),
        st.builds(lambda trigger, window: Blackout(trigger, (window,), (), True), inner, narrow),
        st.builds(Within, inner, narrow | st.just(Windows((ALL_DAY,), ZONE, (2,)))),
        st.builds(lambda trigger, n: Bounded(trigger, NEW_YEAR, None, n), inner, st.integers(1, 10_000)),
    )


@settings(max_examples=80, deadline=None)
@given(st.recursive(leaves, larger, max_leaves=8), st.sampled_from([NEW_YEAR, NEW_YEAR + 999 * DAY, FAR]))
def test_whatever_is_made_of_whatever(trigger: Trigger, instant: datetime) -> None:
    for zone in ("UTC", ZONE, "Australia/Lord_Howe"):
        warm(zone)
    assert calls_of(trigger, instant) < MOST_CALLS


@settings(max_examples=40, deadline=None)
@given(st.recursive(leaves, larger, max_leaves=6), st.lists(st.integers(0, 400), min_size=1, max_size=6))
def test_what_was_asked_before_changes_no_answer(trigger: Trigger, days: list[int]) -> None:
    def answer(asked: Trigger, instant: datetime) -> object:
        try:
            return asked.next_after(instant)
        except ScheduleError as error:
            return error.message

    made = [NEW_YEAR + n * DAY for n in days]
    assert [answer(trigger, at) for at in made] == [answer(again(trigger), at) for at in made]


def again(trigger: Trigger) -> Trigger:
    """The same, with nothing remembered."""
    return from_spec(trigger.spec())


def test_what_never_fires_is_refused_within_one_budget() -> None:
    nine = Within(DAILY, Windows(((0, 3600),), ZONE))
    with counting() as calls, pytest.raises(ScheduleError, match=f"nothing fits within {STEPS} steps"):
        refuse_what_never_fires(nine)
    assert calls.count < MOST_CALLS


@pytest.mark.parametrize(
    "text",
    [
        "daily at 09:00 except (daily at 09:00 until 2025-12-31)",
        "daily at 09:00 except (daily at 09:00, 10:00 until 2025-12-31)",
        "(0 1 * * * | every 10m from 2026-02-08) between 08:00 and 18:00",
        "(daily at 09:00 from 2026-01-01 | daily at 08:00) & daily at 09:00",
    ],
)
def test_what_begins_in_our_days_is_not_looked_for_by_way_of_1970(text: str) -> None:
    assert parse_schedule(text).next_after(datetime(2026, 3, 1, tzinfo=UTC)) is not None
