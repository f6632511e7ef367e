"""What is inside of `--json`: the objects within objects, instants with their offset, durations in seconds.

The keys at the top, verb by verb, are held to the documentation by test_cli_reference.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from clifolder import Folder

FIRE = """run job version scheduled_at due_at origin caught_up state decided_at reason facts attempt started_at
finished_at duration_s lateness_s outcome error exit_code result"""
COURSE = """job takes_s past_runs fires uncounted started caught_up waited still_waiting longest_wait_s busy_s
outcomes skipped"""
POLICIES = """grace catch_up catch_up_window catch_up_max overlap max_instances queue_max key cooldown pool
exclusive on_resume timeout run_timeout kill_after retry
pause_after probe_after quarantine idempotent wait poll jitter priority"""


@pytest.mark.parametrize(
    ("arguments", "path", "keys"),
    [
        (["list"], "0.last", FIRE),
        (["show", "tick"], "runs.0", FIRE),
        (["show", "rates"], "policies", POLICIES),
        (["show", "rates"], "policies.retry", "attempts delay factor max_delay jitter on"),
        (["pause", "tick", "--for", "1h"], "", "job paused until jobs"),
        (["simulate", "--days", "1"], "jobs.0", COURSE),
        (["simulate", "--days", "1"], "peak", "at runs jobs"),
        (["simulate", "--days", "1"], "busiest.0", "at runs jobs"),
    ],
)
def test_the_keys_are_these_in_this_order(filled: Folder, arguments: list[str], path: str, keys: str) -> None:
    found = filled.asched(*arguments, "--json").json
    for part in filter(None, path.split(".")):
        found = found[int(part)] if part.isdigit() else found[part]
    assert list(found) == keys.split()


def test_a_pause(filled: Folder) -> None:
    filled.asched("pause", "tick", "--for", "1h")
    assert list(filled.asched("list", "--json").json[0]["paused"]) == ["by", "reason", "since", "until"]


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, key)
    else:
        yield key, value


@pytest.mark.parametrize("arguments", [["list"], ["show", "tick"], ["next"], ["runs", "--skipped"], ["logs", "tick"]])
def test_times_have_their_offset_and_durations_are_seconds(filled: Folder, arguments: list[str]) -> None:
    for key, value in leaves(filled.asched(*arguments, "--json").json):
        if value is not None and (key.endswith("_at") or key in ("at", "since", "until", "upcoming")):
            assert datetime.fromisoformat(value).utcoffset() is not None, key
        if value is not None and key.endswith("_s"):
            assert isinstance(value, int | float), key
