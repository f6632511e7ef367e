"""One grammar: what each text means, and what is said about the others."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cron_oracle import expressions, satisfiable

from asched.core.grammar import phrases
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron, Dst
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.errors import ScheduleError

DAYS = '"daily", "weekdays", "weekends", or as in "mon,thu"'
TZ = "Europe/Berlin"


def cron(expression: str) -> Cron:
    return Cron(expression, TZ)


def at(text: str) -> At:
    return At(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 2 * * *", cron("30 2 * * *")),
        ("  30 2 * *   mon ", cron("30 2 * * MON")),
        ("*/10 * * * * *", cron("*/10 * * * * *")),
        ("@daily", cron("0 0 * * *")),
        ("@Midnight", cron("0 0 * * *")),
        ("@hourly", cron("0 * * * *")),
        ("@weekly", cron("0 0 * * 0")),
        ("@monthly", cron("0 0 1 * *")),
        ("@yearly", cron("0 0 1 1 *")),
        ("@annually", cron("0 0 1 1 *")),
        ("@reboot", Startup(once_per_boot=True)),
        ("@startup", Startup()),
        ("@every 90s", Every(timedelta(seconds=90))),
        ("every 10s", Every(timedelta(seconds=10))),
        ("Every 1h 30m", Every(timedelta(minutes=90))),
        ("every 5 minutes", Every(timedelta(minutes=5))),
        ("every 10s from 2026-01-01T00:00", Every(timedelta(seconds=10), datetime(2025, 12, 31, 23, tzinfo=UTC))),
        ("every minute", cron("* * * * *")),
        ("every hour", cron("0 * * * *")),
        ("every day", cron("0 0 * * *")),
        ("hourly", cron("0 * * * *")),
        ("daily", cron("0 0 * * *")),
        ("after 60s", AfterFinish(timedelta(seconds=60))),
        ("60s after finish", AfterFinish(timedelta(seconds=60))),
        ("daily at 02:30", cron("30 2 * * *")),
        ("daily at 2:30", cron("30 2 * * *")),
        ("daily at 02:30:15", cron("15 30 2 * * *")),
        ("every day at 10:30", cron("30 10 * * *")),
        ("weekdays at 8:00", cron("0 8 * * MON-FRI")),
        ("every weekday at 8:00", cron("0 8 * * MON-FRI")),
        ("weekends at 8:00", cron("0 8 * * SAT,SUN")),
        ("mon,thu at 09:00", cron("0 9 * * MON,THU")),
        ("Mon, Thursday at 09:00", cron("0 9 * * MON,THU")),
        ("mondays at 09:00", cron("0 9 * * MON")),
        ("fri-mon at 09:00", cron("0 9 * * FRI-MON")),
        ("daily at 09:00, 17:00", cron("0 9,17 * * *")),
        ("daily at 09:00, 17:30", AnyOf((cron("0 9 * * *"), cron("30 17 * * *")))),
        ("every hour at :15", cron("15 * * * *")),
        ("hourly at :00, :30", cron("0,30 * * * *")),
        ("2026-12-24T17:30", at("2026-12-24T16:30Z")),
        ("2026-12-24 17:30", at("2026-12-24T16:30Z")),
        ("at 2026-12-24T17:30", at("2026-12-24T16:30Z")),
        ("2026-12-24T17:30Z", at("2026-12-24T17:30Z")),
        ("2026-12-24T17:30-05:00", at("2026-12-24T22:30Z")),
        ("2026-12-24", at("2026-12-23T23:00Z")),
        ("@hourly | daily at 02:30", AnyOf((cron("0 * * * *"), cron("30 2 * * *")))),
    ],
)
def test_a_text_is_understood(text: str, expected: Trigger) -> None:
    assert parse_schedule(text, tz=TZ) == expected


def test_a_list_is_a_union_and_a_list_of_one_is_that_one() -> None:
    assert parse_schedule(["@daily", "@hourly"], tz=TZ) == AnyOf((cron("0 0 * * *"), cron("0 * * * *")))
    assert parse_schedule(["@daily"], tz=TZ) == cron("0 0 * * *")


def test_the_options_reach_the_cron() -> None:
    assert parse_schedule("daily at 02:30", tz=TZ, dst="both", day_rule="and") == Cron("30 2 * * *", TZ, "both", "and")


@pytest.mark.parametrize(
    ("text", "dst", "expected"),
    [
        ("2026-03-29T02:30", "auto", at("2026-03-29T01:00Z")),
        ("2026-10-25T02:30", "auto", at("2026-10-25T00:30Z")),
        ("2026-10-25T02:30", "last", at("2026-10-25T01:30Z")),
        ("2026-10-25T02:30", "both", AnyOf((at("2026-10-25T00:30Z"), at("2026-10-25T01:30Z")))),
        ("2026-10-25T02:30", "skip", at("2026-10-25T00:30Z")),
    ],
)
def test_an_instant_at_an_offset_change_follows_the_rules_of_fixed_times(
    text: str, dst: Dst, expected: Trigger
) -> None:
    assert parse_schedule(text, tz=TZ, dst=dst) == expected


def test_an_instant_that_is_skipped_cannot_be_asked_for_with_skip() -> None:
    with pytest.raises(ScheduleError, match="clocks skip it"):
        parse_schedule("2026-03-29T02:30", tz=TZ, dst="skip")


@pytest.mark.parametrize("tz", ["America/New_York", "Pacific/Kiritimati"])
def test_the_last_day_there_may_be_has_an_end_everywhere(tz: str) -> None:
    assert parse_schedule("@hourly until 9000-12-31", tz=tz)
    assert parse_schedule("@hourly from 1900-01-01", tz=tz)
    with pytest.raises(ScheduleError, match="not between the years"):
        parse_schedule("at 9999-12-31T23:59", tz=tz)


@pytest.mark.parametrize(
    ("text", "message", "blamed", "help"),
    [
        ("61 3 * * *", "minute 61 is out of range 0-59", "61", 'did you mean "1 3 * * *" (every day at 03:01)?'),
        (" 61 3 * * *", "minute 61 is out of range 0-59", "61", 'did you mean "1 3 * * *" (every day at 03:01)?'),
        (
            "61 3 * * mon",
            "minute 61 is out of range 0-59",
            "61",
            'did you mean "1 3 * * mon" (at 03:01 on Monday)?',
        ),
        ("@daily | 0 99 * * *", "hour 99 is out of range 0-23", "99", ""),
        ("*/90 * * * *", "step 90 is wider than the minute field (60)", "90", 'did you mean "every 90m"?'),
        ("daly at 2:30", '"daly" is not a day', "daly", 'did you mean "daily"?'),
        ("mun at 09:00", '"mun" is not a day', "mun", 'did you mean "sun"?'),
        ("sundey at 09:00", '"sundey" is not a day', "sundey", 'did you mean "sunday"?'),
        ("once a month between 02:00 and 05:00", '"month" is not a day', "month", DAYS),
        ("every hour at 15", '"hour" is not a day', "every hour", DAYS),
        ("daily at 25:00", '"25:00" is not a time of day', "25:00", 'as in "02:30" or "17:05:30"'),
        ("every hour at :75", "not minutes past the hour", ":75", 'as in ":15" or ":00, :30"'),
        ("every 10x", '"x" is not a unit of time', "10x", ...),
        ("every 0s", "a period must be longer than nothing", "0s", ""),
        ("after 0s", "a period must be longer than nothing", "0s", ""),
        ("2026-13-01", '"2026-13-01" is not an instant', "2026-13-01", ...),
        ("every 5s from noon", '"noon" is not an instant', "noon", ...),
        ("x * * * *", '"x" is not a minute', "x", ""),
        (
            "@hourly until 9999-12-31",
            '"9999-12-31" is not between the years 1900 and 9000',
            "9999-12-31",
            'a schedule without "until" has no end',
        ),
        ("@hourly from 0001-01-01", '"0001-01-01" is not between the years 1900 and 9000', "0001-01-01", ""),
        ("at 0001-01-01", '"0001-01-01" is not between the years 1900 and 9000', "0001-01-01", ""),
        (
            "at 9999-12-31T23:59-05:00",
            '"9999-12-31T23:59-05:00" is not between the years 1900 and 9000',
            "9999-12-31T23:59-05:00",
            "",
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(text: str, message: str, blamed: str, help: object) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text, tz=TZ)
    error = caught.value
    assert error.message == message
    assert error.span is not None
    assert error.text[slice(*error.span)] == blamed
    assert error.text == text
    assert help in (error.help, ...)


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("evry 10s", 'did you mean "every 10s"?'),
        ("@dayly", 'did you mean "@daily"?'),
        ("dayly", 'did you mean "daily"?'),
        ("10m", 'did you mean "every 10m"?'),
        ("1 2 3 4", 'minute hour day month weekday: did you mean "1 2 3 4 *"?'),
        ("whenever", "write cron"),
        ("", "write cron"),
        ("at 17:00", 'did you mean "daily at 17:00"?'),
        ("|", "write cron"),
    ],
)
def test_what_is_not_understood_is_told_what_there_is(text: str, help: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.help.startswith(help)


def test_a_list_refuses_after_finish_and_emptiness() -> None:
    with pytest.raises(ScheduleError, match="stands alone"):
        parse_schedule(["after 5s", "@daily"])
    with pytest.raises(ScheduleError, match="at least one"):
        parse_schedule([])


@settings(max_examples=300, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=3), st.sampled_from(["crontab", "and"]))
def test_canonical_texts_read_back_to_equal_triggers(texts: list[str], rule: str) -> None:
    if all(satisfiable(text, TZ, rule) for text in texts):
        trigger = parse_schedule(texts, tz=TZ, day_rule=rule)  # type: ignore[arg-type]
        assert parse_schedule(trigger.text(), tz=TZ, day_rule=rule) == trigger  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 4990 + "@daily" + ")" * 4990,
        "@daily" + " on mon" * 1400,
        "@daily " + "9" * 5000 + " times",
        " " * 4990 + "mon" + " " * 4990 + "x",
        "every 1h between " + "9" * 5000 + ":00 and 10:00",
    ],
    ids=len,
)
def test_nobody_gets_lost_in_a_long_text(text: str) -> None:
    with pytest.raises(ScheduleError):
        parse_schedule(text)


@pytest.mark.parametrize(
    "text",
    [
        "|".join(["@daily"] * 1429),
        "0," * 5000 + "0 * * * *",
        "rrule:FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 5000),
        " " * 10_001,
        ["@hourly" + " " * 10_000, "@daily"],
        ["@daily"] * 1001,
        ["?"] * 1001,
    ],
    ids=len,
)
def test_what_is_endless_is_refused_unread_with_one_short_message(
    text: str | list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phrases, "Composition", fail_if_read)
    with pytest.raises(ScheduleError, match="has at most 1") as caught:
        parse_schedule(text)
    assert (caught.value.text, caught.value.span) == ("", None)
    assert len(str(caught.value)) < 200


def fail_if_read(*_: object) -> None:
    pytest.fail("it was read")


def test_the_longest_text_and_the_longest_list_are_read() -> None:
    assert parse_schedule("@daily".ljust(10_000)) == parse_schedule("@daily")
    assert parse_schedule(["@daily"] * 1000) == parse_schedule("@daily")


@pytest.mark.parametrize("given", [5, None, b"@daily", {"@daily"}, ["@daily", 5]])
def test_what_is_no_text_and_no_list_of_texts_is_refused(given: Any) -> None:
    with pytest.raises(ScheduleError, match="a schedule is a text, or a list of texts, and nothing of type "):
        parse_schedule(given)


WORDS = [
    "between",
    "08:00",
    "and",
    "until",
    "except",
    "&",
    "(",
    ")",
    "times",
    "once",
    "in",
    "to",
    "on",
    "every",
    "daily",
    "at",
    "after",
    "from",
    "5s",
    "02:30",
    ":15",
    "mon",
    "-",
    ",",
    "|",
    "@daily",
    "@every",
    "2026-01-01",
    "*",
    "*/5",
    "L",
    "W",
    "#",
    "1",
    "99",
    "H",
    "R",
    "?",
    "hourly",
]


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=7).map(" ".join))
def test_no_text_does_worse_than_a_schedule_error_that_points_into_it(text: str) -> None:
    with suppress(ScheduleError):
        try:
            parse_schedule(text)
        except ScheduleError as error:
            start, end = error.span or (0, 0)
            assert 0 <= start <= end <= len(error.text) + 1  # noqa: PT017
            raise
