"""Each event, whole."""

from types import SimpleNamespace

import pytest
from eventtable import DOCUMENTED, faults_of
from hearts import START, SwitchedLedger, lasting
from jobdoubles import Raises, S, a_job

from asched.core.change import (
    Absence,
    Act,
    Activate,
    Adopt,
    Arrange,
    Backfill,
    BackfillState,
    Begin,
    Child,
    Decide,
    Expire,
    Finish,
    Gap,
    Output,
    Pause,
    Promote,
    Rejected,
    Retire,
    Retrying,
    Unpause,
)
from asched.core.localtime.cron import Cron
from asched.core.model import Fire, Origin
from asched.core.occurrence import Added, Moved, Skipped
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    Queue,
    Skip,
    SkipReason,
    Start,
    Succeeded,
    TimedOut,
)
from asched.core.triggers.watch import Watch
from asched.engine import clockwatch
from asched.engine.bus import KEPT, Bus
from asched.engine.clock import SystemClock
from asched.engine.events import events_of, recovers
from asched.engine.teller import Teller
from asched.engine.watching import Watching
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness

pytestmark = pytest.mark.anyio

ID = 3 << 32 | 7
FIRE = Fire(ID, "backup", 2, START, START + 2 * S)
LATER = START + 5 * S
OF_FIRE = {
    "at": LATER,
    "job": "backup",
    "run": "3-7",
    "scheduled_at": START,
    "origin": "schedule",
    "caught_up": False,
}
OF_END = {
    "at": START + 9 * S,
    "job": "backup",
    "run": "3-7",
    "attempt": 1,
    "duration_s": 4.0,
    "scheduled_at": START,
    "caught_up": False,
    "lateness_s": 3.0,
}
STARTED = {"type": "run.started", **OF_FIRE, "attempt": 1, "lateness_s": 3.0}
GAP = Gap(START, LATER, SkipReason.MISSED, 7, {"why": "so"})


def decide(decision):
    return Decide("backup", 2, LATER, ((FIRE, decision),))


def finish(outcome):
    return Finish(ID, 1, outcome, LATER, START + 9 * S, 4 * S)


EVENTS = [  # (change, the event)
    (decide(Start()), STARTED),
    (decide(Queue({"for": "slot"})), {"type": "fire.queued", **OF_FIRE, "waits_for": {"for": "slot"}}),
    (
        decide(Skip(SkipReason.MISSED, {"late_s": 5.0})),
        {"type": "fire.skipped", **OF_FIRE, "reason": "missed", "facts": {"late_s": 5.0}},
    ),
    (
        Decide("backup", 2, LATER, (), (GAP,), START, LATER),
        {"type": "fires.skipped", "at": LATER, "job": "backup", "after": START, "until": LATER, "count": 7,
         "reason": "missed", "facts": {"why": "so"}},
    ),
    (Promote(ID, Start(), LATER), STARTED),
    (
        Promote(ID, Skip(SkipReason.REMOVED), LATER),
        {"type": "fire.skipped", **OF_FIRE, "reason": "removed", "facts": {}},
    ),
    (Begin(ID, 2, LATER), {"type": "run.started", **OF_FIRE, "attempt": 2}),
    (
        Retrying(ID, 1, Failed(ErrorNote("ValueError", "no")), LATER, START + 9 * S, 4 * S, START + 20 * S),
        {**OF_END, "type": "run.retrying", "error": "ValueError: no", "retry_at": START + 20 * S},
    ),
    (finish(Succeeded("1")), {**OF_END, "type": "run.succeeded"}),
    (
        Finish(ID, 2, Succeeded("1"), LATER, START + 9 * S, 4 * S),
        {**{key: value for key, value in OF_END.items() if key != "lateness_s"}, "type": "run.succeeded", "attempt": 2},
    ),
    (
        finish(Failed(ErrorNote("ExitError", "code 3", exit_code=3))),
        {**OF_END, "type": "run.failed", "error": "ExitError: code 3", "exit_code": 3},
    ),
    (
        finish(TimedOut(4 * S, True)),
        {**OF_END, "type": "run.timed_out", "timeout_s": 4.0, "left_running": True},
    ),
    (
        finish(TimedOut(4 * S, whole_run=True)),
        {**OF_END, "type": "run.timed_out", "timeout_s": 4.0, "left_running": False, "whole_run": True},
    ),
    (finish(Cancelled("by ada")), {**OF_END, "type": "run.cancelled", "reason": "by ada", "left_running": False}),
    (
        finish(Interrupted("stopped")),
        {**OF_END, "type": "run.interrupted", "reason": "stopped", "left_running": False},
    ),
    (finish(Abandoned("asched 2 died")), {**OF_END, "type": "run.abandoned", "reason": "asched 2 died"}),
    (
        Activate("backup", 2, START, None, "{}", LATER),
        {"type": "job.activated", "at": LATER, "job": "backup", "version": 2},
    ),
    (Retire("backup", 2, LATER), {"type": "job.retired", "at": LATER, "job": "backup", "version": 2}),
    (
        Pause("backup", LATER, "ada", "holiday"),
        {"type": "job.paused", "at": LATER, "job": "backup", "by": "ada", "reason": "holiday"},
    ),
    (
        Unpause("backup", LATER, "ada", "back"),
        {"type": "job.resumed", "at": LATER, "job": "backup", "by": "ada", "reason": "back"},
    ),
    (
        Backfill(7, "backup", START, LATER, START, START, "ada", state=BackfillState.DONE, ended_at=LATER),
        {"type": "backfill.done", "at": LATER, "job": "backup", "backfill": 7},
    ),
    (
        Backfill(7, "backup", START, LATER, START, START, "ada", state=BackfillState.CANCELLED, ended_at=LATER),
        {"type": "backfill.cancelled", "at": LATER, "job": "backup", "backfill": 7},
    ),
    (
        Absence(START, LATER, "killed"),
        {"type": "absence.recorded", "at": LATER, "since": START, "until": LATER, "cause": "killed"},
    ),
    (
        Act(LATER, "run", "ada", "backup", "3-7", "why not"),
        {"type": "operator.acted", "at": LATER, "verb": "run", "by": "ada", "job": "backup", "run": "3-7",
         "reason": "why not"},
    ),
    (
        Arrange(Moved("backup", START, LATER, LATER, "ada", "late")),
        {"type": "occurrence.arranged", "at": LATER, "job": "backup", "kind": "move", "scheduled_at": START,
         "to": LATER, "by": "ada", "reason": "late"},
    ),
    (
        Expire(Skipped("backup", START, START, "ada"), LATER, "its job was removed"),
        {"type": "occurrence.dropped", "at": LATER, "job": "backup", "kind": "skip", "scheduled_at": START,
         "to": None, "by": "ada", "reason": "", "why": "its job was removed"},
    ),
    (
        Output(ID, 1, 0, LATER, "stdout", "hello\n"),
        {"type": "run.printed", "at": LATER, "job": "backup", "run": "3-7", "stream": "stdout", "text": "hello\n"},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("change", "event"), EVENTS, ids=[event["type"] for _, event in EVENTS])
async def test_each_change_is_told_as_one_event(change, event):
    assert list(events_of(change, {ID: FIRE})) == [event]


@pytest.mark.parametrize(("change", "event"), EVENTS, ids=[event["type"] for _, event in EVENTS])
async def test_decisions_and_ends_that_nobody_hears_are_not_made(change, event):
    asked = []

    def hears(kind):
        asked.append(kind)
        return False

    made = list(events_of(change, {ID: FIRE}, hears))
    assert asked == ([event["type"]] if isinstance(change, Finish) or getattr(change, "fires", ()) else [])
    assert made == ([] if asked else [event])


# What comes of no change, each from where it really comes.


async def _told(harness, doing):
    heard = []
    harness.bus.listen(heard.append)
    await harness.start()
    await doing(harness)
    await harness.kill()
    return heard


async def _of_clocks():
    async def life(harness):
        await harness.clock.advance("90s")
        await harness.clock.step(-2 * S)
        await harness.clock.suspend("8h")

    return await _told(Harness([a_job(trigger=Cron("* * * * *"))], clock=FakeClock(START)), life)


async def _of_a_trigger_that_raises():
    job = a_job("bad", Raises(START, START + 20 * S))
    return await _told(Harness([job], clock=FakeClock(START)), lambda harness: harness.clock.advance("50s"))


async def _of_a_clock_that_is_set_back_a_month():
    async def life(harness):
        await harness.clock.advance("90s")
        await harness.clock.step(-30 * 24 * 3600 * S)
        await harness.clock.advance("10s")

    return await _told(Harness([a_job(trigger=Cron("* * * * *"))], clock=FakeClock(START)), life)


async def _of_a_ledger_that_is_away():
    ledger = SwitchedLedger()

    async def life(harness):
        ledger.off = True
        await harness.clock.advance("30s")
        ledger.off = False
        await harness.clock.advance("30s")

    return await _told(Harness([a_job()], ledger=ledger, clock=FakeClock(START)), life)


async def _of_an_operator_who_is_second():
    async def life(harness):
        await harness.clock.advance("15s")
        harness.ledger._tables.versions.clear()
        harness.engine.tell(lambda board, now, turn: turn.changes.append(Promote(ID, Start(), now.wall)))
        await harness.clock.advance("1s")

    return await _told(Harness([a_job(trigger=Cron("0 0 1 1 *"))], clock=FakeClock(START)), life)


async def _of_an_engine_that_others_cancel():
    async def life(harness):
        harness._task.cancel()
        await harness.clock.advance("15s")

    return await _told(Harness([a_job()], clock=FakeClock(START)), life)


async def _of_a_path_that_is_not_there():
    async def life(harness):
        watching = Watching(harness.engine)
        for _ in range(3):
            await watching.look()

    return await _told(Harness([a_job(trigger=Watch("/nowhere/at/all"))], clock=FakeClock(START)), life)


async def _of_a_system_without_a_timer_for_us():
    heard, bus = [], Bus()
    bus.listen(heard.append)

    def refuse(*_):
        raise OSError("not permitted")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clockwatch, "ClockWatch", refuse)
        clockwatch.watch_clock(SimpleNamespace(clock=SystemClock(), bus=bus, look=None))
    return heard


async def _of_an_absence():
    return [recovers(START, 3, 2, None), recovers(START, 3, 2, LATER)]


async def _of_a_slow_reader_and_a_bad_listener():
    heard, bus = [], Bus()
    stream = bus.stream()
    for n in range(KEPT + 2):
        bus.publish({"type": "ledger.recovered", "at": START + n * S})

    def raises(event):
        raise ValueError("no")

    bus.listen(raises)
    bus.listen(heard.append)
    bus.publish({"type": "ledger.recovered", "at": LATER})
    return [*heard, await anext(stream)]


OTHERS = {
    "clock.stepped": _of_clocks,
    "clock.resumed": _of_clocks,
    "clock.unwatched": _of_a_system_without_a_timer_for_us,
    "job.broken": _of_a_trigger_that_raises,
    "job.corrected": _of_a_clock_that_is_set_back_a_month,
    "ledger.unavailable": _of_a_ledger_that_is_away,
    "ledger.recovered": _of_a_ledger_that_is_away,
    "change.rejected": _of_an_operator_who_is_second,
    "engine.cancelled": _of_an_engine_that_others_cancel,
    "recovery.began": _of_an_absence,
    "recovery.held": _of_an_absence,
    "watch.unseen": _of_a_path_that_is_not_there,
    "events.lost": _of_a_slow_reader_and_a_bad_listener,
    "listener.dropped": _of_a_slow_reader_and_a_bad_listener,
}


@pytest.mark.parametrize("kind", OTHERS)
async def test_what_comes_of_no_change_has_the_documented_fields(kind):
    event = next(event for event in await OTHERS[kind]() if event["type"] == kind)
    assert set(event) == {"type", "at", *DOCUMENTED[kind]}


@pytest.mark.parametrize(("change", "event"), EVENTS, ids=[event["type"] for _, event in EVENTS])
async def test_each_change_is_told_as_documented(change, event):
    assert faults_of(event) == []


def test_every_documented_event_is_made_here_and_no_other():
    assert {event["type"] for _, event in EVENTS} | set(OTHERS) == set(DOCUMENTED)


@pytest.mark.parametrize(
    ("event", "fault"),
    [
        ({"type": "job.exploded", "at": START}, "job.exploded is not documented"),
        ({"type": "ledger.recovered"}, "ledger.recovered lacks at"),
        ({"type": "ledger.recovered", "at": START, "by": "us"}, "ledger.recovered has by"),
    ],
)
def test_what_is_not_documented_is_found(event, fault):
    assert faults_of(event) == [fault]


ADDED = Added("backup", START, START, "ada")


@pytest.mark.parametrize(
    "change",
    [
        Adopt(ID, 2),
        Child(ID, 1, 4711, 99),
        Expire(ADDED, LATER),
        Arrange(Moved("backup", LATER, START, START, "ada", ran=True)),
    ],
)
async def test_what_is_nobodys_business_is_not_told(change):
    assert list(events_of(change, {ID: FIRE})) == []


async def test_a_caught_up_manual_fire_says_so():
    fire = Fire(ID, "backup", 2, START, START, Origin.MANUAL, "3-7", caught_up=True)
    (event,) = events_of(Decide("backup", 2, LATER, ((fire, Start()),)), {})
    assert (event["origin"], event["caught_up"], event["lateness_s"]) == ("manual", True, 5.0)


async def test_the_end_of_a_run_nobody_knows_is_told_by_its_name():
    (event,) = events_of(finish(Succeeded()), {})
    assert (event["type"], event["run"], event["job"]) == ("run.succeeded", "3-7", "")


# The teller: what is durable, and only that.


def a_teller():
    bus, heard = Bus(), []
    bus.listen(heard.append)
    return Teller(bus), heard


async def test_what_was_refused_is_not_told():
    teller, heard = a_teller()
    change = decide(Start())
    teller.tell([change, Retire("backup", 2, LATER)], [Rejected(change, "somebody was first")])
    assert [event["type"] for event in heard] == ["job.retired"]


async def test_of_a_decision_that_stands_in_part_only_that_part_is_told():
    teller, heard = a_teller()
    other = Fire(ID + 1, "backup", 2, LATER, LATER)
    change = Decide("backup", 2, LATER, ((FIRE, Start()), (other, Start())))
    teller.tell([change], [Rejected(change, "one was decided elsewhere", (ID,))])
    assert [event["run"] for event in heard] == ["3-8"]


async def test_it_remembers_open_fires_until_they_are_over_also_when_nobody_listens():
    bus, heard = Bus(), []
    teller = Teller(bus)
    teller.tell([decide(Queue())], [])
    bus.listen(heard.append)
    teller.tell([Promote(ID, Start(), LATER)], [])
    teller.tell([finish(Succeeded())], [])
    teller.tell([finish(Succeeded())], [])
    assert [(event["type"], event["job"]) for event in heard] == [
        ("run.started", "backup"),
        ("run.succeeded", "backup"),
        ("run.succeeded", ""),
    ]


async def test_a_life_as_the_bus_tells_it():
    harness = Harness([a_job()], behave=lasting(3 * S), clock=FakeClock(START))
    heard = []
    harness.bus.listen(heard.append)
    await harness.start()
    await harness.clock.advance("14s")
    await harness.kill()
    assert [(event["type"], (event["at"] - START).total_seconds()) for event in heard] == [
        ("job.activated", 0.0),
        ("run.started", 10.0),
        ("run.succeeded", 13.0),
    ]
