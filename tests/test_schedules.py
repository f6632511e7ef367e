"""Schedules as values: combined, bounded, asked, and said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from asched import ScheduleError, at, cron, every, holidays, schedule
from asched.core.triggers.at import At
from asched.core.triggers.delayed import In
from asched.schedules import Schedule

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday
BERLIN = "Europe/Berlin"


def test_both_either_and_except() -> None:
    monday, thirteenth = cron("0 9 * * mon"), cron("0 9 13 * *")
    assert (monday & thirteenth) == schedule("0 9 * * mon & 0 9 13 * *")
    assert (monday | thirteenth) == schedule("0 9 * * mon | 0 9 13 * *")
    assert (monday - thirteenth) == schedule("0 9 * * mon except 0 9 13 * *")
    assert (monday & thirteenth).upcoming(2, NOON) == [
        datetime(2026, 4, 13, 9, tzinfo=UTC),
        datetime(2026, 7, 13, 9, tzinfo=UTC),
    ]


def test_windows_are_in_the_zone_of_the_schedule_unless_they_say_otherwise() -> None:
    hours = cron("0 * * * *", tz=BERLIN)
    assert hours.between("08:00", "10:00").next(NOON) == datetime(2026, 1, 2, 8, tzinfo=ZoneInfo(BERLIN))
    assert hours.between("08:00", "10:00", tz="UTC").next(NOON) == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert hours.between("08:00", "10:00") == schedule("0 * * * * between 08:00 and 10:00", tz=BERLIN)
    assert hours.between(time(8), time(10, 30), on="weekdays") == schedule(
        "0 * * * * between 08:00 and 10:30 on weekdays", tz=BERLIN
    )
    assert hours.on("sat,sun") == schedule("0 * * * * on sat,sun", tz=BERLIN)
    assert every("10m").between("22:00", "24:00") == schedule("every 10m between 22:00 and 24:00")


def test_bounds() -> None:
    hours = cron("0 * * * *", tz=BERLIN)
    assert hours.starting("2026-01-01").until("2026-01-02").times(3) == schedule(
        "0 * * * * from 2026-01-01 until 2026-01-02 3 times", tz=BERLIN
    )
    assert hours.starting(NOON).until(NOON + timedelta(hours=1)).upcoming(5, NOON - timedelta(days=1)) == [
        NOON,
        NOON + timedelta(hours=1),
    ]
    assert len(hours.times(3).upcoming(5, NOON)) == 3
    assert every("1h").starting(NOON).next(NOON - timedelta(days=9)) == NOON + timedelta(hours=1)


@pytest.mark.parametrize("given", ["2027", 2027, NOON.date(), time(9)])
def test_only_an_instant_is_asked_from(given: Any) -> None:
    with pytest.raises(TypeError, match="an instant is an aware datetime, not "):
        cron("0 9 * * *").next(after=given)
    with pytest.raises(TypeError, match="an instant is an aware datetime, not "):
        cron("0 9 * * *").upcoming(after=given)


@pytest.mark.parametrize("make", [schedule, cron])
def test_an_endless_text_is_refused(make: Callable[[str], Schedule]) -> None:
    with pytest.raises(ScheduleError, match="at most 10,000 characters, and this one 10,009"):
        make("0," * 5000 + "0 * * * *")


def test_every_to_varies() -> None:
    assert every("15s", "30s", anchor=NOON) == schedule("every 15s to 30s from 2026-01-01T12:00Z")
    assert every(15, to=30).explain() == "every 15 seconds to 30 seconds, varying"


def test_once_in_a_while_from_now() -> None:
    assert at("in 10m").trigger == In(timedelta(minutes=10))
    assert at("in 10m").next(NOON) == NOON + timedelta(minutes=10)
    assert at("2026-01-01T12:00").trigger == At(NOON)
    with pytest.raises(ScheduleError, match="not an instant"):
        at("every 10m")


def test_a_composition_says_itself() -> None:
    weekly = cron("0 9 * * mon", tz=BERLIN).until("2026-12-31T09:00Z")
    assert str(weekly) == "0 9 * * MON until 2026-12-31T09:00:00Z"
    assert weekly.explain() == "at 09:00 on Monday (Europe/Berlin), until 2026-12-31 09:00:00 UTC"
    assert len({weekly, schedule(str(weekly), tz=BERLIN)}) == 1


def test_what_can_never_fire_is_refused_at_once() -> None:
    noon = cron("0 12 * * *")
    with pytest.raises(ScheduleError, match="can never fire"):
        noon.between("08:00", "09:00")
    with pytest.raises(ScheduleError, match="can never fire"):
        noon - noon
    with pytest.raises(ScheduleError, match="can never fire"):
        noon & cron("30 12 * * *")
    with pytest.raises(ScheduleError, match="can never fire"):
        noon.starting("2026-02-01").until("2026-01-01")
    with pytest.raises(ScheduleError, match="has no time zone"):
        noon.starting(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ScheduleError, match="is not a time of day"):
        noon.between("8", "9")
    with pytest.raises(ScheduleError, match="is not a day"):
        noon.on("funday")


def test_what_does_not_go_with_a_sign_is_said() -> None:
    days = holidays("DE")
    with pytest.raises(TypeError, match='"&" keeps to them'):
        cron("0 9 * * *") | days  # type: ignore[operator]
    for wrong in (lambda: cron("0 9 * * *") & "0 9 * * *", lambda: cron("0 9 * * *") - 1):  # type: ignore[operator]
        with pytest.raises(TypeError, match="takes a schedule, not"):
            wrong()


@pytest.mark.parametrize("tz", ["UTC", "Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize("extreme", [datetime.max, datetime.min, datetime(1899, 12, 31), datetime(9001, 1, 1)])  # noqa: DTZ001, DTZ901
def test_instants_near_the_ends_of_the_calendar_are_refused(extreme: datetime, tz: str) -> None:
    far, hours = extreme.replace(tzinfo=ZoneInfo(tz)), cron("0 * * * *", tz=tz)
    for ask in (hours.until, hours.starting, hours.next, every("10m").starting, every("10m").next, at):
        with pytest.raises(ScheduleError, match="is not between the years 1900 and 9000"):
            ask(far)
    with pytest.raises(ScheduleError, match="is not between the years 1900 and 9000"):
        at(extreme, tz=tz)
    with pytest.raises(ScheduleError, match="is not between the years 1900 and 9000"):
        every("10m", anchor=far)
    with pytest.raises(ScheduleError, match="is not between the years 1900 and 9000"):
        hours.upcoming(5, far)


@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "America/New_York"])
def test_instants_just_inside_work(tz: str) -> None:
    first, last = datetime(1900, 1, 1, tzinfo=ZoneInfo(tz)), datetime(9000, 12, 31, 23, 59, tzinfo=ZoneInfo(tz))
    hours = cron("0 * * * *", tz=tz)
    assert hours.starting(first).until(last).next(NOON) == NOON + timedelta(hours=1)
    assert every("10m", anchor=first).next(last) > last
    assert at(last).next(NOON) == last
    assert at(last).next(last) is None


def test_what_meets_its_windows_by_accident_is_refused_in_python_too() -> None:
    weekly = schedule("rrule:FREQ=WEEKLY;BYHOUR=9")
    with pytest.raises(ScheduleError, match="may never fire"):
        weekly.on("thu")
    with pytest.raises(ScheduleError, match="may never fire"):
        schedule("every 7 days at 09:00").between("08:00", "10:00", on="thu")
    assert weekly.starting("2026-01-01").on("thu").next(NOON) == datetime(2026, 1, 8, 9, tzinfo=UTC)
