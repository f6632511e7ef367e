"""The timeline: each key once, a written order for the same instant, and no growth from moving deadlines."""

from datetime import timedelta
from itertools import permutations

from boards import NOON
from hypothesis import given, settings
from hypothesis import strategies as st
from jobdoubles import S

from asched.core.timeline import Rank, Timeline

keys = st.sampled_from("abcdef")
instants = st.integers(0, 8).map(lambda n: NOON + n * S)
operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), keys, instants, st.sampled_from(Rank), st.integers(-1, 1)),
        st.tuples(st.just("remove"), keys),
        st.tuples(st.just("pop"), instants, st.integers(0, 4)),
        st.tuples(st.just("next")),
    ),
    max_size=60,
)


def pop_due(timeline, now, limit):
    """At most so many keys whose deadline has come, in order."""
    due = []
    while len(due) < limit and (first := timeline.first(now)) is not None:
        due.append(timeline.pop())
        assert first[-1] == due[-1]
    return due


class Naive:
    """A dict and a sort."""

    def __init__(self):
        self.entries = {}

    def put(self, key, at, rank, priority):
        self.entries[key] = (at, rank, -priority, key)

    def remove(self, key):
        self.entries.pop(key, None)

    def in_order(self):
        return sorted(self.entries, key=self.entries.__getitem__)

    def next_at(self):
        return self.entries[self.in_order()[0]][0] if self.entries else None

    def pop_due(self, now, limit):
        due = [key for key in self.in_order() if self.entries[key][0] <= now][:limit]
        for key in due:
            del self.entries[key]
        return due


@settings(max_examples=400)
@given(operations)
def test_it_does_what_a_sorted_dict_would(operations):
    timeline, naive = Timeline(), Naive()
    for name, *details in operations:
        match name:
            case "put":
                timeline.put(*details)
                naive.put(*details)
            case "remove":
                timeline.remove(*details)
                naive.remove(*details)
            case "pop":
                assert pop_due(timeline, *details) == naive.pop_due(*details)
            case "next":
                assert timeline.next_at() == naive.next_at()
        assert len(timeline) == len(naive.entries)
    assert timeline.next_at() == naive.next_at()
    assert pop_due(timeline, NOON + timedelta(days=1), 100) == naive.in_order()


def test_at_the_same_instant_rank_goes_before_priority_before_name_whatever_was_put_first():
    wanted = [
        ("resume", Rank.RESUME, -9),
        ("retry", Rank.RETRY, -9),
        ("high", Rank.FIRE, 5),
        ("alpha", Rank.FIRE, 0),
        ("beta", Rank.FIRE, 0),
        ("a low one", Rank.FIRE, -1),
    ]
    for order in permutations(wanted):
        timeline = Timeline()
        for name, rank, priority in order:
            timeline.put(name, NOON, rank, priority)
        assert pop_due(timeline, NOON, 10) == [name for name, *_ in wanted]


def test_putting_a_key_again_moves_it():
    timeline = Timeline()
    timeline.put("a", NOON)
    timeline.put("a", NOON + S)
    assert (pop_due(timeline, NOON, 9), timeline.next_at(), len(timeline)) == ([], NOON + S, 1)


def test_no_more_are_taken_than_asked_for_and_the_rest_stays_in_order():
    timeline = Timeline()
    for n in range(5):
        timeline.put(n, NOON + n * S)
    assert pop_due(timeline, NOON + 9 * S, 2) == [0, 1]
    assert pop_due(timeline, NOON + 9 * S, 9) == [2, 3, 4]


def test_moving_deadlines_for_ever_keeps_the_heap_within_twice_its_live_entries():
    timeline = Timeline()
    for n in range(20_000):
        timeline.put(n % 100, NOON + n * S)
        assert len(timeline._heap) <= 2 * len(timeline) + 64


def test_removing_everything_leaves_next_to_nothing():
    timeline = Timeline()
    for n in range(5_000):
        timeline.put(n, NOON)
    for n in range(5_000):
        timeline.remove(n)
    assert (len(timeline), timeline.next_at()) == (0, None)
    assert len(timeline._heap) <= 64
