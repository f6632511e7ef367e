"""When a count is not as recorded, and what is said of it."""

import pytest
from comparison import Difference, Tolerance, differences

CALLS = Tolerance(more=2, less=10)
OBJECTS = Tolerance(more=1, less=10, by=50)
EXACT = Tolerance(more=0, less=0)


@pytest.mark.parametrize(
    ("tolerance", "was", "now", "beyond"),
    [
        (CALLS, 1000, 1000, None),
        (CALLS, 1000, 1020, None),
        (CALLS, 1000, 1021, 1020),
        (CALLS, 1000, 900, None),
        (CALLS, 1000, 899, 900),
        (CALLS, 7, 8, 7),
        (EXACT, 7, 6, 7),
        (EXACT, 0, 0, None),
        (EXACT, 0, 1, 0),
        (OBJECTS, 0, 50, None),
        (OBJECTS, 0, 51, 50),
        (OBJECTS, -91, -41, None),
        (OBJECTS, -91, -40, -41),
        (OBJECTS, -91, -151, -150),
    ],
)
def test_what_is_beyond_its_tolerance_is_found(tolerance, was, now, beyond):
    expected = [] if beyond is None else [Difference("it", was, now, beyond)]
    assert differences({"it": was}, {"it": now}, {"it": tolerance}) == expected


def test_what_is_new_and_what_is_gone_is_found():
    found = differences({"turns": 3}, {"tasks": 4}, {"turns": EXACT, "tasks": EXACT})
    assert found == [Difference("turns", 3, None), Difference("tasks", None, 4)]


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        (
            Difference("calls", 140_000, 154_000, 142_800),
            "calls was 140,000, is 154,000 (+10.0%; a run: 140 -> 154): GREW, at most 142,800 is tolerated",
        ),
        (
            Difference("commits", 8, 4, 7),
            "commits was 8, is 4 (-50.0%; a run: 0.008 -> 0.004): shrank by far, record it so that the gain is kept",
        ),
        (
            Difference("garbage", 0, 24_000, 50),
            "garbage was 0, is 24,000 (+24,000; a run: 0 -> 24): GREW, at most 50 is tolerated",
        ),
        (Difference("tasks", None, 4), "tasks: 4, which is not recorded"),
        (Difference("turns", 3, None), "turns: recorded as 3, and not counted any more"),
    ],
)
def test_a_difference_says_what_was_what_is_and_what_to_do(difference, said):
    assert difference.said("run", 1000) == said
