"""Jobs that are made after one of their kind are what they would be if each was read by itself."""

import gc
import itertools
import weakref
from datetime import UTC, datetime, timedelta

import pytest

from asched import ConfigurationError, Scheduler, cron, every
from asched.core.triggers.bounded import Bounded
from asched.core.triggers.interval import Every
from asched.declaration.alike import Alike, kind_of
from asched.declaration.definition import Declaration, define
from asched.testing.clock import FakeClock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


async def plain() -> None: ...


async def told(index: int = 0, base: str = "EUR") -> None: ...


def threaded(index: int = 0) -> None: ...


FUNCTIONS = [plain, told, threaded]
SCHEDULES = [
    every("1h"),
    every("1h", anchor=NOON),
    Every(timedelta(hours=1)),
    cron("0 9 * * *"),
    cron("0 9 * * *", tz="Asia/Tokyo"),
    Bounded(Every(timedelta(hours=1), NOON), start=NOON),
    "every 1h",
    "H 9 * * *",
    ["every 1h", "0 9 * * *"],
    None,
]
OPTIONS = [
    {},
    {"args": {}},
    {"args": {"index": 1}},
    {"args": {"index": 2}},
    {"args": {"base": "EUR"}, "key": "index"},
    {"args": {"index": 1, "none": 2}},
    {"args": [1]},
    {"max_instances": 1},
    {"max_instances": True},
    {"max_instances": 2.0},
    {"catch_up": "all", "grace": "1m", "tags": ["a"]},
    {"grace": timedelta(minutes=1)},
    {"grace": 60},
    {"tz": "Europe/Berlin"},
    {"enabled": False},
    {"nonsense": 1},
    {"secrets": ["TOKEN"]},
]


DEFAULTS = [{}, {"args": {"index": 7}}, {"tz": "Asia/Tokyo", "grace": "1m"}]


def by_itself(declared, defaults):
    return define(declared, timezone="UTC", defaults=defaults)


@pytest.fixture(scope="module", params=DEFAULTS, ids=str)
def alike(request):
    """One of each kind is known."""
    alike = Alike()
    for function, schedule, options in itertools.product(FUNCTIONS, SCHEDULES, OPTIONS):
        first = by_itself(Declaration("a", schedule, options, function), request.param)
        if not isinstance(first, list):
            alike.learn(kind_of(function, schedule, options), first)
    return alike, request.param


@pytest.mark.parametrize("name", ["b", "no name", ""])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_each_is_what_it_would_be_by_itself(alike, options, name):
    known, defaults = alike
    for function, schedule in itertools.product(FUNCTIONS, SCHEDULES):
        made = known.made(kind_of(function, schedule, options), name, options)
        assert made is None or made == by_itself(Declaration(name, schedule, options, function), defaults)


def test_the_second_of_its_kind_is_made_after_the_first():
    alike, options = Alike(), {"args": {"index": 1}, "grace": "1m"}
    first = by_itself(Declaration("a", every("1h"), options, told), {})
    alike.learn(kind_of(told, every("1h"), options), first)
    second = alike.made(kind_of(told, every("1h"), options), "b", {"args": {"index": 2}, "grace": "1m"})
    assert (second.name, second.args, second.trigger is first.trigger) == ("b", {"index": 2}, True)


def test_its_arguments_are_its_own():
    given = {"index": 1}
    scheduler = Scheduler(ledger=":memory:")
    jobs = [scheduler.add(told, every("1h"), name=name, args=given).definition for name in "abc"]
    given["index"] = 2
    assert [job.args for job in jobs] == [{"index": 1}] * 3


def test_what_is_wrong_with_the_second_is_told():
    scheduler = Scheduler(ledger=":memory:")
    scheduler.add(told, every("1h"), name="a")
    for wrong in ({"name": "no name"}, {"name": "a"}, {"name": "b", "args": {"none": 1}}):
        with pytest.raises(ConfigurationError):
            scheduler.add(told, every("1h"), **wrong)


def test_a_secret_is_looked_up_for_each(monkeypatch):
    scheduler = Scheduler(ledger=":memory:", defaults={"secrets": ["TOKEN"]})
    values = []
    for name in "abc":
        monkeypatch.setenv("TOKEN", name)
        values.append(scheduler.add(plain, every("1h"), name=name).definition.secrets["TOKEN"])
    assert values == ["a", "b", "c"]


@pytest.mark.parametrize("where", [{"timezone": "local"}, {"defaults": {"tz": "local"}}], ids=str)
def test_the_machine_is_asked_for_its_zone_for_each(monkeypatch, where):
    zones = iter(["Europe/Berlin", "Asia/Tokyo", "America/New_York"])
    monkeypatch.setattr("asched.definitions.local_zone_key", lambda: next(zones))
    scheduler = Scheduler(ledger=":memory:", **where)
    found = [scheduler.add(plain, every("1h"), name=name).definition.timezone for name in "abc"]
    assert found == ["Europe/Berlin", "Asia/Tokyo", "America/New_York"]


class Shifted(Every):
    """Equal to others of its class, and due at other instants."""

    minutes = 0

    def next_after(self, instant):
        return super().next_after(instant) + timedelta(minutes=self.minutes)


def shifted(minutes):
    trigger = Shifted(timedelta(hours=1), NOON)
    object.__setattr__(trigger, "minutes", minutes)
    return trigger


async def test_a_trigger_that_derives_from_another_is_asked_itself():
    scheduler = Scheduler(ledger=":memory:", clock=FakeClock(NOON))
    for minutes in (10, 20):
        scheduler.add(plain, shifted(minutes), name=f"at-{minutes}")
    async with scheduler:
        due = [scheduler.engine.board.jobs[name].next_at for name in ("at-10", "at-20")]
    assert due == [NOON + timedelta(hours=1, minutes=10), NOON + timedelta(hours=1, minutes=20)]


class Holder:
    async def method(self) -> None: ...


def test_what_a_discarded_job_held_is_let_go():
    scheduler, holder = Scheduler(ledger=":memory:"), Holder()
    seen = weakref.ref(holder)
    scheduler.add(holder.method, every("1h"), name="a")
    scheduler.discard("a")
    del holder
    gc.collect()
    assert seen() is None
