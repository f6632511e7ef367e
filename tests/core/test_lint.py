"""What is odd about jobs, and what is not: a table for each rule, and the offset changes against brute force."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jobdoubles import H, Raises, S, a_job

from asched.core.condition import LoadBelow, Network, Term
from asched.core.grammar.phrases import parse_schedule
from asched.core.lint.cron import HORIZON, odd_cron
from asched.core.lint.jobs import lint
from asched.core.localtime.cron import Cron
from asched.core.localtime.zones import instants_of
from asched.core.model import CatchUp, Overlap, Retry
from asched.core.need import Need
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch
from asched.core.wait import Wait

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DAY = 24 * H
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def at_eight(*, jitter=0 * S, **wait):
    """A job at 08:00 in Berlin that waits for the network."""
    job = a_job(trigger=Cron("0 8 * * *", BERLIN), conditions=(Term(Network()),), wait=Wait(**wait), jitter=jitter)
    return replace(job, timezone=BERLIN)


def oddities(cron):
    return [odd.message for odd in odd_cron(cron, NOW)]


def remarks(*jobs):
    return [(one.job, one.option, one.message) for one in lint(jobs, NOW)]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("0 0 1-7 * mon", 'either day is enough: it runs on "1-7" of the month, and on "MON" too'),
        ("0 0 L * 5", 'either day is enough: it runs on "L" of the month, and on "5" too'),
        ("0 0 */2 * mon", '"*/2" has a star: only days that fit both it and "MON" count'),
        ("0 0 1 * */2", '"*/2" has a star: only days that fit both it and "1" count'),
    ],
)
def test_two_day_fields_may_mean_either_or_both(expression, said):
    assert said in oddities(Cron(expression))
    assert said not in oddities(Cron(expression, day_rule="and"))


@pytest.mark.parametrize("expression", ["0 0 1 * *", "0 0 * * mon", "0 0 ? * mon", "0 0 */1 * mon", "0 0 * * */1"])
def test_one_day_field_alone_is_plain(expression):
    assert oddities(Cron(expression)) == []


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("*/7 * * * *", '"*/7" starts again every hour: after minute 56 comes minute 0'),
        ("0-59/40 * * * *", '"0-59/40" starts again every hour: after minute 40 comes minute 0'),
        ("5,*/25 * * * *", '"*/25" starts again every hour: after minute 50 comes minute 0'),
        ("*/8 * * * * *", '"*/8" starts again every minute: after second 56 comes second 0'),
        ("0 */5 * * *", '"*/5" starts again every day: after hour 20 comes hour 0'),
        ("0 0 */2 * *", '"*/2" starts again every month: after day 31 comes day 1'),
        ("0 0 1 */5 *", '"*/5" starts again every year: after month 11 comes month 1'),
        ("0 0 * * */3", '"*/3" starts again every week: after weekday 6 comes weekday 0'),
    ],
)
def test_steps_that_do_not_divide_their_field(expression, said):
    assert oddities(Cron(expression)) == [said]


@pytest.mark.parametrize(
    "expression", ["*/15 * * * *", "*/6 */8 * * *", "10-30/7 * * * *", "0 0 1 */3 *", "5/7 0 * * *"]
)
def test_steps_that_divide_their_field_or_say_where_they_end(expression):
    assert oddities(Cron(expression)) == []


def test_an_hour_list_that_covers_the_day_matters_where_clocks_go_back():
    said = '"0-23" is every hour, and no star: when clocks go back, the repeated hour is left out'
    assert oddities(Cron("0 0-23 * * *", BERLIN)) == [said]
    assert oddities(Cron("0 0-23 * * *", BERLIN, dst="first")) == []
    assert oddities(Cron("0 * * * *", BERLIN)) == []
    assert oddities(Cron("0 0-23 * * *", "Asia/Tokyo")) == []


@pytest.mark.parametrize(
    ("expression", "tz", "said"),
    [
        (
            "30 2 * * *",
            BERLIN,
            [
                "on 2027-03-28 clocks in Europe/Berlin go from 02:00 to 03:00: 02:30 is moved to 2027-03-28 "
                "03:00+02:00; so also on 2028-03-26"
            ],
        ),
        (
            "*/30 2 * * *",
            NEW_YORK,
            [
                "on 2027-03-14 clocks in America/New_York go from 02:00 to 03:00: 02:00, 02:30 are left out; "
                "so also on 2028-03-12"
            ],
        ),
        (
            "*/30 1 * * *",
            NEW_YORK,
            ["on 2027-11-07 clocks in America/New_York go back from 02:00 to 01:00: 01:00, 01:30 come twice"],
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            [
                "on 2027-10-03 clocks in Australia/Lord_Howe go from 02:00 to 02:30: 02:15 is moved to "
                "2027-10-03 02:30+11:00"
            ],
        ),
        ("30 1 * * *", NEW_YORK, []),
        ("30 2 * * 1", BERLIN, []),
        ("30 2 * * *", "Asia/Tokyo", []),
        ("*/10 * * * *", BERLIN, []),
        ("30 4 * * *", BERLIN, []),
    ],
)
def test_fires_that_meet_an_offset_change(expression, tz, said):
    assert oddities(Cron(expression, tz)) == said


@pytest.mark.parametrize("dst", ["skip", "first", "last", "both"])
def test_who_says_what_to_do_with_offset_changes_is_not_warned_of_them(dst):
    assert oddities(Cron("*/30 2 * * *", BERLIN, dst=dst)) == []


ZONES = st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "America/Santiago", "Antarctica/Troll", "Asia/Tokyo"])


@settings(max_examples=60, deadline=None)
@given(ZONES, st.integers(0, 4), st.integers(0, 59), st.booleans())
def test_a_time_of_day_is_odd_just_where_clocks_skip_or_repeat_it(tz, hour, minute, starred):
    """Against every single day of the horizon."""
    cron = Cron(f"{'*/60' if starred else minute} {hour} * * *", tz)
    wall = datetime.combine(NOW.date(), datetime.min.time()) + timedelta(hours=hour, minutes=0 if starred else minute)
    days = [wall + n * DAY for n in range(1, HORIZON.days)]
    counts = {len(instants_of(day, tz)) for day in days}
    said = " ".join(oddities(cron))
    assert (("left out" if starred else "moved to") in said) == (0 in counts)
    assert ("twice" in said) == (starred and 2 in counts)


def test_what_is_over():
    past = a_job("past", At(NOW - DAY))
    ended = a_job("ended", Cron("0 0 0 1 1 * 2020"))
    assert remarks(past, ended) == [
        ("past", "schedule", '"at 2026-11-19T12:00:00Z" is never due again'),
        ("ended", "schedule", '"0 0 0 1 1 * 2020" is never due again'),
    ]


def test_of_a_union_the_member_that_is_over_is_named():
    (one,) = lint([a_job("both", AnyOf((At(NOW - DAY), Cron("*/7 0 * * *"))))], NOW)[:1]
    assert one.expression in ("at 2026-11-19T12:00:00Z", "*/7 0 * * *")
    found = lint([a_job("both", AnyOf((At(NOW - DAY), Cron("5 0-23 */2 * mon", BERLIN))))], NOW)
    assert [(r.expression, r.place) for r in found if "never" not in r.message] == [
        ("5 0-23 */2 * MON", 2),
        ("5 0-23 */2 * MON", 2),
        ("5 0-23 */2 * MON", 1),
    ]


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("*/7 2 * * * between 01:00 and 03:00", True),
        ("*/7 2 * * * until 2030-01-01", True),
        ("*/7 * * * * & 0 * * * *", True),
        ("5 * * * * except */7 3 * * *", False),
        ("*/7 2 * * * except 2026-12-24", True),
        ("30 2 * * * between 02:00 and 04:00", False),  # the windows may be right about it
    ],
)
def test_expressions_that_choose_instants_within_others_have_their_fields_looked_at(text, odd):
    found = remarks(a_job(trigger=parse_schedule(text, tz=BERLIN)))
    assert [one[2].partition(":")[0] for one in found] == ['"*/7" starts again every hour'] * odd


@pytest.mark.parametrize("trigger", [Startup(), Watch("/data"), AfterFinish(H), Every(H), At(NOW + DAY)])
def test_what_is_not_over(trigger):
    assert remarks(a_job(trigger=trigger)) == []


def test_what_raises_is_said_now_or_later_in_the_year():
    for trigger in (Raises(NOW, NOW), Raises(NOW, NOW + 40 * DAY)):
        (one,) = lint([a_job("bad", trigger)], NOW)
        assert one.message == '"raises" raises ZeroDivisionError: no more: from then on it has no next fire'
        assert one.help == "ZeroDivisionError comes from the code of Raises.next_after: mend it there"
    (one,) = lint([a_job("january", parse_schedule("every 1m from 2026-01-01 except * * * 2-12 *"))], NOW)
    assert "raises ScheduleError: gave up" in one.message
    assert '"between" and "on", which are not searched' in one.help


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("rrule:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;UNTIL=20271231", "09:00"),
        ("rrule:FREQ=DAILY;BYHOUR=17,9;BYMINUTE=30;BYSECOND=0;UNTIL=20271231T000000", "09:30"),
        ("rrule:DTSTART;TZID=Asia/Tokyo:20260105T090000;FREQ=DAILY;UNTIL=20271231", "09:00"),
        ("rrule:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;UNTIL=20271231 on mon-fri", "09:00"),
        ("rrule:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;UNTIL=20271231T235959", None),
        ("rrule:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0;UNTIL=20271231T000000Z", None),  # an instant, and meant
        ("rrule:FREQ=DAILY;BYHOUR=0;BYMINUTE=0;BYSECOND=0;UNTIL=20271231", None),
        ("rrule:FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0;BYSECOND=0;UNTIL=20271231", None),  # a Friday
        ("rrule:FREQ=DAILY;BYHOUR=9;BYMINUTE=0;BYSECOND=0", None),
    ],
)
def test_the_last_day_of_a_rule_that_ends_with_a_date_is_left_out(text, lost):
    found = lint([a_job(trigger=parse_schedule(text, tz=BERLIN))], NOW)
    said = f"UNTIL=20271231 is the midnight with which that day begins: its fire at {lost} is left out"
    assert [one.message for one in found] == ([said] if lost else [])
    assert [one.help for one in found] == (["UNTIL=20271231T235959 has that day, too"] if lost else [])


@pytest.mark.parametrize(
    ("policies", "option"),
    [
        ({"grace": 10 * S, "catch_up_window": 10 * S}, "catch_up_window"),
        ({"grace": 10 * S, "catch_up_window": 11 * S}, None),
        ({"grace": 10 * S, "catch_up_window": 10 * S, "catch_up": CatchUp.NONE}, None),
        ({"grace": 10 * S, "catch_up_window": 60 * S, "jitter": 50 * S}, "catch_up_window"),
        ({"grace": 10 * S, "catch_up_window": 61 * S, "jitter": 50 * S}, None),
        ({"grace": 0 * S, "catch_up": CatchUp.NONE}, "grace"),
        ({"grace": 0 * S}, None),
        ({"grace": S, "catch_up": CatchUp.NONE}, None),
        ({"jitter": H}, "jitter"),
        ({"jitter": H - S}, None),
        ({"retry": Retry(attempts=6, delay=20 * 60 * S)}, "retry"),
        ({"retry": Retry(attempts=6, delay=20 * 60 * S), "overlap": Overlap.QUEUE}, None),
        ({"retry": Retry(attempts=6, delay=20 * 60 * S), "max_instances": 2}, None),
        ({"retry": Retry(attempts=3, delay=20 * S)}, None),
        ({"retry": Retry(attempts=1, delay=2 * H)}, None),
    ],
)
def test_limits_that_lose_fires(policies, option):
    found = remarks(a_job(trigger=Cron("0 * * * *"), **policies))
    assert [one[1] for one in found] == ([option] if option else [])


def test_the_waits_of_a_retry_are_all_of_them_and_each_at_most_its_maximum():
    retry = Retry(attempts=4, delay=600 * S, factor=3.0, max_delay=900 * S)
    (found,) = lint([a_job(trigger=Every(H), retry=replace(retry, attempts=6))], NOW)
    assert "waits up to 1h10m" in found.message
    assert lint([a_job(trigger=Every(H), retry=retry)], NOW) == []


def test_what_comes_after_a_disabled_job():
    jobs = [replace(a_job("up", Cron("0 6 * * *")), disabled="off"), a_job("down", after=("up",))]
    assert remarks(*jobs) == [("down", "after", '"up" is disabled: this is never due')]


@pytest.mark.parametrize(
    ("one", "other", "odd"),
    [
        (Cron("0 6 * * *"), Cron("0 7 * * *"), True),
        (Cron("0 6 * * *"), Cron("0 6,7 * * *"), False),
        (Cron("0 6 * * *"), Cron("0 7 * * *", BERLIN), False),
        (Cron("0 6 1 * *"), Cron("0 6 15 * *"), True),
        (Cron("0 6 * * *"), Every(H), False),
        (Cron("1-59/2 * * * *"), Cron("*/2 * * * *"), False),  # never; and more than may be looked at
    ],
)
def test_a_join_of_what_is_never_due_together(one, other, odd):
    jobs = [a_job("a", one), a_job("b", other), a_job("c", after=("b",)), a_job("d", after=("a", "c"))]
    said = '"a" and "b" are never due at the same instant: after all of them, this is never due'
    assert (("d", "after", said) in remarks(*jobs)) == odd


def test_two_jobs_of_equal_definition():
    one = a_job("one", Cron("0 6 * * *"))
    other = replace(one, name="other", description="another", tags=("x",), source="elsewhere:1")
    third = replace(one, name="third", args={"a": 1})
    assert remarks(one, other, third) == [("other", "name", 'does the same as job "one", at the same times')]
    by_hand = replace(one, trigger=None)
    assert remarks(by_hand, replace(by_hand, name="other")) == []
    assert remarks(one, replace(other, disabled="off")) == []


def test_a_disabled_job_is_left_alone():
    assert remarks(replace(a_job("past", At(NOW - DAY)), disabled="off")) == []


def test_a_need_of_what_is_disabled():
    jobs = [replace(a_job("a"), disabled="off"), a_job("b", needs=(Need("a"),))]
    assert ("b", "needs", '"a" is disabled: what this needs is never met') in remarks(*jobs)


CIRCLES = [  # (what each job needs, and after what it comes; what is said of whom)
    ({"a": ("b", ""), "b": ("a", "")}, [("a", "needs and after go in a circle: a -> b -> a")]),
    ({"a": ("a", "")}, [("a", "needs and after go in a circle: a -> a")]),
    ({"a": ("", "b"), "b": ("c", ""), "c": ("a", "")}, [("b", "needs and after go in a circle: b -> c -> a -> b")]),
    ({"a": ("", ""), "b": ("a", ""), "c": ("a", "b")}, []),
    ({"x": ("a", ""), "a": ("b", ""), "b": ("a", "")}, [("a", "needs and after go in a circle: a -> b -> a")]),
]


@pytest.mark.parametrize(("jobs", "said"), CIRCLES)
def test_needs_in_a_circle_are_told_once(jobs, said):
    made = [a_job(name, needs=tuple(map(Need, needs)), after=tuple(after)) for name, (needs, after) in jobs.items()]
    assert [(job, text) for job, option, text in remarks(*made) if option == "needs"] == said


def test_a_wait_for_nothing():
    wait = Wait(limit=H)
    assert ("tick", "wait", "it has nothing to wait for") in remarks(a_job(wait=wait))
    assert remarks(a_job(wait=wait, conditions=(Term(Network()),))) == []


NETWORK, AWAY = Term(Network()), Term(Network(), holds=False)
EIGHT = Cron("0 8 * * *", BERLIN)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (a_job(conditions=(NETWORK, AWAY)),
         [("unless", 'only_if and unless both name "network": this never runs')]),
        (a_job(conditions=(NETWORK, Term(LoadBelow(2.0), holds=False))), []),
        (a_job(conditions=(Term(LoadBelow(1.0)), Term(LoadBelow(2.0), holds=False))), []),
        (a_job(probe_after=H * 2),
         [("probe_after", "without pause_after nothing pauses it when it fails, and so nothing is probed")]),
        (a_job(probe_after=None),
         [("probe_after", "without pause_after nothing pauses it when it fails, and so nothing is probed")]),
        (a_job(probe_after=H * 2, pause_after=5), []),
        (a_job(), []),
        (a_job(timeout=600 * S, run_timeout=300 * S),
         [("run_timeout", "the whole run may take 5m, and so no attempt ever comes to its timeout of 10m")]),
        (a_job(timeout=300 * S, run_timeout=300 * S), []),
        (a_job(run_timeout=300 * S), []),
        (at_eight(until=7 * 3600),
         [("wait", "at 08:00 its wait is over for that day: it waits until 07:00 of the next one")]),
        (at_eight(until=8 * 3600),
         [("wait", "at 08:00 its wait is over for that day: it waits until 08:00 of the next one")]),
        (at_eight(until=2 * 3600), []),
        (at_eight(until=2 * 3600 - 60), []),
        (at_eight(until=2 * 3600 + 60),
         [("wait", "at 08:00 its wait is over for that day: it waits until 02:01 of the next one")]),
        (at_eight(until=10 * 3600), []),
        (at_eight(limit=23 * H), []),
        (at_eight(until=10 * 3600, jitter=2 * H),
         [("wait", "with a jitter of up to 2h, a fire of 08:00 may be due when its wait until 10:00 is over")]),
        (at_eight(until=10 * 3600, jitter=2 * H - S), []),
    ],
)  # fmt: skip
def test_options_of_which_one_makes_the_other_idle(job, said):
    assert [(option, text) for _, option, text in remarks(job)] == said


def test_a_probe_that_other_jobs_use_stands_in_the_defaults():
    assert remarks(a_job("a", probe_after=2 * H), a_job("b", EIGHT, probe_after=2 * H, pause_after=3)) == []
