"""A quantile is one of the values."""

from __future__ import annotations

import math

import pytest

from benchmarks.quantile import quantile


@pytest.mark.parametrize(
    ("values", "q", "expected"),
    [
        ([1, 2, 3, 4], 0.0, 1),
        ([1, 2, 3, 4], 0.5, 3),
        ([1, 2, 3, 4], 0.99, 4),
        ([1, 2, 3, 4], 1.0, 4),
        ([7], 0.5, 7),
        (list(range(1000)), 0.999, 999),
    ],
)
def test_it_is_the_value_below_which_that_share_lies(values, q, expected):
    assert quantile(values, q) == expected


def test_of_nothing_there_is_none():
    assert math.isnan(quantile([], 0.5))
