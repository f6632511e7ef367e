"""What runs print is written while they go on: once for all of them, and soon."""

import pytest
from jobdoubles import a_job

from asched.core.change import Output
from asched.engine.captures import FLUSH_AFTER, Captures
from asched.testing.clock import FakeClock

pytestmark = pytest.mark.anyio


async def test_what_several_runs_print_is_remembered_together():
    clock, remembered = FakeClock("2026-01-01T00:00Z"), []
    captures = Captures(clock, str, remembered.append)
    over, first, second = (captures.open(a_job(), fire, 1) for fire in (1, 2, 3))
    for capture in (over, second, first):
        capture.write("stdout", "one\n")
    captures.close(1, 1, clock.now())
    await clock.advance(FLUSH_AFTER / 2)
    first.write("stdout", "two\n")
    assert remembered == []
    await clock.advance(FLUSH_AFTER / 2)
    (changes,) = remembered
    assert [(change.fire, change.text) for change in changes if isinstance(change, Output)] == [
        (2, "one\ntwo\n"),
        (3, "one\n"),
    ]


async def test_what_is_printed_after_that_is_remembered_as_soon():
    clock, remembered = FakeClock("2026-01-01T00:00Z"), []
    capture = Captures(clock, str, remembered.append).open(a_job(), 1, 1)
    for text in ("one\n", "two\n"):
        capture.write("stdout", text)
        await clock.advance(FLUSH_AFTER)
    assert [change.text for (change,) in remembered] == ["one\n", "two\n"]
