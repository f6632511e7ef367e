"""The teller: says on the bus what has become durable, and remembers what the open fires were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from asched.core.change import Change, Decide, Finish, Promote, Rejected
from asched.core.model import Fire
from asched.core.outcome import Skip
from asched.engine.bus import Bus
from asched.engine.events import events_of


class Teller:
    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._open: dict[int, Fire] = {}

    def know(self, fires: Iterable[Fire]) -> None:
        """Fires that were open before this instance began."""
        self._open.update((fire.id, fire) for fire in fires)

    def tell(self, changes: Sequence[Change], rejected: Sequence[Rejected]) -> None:
        refused = {id(refusal.change) for refusal in rejected if not refusal.fires}
        for change in changes:
            if id(change) in refused:
                continue
            if isinstance(change, Decide):
                self.know(fire for fire, decision in change.fires if not isinstance(decision, Skip))
            if self._bus.heard:
                for event in events_of(change, self._open):
                    self._bus.publish(event)
            self._forget(change)

    def _forget(self, change: Change) -> None:
        if isinstance(change, Finish) or (isinstance(change, Promote) and isinstance(change.decision, Skip)):
            self._open.pop(change.fire, None)
