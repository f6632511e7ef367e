"""Where the days of calendars come from, and what is said when they do not come."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import asched
from asched.core.localtime.calendars import Calendar, Span
from asched.declaration.calendars.ics import read_ics
from asched.declaration.calendars.reading import Years, from_dates, from_function, from_ics, from_weekdays, union
from asched.errors import ScheduleError

YEARS = Years(2026, 2028)


def event(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR", ""])


@pytest.mark.parametrize(
    ("lines", "days"),
    [
        (["DTSTART;VALUE=DATE:20261224", "SUMMARY:Christmas Eve"], [(date(2026, 12, 24), "Christmas Eve")]),
        (["DTSTART:20261224", "DTEND:20261226"], [(date(2026, 12, 24), ""), (date(2026, 12, 25), "")]),
        (["DTSTART:20261224", "DURATION:P2D"], [(date(2026, 12, 24), ""), (date(2026, 12, 25), "")]),
        (["DTSTART:20261224", "DTEND:20261224"], [(date(2026, 12, 24), "")]),
        (["DTSTART:19990501", "RRULE:FREQ=YEARLY"], [(date(y, 5, 1), "") for y in (2026, 2027, 2028)]),
        (["DTSTART:19990501", "RRULE:FREQ=YEARLY;UNTIL=20270601"], [(date(2026, 5, 1), ""), (date(2027, 5, 1), "")]),
        (["DTSTART:20250501", "RRULE:FREQ=YEARLY;COUNT=2"], [(date(2026, 5, 1), "")]),
        (
            ["DTSTART:19990501", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20260501,20280501"],
            [(date(2027, 5, 1), "")],
        ),
        (
            ["DTSTART:20001123", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"],
            [(date(2026, 11, 26), ""), (date(2027, 11, 25), ""), (date(2028, 11, 23), "")],
        ),
        (["DTSTART:20251231", "DTEND:20260102"], [(date(2026, 1, 1), "")]),  # cut to what is asked for
        (["DTSTART:20281230", "DTEND:99991231"], [(date(2028, 12, 30), ""), (date(2028, 12, 31), "")]),
        (["DTSTART:20281231", "DURATION:P9999999W"], [(date(2028, 12, 31), "")]),
        (["DTSTART:20281231", "DURATION:P999999999999W"], [(date(2028, 12, 31), "")]),
        (
            ["DTSTART:20260501", "RRULE:FREQ=YEARLY", "EXDATE:20270501T000000Z,20280501T090000Z"],
            [(date(2026, 5, 1), "")],
        ),
        (["DTSTART:20200101"], []),
        (["DTSTART:20261224", "STATUS:CANCELLED"], []),
        (
            ["DTSTART:20261224", "SUMMARY:A\\, b\\; c\\nd", " oes go", "\t on"],
            [(date(2026, 12, 24), "A, b; c does go on")],
        ),
        (
            ["DTSTART:20261224", 'X-ODD;A="b;c:d":e', "SUMMARY;LANGUAGE=de:Heiligabend"],
            [(date(2026, 12, 24), "Heiligabend")],
        ),
        (
            ["DTSTART:20261224", "BEGIN:VALARM", "SUMMARY:not this", "END:VALARM", "SUMMARY:this"],
            [(date(2026, 12, 24), "this")],
        ),
    ],
)
def test_whole_days(lines: list[str], days: list[tuple[date, str]]) -> None:
    assert read_ics(event(*lines), 2026, 2028).days == days


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("lines", "span"),
    [
        (["DTSTART:20261224T120000Z", "DTEND:20261224T130000Z"], Span(utc(2026, 12, 24, 12), utc(2026, 12, 24, 13))),
        (
            ["DTSTART;TZID=Europe/Berlin:20261224T120000", "DURATION:PT1H30M"],
            Span(utc(2026, 12, 24, 11), utc(2026, 12, 24, 12, 30)),
        ),
        (
            ["DTSTART;TZID=Europe/Berlin:20260329T023000", "DURATION:PT1H"],  # in a gap
            Span(utc(2026, 3, 29, 1), utc(2026, 3, 29, 2)),
        ),
        (
            ["DTSTART:20261224T120000", "DTEND:20261224T130000"],
            Span(datetime(2026, 12, 24, 12), datetime(2026, 12, 24, 13)),  # noqa: DTZ001
        ),
    ],
)
def test_spans(lines: list[str], span: Span) -> None:
    assert read_ics(event(*lines), 2026, 2028).spans == [span]


@pytest.mark.parametrize("forever", ["DTEND:99991231T235959Z", "DURATION:P9999999W", "DURATION:P999999999999W"])
@pytest.mark.parametrize("start", ["DTSTART;TZID=Asia/Tokyo:20281231T120000", "DTSTART:20281231T120000Z"])
def test_a_span_without_an_end_ends_with_what_is_asked_for(start: str, forever: str) -> None:
    (span,) = read_ics(event(start, forever), 2026, 2028).spans
    assert span.end == (utc(2028, 12, 31, 15) if "Tokyo" in start else utc(2029, 1, 1))


BERLIN_MONDAYS = ["DTSTART;TZID=Europe/Berlin:20260323T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;COUNT=2"]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=Europe/Berlin:20260323T090000",
        "EXDATE:20260323T080000Z",
        "EXDATE;TZID=America/New_York:20260323T040000",
        "EXDATE:20260323T090000",
        "EXDATE;VALUE=DATE:20260323",
    ],
)
def test_what_is_left_out_may_be_written_in_another_way(exdate: str) -> None:
    spans = read_ics(event(*BERLIN_MONDAYS, exdate), 2026, 2028).spans
    assert [span.start for span in spans] == [utc(2026, 3, 30, 7)]


def test_the_last_instant_there_is_ends_a_rule_in_any_zone() -> None:
    rule = "RRULE:FREQ=YEARLY;UNTIL=99991231T235959Z"
    assert len(read_ics(event("DTSTART;TZID=Asia/Tokyo:20260101T090000", "DURATION:PT1H", rule), 2026, 2028).spans) == 3


def moved(*lines: str, uid: str = "UID:a") -> str:
    """Berlin's Mondays, and behind them an event that stands for one of them."""
    both = [*BERLIN_MONDAYS, "UID:a", "END:VEVENT", "BEGIN:VEVENT", "DURATION:PT1H", uid, *lines]
    return event(*both)


@pytest.mark.parametrize("old", ["RECURRENCE-ID;TZID=Europe/Berlin:20260323T090000", "RECURRENCE-ID:20260323T080000Z"])
def test_an_occurrence_that_was_moved_is_only_where_it_was_moved_to(old: str) -> None:
    spans = read_ics(moved(old, "DTSTART:20260324T080000Z"), 2026, 2028).spans
    assert sorted(span.start for span in spans) == [utc(2026, 3, 24, 8), utc(2026, 3, 30, 7)]
    cancelled = read_ics(moved(old, "DTSTART:20260324T080000Z", "STATUS:CANCELLED"), 2026, 2028).spans
    assert [span.start for span in cancelled] == [utc(2026, 3, 30, 7)]
    another = read_ics(moved(old, "DTSTART:20260324T080000Z", uid="UID:b"), 2026, 2028).spans
    assert len(another) == 3


def test_a_moment_covers_nothing_and_what_recurs_keeps_its_wall_time() -> None:
    assert read_ics(event("DTSTART:20261224T120000Z"), 2026, 2028).spans == []
    weekly = event(
        "DTSTART;TZID=Europe/Berlin:20260323T090000", "DURATION:PT1H", "RRULE:FREQ=WEEKLY;UNTIL=20260330T070000Z"
    )
    assert [span.start for span in read_ics(weekly, 2026, 2028).spans] == [utc(2026, 3, 23, 8), utc(2026, 3, 30, 7)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no iCalendar file"),
        ("<html>", "no iCalendar file"),
        (event("SUMMARY:x"), "line 3: an event without a DTSTART"),
        (event("DTSTART:tomorrow"), 'line 4: "tomorrow" is not a date'),
        (event("DTSTART;TZID=Mars/Base:20260101T000000"), 'line 4: unknown time zone "Mars/Base"'),
        (event("DTSTART:20260102", "DTEND:20260101"), "line 5: the event ends before it begins"),
        (event("DTSTART:20260102", "DURATION:soon"), 'line 5: "soon" is not a duration'),
        (event("DTSTART:20260102", "RRULE:FREQ=SOMETIMES"), 'line 5: FREQ: "SOMETIMES" is not a frequency'),
        (event("DTSTART:20260102T000000", "DURATION:PT1S", "RRULE:FREQ=SECONDLY"), "line 6: an event of more than"),
        (event("DTSTART:20260102", "RECURRENCE-ID:20260101"), "line 5: a RECURRENCE-ID without the UID"),
        (moved("DTSTART:20260324", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260323"), "RANGE=THISANDFUTURE is not"),
        (event("DTSTART:20260102", "what is this"), "line 5: not a line of an iCalendar file"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260102\n", "the file ends within a VEVENT"),
    ],
)
def test_a_file_that_is_not_understood_says_where(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        read_ics(text, 2026, 2028)
    assert message in caught.value.message


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART;TZID=Europe/Berlni:20260101T000000",),
        ("DTSTART;TZID=Europe/Berlin:20260101T000000", "DTEND;TZID=Europe/Berlni:20260101T010000"),
        (*BERLIN_MONDAYS, "EXDATE;TZID=Europe/Berlni:20260323T090000"),
    ],
)
def test_a_zone_that_nobody_knows_is_answered_with_near_ones(lines: tuple[str, ...]) -> None:
    with pytest.raises(ScheduleError) as caught:
        read_ics(event(*lines), 2026, 2028)
    assert 'did you mean "Europe/Berlin"' in caught.value.help


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="No such file"):
        from_ics("x", tmp_path / "none.ics", YEARS)
    (tmp_path / "latin.ics").write_bytes(b"\xe4")
    with pytest.raises(ScheduleError, match="not UTF-8"):
        from_ics("x", tmp_path / "latin.ics", YEARS)
    (tmp_path / "odd.ics").write_text("odd")
    with pytest.raises(ScheduleError, match=r"odd.ics: this is no iCalendar file"):
        from_ics("x", tmp_path / "odd.ics", YEARS)


def test_how_far_a_file_knows(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_text(event("DTSTART:19990501", "RRULE:FREQ=YEARLY"))
    assert from_ics("x", tmp_path / "a.ics", YEARS).until == date(2028, 5, 1)


def test_dates_as_they_may_be_written() -> None:
    calendar = from_dates("x", [date(2026, 1, 2), "2026-12-24", "12-24", datetime(2026, 5, 5, 12)])  # noqa: DTZ001
    assert [day for day, _ in calendar.days] == [date(2026, 1, 2), date(2026, 5, 5), date(2026, 12, 24)]
    assert calendar.yearly == ((12, 24, ""),)
    assert from_dates("x", {"2026-12-24": "Eve"}).days == ((date(2026, 12, 24), "Eve"),)
    assert from_weekdays("x", "weekends").weekdays == from_weekdays("x", ["sat", "sunday"]).weekdays == (0, 6)


@pytest.mark.parametrize("written", ["2026-13-01", "someday", "13-01", "02-30", 5, ""])
def test_what_is_no_day(written: object) -> None:
    with pytest.raises(ScheduleError):
        from_dates("x", [written])  # type: ignore[list-item]


def raising(year: int) -> list[date]:
    raise RuntimeError(f"no table for {year}")


def leaving(year: int) -> list[date]:
    sys.exit(3)


async def awaited(year: int) -> list[date]:
    return [date(year, 1, 6)]


def interrupted(year: int) -> list[date]:
    raise KeyboardInterrupt


def test_who_interrupts_a_function_is_heard() -> None:
    with pytest.raises(KeyboardInterrupt):
        from_function("x", interrupted, YEARS)


@pytest.mark.parametrize(
    ("function", "days"),
    [
        (lambda year: [date(year, 1, 6)], [(date(y, 1, 6), "") for y in YEARS]),
        (lambda year: {f"{year}-01-06": "Epiphany"}, [(date(y, 1, 6), "Epiphany") for y in YEARS]),
        (lambda year: ((date(year, 1, 6), "Epiphany") for _ in range(1)), [(date(y, 1, 6), "Epiphany") for y in YEARS]),
    ],
)
def test_a_function_is_asked_once_a_year(function: Callable[[int], object], days: list[tuple[date, str]]) -> None:
    calendar = from_function("x", function, YEARS)
    assert list(calendar.days) == days
    assert calendar.until == date(2028, 12, 31)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (raising, r"raising\(2026\) raised RuntimeError: no table for 2026"),
        (leaving, r"leaving\(2026\) raised SystemExit: 3"),
        (lambda year: [5 / 0], "raised ZeroDivisionError"),
        (lambda year: 5, r"\(2026\) must return days, not int"),
        (lambda year: None, r"\(2026\) must return days, not None"),
        (lambda year: f"{year}-12-24", r"\(2026\) must return days, not a text"),
        (awaited, r"awaited\(2026\) must return days, not a coroutine"),
        (lambda year: ["12-24"], "has no year"),
    ],
)
def test_a_function_that_does_not_do_it(function: Callable[[int], object], message: str) -> None:
    with pytest.raises(ScheduleError, match=message):
        from_function("x", function, YEARS)


@pytest.mark.parametrize(
    ("parts", "until"),
    [
        ([from_dates("x", ["2026-12-24", "2026-12-31"])], date(2026, 12, 31)),
        ([from_dates("x", ["2026-12-24", "12-31"])], None),
        ([from_dates("x", ["2026-12-24"]), from_weekdays("x", "weekends")], None),
        ([from_dates("x", ["2026-12-24"]), from_function("x", lambda year: [date(year, 1, 6)], YEARS)], YEARS.end),
    ],
)
def test_days_that_are_written_down_end_with_the_last_one(parts: list[Calendar], until: date | None) -> None:
    assert union("x", parts).until == until


def test_an_empty_calendar_is_refused() -> None:
    with pytest.raises(ScheduleError, match='calendar "x" is empty'):
        union("x", [from_dates("x", [])])


# Public holidays, and the public functions.


def test_holidays_of_a_country_a_part_and_a_market() -> None:
    german, berlin, market = asched.holidays("DE"), asched.holidays("DE-BE"), asched.holidays("XNYS")
    assert date(2027, 10, 3) in dict(german.days)
    assert date(2027, 3, 8) in set(dict(berlin.days)) - set(dict(german.days))
    assert market.days
    assert german.until is not None
    assert german.until > date(2030, 1, 1)


@pytest.mark.parametrize(
    ("place", "message", "help"),
    [
        ("ZZ", 'nobody knows the holidays of "ZZ"', "DE-BE"),
        ("DE-XX", '"DE" has no part "XX"', "BE"),
        ("", "nobody knows", "XNYS"),
    ],
)
def test_a_place_that_nobody_knows(place: str, message: str, help: str) -> None:
    with pytest.raises(ScheduleError, match=message) as caught:
        asched.holidays(place)
    assert help in caught.value.help


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    with pytest.raises(ScheduleError) as caught:
        asched.holidays("DE")
    assert 'pip install "asched[holidays]"' in caught.value.help


def test_a_calendar_of_all_kinds(tmp_path: Path) -> None:
    (tmp_path / "a.ics").write_text(event("DTSTART:19990501", "RRULE:FREQ=YEARLY"))
    made = asched.calendar(
        "all",
        ["2026-12-24"],
        weekdays="sat",
        ics=tmp_path / "a.ics",
        holidays="DE",
        function=lambda year: [date(year, 2, 2)],
    )
    assert {date(2026, 12, 24), date(2027, 5, 1), date(2027, 2, 2), date(2027, 12, 25)} <= set(dict(made.days))
    assert (made.name, made.weekdays) == ("all", (6,))


def test_a_schedule_without_a_calendar_and_on_one() -> None:
    closed = asched.calendar("closed", {"12-24": "Eve"})
    noon = asched.cron("0 12 * * *", tz="Europe/Berlin")
    eve = datetime(2026, 12, 24, tzinfo=UTC)
    first = (noon - closed).next(eve)
    assert first is not None
    assert f"{first:%m-%d %H}" == "12-25 12"
    assert (noon & closed).next(eve + timedelta(days=1)) == datetime(2027, 12, 24, 11, tzinfo=UTC)
    with pytest.raises(ScheduleError, match="never fire"):
        asched.cron("0 12 24 12 *") - closed
