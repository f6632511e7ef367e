"""The clock watch: woken at a wall instant and when the clock is set; where that cannot be, said once and no harm."""

import asyncio
import errno
import gc
import os
import shutil
import subprocess
import sys
import textwrap
import warnings
from datetime import timedelta
from pathlib import Path

import pytest

from asched import Scheduler
from asched.engine import clockwatch
from asched.engine.clock import SystemClock
from asched.engine.clockwatch import ClockWatch
from asched.testing.clock import FakeClock

CLOCK = SystemClock()
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a timerfd is Linux's")


def timers():
    """The timerfds that this process holds."""
    held = []
    for one in Path("/proc/self/fd").iterdir():
        try:
            held.append(os.readlink(one))
        except OSError:
            continue  # that of this very listing
    return held.count("anon_inode:[timerfd]")


class Watched:
    """A watch, when it woke us, and whether it gave up."""

    def __init__(self, clock=CLOCK):
        self.woken, self.lost = asyncio.Event(), []
        self.rings = 0
        self.watch = ClockWatch(clock, self.wake, self.lost.append)

    def wake(self):
        self.rings += 1
        self.woken.set()

    async def rung(self, within=5):
        await asyncio.wait_for(self.woken.wait(), within)
        self.woken.clear()


@pytest.fixture
async def watched():
    one = Watched()
    yield one
    one.watch.close()


@on_linux
async def test_it_rings_at_the_wall_instant_and_never_before(watched):
    for _ in range(3):
        at = CLOCK.now() + timedelta(milliseconds=80)
        watched.watch.arm(at)
        await watched.rung()
        assert timedelta(0) <= CLOCK.now() - at < timedelta(seconds=1)
    assert watched.rings == 3


@on_linux
async def test_it_can_be_armed_for_later_for_earlier_and_for_what_has_been(watched):
    watched.watch.arm(CLOCK.now() + timedelta(milliseconds=50))
    watched.watch.arm(CLOCK.now() + timedelta(days=400_000))
    await asyncio.sleep(0.15)
    assert watched.rings == 0
    watched.watch.arm(CLOCK.now() + timedelta(milliseconds=50))
    await watched.rung()
    watched.watch.arm(CLOCK.now() - timedelta(days=30_000))  # before 1970, too
    await watched.rung()
    watched.watch.arm(None)
    await asyncio.sleep(0.1)
    assert watched.rings == 2


@on_linux
async def test_a_clock_that_is_set_is_heard_whether_it_says_so_when_read_or_when_armed(watched, monkeypatch):
    """Without privileges no test can set the clock: the kernel's answers are put into its mouth."""

    class Cancelled:
        closed = False

        def read(self, size):
            raise OSError(errno.ECANCELED, "the clock was set")

        def fileno(self):
            return -1

    with monkeypatch.context() as patch:
        patch.setattr(watched.watch, "_timer", Cancelled())
        watched.watch._rang()
    assert watched.rings == 1
    armed = []

    def cancelled(fd, nanoseconds):
        armed.append(nanoseconds)
        raise OSError(errno.ECANCELED, "the clock was set")

    monkeypatch.setattr(clockwatch, "_set", cancelled)
    watched.watch.arm(CLOCK.now() + timedelta(hours=1))
    assert (watched.rings, len(armed), watched.lost) == (2, 1, [])


@on_linux
async def test_a_timer_that_goes_by_another_clock_rings_once_too_early_and_is_not_believed_again():
    """libfaketime, say: were it armed again for the same instant, the loop would spin."""

    class Behind(SystemClock):
        def now(self):
            return super().now() - timedelta(hours=1)

    one = Watched(Behind())
    for _ in range(20):
        one.watch.arm(Behind().now() + timedelta(minutes=1))
        await asyncio.sleep(0.01)
    one.watch.close()
    assert one.rings == 1


@on_linux
async def test_closing_it_gives_back_the_descriptor_and_the_reader():
    before = timers()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        one = Watched()
        assert timers() == before + 1, "a positive control"
        one.watch.close()
        one.watch.close()
        one.watch.arm(CLOCK.now())
        await asyncio.sleep(0.05)
        del one
        gc.collect()
    assert timers() == before


@on_linux
async def test_a_descriptor_that_others_closed_is_given_up_and_said_once():
    one = Watched()
    os.close(one.watch._timer.fileno())
    one.watch.arm(CLOCK.now() + timedelta(seconds=1))
    one.watch.arm(CLOCK.now() + timedelta(seconds=2))
    one.watch.close()
    assert [error.errno for error in one.lost] == [errno.EBADF]


# In a scheduler.


async def heard_while(scheduler, seconds=0.0):
    heard = []
    scheduler.bus.listen(heard.append)
    async with scheduler:
        await asyncio.sleep(seconds)
    return heard


@on_linux
async def test_a_scheduler_has_one_for_as_long_as_it_lives():
    before = timers()
    async with Scheduler(ledger=":memory:"):
        assert timers() == before + 1
    assert timers() == before


@on_linux
async def test_a_scheduler_on_a_fake_clock_has_none():
    before = timers()
    async with Scheduler(ledger=":memory:", clock=FakeClock()):
        assert timers() == before


@on_linux
async def test_it_wakes_the_engine_even_when_the_engine_s_own_timer_does_not(monkeypatch):
    """As after a step forward, or a resume: the monotonic timer was armed for much later."""
    ran = asyncio.Event()

    async def job():
        ran.set()

    class Late(SystemClock):
        def call_at(self, deadline, callback):
            return super().call_at(deadline + 3600, callback)

    scheduler = Scheduler(ledger=":memory:", clock=Late())
    scheduler.at(CLOCK.now() + timedelta(seconds=0.5), job)
    async with scheduler:
        await asyncio.wait_for(ran.wait(), 5)
        await scheduler.stop(drain=0)


@pytest.mark.parametrize(
    "refusal",
    [OSError(errno.EPERM, "Operation not permitted"), AttributeError("timerfd_create"), NotImplementedError("none")],
    ids=["seccomp", "another C library", "another system"],
)
async def test_where_it_is_refused_that_is_said_once_and_the_jobs_run_all_the_same(monkeypatch, refusal):
    def refused():
        raise refusal

    monkeypatch.setattr(clockwatch, "_create", refused)
    ran = asyncio.Event()

    async def job():
        ran.set()

    scheduler = Scheduler(ledger=":memory:")
    scheduler.at(CLOCK.now() + timedelta(milliseconds=50), job)
    heard = []
    scheduler.bus.listen(heard.append)
    async with scheduler:
        await asyncio.wait_for(ran.wait(), 5)
    (event,) = [event for event in heard if event["type"] == "clock.unwatched"]
    assert str(refusal) in event["why"]
    assert event["noticed_within_s"] == 30


@on_linux
def test_a_loop_without_readers_is_served_too_and_nothing_leaks():
    class WithoutReaders(asyncio.SelectorEventLoop):
        def add_reader(self, fd, callback, *args):
            raise NotImplementedError

        def _add_reader(self, fd, callback, *args):  # the loop's own, for its self-pipe
            return asyncio.SelectorEventLoop._add_reader(self, fd, callback, *args)

    before = timers()
    with asyncio.Runner(loop_factory=WithoutReaders) as runner:
        heard = runner.run(heard_while(Scheduler(ledger=":memory:")))
    assert [event["type"] for event in heard if event["type"].startswith("clock.")] == ["clock.unwatched"]
    assert timers() == before


@on_linux
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed: apt-get install strace")
@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("timerfd_create:error=EPERM", "clock.unwatched"),
        ("timerfd_settime:error=ECANCELED:when=2+2", ""),
        ("timerfd_settime:error=EINVAL:when=3", "clock.unwatched"),
    ],
)
def test_the_kernel_s_refusals_as_they_come(fault, said, tmp_path):
    """Each job still runs, once, whatever the system calls answer."""
    script = textwrap.dedent(
        """
        import asyncio
        from datetime import timedelta
        from asched import Scheduler
        from asched.engine.clock import SystemClock

        async def main():
            scheduler, ran = Scheduler(ledger=":memory:"), []
            async def job():
                ran.append(len(ran))
            for n in range(5):
                scheduler.at(SystemClock().now() + timedelta(milliseconds=200 + 150 * n), job, name=f"job{n}")
            scheduler.bus.listen(lambda event: event["type"].startswith("clock.") and print(event["type"]))
            async with scheduler:
                await asyncio.sleep(1.2)
            print(ran)

        asyncio.run(main())
        """
    )
    trace = ["strace", "-f", "-o", str(tmp_path / "trace"), "-e", f"trace={fault.split(':')[0]}", "-e"]
    command = [*trace, f"inject={fault}", sys.executable, "-W", "error", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert "(INJECTED)" in (tmp_path / "trace").read_text(), "a positive control"
    assert done.stdout.split("\n", 1)[0] == said or not said
    assert done.stdout.count("clock.unwatched") == (said == "clock.unwatched")
    assert done.stdout.splitlines()[-1] == str(list(range(5)))
