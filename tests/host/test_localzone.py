"""What the machine calls local, from wherever it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from asched.errors import ScheduleError
from asched.host.localzone import local_zone_key


@pytest.fixture(autouse=True)
def no_tz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)


@pytest.mark.parametrize(
    ("tz", "expected"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("UTC", "UTC"),
    ],
)
def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tz: str, expected: str) -> None:
    (tmp_path / "timezone").write_text("America/New_York\n")
    monkeypatch.setenv("TZ", tz)
    assert local_zone_key(tmp_path) == expected


def test_then_the_link(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Australia/Lord_Howe")
    (tmp_path / "timezone").write_text("America/New_York\n")
    assert local_zone_key(tmp_path) == "Australia/Lord_Howe"


def test_then_the_file(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"TZif2")
    (tmp_path / "timezone").write_text("America/New_York # set by hand\n")
    assert local_zone_key(tmp_path) == "America/New_York"


def test_a_machine_that_says_nothing_is_on_utc(tmp_path: Path) -> None:
    assert local_zone_key(tmp_path) == "UTC"


@pytest.mark.parametrize("tz", ["CET-1CEST,M3.5.0,M10.5.0/3", "Nowhere/Land"])
def test_a_zone_that_iana_does_not_know_is_refused(monkeypatch: pytest.MonkeyPatch, tz: str) -> None:
    monkeypatch.setenv("TZ", tz)
    with pytest.raises(ScheduleError, match="no IANA key"):
        local_zone_key()
