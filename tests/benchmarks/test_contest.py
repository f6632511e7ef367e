"""A contestant that fails says so; the contest goes on."""

from __future__ import annotations

import sys

import pytest
from results import entry, result

from benchmarks import contest
from benchmarks.contest import LEFT_OUT, read_answer
from benchmarks.contestants import NAMES as CONTESTANTS
from benchmarks.contestants import contestant
from benchmarks.workloads import NAMES as WORKLOADS
from benchmarks.workloads import Case, workload


@pytest.mark.parametrize(
    ("code", "out", "said", "expected"),
    [
        (0, 'warming up\n{"ms": 1.5}\n', "", {"ms": 1.5}),
        (0, '{"absent": "no cron on this machine"}\n', "", "no cron on this machine"),
        (0, "", "", "failed: it ended well, and gave no figures"),
        (0, "good bye\n", "", "failed: it ended well, and gave no figures"),
        (1, "", "Traceback\nImportError: no module named x\n", "failed: ImportError: no module named x"),
        (-9, "", "", "failed: without a word"),
    ],
)
def test_what_a_child_says_is_figures_or_why_there_are_none(code, out, said, expected):
    assert read_answer(code, out, said) == expected


def test_a_child_that_says_nothing_is_ended_and_named():
    assert contest._answer([sys.executable, "-c", "import time; time.sleep(60)"], 0.2) == "gave no answer within 0 s"


def test_no_setting_of_the_interpreter_that_we_run_in_reaches_a_child():
    found = contest.surroundings({"PATH": "/bin", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONDEVMODE": "1"})
    assert found.pop("PYTHONPYCACHEPREFIX").endswith("bytecode")
    assert found == {"PATH": "/bin"}


def test_each_contestant_plays_in_workloads_that_there_are_and_says_what_it_does_not_do():
    for name in CONTESTANTS:
        module = contestant(name)
        plays = {workload for workload in WORKLOADS if hasattr(module, workload)}
        assert plays, name
        told = {*module.NOTES, *getattr(module, "CASES", {}), *getattr(module, "SLOW", ())}
        assert told <= plays, name
        assert plays <= set(module.NOTES), name


@pytest.mark.parametrize("name", WORKLOADS)
def test_each_workload_has_asched_in_it(name):
    for case in workload(name).cases(quick=False):
        entries = contest._entries(name, case, quick=False)
        if case.name != "synchronous NORMAL":  # asched's ledger is always FULL
            assert any(contest.is_ours(entry) for entry in entries), case.name


def test_quick_leaves_out_what_is_slow_and_says_so():
    (case,) = workload("shell").cases(quick=True)
    absent = {entry.name: entry.absent for entry in contest._entries("shell", case, quick=True)}
    assert absent["debian_cron"] == LEFT_OUT
    assert absent["asched_commands"] == ""


def test_rounds_go_forwards_and_backwards_and_a_case_may_have_fewer(monkeypatch):
    turns = []
    monkeypatch.setattr(contest, "_take_turn", lambda entry, *more: turns.append(entry.name))
    found = result(entry("a"), entry("b"), entry("c", absent="not installed"))
    contest._hold(found, Case("of two rounds", rounds=2), 3, contest.Environments())
    assert turns == ["a", "b", "b", "a"]
