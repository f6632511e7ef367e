"""The tables: medians, spread, ratios, and who is absent."""

from __future__ import annotations

import math

from results import entry, result

from benchmarks.report import notes, table, values


def lines(*entries):
    return table(result(*entries)).splitlines()[2:]


def test_a_cell_is_the_median_with_its_spread_and_the_ratio_is_to_asched():
    assert lines(
        entry("asched_memory", {"ms": 10.0}, {"ms": 12.0}, {"ms": 20.0}),
        entry("peer", {"ms": 6.0}, {"ms": 6.0}, {"ms": 6.0}),
    ) == [
        "|               |               ms | ms, × asched |",
        "|---------------|-----------------:|-------------:|",
        "| asched_memory | 12.0 (10.0–20.0) |         1.00 |",
        "| peer          |              6.0 |         0.50 |",
    ]


def test_a_figure_that_only_some_rounds_gave_says_so():
    assert "10.0 [1 of 2 rounds]" in lines(entry("asched_memory", {"ms": 10.0}, {"ms": math.nan}))[2]


def test_who_failed_says_absent_and_the_notes_say_why():
    failed = entry("peer", absent="failed: boom")
    assert lines(entry("asched_memory", {"ms": 1.0}), failed)[3].split("|")[2].strip() == "absent"
    assert "- burst, 1,000 jobs, peer: absent: failed: boom" in notes([result(failed)])


def test_a_note_is_told_once_for_all_workloads_of_which_it_holds():
    noted = [result(entry("peer", {"ms": 1.0}), workload=name) for name in ("burst", "tick", "burst")]
    for one in noted:
        one.entries[0].note = "keeps nothing"
    assert notes(noted) == "- burst, tick: peer: keeps nothing"


def test_the_ratio_is_to_the_first_asched_that_has_a_figure():
    ours = entry("asched_memory", absent="left out"), entry("asched_sqlite", {"ms": 4.0})
    assert lines(*ours, entry("peer", {"ms": 8.0}))[-1].endswith("2.00 |")


def test_a_ratio_to_nothing_is_no_ratio():
    assert lines(entry("asched_memory", {"ms": 0.0}), entry("peer", {"ms": 1.0}))[3].endswith("– |")


def test_values_have_each_round():
    (only,) = values([result(entry("asched_memory", {"ms": 1.0}, {"ms": 3.0}))], {})["results"]
    assert only["contestants"][0]["figures"]["ms"] == {"median": 2.0, "min": 1.0, "max": 3.0, "rounds": [1.0, 3.0]}
