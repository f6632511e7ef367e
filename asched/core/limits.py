"""The limits that all jobs share: what the configuration, or the Scheduler, was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asched.core.permits import SERVICE, Permit
from asched.core.recovery import RECOVERY, Recovery


@dataclass(frozen=True, slots=True)
class Limits:
    """`running`: so many runs at once; None: no limit. `pools`: places by name."""

    running: int | None = None
    pools: Mapping[str, int] = field(default_factory=dict, hash=False)
    recovery: Recovery = field(default_factory=Recovery)

    def capacities(self) -> dict[Permit, int]:
        """How many may hold each permit at the same time."""
        of_all = {RECOVERY: self.recovery.at_once} | ({} if self.running is None else {SERVICE: self.running})
        return {**of_all, **{("pool", name): places for name, places in self.pools.items()}}
