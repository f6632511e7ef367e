"""The public API as users write it: only type checkers run this file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, assert_type

import asched
from asched import (
    Calendar,
    JobHandle,
    Run,
    RunHandle,
    Scheduler,
    calendar,
    cron,
    current_run,
    every,
    holidays,
    job,
    schedule,
)


@job("every 10s")
async def hello(run: Run) -> None:
    run.log.info("hello", scheduled_at=run.scheduled_at)


@job("0 9 * * mon-fri", tz="Europe/Berlin", timeout="30s", retry=3)
async def rates(run: Run) -> dict[str, float]:
    response = await run.http.get("https://rates.example/latest", params={"base": "EUR"})
    response.raise_for_status()
    found: dict[str, float] = response.json()["rates"]
    return found


@job("daily at 08:00")
def count() -> int:
    return 3


def on_battery() -> bool:
    return False


async def is_open(run: Run) -> bool:
    return run.scheduled_at.hour < 18


@job(after=[rates, count])
def report(run: Run) -> None:
    assert_type(run.upstream(rates), dict[str, float])
    assert_type(run.upstream(count), int)
    assert_type(run.upstream("rates"), Any)
    print(f"{run.scheduled_at:%F}: 1 EUR = {run.upstream(rates)['USD']} USD")


@job(after={rates: "failed", "cleanup": "ended"})
def alarm() -> None: ...


@job("daily at 08:30", needs=[rates, {"job": count, "within": "24h"}], wait="until 10:00", poll="1m")
def invoice() -> None: ...


@job("every 10m", only_if=["network", is_open], unless=on_battery, wait="5m")
def upload() -> None: ...


async def ping(host: str) -> None:
    print(host, current_run().id)


async def the_decorated_function_is_still_the_users_own(run: Run) -> dict[str, float]:
    return await rates(run)


async def embedded() -> None:
    async with Scheduler(ledger=":memory:", timezone="Europe/Berlin", defaults={"timeout": "5m"}) as s:
        handle: JobHandle = s.add(ping, every("15s"), name="ping-db1", args={"host": "db1"}, timeout="5s")
        once = s.at("2026-12-24T17:30", ping, args={"host": "db1"}, priority=1)
        once.cancel()
        started: RunHandle = await s[ping].run(args={"host": "db2"})
        record = await started.wait()
        print(record.lateness, record.caught_up, handle.next_at)
        answer = await s[ping].why(record.scheduled_at)
        print(str(answer), answer.verdict.kind, answer.facts)
        async for event in s.events():
            if event["type"] == "run.failed":
                await s[str(event["job"])].pause("failed; waiting for a person", for_="2h")

    @s.job("*/5 * * * *", overlap="skip", catch_up="latest")
    async def refresh_cache() -> None: ...

    payday = cron("0 8 L * *", tz="Europe/Berlin") | schedule("daily at 10:00")
    upcoming: list[datetime] = payday.upcoming(3)
    nearest: datetime | None = payday.next()
    print(payday.explain(), upcoming, nearest)
    office = every("15s", to="30s").between("08:00", "18:00", on="weekdays", tz="Europe/Berlin")
    few = (
        ((office | payday) - cron("0 9 * * mon") & schedule("daily at 09:00"))
        .starting("2026-01-01")
        .until("2027-01-01")
    )
    s.add(ping, few.times(5), name="few")
    s.at("in 10m", ping)
    closed: Calendar = calendar(
        "closed", {"12-24": "Eve"}, weekdays="sat,sun", function=lambda year: [date(year, 1, 2)]
    )
    workdays = (payday - holidays("DE")) & closed
    async with Scheduler(calendars={"closed": closed}, defaults={"except_": ["closed"]}) as other:
        other.add(ping, workdays, except_="closed", shift="next", blackout={"windows": ["on sunday"], "owed": True})


if __name__ == "__main__":
    asched.run(Scheduler(__name__))
