"""The host's metrics: here at once, bounded, and honest about what is unknown."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fake_run import FakeRun

from jobs.host import disk_used, host_metrics, load, memory_used, parse_meminfo, percent

MEMINFO = "MemTotal:       16000 kB\nMemFree:  100 kB\nMemAvailable:   12000 kB\nHugePages_Total: 0\n"


@pytest.fixture
def run() -> FakeRun:
    return FakeRun(scheduled_at=datetime(2026, 11, 21, 6, 0, tzinfo=UTC))


def instants(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return [at for (at,) in db.execute("SELECT measured_for FROM host_metrics ORDER BY measured_for")]


def test_a_fresh_machine_gets_a_row_a_result_and_a_line(run: FakeRun, tmp_path: Path) -> None:
    path = tmp_path / "state" / "host.db"
    result = host_metrics(run, str(path), str(tmp_path))
    assert list(result) == ["load_1m", "memory_used_percent", "disk_used_percent"]
    assert 0 <= float(str(result["disk_used_percent"])) <= 100
    assert run.log.lines == [("info", "host.measured", result)]
    assert instants(path) == ["2026-11-21T06:00:00.000+00:00"]


def test_an_instant_has_one_row(run: FakeRun, tmp_path: Path) -> None:
    for _ in range(2):
        host_metrics(run, str(tmp_path / "host.db"))
    assert len(instants(tmp_path / "host.db")) == 1


def test_only_the_newest_rows_stay(run: FakeRun, tmp_path: Path) -> None:
    for _ in range(6):
        run.scheduled_at += timedelta(seconds=10)
        host_metrics(run, str(tmp_path / "host.db"), keep_rows=3)
    assert [at[17:19] for at in instants(tmp_path / "host.db")] == ["40", "50", "00"]


def test_keeping_no_row_is_refused(run: FakeRun, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        host_metrics(run, str(tmp_path / "host.db"), keep_rows=0)


def test_memory_in_use_is_what_is_not_available() -> None:
    assert parse_meminfo(MEMINFO) == 25.0


@pytest.mark.parametrize("text", ["", "MemTotal: 1\n", "MemTotal:\nMemAvailable: 1\n", "MemTotal: 0\nMemAvailable: 0"])
def test_a_meminfo_without_its_numbers_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"MemTotal|percentage"):
        parse_meminfo(text)


def test_without_meminfo_memory_comes_from_posix_or_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {"SC_PHYS_PAGES": 1000, "SC_AVPHYS_PAGES": 400}
    monkeypatch.setattr(os, "sysconf", pages.__getitem__)
    assert memory_used(tmp_path / "none") == 60.0

    def unknown(name: str) -> int:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "sysconf", unknown)
    assert memory_used(tmp_path / "none") is None


def test_an_unobtainable_load_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unobtainable() -> tuple[float, float, float]:
        raise OSError("load averages are unobtainable")

    monkeypatch.setattr(os, "getloadavg", unobtainable)
    assert load() is None


def test_disk_and_percent(tmp_path: Path) -> None:
    assert 0 <= disk_used(tmp_path) <= 100
    assert percent(1, 3) == 33.3
