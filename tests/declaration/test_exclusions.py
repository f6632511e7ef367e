"""The options except, shift and blackout: what they make of a job's schedule, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

import asched
from asched.core.localtime.calendars import Calendar, Span
from asched.core.localtime.cron import Cron
from asched.core.localtime.windows import Windows
from asched.core.model import Job
from asched.core.triggers.blackout import Blackout
from asched.core.triggers.excluding import Excluding
from asched.declaration.definition import Declaration, define
from asched.declaration.faults import Fault
from asched.engine.audit import audit

TZ = "Europe/Berlin"
DE = Calendar("de", days=((date(2026, 12, 25), "Christmas"),))
OWN = Calendar("own", weekdays=(0,))
NINE = Cron("0 9 * * *", TZ)
NIGHT = Windows(((7200, 14_400),), TZ, (0,))


async def work() -> None: ...


def defined(
    options: Mapping[str, object], defaults: Mapping[str, object] | None = None, schedule: object = "daily at 09:00"
) -> Job | list[Fault]:
    declared = Declaration("work", schedule, dict(options), work)
    return define(declared, defaults=defaults, timezone=TZ, calendars={"de": DE, "own": OWN})


@pytest.mark.parametrize(
    ("options", "trigger"),
    [
        ({"except": ["de", "own"]}, Excluding(NINE, (DE, OWN), TZ)),
        ({"except_": "de"}, Excluding(NINE, (DE,), TZ)),
        ({"except_": [DE]}, Excluding(NINE, (DE,), TZ)),
        ({"except": "de", "shift": "next"}, Excluding(NINE, (DE,), TZ, "next")),
        ({"except": []}, NINE),
        ({"blackout": "between 02:00 and 04:00 on sunday"}, Blackout(NINE, (NIGHT,))),
        (
            {"blackout": {"windows": ["between 02:00 and 04:00 on sunday"], "owed": True}},
            Blackout(NINE, (NIGHT,), owed=True),
        ),
        (
            {"blackout": ["from 2026-12-24T18:00 until 2026-12-27T06:00"]},
            Blackout(
                NINE,
                spans=(Span(datetime(2026, 12, 24, 17, tzinfo=UTC), datetime(2026, 12, 27, 5, tzinfo=UTC)),),
            ),
        ),
        (
            {"blackout": [" from 2026-12-24 18:00 until 2026-12-26 "]},  # all of that day
            Blackout(
                NINE,
                spans=(Span(datetime(2026, 12, 24, 17, tzinfo=UTC), datetime(2026, 12, 26, 23, tzinfo=UTC)),),
            ),
        ),
        (
            {"except": "de", "blackout": "between 02:00 and 04:00 on sunday"},
            Blackout(Excluding(NINE, (DE,), TZ), (NIGHT,)),
        ),
        ({"blackout": []}, NINE),
    ],
)
def test_what_they_make_of_a_schedule(options: Mapping[str, object], trigger: object) -> None:
    job = defined(options)
    assert isinstance(job, Job)
    assert job.trigger == trigger


def test_the_nearer_one_wins_however_it_is_spelled() -> None:
    job = defined({"except_": ["own"]}, {"except": ["de"]})
    assert isinstance(job, Job)
    assert job.trigger == Excluding(NINE, (OWN,), TZ)


def test_a_job_without_a_schedule_has_nothing_to_leave_out() -> None:
    job = defined({}, {"except": ["de"], "blackout": "between 02:00 and 04:00"}, schedule=None)
    assert isinstance(job, Job)
    assert job.trigger is None


@pytest.mark.parametrize(
    ("options", "schedule", "path", "message", "help"),
    [
        ({"except": ["de", "dee"]}, "@daily", ("except", 1), 'unknown calendar "dee"', 'did you mean "de"?'),
        ({"except": "dee"}, "@daily", ("except",), 'unknown calendar "dee"', 'did you mean "de"?'),
        ({"except": ["own"]}, "sundays at 08:00", ("except",), "this can never fire", "except = []"),
        ({"except": ["own"]}, "after 60s", ("except",), "counts from the end of a run", '"every"'),
        ({"except": ["own"]}, "@startup", ("except",), "is no instant on the calendar", ""),
        ({"shift": "next"}, "@daily", ("shift",), "there is no except to say from where", "add except"),
        ({"blackout": "between 2 and 4"}, "@daily", ("blackout",), '"2" is not a time of day', '"02:30"'),
        ({"blackout": ["at night"]}, "@daily", ("blackout", 0), "is no window", "between 08:00"),
        ({"blackout": "between 00:00 and 24:00"}, "@daily", ("blackout",), "its blackout has no end", ""),
        (
            {"blackout": "from 2026-12-24 until 2026-12-01"},
            "@daily",
            ("blackout",),
            "nothing lies between 2026-12-24 and 2026-12-01: it must end after it begins",
            "02:00",
        ),
        (
            {"blackout": "from 2026-12-24T10:00 until 2026-12-24T10:00"},
            "@daily",
            ("blackout",),
            "nothing lies between 2026-12-24T10:00 and 2026-12-24T10:00: it must end after it begins",
            "02:00",
        ),
        (
            {"blackout": "from 2026-12-24T10:00Z until 2026-12-24 10:30"},
            "@daily",
            ("blackout",),
            "nothing lies between 2026-12-24T10:00Z and 2026-12-24 10:30: it must end after it begins",
            "02:00",
        ),
        (
            {"blackout": "from 2026-03-29T02:10 until 2026-03-29T02:50"},
            "@daily",
            ("blackout",),
            "nothing lies between 2026-03-29T02:10 and 2026-03-29T02:50: clocks in Europe/Berlin skip it",
            "02:00",
        ),
        (
            {"blackout": "from 2026-12-24 until 9999-12-31"},
            "@daily",
            ("blackout",),
            "is not between the years 1900 and 9000",
            "has no end",
        ),
        (
            {"blackout": "from then until 2026-12-01"},
            "@daily",
            ("blackout",),
            '"then" is not an instant',
            "2026-12-24T17:30",
        ),
    ],
)
def test_what_is_wrong_with_them(
    options: Mapping[str, object], schedule: str, path: tuple[object, ...], message: str, help: str
) -> None:
    faults = defined(options, schedule=schedule)
    assert isinstance(faults, list)
    (fault,) = faults
    assert fault.path == path
    assert message in fault.message
    assert help in fault.help


def test_a_window_is_pointed_into_where_it_stands() -> None:
    faults = defined({"blackout": "  between 2 and 4"})
    assert isinstance(faults, list)
    assert faults[0].text[slice(*(faults[0].span or ()))] == "2"


def test_a_day_that_a_zone_skipped_has_nothing_in_it() -> None:
    faults = define(
        Declaration("work", "@daily", {"blackout": "from 2011-12-30 until 2011-12-30"}, work), timezone="Pacific/Apia"
    )
    assert isinstance(faults, list)
    assert "clocks in Pacific/Apia skip it" in faults[0].message


def test_where_calendars_come_from_is_said_when_there_are_none() -> None:
    faults = define(Declaration("work", "@daily", {"except": ["de"]}, work), timezone=TZ)
    assert isinstance(faults, list)
    assert "[calendars.NAME]" in faults[0].help


async def test_a_scheduler_leaves_out_the_days_of_its_calendars(asched_clock) -> None:
    clock = asched_clock("2026-12-23T12:00+01:00[Europe/Berlin]")
    calendars = {"holidays": DE}
    async with asched.Scheduler(ledger=":memory:", clock=clock, timezone=TZ, calendars=calendars) as scheduler:
        scheduler.add(work, "daily at 09:00", name="plain", except_="holidays")
        scheduler.add(work, "daily at 09:00", name="moved", except_=["holidays"], shift="previous")
        await clock.advance("84h")
        for name, days in (("plain", [24, 26]), ("moved", [24, 26])):
            runs = await scheduler[name].runs()
            assert sorted(run.scheduled_at.day for run in runs) == days
        assert (await audit(scheduler.ledger, clock.now())).balanced


async def test_after_an_absence_only_what_was_due_is_caught_up_on(asched_clock) -> None:
    clock = asched_clock("2026-12-24T12:00+01:00[Europe/Berlin]")
    async with asched.Scheduler(ledger=":memory:", clock=clock, timezone=TZ, calendars={"holidays": DE}) as scheduler:
        scheduler.add(work, "daily at 09:00", name="work", except_="holidays")
        await clock.suspend("24h")  # noon of the 25th: what would have been due was excluded
        assert not await scheduler["work"].runs()
        await clock.suspend("24h")
        (run,) = await scheduler["work"].runs()
        assert (run.scheduled_at.day, run.caught_up) == (26, True)
        assert (await audit(scheduler.ledger, clock.now())).balanced
