"""What a plan cannot compare, and says so: the limits of all jobs. The ledger holds what jobs say of themselves, not
how many places there were in pools, how many might run at once, or how what is owed was made up for."""

from __future__ import annotations

from collections.abc import Iterator

from asched.cli.foreseen import Load
from asched.core.limits import written


def limits_lines(load: Load) -> Iterator[str]:
    """For people."""
    said = ", ".join(f"{name} {value}" for name, value in written(load.limits).items()) or "none"
    yield f"limits of all jobs are not in the ledger: before and after are simulated with those of now: {said}"
    for name in load.unknown:
        yield f'jobs took places in pool "{name}", which is not defined any more: before is simulated without its limit'


def limits_json(load: Load) -> dict[str, object]:
    """For programs."""
    rules = load.limits.recovery
    return {
        "compared": False,
        "max_running": load.limits.running,
        "pools": dict(load.limits.pools),
        "recovery": {
            "order": str(rules.order),
            "at_once": rules.at_once,
            "pace_s": rules.pace,
            "limit": rules.limit,
            "ask": rules.ask_above,
            "expires_s": rules.expires,
        },
        "unknown_pools": list(load.unknown),
    }
