"""Instants in windows of local time, held against the clock of every minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bruteforce import DAY, MINUTE, multiples, nights
from counting import counting
from hypothesis import given, settings
from hypothesis import strategies as st
from laws import TICK, instants, is_a_set, survives

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import ALL_DAY, EVERY_DAY, Windows
from asched.core.triggers.at import At
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch
from asched.core.triggers.within import Within
from asched.errors import ScheduleError

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda span: span[0] != span[1] % 1440)
weekdays = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))) | st.just(EVERY_DAY)


def seconds(minutes: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple((start * 60, end * 60) for start, end in minutes)


def lies_within(at: datetime, zone: str, minutes: list[tuple[int, int]], days: tuple[int, ...]) -> bool:
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    today, yesterday = wall.isoweekday() % 7, (wall - DAY).isoweekday() % 7
    of_day = wall.hour * 60 + wall.minute
    for start, end in minutes:
        if start < end and today in days and start <= of_day < end:
            return True
        if start >= end and ((today in days and of_day >= start) or (yesterday in days and of_day < end)):
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(nights, st.lists(spans, min_size=1, max_size=3), weekdays, st.integers(3, 200), st.integers(0, 59))
def test_they_are_those_at_which_clocks_show_a_time_in_a_window(
    night: tuple[str, datetime], minutes: list[tuple[int, int]], days: tuple[int, ...], period: int, phase: int
) -> None:
    zone, change = night
    after, until, anchor = change - 3 * DAY, change + 4 * DAY, change - 4 * DAY + phase * MINUTE
    inner = Bounded(Every(period * MINUTE, anchor), end=until)  # that ends, for some never meet a window
    trigger = Within(inner, Windows(seconds(minutes), zone, days))
    expected = [at for at in multiples(anchor, period * MINUTE, after, until) if lies_within(at, zone, minutes, days)]
    assert instants(trigger, after, until) == expected
    is_a_set(trigger, after, until, [after + n * 11 * HOUR for n in range(16)])


@settings(max_examples=200, deadline=None)
@given(st.lists(spans, min_size=1, max_size=3), weekdays, st.sampled_from(["UTC", "Europe/Berlin"]), st.booleans())
def test_it_survives(minutes: list[tuple[int, int]], days: tuple[int, ...], zone: str, free: bool) -> None:
    windows = Windows(seconds(minutes), zone, days)
    survives(Within(Every(MINUTE, None if free else NOON), windows), zone)
    survives(Within(AnyOf((Cron("* * * * *", zone), Cron("5 8 * * *", zone))), windows), zone)
    survives(
        Within(Within(Cron("* * * * *", zone), windows), Windows((ALL_DAY,), zone, (*days, (days[-1] + 1) % 7))), zone
    )


def test_a_window_has_its_start_and_not_its_end() -> None:
    trigger = Within(Every(HOUR, NOON - DAY), Windows(((8 * 3600, 18 * 3600),)))
    found = instants(trigger, NOON - HOUR * 12, NOON + HOUR * 11)
    assert [at.hour for at in found] == [8, 9, 10, 11, 12, 13, 14, 15, 16, 17]


def test_what_lies_between_two_seconds_is_in_the_window_of_the_second() -> None:
    eight = datetime(2026, 1, 1, 8, tzinfo=UTC)
    windows = Windows(((8 * 3600, 9 * 3600),))
    assert windows.at_or_after(eight - TICK) == eight
    assert windows.at_or_after(eight + TICK) == eight + TICK
    assert windows.at_or_after(eight + HOUR - TICK) == eight + HOUR - TICK
    assert windows.at_or_after(eight + HOUR) == eight + DAY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("every 10m between 08:00 and 18:00", Within(Every(10 * MINUTE), Windows(((28800, 64800),)))),
        ("every 10m BETWEEN 8:00 And 18:00:30", Within(Every(10 * MINUTE), Windows(((28800, 64830),)))),
        (
            "every 10m between 22:00 and 06:00 on weekdays",
            Within(Every(10 * MINUTE), Windows(((79200, 21600),), weekdays=(1, 2, 3, 4, 5))),
        ),
        (
            "every 10m between 18:00 and 24:00, 00:00 and 06:00 on fri-mon",
            Within(Every(10 * MINUTE), Windows(((64800, 86400), (0, 21600)), weekdays=(5, 6, 0, 1))),
        ),
        ("0 * * * * on sat, Sunday", Within(Cron("0 * * * *"), Windows((ALL_DAY,), weekdays=(0, 6)))),
        ("0 * * * * between 18:00 and 00:00", Within(Cron("0 * * * *"), Windows(((64800, 86400),)))),
    ],
)
def test_a_text_is_understood(text: str, expected: Within) -> None:
    assert parse_schedule(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "every 10m between 08:00 and 18:00 on weekdays",
            "every 10 minutes, between 08:00 and 18:00 on Monday to Friday",
        ),
        ("0 9 * * * on sat,sun", "every day at 09:00, on Saturday and Sunday"),
        (
            "every 1h between 22:00 and 02:00, 08:00 and 09:00",
            "every hour, between 08:00 and 09:00 or between 22:00 and 02:00",
        ),
        ("(@daily | @hourly) on mon", "(every hour; and every day at 00:00), on Monday"),
    ],
)
def test_in_words(text: str, sentence: str) -> None:
    assert explain_trigger(parse_schedule(text)) == sentence


def test_the_zone_is_named_unless_it_is_utc() -> None:
    trigger = parse_schedule("every 10m between 08:00 and 18:00", tz="Europe/Berlin")
    assert explain_trigger(trigger) == "every 10 minutes, between 08:00 and 18:00 (Europe/Berlin)"


@pytest.mark.parametrize(
    ("text", "message", "blamed", "help"),
    [
        (
            "every 10m between 08:00 and 25:00",
            '"25:00" is not a time of day',
            "25:00",
            'as in "02:30" or "17:05:30"',
        ),
        ("every 10m between 24:00 and 06:00", '"24:00" is not a time of day', "24:00", ...),
        ("every 10m between 8 and 18", '"8" is not a time of day', "8", ...),
        ("every 10m between 08:00", "a window is two times of day", "08:00", 'as in "between 08:00 and 18:00"'),
        (
            "every 10m between 08:00 and 08:00",
            "nothing lies between 08:00 and 08:00",
            ...,
            'all day is "00:00 and 24:00"',
        ),
        ("every 10m on mun", '"mun" is not a day', "mun", 'did you mean "sun"?'),
        ("every 10m betwen 08:00 and 18:00", '"betwen" is not understood', "betwen", 'did you mean "between"?'),
        ("daily at 12:00 between 08:00 and 09:00", ..., "between 08:00 and 09:00", ""),
        ("every 1d between 08:00 and 09:00", '"every 1d" may miss every window: they last 1h or less', ..., ...),
        ("2026-01-01T12:00 between 08:00 and 09:00", "this can never fire: no instant fits all of it", ..., ""),
        ("after 5m between 08:00 and 09:00", ..., ..., 'write "every" for a fixed interval'),
        ("@startup between 08:00 and 09:00", ..., ..., ...),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: object, blamed: object, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    error = caught.value
    assert error.message == message or message is ...
    assert error.span is not None
    assert text[slice(*error.span)] == blamed or blamed is ...
    assert error.text == text
    assert error.help == help or help is ...


def test_windows_need_a_span_a_weekday_and_a_zone() -> None:
    with pytest.raises(ScheduleError, match="need a span"):
        Windows(())
    with pytest.raises(ScheduleError, match="need a span"):
        Windows((ALL_DAY,), weekdays=())
    with pytest.raises(ScheduleError, match="unknown time zone"):
        Windows((ALL_DAY,), "Mars/Olympus")


def test_order_and_duplicates_make_no_difference_to_windows() -> None:
    one = Windows(((3600, 7200), (0, 60)), weekdays=(1, 0))
    assert one == Windows(((0, 60), (3600, 7200), (0, 60)), weekdays=(0, 1, 1))


def test_it_lives_on_wall_time_and_is_anchored_inside() -> None:
    trigger = Within(Every(MINUTE), Windows(((0, 3600),)))
    assert (trigger.steady, trigger.relative, trigger.startup) == (False, False, None)
    assert trigger.anchored(NOON) == Within(Every(MINUTE, NOON), trigger.windows)
    with pytest.raises(ScheduleError, match="needs an anchor"):
        trigger.next_after(NOON)


@pytest.mark.parametrize(
    "inner",
    [
        AfterFinish(HOUR),
        Startup(),
        AnyOf((Startup(), At(NOON))),
        Watch("/data/in"),
        AnyOf((Watch("/data/in"), At(NOON))),
    ],
)
def test_what_has_no_instants_is_refused(inner: Trigger) -> None:
    with pytest.raises(ScheduleError, match='"between"'):
        Within(inner, Windows(((0, 3600),)))
    with pytest.raises(ScheduleError, match='"on"'):
        Within(inner, Windows((ALL_DAY,), weekdays=(1,)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rrule:FREQ=WEEKLY;BYHOUR=9 on thu", "this may never fire: counted from 2025-12-30 17:00"),
        ("rrule:FREQ=WEEKLY;BYHOUR=9 on fri", "this may never fire: counted from 2026-01-01,"),
        ("every 7 days at 09:00 on sat-thu", "this may never fire: counted from 2025-12-25 13:00"),
        ("in 10m between 00:00 and 01:00", "this may never fire: counted from 2025-12-30 17:00"),
        ("(@hourly 5 times) on wed,thu,fri,sat", "this may never fire: counted from 2025-12-30 17:00"),
    ],
)
def test_what_depends_on_when_it_is_first_scheduled_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message.startswith(message)
    assert 'as in "from 2026-01-05T09:00"' in caught.value.help


@pytest.mark.parametrize(
    "text",
    [
        "rrule:FREQ=WEEKLY;BYHOUR=9 on thu from 2026-01-01",
        "rrule:FREQ=WEEKLY;BYHOUR=9 from 2026-01-01 on thu",
        "every 1w on thu from 2026-01-01",
        "every 3 days at 09:00 on fri",
        "rrule:FREQ=WEEKLY;BYDAY=TH;BYHOUR=9 on thu",
        "every 10m on mon until 2026-01-06",
    ],
)
def test_what_says_from_where_or_meets_them_from_anywhere_is_let_through(text: str) -> None:
    survives(parse_schedule(text))


def test_what_never_lies_in_a_window_is_given_up() -> None:
    """An interval that was anchored badly: an error, after a bounded search."""
    trigger = Within(Every(DAY, NOON), Windows(((8 * 3600, 9 * 3600),)))
    with counting() as calls, pytest.raises(ScheduleError, match="gave up"):
        trigger.next_after(NOON)
    assert calls.count < 400_000


def test_it_goes_straight_to_the_next_window() -> None:
    """Every microsecond, in one hour of a Monday: two questions a window, not half a billion."""
    trigger = Within(Every(TICK, NOON), Windows(((3600, 7200),), weekdays=(1,)))
    assert trigger.next_after(NOON) == datetime(2026, 1, 5, 1, tzinfo=UTC)


def test_nothing_is_due_past_the_last_year() -> None:
    trigger = Within(Every(HOUR, NOON), Windows(((0, 7200),)))
    assert trigger.next_after(datetime(2300, 1, 1, tzinfo=UTC)) is None


def test_the_order_of_suffixes_makes_no_difference() -> None:
    inside = Within(Every(HOUR), Windows((ALL_DAY,), weekdays=(1,)))
    assert (
        parse_schedule("every 1h 3 times on mon")
        == parse_schedule("every 1h on mon 3 times")
        == Bounded(inside, times=3)
    )


@pytest.mark.parametrize(
    "text",
    [
        "every month on the 1st at 08:00 between 09:00 and 10:00",
        "(every 2 weeks on monday at 09:00) on tue",
        "rrule:FREQ=WEEKLY;BYHOUR=9 on mon",
        "rrule:FREQ=DAILY between 09:00 and 10:00",
        "every 10m until 2020-01-01",
        "((* * * * * * except 1-59 * * * * *) except 0 1-59 * * * *) 10000 times",
    ],
)
def test_what_counts_from_its_anchoring_and_never_fires_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError, match=r"never fire|takes too long"):
        parse_schedule(text)


@pytest.mark.parametrize(
    "text",
    [
        "every 10m between 09:00 and 10:00 on mon",
        "(every month on the 1st at 08:00) on mon",
        "every 3 months on the 31st at 08:00 between 07:00 and 09:00",
        "rrule:FREQ=WEEKLY;BYDAY=MO;BYHOUR=9 on mon",
        "every 10m until 2030-01-01",
        "every 10m 10000 times",
    ],
)
def test_what_counts_from_its_anchoring_and_fires_is_not(text: str) -> None:
    assert parse_schedule(text)
