"""The pytest plugin: a fake clock for tests of your own jobs.

async def test_backup_runs_once_in_the_spring_night(asched_clock):
    clock = asched_clock("2026-03-28T12:00+01:00[Europe/Berlin]")
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from asched.testing.clock import FakeClock


@pytest.fixture
def asched_clock() -> Callable[..., FakeClock]:
    """Makes fake clocks: `asched_clock(start)`, an aware datetime or an ISO text with an optional [Zone]."""

    def make(start: str | datetime = "2026-01-01T00:00Z") -> FakeClock:
        from asched.testing.clock import FakeClock  # only for those who use it

        return FakeClock(start)

    return make
