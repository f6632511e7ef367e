"""Daemon threads of our own: unlike concurrent.futures' they never hold up the interpreter's exit (FAULTS 26).

All state is touched on the loop's thread only; a worker hands its result over with call_soon_threadsafe.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class NoThread(RuntimeError):
    """The system lets this process have no more threads."""


def begin(thread: threading.Thread) -> None:
    """Start it. Raises NoThread."""
    try:
        thread.start()
    except RuntimeError as error:
        raise NoThread(f"no thread could be started: {error}") from error


class Call(Generic[T]):
    """One piece of work in a thread. `released` is set on the loop once it is over, or given up."""

    __slots__ = ("_result", "error", "loop", "name", "released", "stopping", "work")

    def __init__(self, name: str, work: Callable[[], T]) -> None:
        self.name = name
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.released = asyncio.Event()
        self.error: BaseException | None = RuntimeError(f"{name} was given up")
        self.stopping = False
        self._result: T

    def do(self) -> None:
        """In the thread."""
        try:
            self._result = self.work()
            self.error = None
        except BaseException as error:  # handed over: who waits for it would wait for ever
            self.error = error

    def result(self) -> T:
        """What came of it, once released; what it raised is raised."""
        if self.error is not None:
            raise self.error
        return self._result

    async def wait(self) -> None:
        """Until it is released, even if the waiting task is asked to stop: it may look at that afterwards."""
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                continue


class Threads:
    """At most `limit` threads at work, those given up aside; `keep` idle ones stay for the next."""

    def __init__(self, limit: int = 64, keep: int = 8) -> None:
        self._limit = limit
        self._free = asyncio.Semaphore(limit)  # fair: first come, first served
        self._keep = keep
        self._idle: list[_Worker] = []
        self._busy: set[Call[Any]] = set()
        self._leaked: set[Call[Any]] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """Threads at work for somebody."""
        return len(self._busy)

    def leaked(self, name: str | None = None) -> int:
        """Threads still at work that were given up on, all or those named so."""
        return sum(name is None or call.name == name for call in self._leaked)

    async def start(self, name: str, work: Callable[[], T]) -> Call[T]:
        """Have `work` done, after waiting for a free thread. Raises NoThread when the system has none."""
        await self._free.acquire()
        call = Call(name, work)
        try:
            worker = self._idle.pop() if self._idle else _Worker(self)
        except BaseException:
            self._free.release()
            raise
        self._busy.add(call)
        worker.inbox.put(call)
        return call

    def stop(self, call: Call[Any], patience: float) -> None:
        """Release it after `patience` seconds, or when all is closed, whether it is over or not."""
        call.stopping = True
        if self._closed:
            self._give_up(call)
        else:
            call.loop.call_later(patience, self._give_up, call)

    def _give_up(self, call: Call[Any]) -> None:
        """Its place is free for others; the thread itself cannot be stopped."""
        if call in self._busy:
            self._busy.remove(call)
            self._leaked.add(call)
            self._free.release()
            call.released.set()

    def finished(self, worker: _Worker, call: Call[Any]) -> None:
        """On the loop: the worker has done this call."""
        if call in self._busy:
            self._busy.remove(call)
            self._free.release()
        self._leaked.discard(call)
        call.released.set()
        if self._closed or len(self._idle) >= self._keep:
            worker.inbox.put(None)
        else:
            self._idle.append(worker)

    def close(self) -> None:
        self._closed = True
        while self._idle:
            self._idle.pop().inbox.put(None)
        for call in [call for call in self._busy if call.stopping]:
            self._give_up(call)


class _Worker(threading.Thread):
    def __init__(self, threads: Threads) -> None:
        super().__init__(name="asched", daemon=True)
        self.inbox: SimpleQueue[Call[Any] | None] = SimpleQueue()
        self._threads = threads
        begin(self)

    def run(self) -> None:
        while (call := self.inbox.get()) is not None:
            self.name = f"asched {call.name}"
            call.do()
            try:
                call.loop.call_soon_threadsafe(self._threads.finished, self, call)
            except RuntimeError:  # the loop is closed: nobody is left to be told
                return
            del call
