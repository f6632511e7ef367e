"""Syncs and commits are timed one by one, for so long, on a clock that goes one second further at each look."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from asched.engine.clock import Clock, SystemClock
from asched.errors import LedgerUnusable
from asched.ledger import pace
from asched.ledger.pace import commit_times, sync_times

Timed = Callable[[Path, Clock, float], list[timedelta]]


class Counting(SystemClock):
    def __init__(self) -> None:
        self._looks = count()

    def monotonic(self) -> float:
        return float(next(self._looks))


@pytest.mark.parametrize("timed", [sync_times, commit_times])
@pytest.mark.parametrize(("seconds", "times"), [(3.0, 3), (2.5, 3), (0.0, 1)])
def test_each_is_timed_until_the_time_is_up_and_one_at_least(
    tmp_path: Path, timed: Timed, seconds: float, times: int
) -> None:
    assert timed(tmp_path, Counting(), seconds) == [timedelta(seconds=1)] * times


def test_each_sync_is_of_a_page_more(tmp_path: Path) -> None:
    sync_times(tmp_path, Counting(), 3)
    assert (tmp_path / "pages").stat().st_size == 3 * 4096


def test_the_file_of_the_syncs_grows_no_further_than_a_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "_PAGES", 2)
    sync_times(tmp_path, Counting(), 5)
    assert (tmp_path / "pages").stat().st_size == 2 * 4096


def test_each_commit_is_a_row_of_its_own(tmp_path: Path) -> None:
    commit_times(tmp_path, Counting(), 3)
    with closing(sqlite3.connect(tmp_path / "rows.db")) as connection:
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (3,)


def test_a_file_system_on_which_no_ledger_may_be_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asched.ledger.ledgerfile.file_system_of", lambda folder, mounts: "nfs4")
    with pytest.raises(LedgerUnusable, match="network"):
        commit_times(tmp_path, Counting(), 3)
