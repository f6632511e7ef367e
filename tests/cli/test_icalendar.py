"""An iCalendar that other programs read: RFC 5545's lines, escapes and identities."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.cli.icalendar import Event, icalendar

STAMP = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = datetime(2026, 12, 24, 17, 30, tzinfo=timezone(timedelta(hours=1)))
ESCAPES = {"n": "\n", "\\": "\\", ";": ";", ",": ","}


def unfolded(text: str) -> list[str]:
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def unescaped(value: str) -> str:
    letters, found = iter(value), []
    for letter in letters:
        assert letter not in ";,"
        found.append(ESCAPES[next(letters)] if letter == "\\" else letter)
    return "".join(found)


def properties(text: str) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (line.partition(":") for line in unfolded(text))]


def test_one_event_line_by_line() -> None:
    head, version, product, *rest = unfolded(icalendar([Event("backup", AT, "backup", "nightly", True)], STAMP))
    assert (head, version) == ("BEGIN:VCALENDAR", "VERSION:2.0")
    assert product.startswith("PRODID:-//asched//")
    assert rest == [
        "CALSCALE:GREGORIAN",
        "BEGIN:VEVENT",
        "UID:backup-20261224T163000Z@asched",
        "DTSTAMP:20261120T120000Z",
        "DTSTART:20261224T163000Z",
        "SUMMARY:backup",
        "DESCRIPTION:nightly",
        "STATUS:CANCELLED",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
    ]


def test_a_fire_keeps_its_uid_and_no_two_share_one() -> None:
    half = timedelta(milliseconds=500)
    events = [Event("a", AT, "x"), Event("a", AT + half, "x"), Event("b", AT, "x")]
    uids = [value for name, value in properties(icalendar(events, STAMP)) if name == "UID"]
    assert len(set(uids)) == 3
    later = properties(icalendar(events, STAMP + half * 9))
    assert [value for name, value in later if name == "UID"] == uids


@pytest.mark.parametrize(
    "text", ["a; b, c\\d", "two\nlines\r\nmore", "ü" * 100, "x" * 75, "x" * 67, "\N{SNOWMAN}é" * 70]
)
def test_a_text_reads_back_whatever_it_holds(text: str) -> None:
    reads_back(text)


@given(st.text(st.characters(exclude_categories=("Cc", "Cs"))))
def test_any_text_reads_back(text: str) -> None:
    reads_back(text)


def reads_back(text: str) -> None:
    made = icalendar([Event("job", AT, text)], STAMP)
    assert all(len(line.encode()) <= 75 for line in made.split("\r\n"))
    (summary,) = (value for name, value in properties(made) if name == "SUMMARY")
    assert unescaped(summary) == text.replace("\r\n", "\n")


def test_control_characters_are_left_out() -> None:
    assert "SUMMARY:ab\r\n" in icalendar([Event("job", AT, "a\x00\x1b\x7f\rb")], STAMP)
