"""`asched plan`: what a changed configuration would do, against a ledger that a real scheduler filled."""

from __future__ import annotations

import asyncio
import hashlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clifolder import Folder

from asched import Scheduler
from asched.core.foresight.simulate import quick
from asched.core.outcome import Succeeded
from asched.ledger.sqlite import SqliteLedger
from asched.recovery import approve_recovery
from asched.service.config import load
from asched.testing.clock import FakeClock
from asched.testing.harness import Harness, PretendRunner

HEAD = '[service]\ntimezone = "Europe/Berlin"\njobs = []\n'


def table(name: str, schedule: str, more: str = "") -> str:
    return f'[[job]]\nname = "{name}"\nschedule = "{schedule}"\ncommand = ["true"]\n{more}\n'


class Planned:
    """A folder that was served for a minute, until `ago`; then its configuration is changed."""

    def __init__(self, folder: Folder, ago: timedelta = timedelta(hours=30)) -> None:
        self.folder = folder
        self.ago = ago

    def served(self, *tables: str) -> Planned:
        self.write(*tables)
        asyncio.run(self._serve())
        return self

    def write(self, *tables: str) -> None:
        self.folder.config.write_text(HEAD + "".join(tables))

    async def _serve(self) -> None:
        clock = FakeClock(datetime.now(UTC).replace(microsecond=0) - self.ago - timedelta(minutes=1))
        configuration = load(self.folder.config, env={})
        runner = PretendRunner(clock, quick)
        scheduler = Scheduler(ledger=self.folder.ledger, clock=clock, runner=runner, pools=configuration.limits.pools)
        scheduler.replace(configuration.jobs)
        async with scheduler:
            await clock.advance("1m")

    async def approve_and_die(self) -> None:
        """It is served now; what it owes is held, approved of, and goes on waiting when its asched is killed."""
        configuration = load(self.folder.config, env={})
        clock = FakeClock(datetime.now(UTC).replace(microsecond=0))
        ledger = SqliteLedger(self.folder.ledger)
        harness = Harness(configuration.jobs, ledger=ledger, clock=clock, limits=configuration.limits,
                          behave=lambda fire, attempt: (timedelta(days=1), Succeeded()))  # fmt: skip
        await harness.start()
        await approve_recovery(harness.engine, "ada", "")
        await harness.kill()
        await ledger.close()

    def told(self, *arguments: str) -> Any:
        return self.folder.asched("plan", "--json", *arguments).json

    def of(self, job: str) -> Any:
        (found,) = [one for one in self.told()["jobs"] if one["job"] == job]
        return found


@pytest.fixture
def planned(folder: Folder) -> Planned:
    return Planned(folder)


def test_nothing_changes(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00"), table("b", "0 9 * * *", "enabled = false"))
    said = planned.folder.asched("plan", "--exit-code")
    assert said.code == 0
    assert said.out.startswith("nothing changes: 1 as before, 1 disabled as before\n")


def test_each_job_is_told_with_what_becomes_of_its_fires(planned: Planned) -> None:
    planned.served(table("stays", "daily at 08:00"), table("goes", "daily at 09:00"), table("moves", "daily at 10:00"))
    planned.write(table("stays", "daily at 08:00"), table("moves", "daily at 11:00"), table("comes", "daily at 12:00"))
    told = planned.told()
    assert {one["job"]: (one["how"], one["moved"], one["gone"], one["new"]) for one in told["jobs"]} == {
        "moves": ("changed", 7, 0, 0),
        "comes": ("added", 0, 0, 7),
        "goes": ("removed", 0, 7, 0),
    }
    assert (told["changes"], told["same"]) == (True, 1)
    (moves,) = [one for one in told["jobs"] if one["job"] == "moves"]
    assert moves["schedule"] == {"from": "0 10 * * *", "to": "0 11 * * *"}
    assert [(one["from"][11:16], one["to"][11:16]) for one in moves["first_moved"]] == [("10:00", "11:00")] * 3
    said = planned.folder.asched("plan", "-n", "1").out
    assert said.startswith("jobs: 1 added, 1 changed, 1 removed, 1 as before\nfires until ")
    assert "(Europe/Berlin): 7 come, 7 go, 7 move\n" in said
    assert "~ moves  changed\n    schedule: 0 10 * * * -> 0 11 * * *\n    7 fires move: " in said
    assert " and 6 more\n" in said


def test_options_are_told_old_and_new(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00", 'timeout = "5m"'))
    planned.write(table("a", "daily at 08:00", 'timeout = "20m"\nretry = 3'))
    assert planned.of("a")["options"] == [
        {"option": "retry.attempts", "from": 1, "to": 3},
        {"option": "timeout", "from": 300.0, "to": 1200.0},
    ]
    assert planned.of("a")["fires"] == {"before": 7, "after": 7}
    assert planned.of("a")["lost"] == []
    assert "    timeout: 5m -> 20m\n" in planned.folder.asched("plan").out


def test_an_interval_that_stays_keeps_its_anchor_and_one_that_changes_begins_anew(planned: Planned) -> None:
    planned.served(table("a", "every 7h"), table("b", "every 7h"))
    planned.write(table("a", "every 7h", "retry = 2"), table("b", "every 5h"))
    assert (planned.of("a")["moved"], planned.of("a")["new"], planned.of("a")["gone"]) == (0, 0, 0)
    assert planned.of("b")["schedule"] == {"from": "every 7h", "to": "every 5h"}
    assert planned.of("b")["fires"]["after"] > planned.of("b")["fires"]["before"]


def test_what_a_service_that_is_down_owes_is_foretold_and_what_would_be_lost(planned: Planned) -> None:
    planned.served(*(table(name, "0 * * * *") for name in ("stays", "all", "edited", "gone", "off")))
    planned.write(
        table("stays", "0 * * * *"),
        table("all", "0 * * * *", 'catch_up = "all"'),
        table("edited", "30 * * * *"),
        table("off", "0 * * * *", "enabled = false"),
    )
    told = planned.told()
    owed = {one["job"]: one["decisions"] for one in told["owed"]}
    assert owed == {"stays": {"coalesced": 29, "start": 1}, "all": {"start": 1, "queue": 29}}, "as on its start"
    lost = {one["job"]: [gap["count"] for gap in one["lost"]] for one in told["jobs"]}
    assert lost == {"all": [], "edited": [30], "off": [30], "gone": [30]}
    assert {one["job"]: one["how"] for one in told["jobs"]}["off"] == "disabled"
    said = planned.folder.asched("plan").out
    assert "! off  disabled: enabled is false\n" in said
    assert "30 fires are not run: recorded as removed" in said


def test_summer_time_is_told_where_the_old_schedule_did_not_meet_it(planned: Planned) -> None:
    planned.served(table("a", "daily at 03:30"), table("b", "daily at 02:15"))
    planned.write(table("a", "daily at 02:30"), table("b", "daily at 02:15", "retry = 2"))
    assert "clocks in Europe/Berlin go from 02:00 to 03:00: 02:30 is moved" in planned.of("a")["offset_changes"][0]
    assert planned.of("b")["offset_changes"] == [], "it met it before"


def test_a_new_crowd_and_the_peak_are_told(planned: Planned) -> None:
    others = [table(name, f"daily at 0{place + 1}:00") for place, name in enumerate("abc")]
    planned.served(*others, table("new", "daily at 05:00"))
    planned.write(*(table(name, "daily at 06:00") for name in "abc"), table("new", "daily at 06:00"))
    load = planned.told()["load"]
    assert load["busiest"]["from"][0]["runs"] == 1
    assert load["busiest"]["to"][0]["runs"] == 4
    assert set(load["crowds"]) == {"a", "b", "c", "new"}
    said = planned.folder.asched("plan").out
    assert "new newly starts at " in said
    assert "with a, b, c\n" in said


def test_other_days_of_a_calendar_are_the_same_schedule(planned: Planned) -> None:
    job = table("a", "daily at 08:00", 'except = ["free"]')
    tomorrow = datetime.now(UTC).date() + timedelta(days=3)
    planned.served('[calendars.free]\ndates = ["2026-01-01"]\n' + job)
    planned.write(f'[calendars.free]\ndates = ["2026-01-01", "{tomorrow}"]\n' + job)
    told = planned.of("a")
    assert (told["calendar_days"], told["gone"], told["options"], told["lost"]) == (True, 1, [], [])
    assert planned.told()["ending"], "it ends in three days"
    assert "its calendars have other days; its schedule goes on\n" in planned.folder.asched("plan").out


def test_a_job_with_more_fires_than_are_compared_says_how_far_they_were(planned: Planned, monkeypatch: Any) -> None:
    monkeypatch.setattr("asched.cli.foreseen.INSTANTS", 10)
    monkeypatch.setattr("asched.cli.plansaid.INSTANTS", 10)
    monkeypatch.setattr("asched.cli.foreseen.FIRES", 20)
    planned.served(table("many", "0 * * * *"), table("few", "daily at 08:00"))
    planned.write(table("many", "30 * * * *"), table("few", "daily at 09:00"))
    cut = {one["job"]: one["cut"] for one in planned.told()["jobs"]}
    assert cut == {"many": True, "few": False}
    assert planned.told()["load"]["cut"] is True
    said = planned.folder.asched("plan").out
    assert said.count("compared only until 20") == 1
    assert ": it has more than 10 fires\n" in said


def test_limits_of_all_jobs_are_said_not_to_be_compared(planned: Planned) -> None:
    planned.served("[pools]\ndb = 2\n", table("a", "daily at 08:00", 'pool = "db"'))
    planned.write('max_running = 3\nrecovery = { pace = "5s", ask = 10 }\n', table("a", "daily at 09:00"))
    said = planned.folder.asched("plan").out
    now = "max_running 3, recovery.pace 5s, recovery.ask 10"
    assert f"not in the ledger: before and after are simulated with those of now: {now}\n" in said
    assert 'jobs took places in pool "db", which is not defined any more' in said
    limits = planned.told()["limits"]
    assert (limits["compared"], limits["max_running"], limits["unknown_pools"]) == (False, 3, ["db"])
    assert (limits["recovery"]["pace_s"], limits["recovery"]["ask"], limits["pools"]) == (5.0, 10, {})
    planned.write(table("a", "daily at 09:00"))
    assert "with those of now: none\n" in planned.folder.asched("plan").out


def test_what_somebody_approved_of_is_not_foretold_as_held(planned: Planned) -> None:
    planned.served("recovery = { ask = 3, at_once = 1 }\n", table("a", "0 * * * *", 'catch_up = "all"'))
    assert planned.told()["held"]["count"] > 20
    asyncio.run(planned.approve_and_die())
    assert planned.told()["held"] is None


def test_what_a_job_needs_and_has_succeeded_is_known(planned: Planned) -> None:
    """The import has, when it was served; so the one run that is made up for is not foretold as blocked."""
    needs = 'needs = { job = "import", within = "40h" }'
    planned.served(table("import", "* * * * *", 'catch_up = "none"'), table("a", "0 * * * *", needs))
    (owed,) = [one for one in planned.told()["owed"] if one["job"] == "a"]
    assert owed["decisions"]["start"] == 1
    assert "blocked" not in owed["decisions"]


def test_exit_codes_for_ci(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00"))
    planned.write(table("a", "daily at 09:00"))
    assert planned.folder.asched("plan").code == 0
    assert planned.folder.asched("plan", "--exit-code").code == 1
    planned.write(table("a", "daily at 99:00"))
    said = planned.folder.asched("plan", "--exit-code")
    assert (said.code, said.out) == (4, "")
    assert "config.toml:6:" in said.err


def test_a_job_that_cannot_be_loaded_is_said_and_the_others_are_planned(folder: Folder) -> None:
    folder.fill()
    folder.jobs.write_text("import nonesuch\n")
    said = folder.asched("plan")
    assert said.code == 4
    assert "nonesuch" in said.err
    assert "- tick  removed" in said.out


def test_without_a_ledger_all_is_new(planned: Planned) -> None:
    planned.write(table("a", "daily at 08:00"))
    assert planned.of("a")["how"] == "added"
    assert not planned.folder.ledger.exists()


def test_a_ledger_in_memory_cannot_be_compared_with(folder: Folder) -> None:
    folder.config.write_text('[service]\nledger = ":memory:"\n')
    assert folder.asched("plan").code == 6


def test_nothing_is_written(planned: Planned) -> None:
    planned.served(table("a", "0 * * * *"))
    planned.write(table("b", "0 * * * *"))

    def state() -> dict[Path, str]:
        files = [one for one in planned.folder.path.rglob("*") if one.is_file()]
        return {one: hashlib.sha256(one.read_bytes()).hexdigest() for one in files if one.suffix != ".db-shm"}

    before = state()
    planned.folder.asched("plan")
    assert {one: digest for one, digest in state().items() if digest != before.get(one) and one.stat().st_size} == {}


def test_a_dry_run_of_a_reload_says_the_same_and_needs_no_service(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00"))
    planned.write(table("a", "daily at 09:00"))
    said = planned.folder.asched("reload", "--dry-run")
    assert said.code == 0
    assert said.out.splitlines()[2:] == planned.folder.asched("plan").out.splitlines()[2:]
    assert planned.folder.asched("reload", "--dry-run", "--json").json["changes"] is True


def test_what_was_arranged_for_single_fires_and_would_not_come_any_more_is_told(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00"), table("b", "daily at 08:00"), table("stays", "daily at 08:00"))
    asched = planned.folder.asched
    assert asched("skip", "a@tomorrow 08:00").code == 0
    assert asched("add", "a", "tomorrow 09:30").code == 0
    assert asched("move", "b@tomorrow 08:00", "tomorrow 11:00").code == 0
    assert asched("skip", "stays@tomorrow 08:00").code == 0
    planned.write(table("a", "daily at 09:00"), table("stays", "daily at 08:00", "retry = 2"))
    assert [(one["job"], one["dropped"]) for one in planned.told()["jobs"] if not one["dropped"]] == [("stays", [])]
    (skip,) = planned.of("a")["dropped"]
    assert (skip["kind"], skip["scheduled_at"][11:16]) == ("skip", "08:00"), "what was added stays"
    assert [(one["kind"], one["why"]) for one in planned.of("b")["dropped"]] == [("move", "its job was removed")]
    out = asched("plan").out
    assert re.search(
        r"    the skip of \S+ 08:00:00\S+ by .* will be dropped: its schedule does not yield that ins", out
    )
    assert re.search(
        r"    the move of \S+ 08:00:00\S+ to \S+ 11:00:00\S+ by .* will be dropped: its job was removed", out
    )


def test_one_without_a_schedule_is_told_as_list_tells_it(planned: Planned) -> None:
    planned.served(table("a", "daily at 08:00"), table("b", "daily at 08:00"))
    follower = '[[job]]\nname = "{}"\nafter = ["a"]\ncommand = ["true"]\n'
    planned.write(table("a", "daily at 08:00"), table("c", "by hand"), follower.format("b"), follower.format("d"))
    out = planned.folder.asched("plan").out
    assert "+ c  added: only by hand\n" in out
    assert "+ d  added: after a\n" in out
    assert "    schedule: 0 8 * * * -> after a\n" in out
