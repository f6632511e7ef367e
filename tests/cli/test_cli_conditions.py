"""What jobs depend on, in config.toml and on the command line: told before, and told when it was not so."""

from __future__ import annotations

import pytest
from clifolder import Folder

JOBS = """
[service]
jobs = []

[[job]]
name = "rates"
schedule = "daily at 08:00"
command = ["true"]

[[job]]
name = "alarm"
after = { rates = "failed" }
command = ["true"]

[[job]]
name = "invoice"
schedule = "daily at 08:30"
needs = { job = "rates", within = "6h" }
wait = "until 10:00"
command = ["true"]

[[job]]
name = "export"
schedule = "daily at 09:00"
only_if = ["network", "own_conditions:is_open"]
unless = "path /out/{scheduled_at:%F}.csv exists"
command = ["true"]
"""


@pytest.fixture
def depending(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> Folder:
    (folder.config.parent / "own_conditions.py").write_text("async def is_open():\n    return True\n")
    monkeypatch.syspath_prepend(str(folder.config.parent))
    folder.config.write_text(JOBS)
    return folder


def test_list_says_what_must_hold_besides_the_time(depending: Folder) -> None:
    found = {one["name"]: one for one in depending.asched("list", "--json").json}
    assert {name: one["explained"] for name, one in found.items()} == {
        "rates": "every day at 08:00",
        "alarm": "after rates failed",
        "invoice": "every day at 08:30, if rates succeeded within 6h, waiting until 10:00",
        "export": "every day at 09:00, if network, if own_conditions:is_open, "
        "unless path /out/{scheduled_at:%F}.csv exists",
    }
    assert (found["alarm"]["after"], found["alarm"]["wished"]) == (["rates"], {"rates": "failed"})
    assert found["invoice"]["needs"] == [{"job": "rates", "within_s": 21600.0}]


def test_next_says_what_must_hold_then(depending: Folder) -> None:
    said = depending.asched("next", "--at", "2026-06-01T08:30", "--until", "2026-06-02T08:30").out
    export, rates, alarm, invoice = (" ".join(line.split()) for line in said.splitlines()[1:])
    assert " export if network, if own_conditions:is_open, unless path /out/" in export
    assert rates.endswith(" rates")
    assert alarm == "alarm after rates failed"
    assert invoice.endswith(" invoice if rates succeeded within 6h, waiting until 10:00")


def test_show_says_how_long_it_waits(depending: Folder) -> None:
    lines = [" ".join(line.split()) for line in depending.asched("show", "invoice").out.splitlines()]
    assert "wait until 10:00" in lines
    assert "schedule every day at 08:30, if rates succeeded within 6h, waiting until 10:00" in lines
    assert depending.asched("show", "invoice", "--json").json["policies"]["wait"] == "until 10:00"


def test_check_names_all_that_is_wrong_at_its_line(depending: Folder) -> None:
    bad = JOBS.replace('"network"', '"wifi"').replace('job = "rates"', 'job = "rate"').replace('"failed"', '"fails"')
    depending.config.write_text(bad)
    said = depending.asched("check")
    assert said.code == 4
    for one in (
        'config.toml:12:19  error  job "alarm": after.rates must be "succeeded", "failed" or "ended", not "fails"',
        'config.toml:25:12  error  job "export": only_if[0]: "wifi" is not a condition that asched knows',
    ):
        assert one in said.out
