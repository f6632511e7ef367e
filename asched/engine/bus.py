"""The bus: events go out, to listeners that can neither slow nor harm what they listen to."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager

Event = Mapping[str, object]
Listener = Callable[[Event], None]

KEPT = 10_000  # events that one slow reader may lag behind before it loses the oldest


class Bus:
    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._streams: list[Subscription] = []
        self._closed = False

    @property
    def heard(self) -> bool:
        """Is anybody listening? When not, events need not even be made."""
        return bool(self._listeners)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event, on the loop. Returns what ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def publish(self, event: Event) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception as error:  # a bad listener harms only itself
                self._drop(listener, error, event)

    def _drop(self, listener: Listener, error: Exception, at: Event) -> None:
        if listener not in self._listeners:
            return  # it ended itself, or was dropped when another was
        self._listeners.remove(listener)
        self.publish({"type": "listener.dropped", **_when(at), "error": f"{type(error).__name__}: {error}"})

    def stream(self) -> Stream:
        """All events from now on, until `close`. A reader that lags behind by more than KEPT loses the oldest, and is
        told."""
        return Stream(*self._subscribed())

    @contextmanager
    def subscribe(self) -> Iterator[Subscription]:
        """What happens within it waits to be read."""
        subscription, end = self._subscribed()
        try:
            yield subscription
        finally:
            end()

    def _subscribed(self) -> tuple[Subscription, Callable[[], None]]:
        """A subscription from now on, and what ends it."""
        subscription = Subscription()
        deaf = self.listen(subscription.take)
        self._streams.append(subscription)
        if self._closed:
            subscription.end()

        def end() -> None:
            deaf()
            if subscription in self._streams:
                self._streams.remove(subscription)
                subscription.end()

        return subscription, end

    def close(self) -> None:
        """Nothing more will happen: every stream ends once it is read."""
        self._closed = True
        for subscription in self._streams:
            subscription.end()


class Stream(AsyncIterator[Event]):
    """Events, for `async for`. It hears from when it is made, and is deaf once it is closed, or nobody holds it."""

    def __init__(self, subscription: Subscription, end: Callable[[], None]) -> None:
        self._subscription = subscription
        self._end = weakref.finalize(self, end)
        self._end.atexit = False

    async def __anext__(self) -> Event:
        event = await self._subscription.next() if self._end.alive else None
        if event is None:
            self._end()
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Hear nothing more. Whoever waits for the next event comes to the end."""
        self._end()


class Subscription:
    def __init__(self) -> None:
        self._queue: asyncio.Queue[Event | None] = asyncio.Queue(KEPT + 1)
        self._lost = 0
        self._last_lost: Event = {}
        self._ended = False

    def take(self, event: Event) -> None:
        if self._queue.qsize() >= KEPT:
            self._last_lost = self._queue.get_nowait() or {}
            self._lost += 1
        self._queue.put_nowait(event)

    def end(self) -> None:
        if not self._ended:
            self._ended = True
            self._queue.put_nowait(None)  # there is always room for that

    async def next(self) -> Event | None:
        """The next event, or None when there will be no more."""
        if self._lost:
            lost, self._lost = self._lost, 0
            return {"type": "events.lost", **_when(self._last_lost), "count": lost}
        return await self._queue.get()


def _when(event: Event) -> Event:
    """The instant of another event, as one that comes of it has it."""
    return {"at": event["at"]} if "at" in event else {}
