"""What people write: understood when its meaning is plain, else told what was probably meant, which then works."""

from __future__ import annotations

import re

import pytest

from asched.core.grammar.phrases import parse_schedule
from asched.errors import ScheduleError

TZ = "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("weekdays,sat at 09:00", "mon-fri,sat at 09:00"),
        ("weekends and fri at 09:00", "sat,sun,fri at 09:00"),
        ("every 10m on weekdays, sat", "every 10m on mon-sat"),
        ("every 10m on sat and sun", "every 10m on sat,sun"),
        ("every 10m between 08:00 and 12:00 on sat and sun", "every 10m between 08:00 and 12:00 on sat,sun"),
        ("sat and sun at 10:00", "sat,sun at 10:00"),
        ("every sat and every sun at 10:00", "sat,sun at 10:00"),
        ("mon, wed, and fri at 10:00", "mon,wed,fri at 10:00"),
        ("daily and sat at 10:00", "daily at 10:00"),
        ("once on sat and sun between 10:00 and 12:00", "once on sat,sun between 10:00 and 12:00"),
        ("daily at 09:00 and 17:00", "daily at 09:00, 17:00"),
        ("daily at 09:00, 12:00, and 17:00", "daily at 09:00, 12:00, 17:00"),
        ("every hour at :15 and :45", "every hour at :15, :45"),
        ("every day at noon", "daily at 12:00"),
        ("daily at Midnight", "daily at 00:00"),
        ("daily at midnight and noon", "daily at 00:00, 12:00"),
        ("every 2 weeks on monday at noon", "every 2 weeks on monday at 12:00"),
        ("every 10m between noon and midnight", "every 10m between 12:00 and 24:00"),
        ("every 10m between midnight and noon", "every 10m between 00:00 and 12:00"),
        ("every 10m from 2026-01-01 10:00", "every 10m from 2026-01-01T10:00"),
        ("every 10s to 30s from 2026-01-01 10:00", "every 10s to 30s from 2026-01-01T10:00"),
        ("every 10m from 2026-01-01 10:00 5 times", "every 10m from 2026-01-01T10:00 5 times"),
        ("every 3 days at 09:00 from 2026-01-01 10:00", "every 3 days at 09:00 from 2026-01-01T10:00"),
    ],
)
def test_what_has_one_meaning_is_understood(text: str, plain: str) -> None:
    made = parse_schedule(text, tz=TZ)
    assert made == parse_schedule(plain, tz=TZ)
    assert parse_schedule(made.text(), tz=TZ) == made


@pytest.mark.parametrize(
    ("text", "blamed", "suggested"),
    [
        ("at 09:00", "at", "daily at 09:00"),
        ("at 09:00 and 17:00", "at", "daily at 09:00 and 17:00"),
        ("@hourly | at 09:00", "at", "@hourly | daily at 09:00"),
        ("  when /data changes | at 09:00", "at", "when /data changes | daily at 09:00"),
        ("at 09:00 on mon", "at", "daily at 09:00 on mon"),
        ("every 2 weeks at 09:00 on thu", "09:00 on thu", "every 2 weeks on thu at 09:00"),
        ("every 10m from 08:00 to 18:00", "from 08:00 to 18:00", "every 10m between 08:00 and 18:00"),
        ("every 10m from 8 to 18 on mon", "from 8 to 18", "every 10m between 08:00 and 18:00 on mon"),
        ("@hourly from 08:00 until noon", "from 08:00 until noon", "@hourly between 08:00 and noon"),
        ("every 10m between 8 and 18", "8", "every 10m between 08:00 and 18:00"),
        ("every 10m between 9-17", "9-17", "every 10m between 09:00 and 17:00"),
        (
            "every 10m between 08:00 and 12:00 and 13:00 and 17:00",
            "08:00 and 12:00 and 13:00 and 17:00",
            "every 10m between 08:00 and 12:00, 13:00 and 17:00",
        ),
        ("daily at 09:00 except weekends", "except weekends", "daily at 09:00 on mon-fri"),
        ("every 10m except on sat and sun", "except on sat and sun", "every 10m on mon-fri"),
        ("daily at 09:00 except mon until 2030-01-01", "except mon", "daily at 09:00 on tue-sun until 2030-01-01"),
        ("@hourly | @daily except weekends", "except weekends", "@hourly | @daily on mon-fri"),
        (
            "every 10m except between 12:00 and 13:00",
            "except between 12:00 and 13:00",
            "every 10m between 13:00 and 12:00",
        ),
        ("5 times daily at 09:00", "5 times daily at 09:00", "daily at 09:00 5 times"),
        (
            "5 times, every 10m from 8 to 18",
            "5 times, every 10m from 8 to 18",
            "every 10m between 08:00 and 18:00 5 times",
        ),
        (
            "daily at 09:00 except 2026-12-24 until 2026-12-31",
            "until 2026-12-31",
            "(daily at 09:00 except 2026-12-24) until 2026-12-31",
        ),
        ("when /data/a|b changes", "when /data/a|b changes", "when '/data/a|b' changes"),
        ("@hourly | while /a on b has files", "while /a on b has files", "@hourly | while '/a on b' has files"),
        ("every monday", "every monday", "every monday at 09:00"),
        ("every weekday", "every weekday", "every weekday at 09:00"),
        ("weekends", "weekends", "weekends at 09:00"),
        ("@hourly | mon and thu", "mon and thu", "@hourly | mon and thu at 09:00"),
        ("every monday 09:00", "every monday 09:00", "every monday at 09:00"),
        ("monday, thursday 9:00", "monday, thursday 9:00", "monday, thursday at 9:00"),
        ("weekdays 8am, 5pm", "weekdays 8am, 5pm", "weekdays at 08:00, 17:00"),
        ("(daily noon) until 2030-01-01", "daily noon", "(daily at noon) until 2030-01-01"),
        ("daily at 9", "9", "daily at 09:00"),
        ("daily at 9am", "9am", "daily at 09:00"),
        ("daily at 12am and 12:30 PM", "12am", "daily at 00:00 and 12:30"),
        ("every tuesday at 9", "9", "every tuesday at 09:00"),
        ("every 2 weeks at 9 on thu", "9 on thu", "every 2 weeks on thu at 09:00"),
        ("@hourly between 9am and 5pm", "9am", "@hourly between 09:00 and 17:00"),
        ("every 10", "10", "every 10s"),
        ("every 10 on weekdays", "10", "every 10s on weekdays"),
        ("after 2.5", "2.5", "after 2.5s"),
        ("when /tmp/q has files", "when /tmp/q has files", "while /tmp/q has files"),
        ("@hourly | while '/a b' changes", "while '/a b' changes", "@hourly | when '/a b' changes"),
        (
            "once a weekday between 02:00 and 05:00 on sat",
            "between 02:00 and 05:00 on sat",
            "once on sat between 02:00 and 05:00",
        ),
    ],
)
def test_what_was_meant_is_suggested_and_works_when_it_is_typed(text: str, blamed: str, suggested: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, tz=TZ)
    error = caught.value
    assert error.help == f'did you mean "{suggested}"?'
    assert error.text == text
    place = re.search(rf"(?<!\w){re.escape(blamed)}(?!\w)", text)
    assert place is not None
    assert error.span == place.span()
    made = parse_schedule(suggested, tz=TZ)
    assert parse_schedule(made.text(), tz=TZ) == made


@pytest.mark.parametrize(
    ("text", "blamed", "suggested", "tz"),
    [
        ("*/15 9-17 * * 1-5 Europe/Berlin", "Europe/Berlin", "*/15 9-17 * * 1-5", "Europe/Berlin"),
        (" CRON_TZ=Europe/Berlin 30 2 * * * ", "CRON_TZ=Europe/Berlin", "30 2 * * *", "Europe/Berlin"),
        ("TZ=UTC @daily", "TZ=UTC", "@daily", "UTC"),
        ("daily at 9 America/Argentina/Salta", "America/Argentina/Salta", "daily at 09:00", "America/Argentina/Salta"),
    ],
)
def test_a_zone_in_a_schedule_is_shown_its_place(text: str, blamed: str, suggested: str, tz: str) -> None:
    with pytest.raises(ScheduleError, match="a schedule names no zone") as caught:
        parse_schedule(text)
    assert caught.value.span is not None
    assert text[slice(*caught.value.span)] == blamed
    assert caught.value.help == f'did you mean "{suggested}", with {tz} as the option tz?'
    assert parse_schedule(suggested, tz=tz)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CRON_TZ=Nowhere/Town 30 2 * * *", '"CRON_TZ=Nowhere" is not a second'),
        ("30 2 * * * Nowhere/Town", '"Nowhere" is not a weekday'),
        ("daily at 25", '"25" is not a time of day'),
        ("daily at 13pm", '"13pm" is not a time of day'),
        ("every mondy", "not a duration"),
        ("while relative changes", "this schedule is not understood"),
        ("5 times a day", "this schedule is not understood"),
        ("at noonish", "this schedule is not understood"),
        ("@startup except weekends", "this schedule is not understood"),
        ("every 10m from 8 to 25", "not a duration"),
        ("daily at 09:00 except weekdays and weekends", "this schedule is not understood"),
        (
            "daily at 09:00 except (2026-12-24 on thu)",
            'a date behind "except" is a whole day: this does not go with it',
        ),
    ],
)
def test_nothing_is_suggested_that_does_not_work(text: str, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, tz=TZ)
    assert caught.value.message == message
    for suggested in re.findall('did you mean "([^"]+)"', caught.value.help):
        assert parse_schedule(suggested, tz=TZ)


def test_a_long_text_is_not_searched_for_other_words() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule("at 09:00" + " " * 500 + "and 17:00")
    assert "did you mean" not in caught.value.help
