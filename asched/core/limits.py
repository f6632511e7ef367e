"""The limits that all jobs share: what the configuration, or the Scheduler, was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields
from datetime import timedelta

from asched.core.dataclass import dataclass
from asched.core.permits import SERVICE, Permit
from asched.core.recovery import RECOVERY, Recovery
from asched.core.text.durations import format_duration

_UNSET = Recovery()
_WRITTEN = {"ask_above": "ask"}


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


def written(limits: Limits) -> dict[str, str]:
    """Those that are given, by the name that they have in a configuration, as it writes them."""
    found = {} if limits.running is None else {"max_running": str(limits.running)}
    found |= {f"pool {name}": str(places) for name, places in limits.pools.items()}
    for rule in fields(Recovery):
        value = getattr(limits.recovery, rule.name)
        if value != getattr(_UNSET, rule.name):
            said = format_duration(value) if isinstance(value, timedelta) else str(value)
            found[f"recovery.{_WRITTEN.get(rule.name, rule.name)}"] = said
    return found


def differences(before: Limits, after: Limits) -> list[str]:
    """As in "max_running 4 -> 2", "pool db none -> 3"; of a rule of recovery that is not given any more, "default"."""
    was, is_ = written(before), written(after)
    names = [*was, *(name for name in is_ if name not in was)]
    return [
        f"{name} {was.get(name, _unsaid(name))} -> {is_.get(name, _unsaid(name))}"
        for name in names
        if was.get(name) != is_.get(name)
    ]


def _unsaid(name: str) -> str:
    return "default" if name.startswith("recovery.") else "none"
