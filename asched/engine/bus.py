"""The bus: events go out, to listeners that can neither slow nor harm what they listen to."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from asched.core.dataclass import dataclass

Event = Mapping[str, object]
Listener = Callable[[Event], None]

KEPT = 10_000  # events that one slow reader may lag behind before it loses the oldest


@dataclass(frozen=True, slots=True, eq=False)
class _Ear:
    listener: Listener
    only: frozenset[str] | None
    but: frozenset[str]

    def hears(self, kind: str) -> bool:
        return kind not in self.but and (self.only is None or kind in self.only)


class Bus:
    def __init__(self) -> None:
        self._ears: list[_Ear] = []
        self._routes: dict[str, tuple[_Ear, ...]] = {}  # of each type of event that was asked about
        self._streams: list[Subscription] = []
        self._closed = False

    @property
    def heard(self) -> bool:
        """Is anybody listening? When not, events need not even be made."""
        return bool(self._ears)

    def hears(self, kind: str) -> bool:
        """Does anybody want events of this type? When not, they need not even be made."""
        return bool(self._who_hears(kind))

    def listen(
        self, listener: Listener, *, only: Collection[str] | None = None, but: Collection[str] = ()
    ) -> Callable[[], None]:
        """Call `listener` with each event, on the loop: with those of these types `only`, and all `but` those. Returns
        what ends it."""
        ear = _Ear(listener, None if only is None else frozenset(only), frozenset(but))
        self._ears.append(ear)
        self._routes.clear()
        return lambda: self._end(ear)

    def publish(self, event: Event) -> None:
        for ear in self._who_hears(str(event.get("type"))):
            try:
                ear.listener(event)
            except Exception as error:  # a bad listener harms only itself
                self._drop(ear, error, event)

    def _who_hears(self, kind: str) -> tuple[_Ear, ...]:
        ears = self._routes.get(kind)
        if ears is None:
            ears = self._routes[kind] = tuple(ear for ear in self._ears if ear.hears(kind))
        return ears

    def _end(self, ear: _Ear) -> None:
        if ear in self._ears:
            self._ears.remove(ear)
            self._routes.clear()

    def _drop(self, ear: _Ear, error: Exception, at: Event) -> None:
        if ear not in self._ears:
            return  # it ended itself, or was dropped when another was
        self._end(ear)
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
