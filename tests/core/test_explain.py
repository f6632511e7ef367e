"""Triggers in English."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from test_cron_oracle import expressions, satisfiable

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.cron import Cron


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30 2 * * *", "every day at 02:30"),
        ("1 3 * * mon-fri", "at 03:01 on Monday to Friday"),
        ("0,30 9 * * sat,sun", "at 09:00 and 09:30 on Saturday and Sunday"),
        ("15 30 2 * * *", "every day at 02:30:15"),
        ("0 0 1 1 *", "at 00:00 on day 1 of the month in January"),
        ("0 0 * 6-8 *", "at 00:00 every day in June to August"),
        ("0 0 0 24 12 * 2027", "at 00:00 on day 24 of the month in December in 2027"),
        ("0 0 13 * 5", "at 00:00 on day 13 of the month or on Friday"),
        ("0 0 */10 * 5", "at 00:00 on days 1, 11, 21 and 31 of the month if that is Friday"),
        ("0 0 1-31 * 5", "every day at 00:00"),
        ("0 0 L * *", "at 00:00 on the last day of the month"),
        ("0 0 15,L-2 * *", "at 00:00 on day 15 or the day 2 before the last of the month"),
        ("0 0 LW * *", "at 00:00 on the last workday of the month"),
        ("0 0 15W * *", "at 00:00 on the workday nearest to day 15 of the month"),
        ("0 0 * * 5#2", "at 00:00 on the second Friday of the month"),
        ("0 0 * * 1,7L", "at 00:00 on Monday or the last Sunday of the month"),
        ("* * * * *", "every minute"),
        ("*/10 * * * *", "every 10 minutes"),
        ("*/7 * * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour"),
        ("*/10 8-18 * * mon-fri", "every 10 minutes from 08:00 to 18:59 on Monday to Friday"),
        ("*/10 8,10 * * *", "every 10 minutes of hours 8 and 10"),
        ("5,10 0-12 * * *", "at minutes 5 and 10 of every hour from 00:00 to 12:59"),
        ("0 * * * *", "every hour"),
        ("15 * * * *", "every hour at minute 15"),
        ("0 9-17 * * *", "every hour from 09:00 to 17:00"),
        ("0 */2 * * *", "every 2 hours, from 00:00"),
        ("7 */2 * * *", "every 2 hours at minute 7, from 00:07"),
        ("0 0-12,20 * * *", "at minute 0 of hours 0 to 12 and 20"),
        ("* * * * * *", "every second"),
        ("*/15 * * * * *", "every 15 seconds"),
        ("5,20 * * * * *", "at seconds 5 and 20 of every minute"),
        ("* 0 * * * *", "every second of minute 0"),
        ("5,20 0,30 8,10 * * *", "at seconds 5 and 20 of minutes 0 and 30 of hours 8 and 10"),
        ("every 10s", "every 10 seconds"),
        ("every 1m", "every minute"),
        ("every 90m", "every 1 hour and 30 minutes"),
        ("every 1h from 2026-01-01T00:00Z", "every hour, counted from 2026-01-01 00:00:00 UTC"),
        ("after 60s", "1 minute after the end of the previous run"),
        ("at 2026-12-24T17:30", "once, at 2026-12-24 17:30:00 UTC"),
        ("@reboot", "once after each boot of the machine"),
        ("@startup", "at every start of the scheduler"),
        ("@daily | @hourly", "every hour; and every day at 00:00"),
    ],
)
def test_a_schedule_in_words(text: str, expected: str) -> None:
    assert explain_trigger(parse_schedule(text)) == expected


def test_the_zone_is_named_unless_it_is_utc() -> None:
    assert explain_trigger(Cron("30 2 * * *", "Europe/Berlin")) == "every day at 02:30 (Europe/Berlin)"
    assert (
        explain_trigger(Cron("30 2 * * *", "Europe/Berlin", "skip")) == "every day at 02:30 (Europe/Berlin, dst: skip)"
    )


def test_the_and_rule_is_told() -> None:
    assert explain_trigger(Cron("0 0 13 * 5", day_rule="and")) == "at 00:00 on day 13 of the month if that is Friday"


@settings(max_examples=300, deadline=None)
@given(expressions)
def test_every_expression_has_a_sentence_of_single_spaced_words(expression: str) -> None:
    if satisfiable(expression, "UTC", "crontab"):
        sentence = explain_trigger(Cron(expression))
        assert sentence == " ".join(sentence.split())
        assert sentence
