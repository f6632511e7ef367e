"""Durations and instants as people read them; and what is said when the fault is ours."""

from __future__ import annotations

import os
import pwd
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from clifolder import Folder

from asched.cli import runs, show
from asched.core.localtime.cron import Cron


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0ms"), (0.0124, "12ms"), (0.9994, "999ms"), (0.9996, "1.0s"), (3.44, "3.4s"), (59.94, "59.9s"),
        (59.96, "1m00s"), (125, "2m05s"), (3599.6, "1h00m"), (11_520, "3h12m"), (86_400, "1d00h"),
        (352_800, "4d02h"), (-0.5, "-500ms"), (-75, "-1m15s"),
    ],
)  # fmt: skip
def test_durations_are_short(seconds: float, said: str) -> None:
    assert show.took(timedelta(seconds=seconds)) == said


def test_what_did_not_happen_is_a_dash() -> None:
    assert (show.took(None), show.when(None, ZoneInfo("UTC"))) == ("-", "-")


def test_the_hour_that_comes_twice_is_told_apart_by_its_offset() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    instants = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert [show.when(at, berlin) for at in instants] == ["2026-10-25 02:30:00+02:00", "2026-10-25 02:30:00+01:00"]


def test_nobody_is_told_the_next_command_who_does_not_sit_there(filled: Folder) -> None:
    for verb in ("list", "runs", "next", "check"):
        assert "next: " not in filled.asched(verb).err


def test_one_bad_trigger_does_not_hide_the_other_jobs(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Cron.next_after

    def sometimes(cron: Cron, instant: datetime) -> datetime | None:
        if cron.expression.startswith("0 9 "):
            raise ZeroDivisionError
        return real(cron, instant)

    monkeypatch.setattr(Cron, "next_after", sometimes)
    due = {one["name"]: one["next_at"] for one in folder.asched("list", "--json").json}
    assert due["rates"] is None
    assert due["tick"] is not None


def test_a_user_without_a_name_has_a_number(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in containers that run as any uid."""

    def unknown(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert folder.asched("pause", "tick").code == 0
    assert folder.asched("show", "tick", "--json").json["paused"]["by"] == f"uid {os.getuid()}"


def test_a_fault_of_our_own_says_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_read", None)
    said = folder.asched("runs")
    assert said.code == 70
    assert said.err.endswith("this is a fault of asched itself; please report it with the lines above\n")
