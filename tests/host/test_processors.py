"""Who had the processors, by what the kernel counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from asched.host.processors import Shares, Spent, shares, spent, spent_by

LINE = "cpu  100 50 30 700 20 5 5 10 40 0"  # guests' 40 are in the first column


def test_a_line_of_the_kernel_is_seconds_of_all_processors() -> None:
    assert spent_by(LINE, 100, 0.5) == Spent(own=0.5, total=9.2, idle=7.2, stolen=0.1)


@pytest.mark.parametrize("line", ["", "cpu", "cpu0 1 2 3 4 5 6 7 8", "cpu 1 2 3 4", "cpu a b c d e f g h"])
def test_a_line_that_says_something_else_says_nothing(line: str) -> None:
    assert spent_by(line, 100, 0.5) is None


def test_where_the_system_does_not_say_nothing_is_known(tmp_path: Path) -> None:
    assert spent(tmp_path / "stat") is None


@pytest.mark.parametrize(
    ("own", "idle", "stolen", "expected"),
    [
        (2.0, 8.0, 0.0, Shares(0.0, 0.0)),
        (2.0, 3.0, 1.0, Shares(0.4, 0.1)),
        (2.5, 8.0, 0.0, Shares(0.0, 0.0)),
        (0.0, 0.0, 0.0, Shares(1.0, 0.0)),
    ],
    ids=["only we", "others too", "counted in coarse ticks", "all others"],
)
def test_what_was_neither_idle_nor_ours_nor_stolen_others_had(
    own: float, idle: float, stolen: float, expected: Shares
) -> None:
    found = shares(Spent(1.0, 100.0, 50.0, 3.0), Spent(1.0 + own, 110.0, 50.0 + idle, 3.0 + stolen))
    assert found is not None
    assert (found.others, found.stolen) == pytest.approx((expected.others, expected.stolen))


@pytest.mark.parametrize("after", [None, Spent(2.0, 100.0, 50.0, 3.0)])
def test_no_time_has_no_shares(after: Spent | None) -> None:
    assert shares(Spent(1.0, 100.0, 50.0, 3.0), after) is None
    assert shares(None, Spent(1.0, 100.0, 50.0, 3.0)) is None
