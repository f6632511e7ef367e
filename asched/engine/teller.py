"""The teller: says on the bus what has become durable, and remembers what the open fires were."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

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
        if not rejected and not self._bus.heard:
            self._note(changes)
            return
        refusals = {id(refusal.change): refusal for refusal in rejected}
        for change in changes:
            refusal = refusals.get(id(change)) if refusals else None
            if refusal is None:
                self._tell(change)
            elif refusal.fires and isinstance(change, Decide):
                self._tell(_without(change, refusal.fires))

    def _tell(self, change: Change) -> None:
        begins = isinstance(change, Decide)
        if begins:
            self._note((change,))
        if self._bus.heard:
            for event in events_of(change, self._open, self._bus.hears):
                self._bus.publish(event)
        if not begins:
            self._note((change,))

    def _note(self, changes: Sequence[Change]) -> None:
        """What the open fires are, from now on. When nobody listens, that is all there is to do."""
        for change in changes:
            if isinstance(change, Decide):
                for fire, decision in change.fires:
                    if not isinstance(decision, Skip):
                        self._open[fire.id] = fire
            elif isinstance(change, Finish) or (isinstance(change, Promote) and isinstance(change.decision, Skip)):
                self._open.pop(change.fire, None)


def _without(change: Decide, fires: Collection[int]) -> Decide:
    """What stands of it: the others were decided elsewhere."""
    return replace(change, fires=tuple(pair for pair in change.fires if pair[0].id not in fires))
