"""Once in each window: at its beginning, and due until its end."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from bruteforce import DAY, nights, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import ALL_DAY, Windows
from asched.core.triggers.both import AllOf
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.once import OncePerWindow, window_of
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.within import Within
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
NIGHT = Windows(((2 * 3600, 5 * 3600),))
EVENING = Windows(((22 * 3600, 3600),), weekdays=(1, 4))


def beginnings(zone: str, minute: int, days: set[int], start: datetime, end: datetime) -> set[datetime]:
    """For each local day the first instant at which clocks have reached that time: the first of two passes, and what
    follows a gap."""
    walls, found = shown(zone, start, end), set()
    day = walls[0][1].date() + DAY
    while day < walls[-1][1].date():
        wanted = datetime.combine(day, time(minute // 60, minute % 60))
        if wanted.isoweekday() % 7 in days:
            found.add(next(at for at, wall in walls if wall >= wanted))
        day += DAY
    return found


@settings(max_examples=60, deadline=None)
@given(nights, st.lists(st.integers(0, 1439), min_size=1, max_size=3), st.sets(st.integers(0, 6), min_size=1))
def test_it_is_due_when_each_window_begins(night: tuple[str, datetime], starts: list[int], days: set[int]) -> None:
    zone, change = night
    start, end = change - 5 * DAY, change + 5 * DAY
    windows = Windows(tuple((at * 60, (at * 60 + 7200) % 86400) for at in starts), zone, tuple(days))
    expected = sorted(set().union(*(beginnings(zone, at, days, start, end) for at in starts)))
    trigger = OncePerWindow(windows)
    asked = [at for at in instants(trigger, start, end) if at in expected or start + 2 * DAY < at < end - 2 * DAY]
    assert asked == expected
    is_a_set(trigger, start, end, [start + n * timedelta(hours=7) for n in range(30)])
    survives(trigger, zone)


def test_the_spring_night_and_the_autumn_night() -> None:
    trigger = parse_schedule("once a day between 02:15 and 02:45", tz="Europe/Berlin")
    assert trigger.next_after(datetime(2026, 3, 28, 12, tzinfo=UTC)) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    autumn = datetime(2026, 10, 25, 0, 15, tzinfo=UTC)
    assert instants(trigger, autumn - TICK, autumn + DAY) == [autumn]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("once a day between 02:00 and 05:00", OncePerWindow(NIGHT)),
        ("Once every day between 2:00 and 5:00", OncePerWindow(NIGHT)),
        ("once per day between 02:00 and 05:00 on mon,thu", OncePerWindow(Windows(NIGHT.spans, weekdays=(1, 4)))),
        ("once on mon,thu between 22:00 and 01:00", OncePerWindow(EVENING)),
        ("once a weekday between 02:00 and 05:00", OncePerWindow(Windows(NIGHT.spans, weekdays=(1, 2, 3, 4, 5)))),
        ("once on weekends between 02:00 and 05:00", OncePerWindow(Windows(NIGHT.spans, weekdays=(0, 6)))),
        ("once a day between 02:00 and 05:00 until 2026-01-01T12:00", Bounded(OncePerWindow(NIGHT), end=NOON)),
        (
            "once on mon between 02:00 and 05:00 | once on tue between 22:00 and 23:00",
            AnyOf(
                (
                    OncePerWindow(Windows(NIGHT.spans, weekdays=(1,))),
                    OncePerWindow(Windows(((79200, 82800),), weekdays=(2,))),
                )
            ),
        ),
    ],
)
def test_a_text_is_understood(text: str, expected: Trigger) -> None:
    assert parse_schedule(text) == expected
    survives(expected)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("once a day between 02:00 and 05:00", "once a day between 02:00 and 05:00"),
        ("once on mon,thu between 22:00 and 01:00", "once between 22:00 and 01:00 on Monday and Thursday"),
    ],
)
def test_in_words(text: str, sentence: str) -> None:
    assert explain_trigger(parse_schedule(text)) == sentence


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("once a day", '"once" needs days and a window'),
        ("once", '"once" needs days and a window'),
        ("once between 02:00 and 05:00", '"once" needs days and a window'),
        ("once a fortnight between 02:00 and 05:00", '"fortnight" is not a day'),
        ("once a day between 00:00 and 24:00", "a whole day is no window"),
        ("once a day between 02:00 and 26:00", '"26:00" is not a time of day'),
        ("once on mon between 02:00 and 05:00 on tue", "this can never fire: no day is one of mon and of tue"),
        ("once a weekday between 02:00 and 05:00 on sat", "this can never fire: no day is one of mon-fri and of sat"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == message
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("trigger", "window"),
    [
        (OncePerWindow(NIGHT), timedelta(hours=3)),
        (OncePerWindow(Windows(((22 * 3600, 3600), (0, 60)))), timedelta(minutes=1)),
        (Bounded(OncePerWindow(NIGHT), times=3), timedelta(hours=3)),
        (Within(OncePerWindow(EVENING), Windows((ALL_DAY,))), timedelta(hours=3)),
        (AnyOf((OncePerWindow(NIGHT), OncePerWindow(Windows(((0, 3600),))))), timedelta(hours=1)),
        (AnyOf((OncePerWindow(NIGHT), Cron("0 9 * * *"))), None),
        (AllOf((OncePerWindow(NIGHT), Cron("0 2 * * *"))), timedelta(hours=3)),
        (Cron("0 9 * * *"), None),
        (Startup(), None),
        (None, None),
    ],
)
def test_how_long_it_is_due(trigger: Trigger | None, window: timedelta | None) -> None:
    assert window_of(trigger) == window


def test_it_lives_on_wall_time() -> None:
    trigger = OncePerWindow(NIGHT)
    assert (trigger.steady, trigger.relative, trigger.startup) == (False, False, None)
    assert trigger.anchored(NOON) == trigger
