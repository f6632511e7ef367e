"""Which bars are met, and what is said of those that are not."""

from __future__ import annotations

import math

import pytest
from results import RATE, entry, result

from benchmarks.bars import BARS, HIGH, Bar
from benchmarks.contestants import contestant
from benchmarks.judging import bar_values, bars_table, judged
from benchmarks.workloads import NAMES, workload

LATE = Bar("late", "burst", "asched_memory", "ms", 30, "ms", 20)
FAST = Bar("fast", "spawn", "asched_commands", "runs_s", 0.75, "× limit", sense=HIGH, against="bare_process")


def verdict(bar, *results):
    (only,) = judged(results, [bar])
    return only.verdict


def test_each_bar_is_of_a_workload_a_contestant_and_a_metric_that_there_are():
    for bar in BARS:
        assert bar.workload in NAMES, bar.what
        assert hasattr(contestant(bar.contestant), bar.workload), bar.what
        assert bar.metric in {metric.key for metric in workload(bar.workload).METRICS}, bar.what
        assert not bar.against or hasattr(contestant(bar.against), bar.workload), bar.what


def test_each_bar_has_a_case_in_a_whole_run():
    for bar in BARS:
        cases = workload(bar.workload).cases(quick=False)
        assert any(bar.case in case.name for case in cases), bar.what


def test_every_workload_but_those_that_only_show_has_a_bar():
    assert {*NAMES} - {bar.workload for bar in BARS} == {"recovery", "history"}


def test_a_bar_compares_the_median_of_the_rounds():
    assert verdict(LATE, result(entry("asched_memory", {"ms": 10}, {"ms": 29}, {"ms": 900}))) == "met"
    assert verdict(LATE, result(entry("asched_memory", {"ms": 10}, {"ms": 90}, {"ms": 900}))) == "missed, 3.0 ×"


def test_the_worst_case_counts():
    cases = [result(entry("asched_memory", {"ms": ms}), case=f"{ms} jobs") for ms in (10, 60, 20)]
    assert verdict(LATE, *cases) == "missed, 2.0 ×"


def test_a_case_without_a_figure_does_not_let_a_bar_be_met():
    cases = [result(entry("asched_memory", {"ms": ms}), case=f"{ms} jobs") for ms in (10, math.nan)]
    assert verdict(LATE, *cases) == "not measured: no figure where instants were missed"


def test_a_bar_may_be_a_share_of_the_limit():
    limit = entry("bare_process", {"runs_s": 1000})
    ours = [entry("asched_commands", {"runs_s": runs}) for runs in (800, 500)]
    assert verdict(FAST, result(ours[0], limit, workload="spawn", metrics=RATE)) == "met"
    assert verdict(FAST, result(ours[1], limit, workload="spawn", metrics=RATE)) == "missed, 1.5 ×"


def test_a_share_of_a_limit_that_failed_is_not_measured():
    absent = entry("bare_process", absent="failed: boom")
    ours = entry("asched_commands", {"runs_s": 800})
    assert verdict(FAST, result(ours, absent, workload="spawn")).startswith("not measured")


def test_a_bar_may_be_a_multiple_of_another_case():
    bar = Bar("large", "spawn", "asched_commands", "us", 1.5, "× small", case="1 GB", against_case="small")
    cases = [
        result(entry("asched_commands", {"us": us}), workload="spawn", case=case)
        for case, us in (("small", 100), ("1 GB", 200))
    ]
    assert verdict(bar, *cases) == "missed, 1.3 ×"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (entry("asched_memory", absent="failed: boom"), "not measured: failed: boom"),
        (entry("other", {"ms": 1}), "not measured: asched has no such case"),
    ],
)
def test_what_was_not_measured_says_why(found, expected):
    assert verdict(LATE, result(found)) == expected


def test_a_case_that_this_run_left_out_is_said():
    bar = Bar("late", "burst", "asched_memory", "ms", 30, "ms", case="25,000")
    assert verdict(bar, result(entry("asched_memory", {"ms": 1}))) == "not measured: no such case in this run"


def test_a_number_of_jobs_is_not_mistaken_for_the_end_of_a_larger_one():
    bar = Bar("late", "burst", "asched_memory", "ms", 30, "ms", case="1,000 jobs")
    assert verdict(bar, result(entry("asched_memory", {"ms": 1}), case="101,000 jobs")).startswith("not measured")


def test_a_case_may_have_its_number_anywhere():
    bar = Bar("late", "burst", "asched_memory", "ms", 30, "ms", case="1 GB")
    assert verdict(bar, result(entry("asched_memory", {"ms": 1}), case="a parent of 1 GB")) == "met"


def test_bars_of_workloads_that_were_not_asked_for_are_left_out():
    assert judged([result(entry("asched_memory", {"ms": 1}), workload="idle")], [LATE]) == []


def test_zero_is_a_bar_too():
    bar = Bar("missed", "burst", "asched_memory", "ms", 0, "%")
    assert verdict(bar, result(entry("asched_memory", {"ms": 0}))) == "met"
    assert verdict(bar, result(entry("asched_memory", {"ms": 0.1}))) == "missed"


def beside(*entries, bar=LATE, **of):
    (only,) = judged([result(entry(bar.contestant, {"ms": 40, "runs_s": 40}), *entries, **of)], [bar])
    return only.peer and (only.peer.title, only.peer.cost), only.limit and (only.limit.title, only.limit.cost)


def test_beside_a_bar_stand_the_best_peer_and_the_limit_of_the_same_case():
    peers = [entry("slow", {"ms": 200}), entry("quick", {"ms": 10}, {"ms": 20}, {"ms": 400})]
    assert beside(*peers, entry("bare_heap", {"ms": 4}), entry("asched_sqlite", {"ms": 1})) == (
        ("quick", 0.5),
        ("bare_heap", 0.1),
    )


def test_where_more_is_better_who_does_half_costs_twice_as_much():
    rate = Bar("fast", "spawn", "asched_commands", "runs_s", 10, "runs/s", sense=HIGH)
    assert beside(entry("half", {"runs_s": 20}), bar=rate, workload="spawn", metrics=RATE) == (("half", 2.0), None)


@pytest.mark.parametrize("failing", ["missed_pct", "lost_pct"])
def test_who_did_not_do_the_work_is_no_peer(failing):
    assert beside(entry("quick", {"ms": 1, failing: 0}, {"ms": 1, failing: 3}), entry("slow", {"ms": 80})) == (
        ("slow", 2.0),
        None,
    )


def test_beside_nothing_there_is_no_ratio():
    (only,) = judged([result(entry("asched_memory", {"ms": 0}), entry("quick", {"ms": 1}))], [LATE])
    assert only.peer is None
    assert beside(entry("none", {"ms": 0}), entry("gone", absent="failed")) == (None, None)


def test_the_table_and_the_values_say_bar_aim_found_verdict_and_who_is_beside():
    others = entry("quick", {"ms": 90}), entry("bare_heap", {"ms": 9})
    found = judged([result(entry("asched_memory", {"ms": 45}), *others)], [LATE])
    assert bars_table(found).splitlines()[2:] == [
        "|      |     bar | aim | found | verdict       | best peer, × asched | limit, × asched |",
        "|------|--------:|----:|------:|---------------|---------------------|----------------:|",
        "| late | ≤ 30 ms |  20 | 45 ms | missed, 1.5 × | 2, quick            |             0.2 |",
    ]
    (value,) = bar_values(found)
    assert (value["found"], value["met"], value["limit"], value["unit"]) == (45, False, 30, "ms")
    assert value["beside"] == {"peer": {"title": "quick", "cost": 2.0}, "limit": {"title": "bare_heap", "cost": 0.2}}
