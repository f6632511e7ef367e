"""Daemon threads of our own: unlike concurrent.futures' they never hold up the interpreter's exit (FAULTS 26).

All state is touched on the loop's thread only; a worker hands its result over with call_soon_threadsafe.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue

from asched.core.outcome import Outcome

Work = Callable[[], Outcome]


class Call:
    """One piece of work in a thread. `released` is set on the loop once it is over, or given up."""

    __slots__ = ("error", "loop", "name", "outcome", "released", "stopping", "work")

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self.work = work
        self.loop = asyncio.get_running_loop()
        self.released = asyncio.Event()
        self.outcome: Outcome | None = None
        self.error: BaseException | None = None
        self.stopping = False


class Threads:
    """At most `limit` threads at work, those given up aside; `keep` idle ones stay for the next."""

    def __init__(self, limit: int = 64, keep: int = 8) -> None:
        self._limit = limit
        self._free = asyncio.Semaphore(limit)  # fair: first come, first served
        self._keep = keep
        self._idle: list[_Worker] = []
        self._busy: set[Call] = set()
        self._leaked: set[Call] = set()
        self._closed = False

    @property
    def busy(self) -> int:
        """Threads at work for somebody."""
        return len(self._busy)

    def leaked(self, name: str | None = None) -> int:
        """Threads still at work that were given up on, all or those named so."""
        return sum(name is None or call.name == name for call in self._leaked)

    async def start(self, name: str, work: Work) -> Call:
        """Have `work` done, after waiting for a free thread. Raises RuntimeError when the system has none."""
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

    def stop(self, call: Call, patience: float) -> None:
        """Release it after `patience` seconds, or when all is closed, whether it is over or not."""
        call.stopping = True
        if self._closed:
            self._give_up(call)
        else:
            call.loop.call_later(patience, self._give_up, call)

    def _give_up(self, call: Call) -> None:
        """Its place is free for others; the thread itself cannot be stopped."""
        if call in self._busy:
            self._busy.remove(call)
            self._leaked.add(call)
            self._free.release()
            call.released.set()

    def finished(self, worker: _Worker, call: Call) -> None:
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
        super().__init__(name="asched job", daemon=True)
        self.inbox: SimpleQueue[Call | None] = SimpleQueue()
        self._threads = threads
        self.start()

    def run(self) -> None:
        while (call := self.inbox.get()) is not None:
            self.name = f"asched job {call.name}"
            try:
                call.outcome = call.work()
            except BaseException as error:  # a fault of ours: handed over, or the run would wait for ever
                call.error = error
            try:
                call.loop.call_soon_threadsafe(self._threads.finished, self, call)
            except RuntimeError:  # the loop is closed: nobody is left to be told
                return
            del call
