"""When descriptors can be read: all that the children of a runner have open, behind one reader of the loop."""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

Ready = Callable[[bool], None]  # told whether it is at its end and empty, as far as that is known


class Readiness:
    """An epoll set of our own, open while something is watched. Three descriptors come and go with every command, and
    the loop's own set takes several times as long for each. Where there is no epoll (macOS), the loop's it is."""

    def __init__(self) -> None:
        self._watched: dict[int, Ready] = {}
        self._set: select.epoll | None = None

    def watch(self, fd: int, ready: Ready) -> None:
        """Call `ready`, on the loop, whenever there is something to read, and then again while there is. Raises OSError
        when the system lets us watch no more."""
        if not hasattr(select, "epoll"):
            asyncio.get_running_loop().add_reader(fd, ready, False)
            return
        watching = self._set or self._open()
        try:
            watching.register(fd, select.EPOLLIN)
        except OSError:
            self._close_if_idle()
            raise
        self._watched[fd] = ready

    def forget(self, fd: int) -> None:
        """Call nobody about it any more. It is still open: once it is closed, its number may be another's."""
        if self._set is None:
            asyncio.get_running_loop().remove_reader(fd)
        elif self._watched.pop(fd, None):
            self._set.unregister(fd)
            self._close_if_idle()

    def _open(self) -> select.epoll:
        opened = select.epoll()
        try:
            asyncio.get_running_loop().add_reader(opened.fileno(), self._look)
        except OSError:
            opened.close()
            raise
        self._set = opened
        return opened

    def _close_if_idle(self) -> None:
        if self._set is not None and not self._watched:
            asyncio.get_running_loop().remove_reader(self._set.fileno())
            self._set.close()
            self._set = None

    def _look(self) -> None:
        assert self._set is not None
        for fd, event in self._set.poll(0):
            ready = self._watched.get(fd)
            if ready is not None:
                ready(event == select.EPOLLHUP)
