"""A child process with its output: when it exits, when its pipes are done, and how it and its group are ended."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable
from contextlib import suppress

from asched.engine.aside import aside
from asched.engine.ports import OutputSink
from asched.runners.exits import when_exited
from asched.runners.groups import members, signal_group
from asched.runners.pipes import OutputPipe
from asched.runners.readiness import Readiness
from asched.runners.spawn import Process
from asched.runners.threads import NoThread

_GRACE = 0.25  # seconds after the exit for whoever still holds the pipes
_POLL = 0.02
_AFTER_KILL = 0.75
_LOOKED = 0.5  # for one look at who is left: KILL must not wait for it


class Child:
    """`code` is what it exited with, negative for a signal, None when that was taken from us. `held`: when it was
    closed, somebody still held its output open. Raises OSError or NoThread, and leaves the process as it is, when the
    system lets us watch no more."""

    def __init__(self, process: Process, output: OutputSink, readiness: Readiness) -> None:
        self.pid, self.started = process.pid, process.started
        self.code: int | None = None
        self.held = False
        self._loop = asyncio.get_running_loop()
        self._exited = asyncio.Event()
        self._over = asyncio.Event()  # exited, and its pipes at their ends or out of grace
        self._grace: asyncio.TimerHandle | None = None
        self._grace_ends = 0.0
        try:
            self._pipes = [
                OutputPipe(process.stdout, "stdout", output, self._pipe_ended, readiness),
                OutputPipe(process.stderr, "stderr", output, self._pipe_ended, readiness),
            ]
            when_exited(self.pid, self._reaped, readiness)
        except (OSError, NoThread):
            readiness.forget(process.stdout)
            readiness.forget(process.stderr)
            raise

    async def over(self) -> None:
        """Wait until it has exited and all it printed was taken. A descendant may hold its pipes for ever (FAULTS 20):
        after a short grace that no longer counts."""
        await self._over.wait()

    async def end_survivors(self, kill_after: float) -> tuple[int, ...]:
        """End what is left of its group once it is over; returns who that was."""
        if not signal_group(self.pid, 0):
            return ()
        if await self._group_gone(self._grace_ends - self._loop.time()):  # the end of a pipeline takes a moment longer
            return ()
        survivors = await self._members()
        await self.stop(kill_after)
        return survivors or ()

    async def stop(self, kill_after: float) -> None:
        """TERM to the group, KILL after `kill_after` seconds, or when asked again; then it is not waited for long."""
        signal_group(self.pid, signal.SIGTERM)
        signal_group(self.pid, signal.SIGCONT)  # a stopped process takes no TERM
        with suppress(asyncio.CancelledError):
            if await self._all_gone(kill_after):
                return
        signal_group(self.pid, signal.SIGKILL)
        deadline, gone = self._loop.time() + _AFTER_KILL, False
        while not gone and self._loop.time() < deadline:
            with suppress(asyncio.CancelledError):  # asked once more: nothing is quicker than KILL
                gone = await self._all_gone(deadline - self._loop.time())

    def close(self) -> None:
        """Take the rest of its output and let go of it. It is reaped whenever it exits; killed, if it has not yet."""
        if not self._exited.is_set():
            signal_group(self.pid, signal.SIGKILL)
        if self._grace is not None:
            self._grace.cancel()
        for pipe in self._pipes:
            pipe.drain()
        self.held = self._ends_left()
        for pipe in self._pipes:
            pipe.close()
        self._pipes.clear()  # they know us: a ring would wait for the garbage collector

    async def _all_gone(self, seconds: float) -> bool:
        deadline = self._loop.time() + seconds
        await _within(self._exited.wait(), seconds)
        return self._exited.is_set() and await self._group_gone(deadline - self._loop.time())

    async def _group_gone(self, seconds: float) -> bool:
        deadline = self._loop.time() + seconds
        while signal_group(self.pid, 0) and await self._members() != ():
            if self._loop.time() >= deadline:
                return False
            await _within(asyncio.Event().wait(), _POLL)
        return True

    async def _members(self) -> tuple[int, ...] | None:
        """The living in its group; None when that was not found out in time, or the system has no thread for it."""
        with suppress(TimeoutError, RuntimeError):
            async with asyncio.timeout(_LOOKED):
                return await aside(members, self.pid)
        return None

    def _reaped(self, code: int | None) -> None:
        self.code = code
        self._exited.set()
        self._grace_ends = self._loop.time() + _GRACE
        for pipe in self._pipes:
            pipe.drain()
        if self._ends_left():
            self._grace = self._loop.call_later(_GRACE, self._over.set)
        else:
            self._over.set()

    def _pipe_ended(self) -> None:
        if self._exited.is_set() and not self._ends_left():
            self._over.set()

    def _ends_left(self) -> bool:
        return any(pipe.open for pipe in self._pipes)


async def _within(waiting: Awaitable[object], seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting
