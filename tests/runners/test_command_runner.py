"""Commands: real processes, real signals. Nothing outlives its run unseen, and nothing it prints can hurt us."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from asched.core.action import Action, Command
from asched.core.outcome import ErrorNote, Failed, Outcome, Succeeded
from asched.engine.ports import OutputSink, Runner
from asched.runners import child, exits, spawn, spawner
from asched.runners.command import CommandRunner
from asched.runners.groups import members
from asched.runners.readiness import Readiness, Ready
from asched.testing.runner_contract import RunnerContract, Sink, attempt_of


def sh(script: str, **more: Any) -> Command:
    return Command((script,), shell=True, **more)


async def run(command: Command, sink: OutputSink | None = None, **more: Any) -> Outcome:
    return await CommandRunner().run(attempt_of(command, **more), sink or Sink())


async def printed(command: Command, **more: Any) -> str:
    sink = Sink()
    assert await run(command, sink, **more) == Succeeded()
    return sink.text()


async def error_of(command: Command, **more: Any) -> ErrorNote:
    outcome = await run(command, **more)
    assert isinstance(outcome, Failed), outcome
    return outcome.error


async def begin(command: Command, sink: Sink, *, kill_after: float) -> asyncio.Task[Outcome]:
    """Running, and it has printed something."""
    sink.watch()
    attempt = attempt_of(command, kill_after=timedelta(seconds=kill_after))
    task = asyncio.ensure_future(CommandRunner().run(attempt, sink))
    await asyncio.wait_for(sink.begun.wait(), timeout=5)
    return task


async def stopped_after(task: asyncio.Task[Outcome], *, times: int = 1) -> float:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(times):
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
    return loop.time() - began


def state_of(pid: int) -> str:
    """As /proc says; "" for gone. A container's PID 1 may not reap: an orphan that is dead may stay a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


@pytest.fixture(autouse=True)
def _no_descriptor_is_left() -> Iterator[None]:
    before = len(os.listdir("/proc/self/fd"))
    yield
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.fixture
async def no_thread_left() -> AsyncIterator[None]:
    """Jobs have filled the loop's default executor with what hangs."""
    loop, hold = asyncio.get_running_loop(), threading.Event()
    loop.set_default_executor(ThreadPoolExecutor(1))
    hanging = loop.run_in_executor(None, hold.wait)
    yield
    hold.set()
    await hanging


@pytest.fixture(params=["in a thread", "on the loop"])
def started(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways to start a process, whatever the spawner would choose."""
    monkeypatch.setattr(spawner._Kind, "quick", lambda *_: request.param == "on the loop")


@pytest.mark.usefixtures("started")
class TestContract(RunnerContract):
    @pytest.fixture
    def runner(self) -> Runner:
        return CommandRunner()

    @pytest.fixture
    def succeeding(self) -> Action:
        return Command(("true",))

    @pytest.fixture
    def failing(self) -> Action:
        return Command(("false",))

    @pytest.fixture
    def lasting(self) -> Action:
        return sh("echo begun; exec sleep 60")

    @pytest.fixture
    def strange(self) -> Sequence[Action]:
        return [
            Command(("",)),
            Command(()),
            Command(("echo", "a\0b")),
            Command(("echo", "{unknown}")),
            Command(("true",), env={"A=B": "c"}),
            Command(("/",)),
            Command(("x" * 100_000,)),
            Command(("true", "x" * 10_000_000)),
            sh("kill -9 $$"),
            sh("printf '\\377\\376\\000'"),
            sh("exec >&- 2>&-"),
        ]


async def test_what_it_prints_goes_to_its_stream() -> None:
    sink = Sink()
    assert await run(sh("echo out; echo err >&2"), sink) == Succeeded()
    assert (sink.text("stdout"), sink.text("stderr")) == ("out\n", "err\n")


async def test_the_child_is_reported_as_leader_of_its_group() -> None:
    sink = Sink()
    await run(sh("ps -o pgid= -o sid= -p $$ 2>/dev/null || cut -d' ' -f5,6 /proc/$$/stat"), sink)
    assert sink.text().split() == [str(sink.children[0])] * 2


@pytest.mark.parametrize(
    ("script", "message", "code"),
    [
        ("exit 3", "exit code 3", 3),
        ("kill -SEGV $$", "killed by SIGSEGV", -signal.SIGSEGV),
        ("kill -40 $$", "killed by signal 40", -40),
        ("no-such-command", "exit code 127 (command not found)", 127),
    ],
)
async def test_an_exit_code_is_a_failure(script: str, message: str, code: int) -> None:
    assert await error_of(sh(script)) == ErrorNote("ExitCode", message, types=("ExitCode",), exit_code=code)


async def test_other_exit_codes_may_count_as_success() -> None:
    assert await run(sh("exit 3", success_codes=(0, 3))) == Succeeded()


@pytest.mark.parametrize(
    ("command", "message", "code"),
    [
        (Command(("no-such-command",)), "command not found: there is no no-such-command on PATH", 127),
        (Command(("/no/such",)), "command not found: there is no /no/such", 127),
        (Command(("/etc/passwd",)), "/etc/passwd is not executable: Permission denied", 126),
        (Command(("true",), cwd="/no"), "working directory /no cannot be entered: No such file or directory", None),
    ],
)
async def test_what_cannot_be_started_says_why(command: Command, message: str, code: int | None) -> None:
    error = await error_of(command)
    assert (error.message, error.exit_code) == (message, code)


async def test_a_script_without_its_interpreter_says_so(tmp_path: Path) -> None:
    script = tmp_path / "job"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    assert "the interpreter that its first line names is not" in (await error_of(Command((str(script),)))).message
    script.write_text("echo no first line\n")
    assert "begins with #!" in (await error_of(Command((str(script),)))).message


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("left", range(9))
async def test_out_of_descriptors_is_a_failure_that_names_it(left: int) -> None:
    """FAULTS 15: wherever between the first pipe and the pidfd they run out."""
    first_free = os.dup(0)
    os.close(first_free)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (first_free + left, limits[1]))
    try:
        outcome = await run(Command(("true",), stdin="text"))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    if left < 7:
        assert isinstance(outcome, Failed)
        assert "no file descriptor left" in outcome.error.message
        assert "Exhausted" in outcome.error.types
    assert await run(Command(("true",))) == Succeeded()


async def test_its_environment_holds_nothing_that_was_not_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAK", "1")
    monkeypatch.setenv("TZ", "UTC")
    command = Command(("env",), env={"DAY": "{scheduled_at:%A}"}, secrets={"PGPASSWORD": "s3cret"})
    lines = dict(line.split("=", 1) for line in (await printed(command, secrets={"TOKEN": "t0ken"})).splitlines())
    own = {name for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    facts = {name for name in lines if name.startswith("ASCHED_")}
    assert set(lines) - own - facts == {"DAY", "PGPASSWORD", "TOKEN"}
    assert (lines["DAY"], lines["PGPASSWORD"], lines["TOKEN"]) == ("Saturday", "s3cret", "t0ken")


async def test_it_is_told_what_run_it_is() -> None:
    args = {"base": "EUR", "dry-run": True, "n": 3, "none": None, "list": [1, "a"]}
    text = await printed(sh("env | grep ^ASCHED_ | sort"), args=args, number=2, caught_up=True)
    assert text.splitlines() == [
        "ASCHED_ARG_BASE=EUR",
        "ASCHED_ARG_DRY_RUN=true",
        'ASCHED_ARG_LIST=[1, "a"]',
        "ASCHED_ARG_N=3",
        "ASCHED_ARG_NONE=",
        "ASCHED_ATTEMPT=2",
        "ASCHED_CAUGHT_UP=true",
        "ASCHED_JOB=job",
        "ASCHED_RUN=1-17",
        "ASCHED_SCHEDULED_AT=2026-11-21T07:00:00Z",
    ]


async def test_the_whole_environment_is_passed_on_where_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "yes")
    assert await printed(sh("echo $MINE", inherit_env=True)) == "yes\n"


async def test_templates_speak_the_jobs_own_time() -> None:
    command = Command(("echo", "{scheduled_at:%F %H:%M}", "{job}/{run}/{attempt}", "{{}}"))
    assert await printed(command, timezone="Asia/Tokyo") == "2026-11-21 16:00 job/1-17/1 {}\n"


async def test_it_reads_nothing_or_what_it_was_given() -> None:
    assert await printed(Command(("cat",))) == ""
    assert await printed(Command(("wc", "-c"), stdin="é" * 1_000_000)) == "2000000\n"


async def test_it_inherits_no_descriptor() -> None:
    held = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(held, True)
    try:
        assert (await printed(sh("ls /proc/$$/fd"))).split() == ["0", "1", "2"]
    finally:
        os.close(held)


async def test_it_ends_on_term() -> None:
    sink = Sink()
    script = "trap 'echo bye; exit' TERM; echo begun; while :; do sleep 0.02; done"
    task = await begin(sh(script), sink, kill_after=5)
    assert await stopped_after(task) < 1
    assert sink.text() == "begun\nbye\n"


async def test_what_ignores_term_is_killed() -> None:
    """FAULTS 19."""
    sink = Sink()
    task = await begin(sh("trap '' TERM; echo begun; sleep 60; sleep 60"), sink, kill_after=0.3)
    assert 0.3 <= await stopped_after(task) < 1.3
    assert members(sink.children[0]) == ()


async def test_asked_twice_it_is_killed_at_once() -> None:
    sink = Sink()
    task = await begin(sh("trap '' TERM; echo begun; sleep 60; sleep 60"), sink, kill_after=30)
    assert await stopped_after(task, times=3) < 1
    assert members(sink.children[0]) == ()


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (Command(("/bin/echo", "x"), cwd="/"), ("/bin/echo", "/", "")),
        (Command(("/bin/no{attempt}",)), ("/bin/no3", None, "")),
        (Command(("true",), env={"PATH": "/usr/bin:/bin"}), ("true", None, "/usr/bin:/bin")),
        (Command(("true",), secrets={"PATH": "/bin"}), ("true", None, "/bin")),
        (sh("true", env={"PATH": "/bin"}), ("/bin/sh", None, "")),
    ],
)
async def test_of_a_kind_are_those_that_start_the_same_program(command: Command, kind: object) -> None:
    runner = CommandRunner()
    await runner.run(attempt_of(command, number=3), Sink())
    assert list(runner._spawner._kinds) == [kind]
    await runner.close()


async def test_no_thread_to_start_it_in_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert (await error_of(Command(("true",)))).message == "no thread could be started: can't start new thread"


@pytest.mark.usefixtures("started")
async def test_a_fault_of_its_start_is_not_told_as_a_lack_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise RuntimeError("can't even")

    monkeypatch.setattr(spawn, "start", fail)
    with pytest.raises(RuntimeError, match="can't even"):
        await run(Command(("true",)))


@pytest.mark.usefixtures("started")
@pytest.mark.parametrize("steps", range(8))
async def test_stopped_while_it_is_being_started_nothing_is_left(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    codes: list[int | None] = []

    def start(*args: Any) -> int:
        started.append(real_start(*args))
        return started[-1]

    def reap(fd: int) -> int | None:
        codes.append(real_reap(fd))
        return codes[-1]

    real_start, real_reap = spawn.start, exits._reap
    monkeypatch.setattr(spawn, "start", start)
    monkeypatch.setattr(exits, "_reap", reap)
    runner = CommandRunner()
    task = asyncio.ensure_future(runner.run(attempt_of(Command(("sleep", "60"))), Sink()))
    for _ in range(steps):
        await asyncio.sleep(0)
    await stopped_after(task)
    await runner.close()
    assert codes == [-signal.SIGTERM] * len(started)


@pytest.mark.usefixtures("started")
async def test_many_at_once_all_print_and_end() -> None:
    runner = CommandRunner()
    sinks = [Sink() for _ in range(20)]
    runs = [runner.run(attempt_of(Command(("echo", str(number)))), sink) for number, sink in enumerate(sinks)]
    assert await asyncio.gather(*runs) == [Succeeded()] * 20
    assert [sink.text() for sink in sinks] == [f"{number}\n" for number in range(20)]


@pytest.mark.parametrize("refused", range(1, 4))
async def test_what_cannot_be_watched_is_killed(refused: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def watch(self: Readiness, fd: int, ready: Ready) -> None:
        asked.append(fd)
        if len(asked) == refused:
            raise OSError(28, "No space left on device")  # /proc/sys/fs/epoll/max_user_watches
        real(self, fd, ready)

    real = Readiness.watch
    monkeypatch.setattr(Readiness, "watch", watch)
    assert (await error_of(Command(("sleep", "60")))).message.startswith("its output cannot be watched: No space")


async def test_whose_end_cannot_be_noticed_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pidfd, and no thread: it must not go on without a record."""

    def no_descriptor(pid: int) -> int:
        pids.append(pid)
        raise OSError(24, "Too many open files")

    def no_thread(thread: threading.Thread) -> None:
        if "child" in thread.name:
            raise RuntimeError("can't start new thread")
        real(thread)

    pids, real = list[int](), threading.Thread.start
    monkeypatch.setattr(exits.os, "pidfd_open", no_descriptor)
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    error = await error_of(Command(("sleep", "60")))
    assert error.message == "its end cannot be noticed: no thread could be started: can't start new thread"
    assert [state_of(pid) for pid in pids] == [""]


async def test_a_stopped_process_is_stopped_too() -> None:
    sink = Sink()
    task = await begin(sh("echo begun; kill -STOP $$"), sink, kill_after=5)
    assert await stopped_after(task) < 1


async def test_the_whole_group_is_stopped() -> None:
    sink = Sink()
    script = "(trap '' TERM; echo begun; sleep 60; sleep 60) & wait"
    task = await begin(sh(script), sink, kill_after=0.2)
    assert await stopped_after(task) < 1.2
    assert members(sink.children[0]) == ()


async def test_what_it_leaves_behind_is_ended_and_said() -> None:
    """FAULTS 20: the grandchild holds the output open."""
    sink = Sink()
    assert await asyncio.wait_for(run(sh("sleep 60 & echo $!"), sink), timeout=2) == Succeeded()
    left = int(sink.text())
    assert sink.text("note") == f"[it left processes of its group behind, which were ended: {left}]\n"
    assert state_of(left) in ("", "Z")


async def test_who_is_left_is_killed_though_jobs_hold_every_thread_of_the_loop(no_thread_left: None) -> None:
    sink = Sink()
    script = "(trap '' TERM; sleep 60; sleep 60) & sleep 0.1; echo $!"
    assert await asyncio.wait_for(run(sh(script), sink, kill_after=timedelta(seconds=0.2)), timeout=4) == Succeeded()
    assert state_of(int(sink.text())) in ("", "Z")


async def test_nobody_knows_who_is_left_and_they_are_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look into /proc that does not return, on a machine that is at its end."""
    hold = threading.Event()
    monkeypatch.setattr(child, "members", lambda _: hold.wait() and ())
    try:
        sink = Sink()
        task = await begin(sh("(trap '' TERM; echo begun; sleep 60; sleep 60) & wait"), sink, kill_after=0.2)
        assert await stopped_after(task) < 3
        await asyncio.sleep(0.05)
        assert members(sink.children[0]) == ()
    finally:
        hold.set()


async def test_what_left_its_group_is_not_waited_for() -> None:
    """FAULTS 20: a daemon with our output still open. It asked to live on; it is only not listened to."""
    sink = Sink()
    assert await asyncio.wait_for(run(sh("setsid sh -c 'echo $$; exec sleep 60' & sleep 0.1"), sink), 2) == Succeeded()
    daemon = int(sink.text())
    try:
        assert "still holds its output open" in sink.text("note")
        assert state_of(daemon) == "S"
    finally:
        os.kill(daemon, signal.SIGKILL)


async def test_a_short_lived_helper_may_finish() -> None:
    sink = Sink()
    assert await run(sh("(sleep 0.05; echo late) & echo early"), sink) == Succeeded()
    assert (sink.text(), sink.text("note")) == ("early\nlate\n", "")


class Counting:
    """A sink that keeps nothing."""

    def __init__(self) -> None:
        self.bytes = 0
        self.largest = 0

    def write(self, stream: str, data: bytes | str) -> None:
        self.bytes += len(data)
        self.largest = max(self.largest, len(data))

    def child(self, pid: int, started: int) -> None: ...


async def test_a_flood_takes_no_memory() -> None:
    """FAULTS 18: 50 MB without one line end."""
    sink = Counting()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert await run(Command(("head", "-c", "50000000", "/dev/zero")), sink) == Succeeded()
    assert sink.bytes == 50_000_000
    assert sink.largest <= 1 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10_000  # kB


async def test_all_it_printed_before_the_end_is_kept() -> None:
    sink = Counting()
    assert await run(sh("head -c 300000 /dev/zero; head -c 200000 /dev/zero >&2"), sink) == Succeeded()
    assert sink.bytes == 500_000


async def test_where_pidfd_is_refused_a_thread_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int) -> int:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(exits.os, "pidfd_open", refuse)
    assert (await error_of(sh("exit 3"))).exit_code == 3


async def test_an_exit_code_that_others_took_is_not_called_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """A waitpid(-1) somewhere in this process: Popen itself would report 0."""

    def reap(fd: int) -> int | None:
        os.waitpid(-1, 0)
        return real(fd)

    real = exits._reap
    monkeypatch.setattr(exits, "_reap", reap)
    error = await error_of(sh("exit 3"))
    assert error.exit_code is None
    assert error.message.startswith("its exit code is not known")


async def test_who_has_its_pid_after_others_reaped_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is its status taken, nor is it waited for: the loop would stand still."""

    def reap(fd: int) -> int | None:
        os.waitpid(-1, 0)
        return real(fd)

    def waited(pid: int, options: int) -> tuple[int, int]:
        asked.append(pid)
        return real_wait(pid, options)

    real, real_wait, asked = exits._reap, os.waitpid, list[int]()
    monkeypatch.setattr(exits, "_reap", reap)
    monkeypatch.setattr(exits.os, "waitpid", waited)
    assert (await error_of(sh("exit 3"))).exit_code is None
    assert asked == [-1]


@pytest.mark.parametrize(("ending", "code"), [("exit 3", 3), ("kill -9 $$", -9)])
async def test_what_a_debugger_has_first_is_waited_for_in_a_thread(
    ending: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is gone, and its status is not to be had yet."""
    monkeypatch.setattr(exits.os, "waitid", lambda *_: None)
    assert (await error_of(sh(ending))).exit_code == code


async def test_only_its_own_child_is_reaped() -> None:
    other = await asyncio.to_thread(subprocess.Popen, ["sh", "-c", "exit 7"])
    assert await run(Command(("true",))) == Succeeded()
    assert await asyncio.to_thread(other.wait) == 7


async def test_secrets_are_masked_in_errors() -> None:
    error = await error_of(Command(("/no/k4narie",), secrets={"TOKEN": "k4narie"}))
    assert error.message == "command not found: there is no /no/***"
