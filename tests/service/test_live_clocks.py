"""A live service whose wall clock is set, and which is stopped: libfaketime for the first, SIGSTOP for the second
(FAULTS 3 and 14, TIME.md C3 to C7). The monotonic and the boot clock are the machine's own.

After each: nothing ran twice, nothing too early, what was missed lies in a recorded absence, and the audit balances.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from serving import Serving, wait_until

LIBRARY = next(
    (
        str(found)
        for root in ("/usr/lib", "/usr/local/lib")
        for found in sorted(Path(root).glob("**/faketime/libfaketimeMT.so.1"))
    ),
    "",
)
pytestmark = [
    pytest.mark.service,
    pytest.mark.skipif(not LIBRARY, reason="libfaketime is not installed: apt-get install libfaketime"),
]

HOUR, DAY = 3600, 86_400
SLACK = 3.0  # seconds: what a busy machine may add to any bound

JOBS = """
    import json, time

    def note(run: asched.Run) -> None:
        line = {"job": run.job, "due": run.scheduled_at.timestamp(), "caught_up": run.caught_up}
        line.update(at=time.time(), mono=time.monotonic())
        with open("started", "a") as file:
            file.write(json.dumps(line) + "\\n")

    @job("* * * * * *", grace="2s")
    async def cron(run: asched.Run) -> None:
        note(run)

    @job("every 1s", grace="2s")
    async def interval(run: asched.Run) -> None:
        note(run)

    @job("* * * * * *", grace="2s", catch_up="all", catch_up_max=4, overlap="allow")
    async def some(run: asched.Run) -> None:
        note(run)

    @job("0 0 1 1 *", catch_up="all")
    async def yearly(run: asched.Run) -> None:
        note(run)
    """


class Faked(Serving):
    """A service whose wall clock is `offset` seconds ahead of ours."""

    def __init__(self, folder: Path, offset: int = 0) -> None:
        self._stamp = folder / "offset"
        self._changes: list[tuple[float, int]] = []  # when, on the monotonic clock, and by how much
        self.offset = offset
        self.set_clock(offset)
        env = {
            "LD_PRELOAD": LIBRARY,
            "FAKETIME_TIMESTAMP_FILE": str(self._stamp),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        super().__init__(folder, JOBS, env=env)

    def set_clock(self, offset: int) -> None:
        self._changes.append((time.monotonic(), offset - self.offset))
        self.offset = offset
        fresh = self._stamp.with_suffix(".new")
        fresh.write_text(f"{offset:+d}\n")
        fresh.rename(self._stamp)

    def now(self) -> float:
        """What its wall clock shows."""
        return time.time() + self.offset

    def started(self, job: str = "", since: float = 0) -> list[dict[str, Any]]:
        file = self.folder / "started"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [one for one in lines if one["job"].startswith(job) and one["at"] >= since]

    def runs_on(self, *jobs: str, times: int = 1) -> None:
        """Wait until each has started that often from now on."""
        seen = {job: len(self.started(job)) for job in jobs}
        wait_until(lambda: all(len(self.started(j)) >= n + times for j, n in seen.items()), f"{jobs} run on")

    def made_up(self, since: float, until: float) -> list[str]:
        """The jobs that made up for what was missed in that absence."""
        return [one["job"] for one in self.started() if one["caught_up"] and since <= one["due"] <= until]

    def absences(self) -> list[tuple[str, float, float]]:
        rows = self.query("SELECT cause, since, until FROM absences ORDER BY since")
        return [(cause, since / 1e6, until / 1e6) for cause, since, until in rows]

    def stall(self, seconds: float) -> tuple[float, float]:
        """SIGSTOP for so long. When it began and ended, by its wall clock."""
        self.signal(signal.SIGSTOP)
        begun = self.now()
        time.sleep(seconds)
        ended = self.now()
        self.signal(signal.SIGCONT)
        return begun, ended

    def timers(self) -> int:
        """How many timerfds it holds."""
        held = []
        for one in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):
                held.append(os.readlink(one))
        return held.count("anon_inode:[timerfd]")

    def turns(self) -> int:
        """How many turns its engine has taken."""
        return int(self.ask("status")["turns"])

    def _is_early(self, line: dict[str, Any]) -> bool:
        """Unless the clock was set back between the decision and the first statement of the job."""
        before = max((-by for when, by in self._changes if 0 <= line["mono"] - when <= SLACK), default=0)
        return bool(line["at"] + max(0, before) < line["due"])

    def settled(self) -> None:
        """What must hold whatever happened."""
        assert self.stop() == 0
        lines = self.started()
        keys = [(one["job"], one["due"]) for one in lines]
        assert len(keys) == len(set(keys)), "something ran twice"
        early = [one for one in lines if one["job"] != "interval" and self._is_early(one)]
        assert not early, "before the wall clock was there"
        absences = self.absences()
        caught = [one for one in lines if one["caught_up"] and one["job"] != "interval"]
        outside = [one for one in caught if not any(a <= one["due"] <= b for _, a, b in absences)]
        assert not outside, f"caught up, and in no absence: {absences}"
        done = self.command("audit")
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Faked]:
    one = Faked(tmp_path)
    yield one
    one.end()


def close_to(found: float, expected: float) -> bool:
    return abs(found - expected) <= SLACK


def one_absence(service: Faked, cause: str, ended_after: float) -> tuple[float, float]:
    """The longest of that cause: a busy machine may stall the service for a moment more."""

    def look() -> list[tuple[float, float]]:
        return [(since, until) for what, since, until in service.absences() if what == cause and until > ended_after]

    found = wait_until(look, f"an absence: {cause}")
    return max(found, key=lambda one: one[1] - one[0])


def test_a_clock_set_forward_an_hour_back_half_an_hour_and_back_a_day(service: Faked) -> None:
    service.start()
    assert service.timers() == 1
    assert not service.events("clock.unwatched")
    service.runs_on("cron", "interval", "some")

    before = service.now()
    service.set_clock(HOUR)
    assert service.event("clock.stepped")["by_s"] == pytest.approx(HOUR, abs=0.5)
    since, until = one_absence(service, "stepped", before)
    assert close_to(since, before), "it began when the clock was set"
    assert close_to(until - since, HOUR)
    service.runs_on("cron", "interval", "some")
    made_up = service.made_up(since, until)
    assert made_up.count("some") == 4, "by the policy of each"
    assert made_up.count("cron") <= 1, "the latest, which may be on time"

    last = service.started("cron")[-1]["due"]
    service.set_clock(HOUR // 2)
    service.runs_on("interval", times=3)
    assert service.events("clock.stepped")[-1]["by_s"] == pytest.approx(-HOUR // 2, abs=0.5)
    assert service.started("cron")[-1]["due"] <= last + 1, "silent: all that is decided"
    assert not service.events("job.corrected")

    service.set_clock(HOUR // 2 - DAY)
    assert {service.event("job.corrected", job=job)["job"] for job in ("cron", "some")} == {"cron", "some"}
    service.runs_on("cron", "interval", "some")
    assert service.started("cron")[-1]["due"] < last - DAY / 2, "yesterday's; and the clock of these tests is faked"

    assert [round(one["by_s"]) for one in service.events("clock.stepped")] == [HOUR, -HOUR // 2, -DAY]
    taken = service.turns()
    service.runs_on("interval", times=2)
    assert service.turns() - taken < 200, "it does not spin, though the kernel's timer goes by another clock"
    due = sorted(round(one[0] / 1e6) for one in service.query("SELECT scheduled_at FROM fires WHERE job = 'interval'"))
    assert due == list(range(due[0], due[-1] + 1)), "intervals saw none of it"
    service.settled()


@pytest.mark.parametrize("seconds", [4, pytest.param(90, marks=pytest.mark.soak)])
def test_a_service_that_is_stopped_for_a_while(service: Faked, seconds: int) -> None:
    service.start()
    service.runs_on("cron", "interval", "some")
    begun, ended = service.stall(seconds)
    service.runs_on("cron", "interval", "some")
    since, until = one_absence(service, "stalled", ended - 0.1)
    assert begun - SLACK <= since <= begun + 1.5, "it began when it should have looked for the first time"
    assert close_to(until, ended)
    made_up = service.made_up(since, until)
    assert made_up.count("cron") <= 1
    assert made_up.count("interval") <= 1
    assert 1 <= made_up.count("some") <= 4
    assert not service.events("clock.stepped"), "the clocks went on together"
    service.settled()


def test_a_service_whose_clock_is_set_while_it_is_stopped(service: Faked) -> None:
    service.start()
    service.runs_on("cron", "some")
    service.signal(signal.SIGSTOP)
    begun = service.now()
    service.set_clock(HOUR)
    time.sleep(3)
    service.signal(signal.SIGCONT)
    since, until = one_absence(service, "stepped", begun)
    assert begun - SLACK <= since <= begun + 1.5
    assert close_to(until, begun + HOUR + 3)
    service.runs_on("cron", "interval", "some")
    service.settled()


def test_a_machine_that_boots_years_ago_and_then_learns_the_time(service: Faked) -> None:
    """Also: the yearly job is not caught up, for nobody was away on any 1 January since it exists."""
    service.start()
    service.runs_on("cron", "some")
    service.kill()
    killed = service.now()
    service.set_clock(-6 * 365 * DAY)
    service.start()
    assert len({service.event("job.corrected", job=job)["job"] for job in ("cron", "some", "interval")}) == 3
    service.runs_on("cron", "interval", "some")
    service.set_clock(0)
    service.event("clock.stepped")
    service.runs_on("cron", "interval", "some")
    assert not service.started("yearly")
    again = [one for one in service.started("some", since=killed) if killed - DAY < one["due"] < killed - SLACK]
    assert not again, "what was decided before it was killed"
    assert service.query("SELECT count(*) FROM gaps WHERE reason = 'repeated' AND job = 'yearly'") == [(1,)]
    service.settled()
