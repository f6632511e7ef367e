"""`asched serve` as a process: signals, reloads, exit codes, and jobs that do their worst (FAULTS 7, 9, 18-28, 34)."""

from __future__ import annotations

import os
import re
import signal
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Serving, is_alive, wait_until

pytestmark = pytest.mark.service

TICK = """
@job("every 100ms")
async def tick() -> None:
    print("tock")
"""

Serve = Callable[..., Serving]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a service; whatever becomes of the test, it is gone afterwards."""
    made: list[Serving] = []

    def start(jobs: str = TICK, config: str = "", *, wait: bool = True, **options: Any) -> Serving:
        made.append(Serving(tmp_path, jobs, config, **options))
        return made[-1].start(wait=wait)

    yield start
    for service in made:
        service.end()


def runs_of(service: Serving, job: str) -> list[tuple[Any, ...]]:
    """(outcome, detail, attempt, reason, id) of its fires, oldest first."""
    return service.query("SELECT outcome, detail, attempt, reason, id FROM fires WHERE job = ? ORDER BY id", job)


def output_of(service: Serving, job: str) -> str:
    sql = "SELECT text FROM output JOIN fires ON fires.id = output.fire WHERE job = ? ORDER BY fire, seq"
    return "".join(text for (text,) in service.query(sql, job))


def ended(service: Serving, job: str, outcome: str) -> None:
    wait_until(lambda: outcome in [run[0] for run in runs_of(service, job)], f"{job} {outcome}")


# Life.


def test_it_fires_answers_and_drains(serve: Serve) -> None:
    service = serve()
    service.event("run.succeeded", job="tick")
    status = service.ask("status")
    assert status["ok"]
    assert status["pid"] == service.pid
    assert [one["name"] for one in status["jobs"]] == ["tick"]
    assert status["health"]["healthy"]
    assert stat.S_IMODE(service.socket.stat().st_mode) == 0o600
    assert stat.S_IMODE(service.state_dir.stat().st_mode) == 0o700
    said = service.command("status")
    assert said.returncode == 0, said.stderr
    assert str(service.pid) in said.stdout
    assert service.stop() == 0
    assert not list(service.state_dir.glob("control*.sock")), "its socket is gone"
    assert not service.query("SELECT 1 FROM fires WHERE decision = 'start' AND outcome IS NULL")
    service.audit()
    assert service.command("status").returncode == 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_waited_for(serve: Serve, number: signal.Signals) -> None:
    service = serve(
        """
        @job("@startup")
        async def slow() -> None:
            print("begun", flush=True)
            await asched.sleep("1s")
            print("done")
        """
    )
    service.event("run.started", job="slow")
    assert service.stop(number) == 0
    assert [run[0] for run in runs_of(service, "slow")] == ["succeeded"]
    assert output_of(service, "slow") == "begun\ndone\n"
    service.audit()


def test_what_runs_beyond_the_drain_is_interrupted(serve: Serve) -> None:
    service = serve('@job("@startup")\nasync def long() -> None:\n    await asched.sleep("1h")\n', drain="500ms")
    service.event("run.started", job="long")
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < 4
    assert [run[0] for run in runs_of(service, "long")] == ["interrupted"]
    service.audit()


def test_a_second_signal_hurries(serve: Serve) -> None:
    service = serve('@job("@startup")\nasync def long() -> None:\n    await asched.sleep("1h")\n', drain="60s")
    service.event("run.started", job="long")
    service.signal(signal.SIGTERM)
    service.event("service.stopping")
    begun = time.monotonic()
    code = service.stop()
    assert time.monotonic() - begun < 5
    assert code in (0, 128 + signal.SIGTERM)
    assert [run[0] for run in runs_of(service, "long")] == ["interrupted"]
    service.audit()


def test_a_signal_while_it_starts_is_heard(serve: Serve) -> None:
    """Not lost, and no traceback: whichever side of the start it falls on."""
    for delay in (0.35, 0.45, 0.55):
        service = serve(TICK, wait=False)
        time.sleep(delay)
        assert service.stop() in (0, -signal.SIGTERM)
        assert "Traceback" not in service.log
        service.end()


# Reloading.


def test_a_reload_adds_and_removes(serve: Serve) -> None:
    service = serve()
    service.event("run.succeeded", job="tick")
    service.write('@job("every 100ms")\nasync def tock() -> None: ...\n')
    service.signal(signal.SIGHUP)
    service.event("run.succeeded", job="tock")
    wait_until(lambda: [one["name"] for one in service.ask("status")["jobs"]] == ["tock"], "only tock")
    assert service.ask("reload")["ok"]
    service.write(TICK)  # and back again: the ledger knows it from before
    before = len(service.events("run.succeeded", job="tick"))
    service.signal(signal.SIGHUP)
    wait_until(lambda: len(service.events("run.succeeded", job="tick")) > before, "tick runs again")
    assert service.stop() == 0
    assert service.events(level="error") == []
    service.audit()


def test_a_line_that_is_gone_retires_no_job_by_surprise(serve: Serve) -> None:
    service = serve("")
    assert service.event("service.idle", level="warning")["help"].startswith("write a @job function into jobs, or")
    service.write(TICK)
    service.folder.joinpath("jobs").rename(service.folder / "mine")
    whole = service.config_file.read_text().replace('jobs = ["jobs"]', 'jobs = ["mine"]')
    service.config_file.write_text(whole)
    assert service.ask("reload")["added"] == ["tick"]
    service.config_file.write_text(whole.replace('jobs = ["mine"]\n', ""))
    assert "no job any more" in service.ask("reload")["message"]
    assert [one["name"] for one in service.ask("status")["jobs"]] == ["tick"]
    service.config_file.write_text(whole.replace('jobs = ["mine"]', "jobs = []"))
    assert service.ask("reload")["removed"] == ["tick"]
    assert service.stop() == 0


def test_the_last_file_of_jobs_that_is_gone_retires_no_job_by_surprise(serve: Serve) -> None:
    """However it is asked for; who means it says jobs = []."""
    service = serve(TICK)
    service.jobs_file.unlink()
    refused = service.ask("reload")
    assert "no job any more" in refused["message"]
    assert "jobs = []" in refused["problems"][0]["help"]
    service.signal(signal.SIGHUP)
    wait_until(lambda: len(service.events("service.reload_failed")) == 2, "HUP is refused, too")
    assert [one["name"] for one in service.ask("status")["jobs"]] == ["tick"]
    service.config_file.write_text(service.config_file.read_text().replace('jobs = ["jobs"]', "jobs = []"))
    assert service.ask("reload")["removed"] == ["tick"]
    assert service.stop() == 0


def test_another_ledger_needs_a_restart_and_everybody_says_so(serve: Serve) -> None:
    service = serve(TICK)
    whole = service.config_file.read_text()
    service.config_file.write_text(whole.replace("[service]", '[service]\nledger = "state/other.db"', 1))
    said = "another ledger"
    for verb, code in (("reload", 5), ("status", 5), ("plan", 0)):
        done = service.command(verb)
        assert (done.returncode, said in done.stderr, "needs a restart" in done.stderr) == (code, True, True), verb
    service.signal(signal.SIGHUP)
    why = service.event("service.reload_failed")["why"]
    assert said in why
    assert str(service.ledger) in why
    assert "state/other.db" in why
    service.config_file.write_text(whole)
    assert service.command("reload").returncode == 0
    assert service.stop() == 0


def test_a_reload_says_which_settings_of_all_jobs_are_others(serve: Serve) -> None:
    service = serve(TICK)
    whole = service.config_file.read_text()
    more = '[service]\ntimezone = "Europe/Berlin"\nmax_running = 4\nrecovery = { limit = 9 }'
    service.config_file.write_text(whole.replace("[service]", more, 1) + "[pools]\ndb = 2\n")
    settings = ["timezone UTC -> Europe/Berlin", "max_running none -> 4", "pool db none -> 2"]
    assert service.ask("reload")["settings"] == [*settings, "recovery.limit default -> 9"]
    assert service.event("service.reloaded")["settings"] == [*settings, "recovery.limit default -> 9"]
    service.config_file.write_text(whole.replace("[service]", more.replace("4", "2"), 1) + "[pools]\ndb = 2\n")
    assert "settings: max_running 4 -> 2;" in service.command("reload").stdout
    assert "settings" not in service.command("reload").stdout
    assert service.stop() == 0


def test_a_reload_leaves_what_runs(serve: Serve) -> None:
    service = serve(
        """
        @job("@startup")
        async def slow() -> None:
            await asched.sleep("2s")
            print("the old one")
        """
    )
    service.event("run.started", job="slow")
    service.write(TICK)
    service.signal(signal.SIGHUP)
    service.event("run.succeeded", job="tick")
    service.event("run.succeeded", job="slow")
    assert service.stop() == 0
    assert output_of(service, "slow") == "the old one\n"
    service.audit()


def test_a_bad_reload_changes_nothing_and_says_where(serve: Serve) -> None:
    service = serve()
    service.event("run.succeeded", job="tick")
    service.write(config='[[job]]\nname = "bad"\nschedule = "61 * * * *"\ncommand = ["true"]\n')
    line = service.config_file.read_text().splitlines().index('schedule = "61 * * * *"') + 1
    service.signal(signal.SIGHUP)
    wait_until(lambda: service.events(level="error"), "an error")
    assert re.search(rf"config\.toml:{line}\b", service.log), f"it names line {line}: {service.events(level='error')}"
    assert "Traceback" not in service.log
    before = len(service.events("run.succeeded"))
    wait_until(lambda: len(service.events("run.succeeded")) > before + 2, "tick goes on")
    service.write(config='[[job]]\nname = "good"\nschedule = "every 100ms"\ncommand = ["true"]\n')
    service.signal(signal.SIGHUP)
    service.event("run.succeeded", job="good")
    assert service.stop() == 0


def test_many_reloads_at_once(serve: Serve) -> None:
    service = serve()
    for _ in range(20):
        service.signal(signal.SIGHUP)
    before = len(service.events("run.succeeded"))
    wait_until(lambda: len(service.events("run.succeeded")) > before + 5, "tick goes on")
    assert service.ask("reload", by="test").get("kind", "refused") == "refused"
    assert service.stop() == 0
    assert "Traceback" not in service.log
    service.audit()


def test_a_job_that_holds_every_thread_of_the_loop_harms_nobody_else(serve: Serve) -> None:
    service = serve(
        """
        import asyncio, time
        @job("@startup", timeout="0.5s", kill_after="0.1s")
        async def hangs() -> None:
            await asyncio.gather(*(asyncio.to_thread(time.sleep, 3600) for _ in range(100)))
        """,
        drain="0s",
    )
    service.event("run.timed_out", job="hangs")
    leaves = 'name = "leaves"\nschedule = "every 1s"\nkill_after = "1s"\ncommand = ["sh", "-c", "sleep 60 & exit 0"]\n'
    looks = 'name = "looks"\nschedule = "every 200ms"\nhttp = { url = "http://localhost:9/" }\n'
    service.write(TICK, config=f"[[job]]\n{leaves}\n[[job]]\n{looks}")
    assert service.ask("reload").get("added") == ["leaves", "looks", "tick"]
    service.event("run.succeeded", job="leaves")
    assert "ConnectError" in service.event("run.failed", job="looks")["error"]
    service.signal(signal.SIGTERM)
    assert service.wait() == 0


def test_a_dump_is_written_to_the_log(serve: Serve) -> None:
    service = serve('@job("@startup")\nasync def slow() -> None:\n    await asched.sleep("1h")\n', drain="0s")
    service.event("run.started", job="slow")
    service.signal(signal.SIGUSR1)
    wait_until(lambda: [e for e in service.events() if "dump" in e["event"]], "the dump")
    wait_until(lambda: [e for e in service.events() if "1-1" in str(e) and "start" not in e["event"]], "what runs")
    assert service.stop() == 0


# Refusals.


def test_a_second_server_is_refused_and_told_of_the_first(serve: Serve) -> None:
    service = serve()
    second = service.command("serve")
    assert second.returncode == 6
    assert re.search(rf"\bpid {service.pid}\b", second.stderr + second.stdout)
    assert "Traceback" not in second.stderr
    assert service.ask("status")["ok"], "the first one's socket is still its own"
    assert service.stop() == 0


def test_a_bad_configuration_is_refused(serve: Serve) -> None:
    service = serve(TICK, '[[job]]\nname = "bad"\nschedule = "61 * * * *"\n', wait=False)
    assert service.wait() == 4
    assert "config.toml:" in service.log
    assert "Traceback" not in service.log


def test_a_corrupt_ledger_is_refused_and_left_alone(serve: Serve, tmp_path: Path) -> None:
    ledger = tmp_path / "state" / "asched.db"
    ledger.parent.mkdir()
    ledger.write_bytes(b"this is no database at all" * 1000)
    service = serve(wait=False)
    assert service.wait() == 65
    assert "Traceback" not in service.log
    assert str(ledger) in service.log
    assert ledger.read_bytes() == b"this is no database at all" * 1000


def test_a_broken_job_file_costs_only_its_own_jobs(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "broken.py").write_text("import asched\nx = 1\nimport no_such_module_at_all\n")
    service = serve()
    service.event("run.succeeded", job="tick")
    wait_until(lambda: re.search(r"broken\.py:3\b", service.log), "the place")
    assert all("T" in record["at"] for record in service.events()), "every record bears its time"
    assert service.stop() == 0


# Jobs that do their worst.


def test_a_job_that_blocks_the_loop_is_named(serve: Serve) -> None:
    service = serve(
        TICK
        + """
import subprocess, time
@job("@startup")
async def blocker() -> None:
    time.sleep(3)    # line 9
@job("@startup", after=())
async def waiter() -> None:
    await asched.sleep("5s")
    subprocess.run(["sleep", "3"], capture_output=True)    # line 13
"""
    )
    line = _line_of(service, "line 9")
    named = f"served.py:{line}"
    found = wait_until(lambda: [e for e in service.events("loop.blocked") if named in str(e)], "it is named")[0]
    assert "blocker" in str(found)
    assert "served.py" in str(found)
    started = service.event("run.started", job="blocker")["at"]
    assert _seconds(started, found["at"]) < 1.5
    assert found["at"] < service.event("run.succeeded", job="blocker")["at"], "said while it is blocked"
    before = len(service.events("run.succeeded", job="tick"))
    wait_until(lambda: len(service.events("run.succeeded", job="tick")) > before, "others go on")
    service.event("run.succeeded", job="waiter", timeout=15)
    line = _line_of(service, "line 13")
    found_again = [e for e in service.events() if "blocked" in e["event"] and "waiter" in str(e)]
    assert found_again, "waiting for a process blocks as well as sleeping does"
    assert str(line) in str(found_again[0])
    assert service.stop() == 0
    service.audit()


def _line_of(service: Serving, mark: str) -> int:
    lines = service.jobs_file.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if mark in line)


def _seconds(since: str, until: str) -> float:
    from datetime import datetime

    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()


@pytest.mark.parametrize(
    "does", ["raise SystemExit(3)", "raise KeyboardInterrupt", "raise GeneratorExit", "import sys; sys.exit()"]
)
def test_an_exit_in_a_job_is_one_failed_run(serve: Serve, does: str) -> None:
    service = serve(f'{TICK}\n@job("@startup")\nasync def leaver() -> None:\n    {does}\n')
    ended(service, "leaver", "failed")
    before = len(service.events("run.succeeded", job="tick"))
    wait_until(lambda: len(service.events("run.succeeded", job="tick")) > before, "others go on")
    assert service.stop() == 0
    service.audit()


def test_an_exit_in_a_task_of_a_job_ends_nothing_in_silence(serve: Serve) -> None:
    """asyncio lets it through the loop: either the service stays, or it says so and exits with a fault."""
    service = serve(
        """
        import asyncio, sys
        async def forgotten() -> None:
            sys.exit(0)
        @job("@startup")
        async def leaver() -> None:
            asyncio.create_task(forgotten())
            await asched.sleep("1s")
        """
    )
    service.event("run.started", job="leaver")
    _survives_or_says_so(service)


def test_a_job_that_stops_the_loop(serve: Serve) -> None:
    service = serve(
        """
        import asyncio, pathlib
        @job("every 300ms", catch_up="all")
        async def stopper() -> None:
            mark = pathlib.Path("once")
            if not mark.exists():
                mark.touch()
                asyncio.get_running_loop().stop()
                await asched.sleep("1s")
        """
    )
    assert service.wait() == 70
    assert [r for r in service.events() if r["level"] in ("error", "critical") and r["event"] == "service.failed"]
    service.start()
    service.event("run.succeeded", job="stopper")
    assert service.stop() == 0
    assert not service.query("SELECT 1 FROM fires WHERE decision = 'start' AND outcome IS NULL")
    service.audit()


def test_a_job_that_cancels_all_tasks(serve: Serve) -> None:
    service = serve(
        TICK
        + """
import asyncio
@job("@startup")
async def canceller() -> None:
    await asched.sleep("300ms")
    me = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not me:
            task.cancel()
"""
    )
    ended(service, "canceller", "succeeded")
    _survives_or_says_so(service, {0, 70})


def _survives_or_says_so(service: Serving, codes: set[int] = frozenset({0, 70})) -> None:
    time.sleep(1.5)
    if service.code is None:
        assert service.ask("status")["ok"]
        assert service.stop() == 0
    else:
        assert service.code == 70, f"a silent exit\n{service.log}"
        assert [record for record in service.events() if record["level"] in ("error", "critical")]
        service.start()
        assert service.stop() == 0
    assert "Traceback (most" not in "\n".join(x for x in service.log.splitlines() if not x.startswith("{"))
    service.audit()


def test_a_coroutine_that_swallows_its_cancellation_does_not_delay_the_exit(serve: Serve) -> None:
    service = serve(
        """
        import asyncio
        @job("@startup", kill_after="1s")
        async def deaf() -> None:
            while True:
                try:
                    await asyncio.sleep(3600)
                except asyncio.CancelledError:
                    pass
        """,
        drain="200ms",
    )
    service.event("run.started", job="deaf")
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < 0.2 + 1 + 3
    assert [run[0] for run in runs_of(service, "deaf")] == ["interrupted"]
    service.audit()


def test_a_function_that_never_returns_does_not_delay_the_exit(serve: Serve) -> None:
    service = serve(
        """
        import time, threading
        @job("@startup", kill_after="1s")
        def stuck() -> None:
            while True:
                time.sleep(3600)
        @job("@startup")
        def busy() -> None:
            threading.Thread(target=time.sleep, args=(3600,)).start()
        """,
        drain="200ms",
    )
    service.event("run.started", job="stuck")
    service.event("run.succeeded", job="busy")
    begun = time.monotonic()
    assert service.stop() == 0
    assert time.monotonic() - begun < 0.2 + 1 + 4
    assert [run[0] for run in runs_of(service, "stuck")] == ["interrupted"]
    service.audit()


# What they print.


def test_prints_belong_to_the_run_that_printed_them(serve: Serve) -> None:
    service = serve(
        """
        import sys
        @job("@startup")
        async def here() -> None:
            for n in range(20):
                print(f"here {n}")
                await asched.sleep("10ms")
            print("wrong", file=sys.stderr)
        @job("@startup")
        def there() -> None:
            for n in range(20):
                print(f"there {n}")
            sys.stdout.buffer.write(b"bytes\\n")
            sys.stdout.flush()
        @job("@startup")
        async def asks() -> None:
            print(sys.stdout.isatty(), sys.stdout.encoding)
        """
    )
    for name in ("here", "there", "asks"):
        ended(service, name, "succeeded")
    assert service.stop() == 0
    assert output_of(service, "here") == "".join(f"here {n}\n" for n in range(20)) + "wrong\n"
    assert output_of(service, "there") == "".join(f"there {n}\n" for n in range(20)) + "bytes\n"
    assert output_of(service, "asks") == "False utf-8\n"
    streams = service.query("SELECT stream FROM output JOIN fires ON fires.id = fire WHERE job = 'here' ORDER BY seq")
    assert ("stderr",) in streams
    printed = service.events("output", job="there")
    assert len(printed) == 21
    assert all(record["run"] for record in printed)


def test_a_flood_costs_no_memory(serve: Serve) -> None:
    config = """
        [[job]]
        name = "flood"
        after = ["tick"]
        shell = true
        max_instances = 1
        command = "echo first; head -c 100000000 /dev/zero | tr '\\\\0' 'x'; echo; echo last"
        """
    service = serve('@job("@startup")\nasync def tick() -> None:\n    await asched.sleep("1s")\n', config)
    service.event("run.started", job="tick")
    before = most = service.rss()
    deadline = time.monotonic() + 40
    while not service.events("run.succeeded", job="flood"):
        assert time.monotonic() < deadline, service.log[-2000:]
        most = max(most, service.rss())
        time.sleep(0.05)
    most = max(most, service.rss())
    assert most - before < 30_000_000, f"grew by {(most - before) / 1e6:.0f} MB"
    kept = output_of(service, "flood")
    assert kept.startswith("first\nxxx")
    assert kept.endswith("xxx\nlast\n")
    assert re.search(r"\d+ characters left out", kept)
    assert len(kept) < 400_000
    assert service.stop() == 0


def test_what_a_command_leaves_behind_is_ended(serve: Serve, tmp_path: Path) -> None:
    config = """
        [[job]]
        name = "parent"
        schedule = "@startup"
        kill_after = "1s"
        shell = true
        command = "sleep 3600 & echo $!"
        """
    service = serve("", config)
    begun = time.monotonic()
    service.event("run.succeeded", job="parent")
    assert time.monotonic() - begun < 5, "not waiting for who holds its output"
    said = output_of(service, "parent")
    assert not is_alive(int(said.split()[0]))
    assert "left processes" in said
    assert service.stop() == 0


# Secrets.

CANARY = "Zx9-canary/with+odd=chars&7531"


def test_a_canary_is_found_nowhere(serve: Serve) -> None:
    service = serve(
        """
        import asyncio, logging, sys, threading
        @job("@startup", secrets=["canary"])
        async def leaky(run: asched.Run) -> dict[str, str]:
            value = run.secret("canary")
            print("printed", value, file=sys.stderr)
            sys.stdout.buffer.write(f"bytes {value}\\n".encode())
            run.log.warning("logged " + value, field=value, nested={"a": [value]}, **{value: 1})
            logging.getLogger("lib").warning("by logging %s", value)
            threading.Thread(target=print, args=("by a thread", value)).start()
            def fail() -> None:
                raise ValueError(f"in a thread {value}")
            threading.Thread(target=fail).start()
            async def forgotten() -> None:
                raise ValueError(f"in a task {value}")
            asyncio.create_task(forgotten())
            await asched.sleep("200ms")
            return {"result": value}
        @job("@startup", secrets=["canary"])
        async def failing(run: asched.Run) -> None:
            raise RuntimeError(f"an error with {run.secret('canary')}")
        """,
        """
        [secrets]
        canary = { env = "THE_CANARY" }
        [[job]]
        name = "prints-env"
        schedule = "@startup"
        command = ["sh", "-c", "echo $VALUE"]
        env = { VALUE = { env = "THE_CANARY" } }
        """,
        env={"THE_CANARY": CANARY},
    )
    for name, outcome in (("leaky", "succeeded"), ("failing", "failed"), ("prints-env", "succeeded")):
        ended(service, name, outcome)
    service.signal(signal.SIGUSR1)
    time.sleep(0.3)
    assert service.stop() == 0
    service.audit()
    assert "printed ***" in output_of(service, "leaky"), "a positive control: it was printed, and masked"
    looked_at = [file for file in service.folder.rglob("*") if file.is_file()]
    assert service.log_file in looked_at
    assert service.ledger in looked_at
    found = [str(file) for file in looked_at if CANARY.encode() in file.read_bytes()]
    where = [line[:300] for line in service.log.splitlines() if CANARY in line]
    assert found == [], where
    assert os.environ.get("THE_CANARY") is None
