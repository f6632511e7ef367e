"""The picture shows what the tables say."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from results import RATE, entry, result

from benchmarks.chart import Dot, Row, Scale, chart, rows

SVG = "{http://www.w3.org/2000/svg}"


def test_a_row_is_a_case_and_a_dot_a_contestant_beside_asched():
    found = rows([result(entry("asched_memory", {"ms": 10}), entry("peer", {"ms": 40}), entry("bare", {"ms": 1}))])
    assert found == [Row("burst: 1,000 jobs", (Dot("peer", 4.0), Dot("bare", 0.1)))]


def test_more_is_less_cost_where_more_is_better():
    entries = entry("asched_sqlite", {"runs_s": 1000}), entry("peer", {"runs_s": 100})
    assert rows([result(*entries, metrics=RATE)])[0].dots == (Dot("peer", pytest.approx(10)),)


def test_who_has_no_figure_has_no_dot_and_a_case_without_dots_no_row():
    alone = result(entry("asched_memory", {"ms": 1}), entry("peer", absent="failed"))
    without_us = result(entry("peer", {"ms": 1}))
    assert rows([alone, without_us]) == []


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [([], (-1, 1)), ([1.0], (-1, 1)), ([0.004, 30], (-3, 2)), ([5, 2000], (-1, 4))],
)
def test_the_axis_goes_from_power_of_ten_to_power_of_ten_with_asched_between(ratios, expected):
    scale = Scale.of(ratios)
    assert (scale.low, scale.high) == expected
    assert scale.x(10.0**scale.low) < scale.x(1) < scale.x(10.0**scale.high)


def svg_paths(drawn):
    return ElementTree.fromstring(drawn).iter(f"{SVG}path")


def marks(drawn, text):
    """How the marks look that say `text`."""
    return {(path.get("fill"), path.get("stroke")) for path in svg_paths(drawn) if path[0].text.startswith(text)}


def test_the_picture_is_an_svg_that_names_each_contestant_once_in_its_legend():
    peer, bare = entry("peer", {"ms": 40}, title="a < b & c"), entry("bare", {"ms": 1}, title="limit: heap")
    ours = entry("asched_memory", {"ms": 10})
    root = ElementTree.fromstring(chart([result(ours, peer), result(ours, peer, bare, case="2 jobs")], "Cost"))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts.count("a < b & c") == texts.count("limit") == 1
    assert len(list(root.iter(f"{SVG}path"))) == 3 + 2  # the dots, and the legend


def test_a_limit_is_hollow_and_all_limits_look_alike():
    limits = [entry(f"bare_{name}", {"ms": 2}, title=f"limit: {name}") for name in "ab"]
    drawn = chart([result(entry("asched_memory", {"ms": 1}), *limits)], "Cost")
    assert marks(drawn, "limit") == {("none", "#808890")}


def test_each_contestant_has_a_mark_of_its_own_however_many_there_are():
    peers = [entry(f"peer-{number:02}", {"ms": 2}) for number in range(14)]
    drawn = chart([result(entry("asched_memory", {"ms": 1}), *peers)], "Cost")
    shapes = {(path.get("fill"), path.get("d").split("a5")[1:] == []) for path in svg_paths(drawn)}
    assert len(shapes) == 14


def test_what_asched_missed_stands_beside_the_dots_even_where_there_are_none():
    peer = entry("peer", {"ms": 5, "missed_pct": 0})
    some, all_ = entry("asched_memory", {"ms": 10, "missed_pct": 20}), entry("asched_memory", {"missed_pct": 100})
    found = rows([result(some, peer), result(all_, peer, case="2 jobs")])
    assert [(len(row.dots), row.remark) for row in found] == [(1, "asched missed 20 %"), (0, "asched missed 100 %")]


def test_noise_around_nothing_is_no_ratio():
    assert rows([result(entry("asched_memory", {"ms": 10}), entry("peer", {"ms": -0.3}))]) == []


def test_no_colour_vanishes_on_a_light_or_a_dark_page():
    root = ElementTree.fromstring(chart([result(entry("asched_x", {"ms": 1}), entry("b", {"ms": 2}))], "Cost"))
    assert {text.get("fill") for text in root.iter(f"{SVG}text")} == {"#808890"}


def test_without_anything_to_compare_it_says_so():
    texts = [text.text for text in ElementTree.fromstring(chart([], "Cost")).iter(f"{SVG}text")]
    assert texts[0] == "Cost: nothing to compare"
