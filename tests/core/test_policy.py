"""Settle puts every due instant in exactly one place, at bounded cost; admit says whether there is room."""

from datetime import timedelta

import pytest
from boards import NOON, TICK, reason_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jobdoubles import H, S

from asched.core.jitter import due_at as jittered
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Overlap, Policies
from asched.core.outcome import Queue, Skip, SkipReason, Start
from asched.core.rules.policy import COUNTED, INDIVIDUALLY, admit, settle, settle_one, whole_gap
from asched.core.triggers.instants import between
from asched.core.triggers.interval import Every
from asched.core.triggers.union import AnyOf

EVERY_10S = Every(10 * S, NOON)
DAY = timedelta(days=1)


def on_the_dot(instant):
    return instant


def settled(now, trigger=EVERY_10S, watermark=NOON, due_at=on_the_dot, until=None, **policies):
    found = settle(trigger, watermark, until or now, now, Policies(**policies), due_at)
    assert found is not None
    return found


def seconds(instants):
    return [(instant - NOON).total_seconds() for instant in instants]


def chosen(found):
    return [((c.scheduled_at - NOON).total_seconds(), c.caught_up) for c in found.candidates]


def skipped(found):
    return [((instant - NOON).total_seconds(), str(skip.reason)) for instant, skip in found.skips]


# One instant.

ONE = [  # (late, policies, what becomes of it)
    (0 * S, {}, "on time"),
    (10 * S, {}, "on time"),
    (10 * S + TICK, {}, "caught up"),
    (10 * S, {"catch_up": CatchUp.NONE}, "on time"),
    (10 * S + TICK, {"catch_up": CatchUp.NONE}, "missed"),
    (0 * S, {"grace": 0 * S, "catch_up": CatchUp.NONE}, "on time"),
    (TICK, {"grace": 0 * S, "catch_up": CatchUp.NONE}, "missed"),
    (60 * S, {"catch_up_window": 60 * S}, "caught up"),
    (60 * S + TICK, {"catch_up_window": 60 * S}, "expired"),
    (60 * S + TICK, {"catch_up_window": 60 * S, "catch_up": CatchUp.NONE}, "expired"),
    (9 * S, {"catch_up_window": 5 * S}, "on time"),
    (400 * DAY, {"catch_up": CatchUp.ALL}, "caught up"),
    (400 * DAY, {"catch_up": CatchUp.FIRST}, "caught up"),
]


@pytest.mark.parametrize(("late", "policies", "expected"), ONE)
def test_one_instant_is_on_time_within_its_grace_and_then_catch_up_decides(late, policies, expected):
    found = settle_one(NOON, NOON, NOON + late, Policies(**policies))
    said = [("caught up" if c.caught_up else "on time") for c in found.candidates]
    said += [str(skip.reason) for _, skip in found.skips]
    assert (said, found.until) == ([expected], NOON)


def test_lateness_counts_from_the_due_time_and_the_window_from_the_nominal_one():
    policies = Policies(grace=10 * S, catch_up_window=40 * S)
    on_time = settle_one(NOON, NOON + 30 * S, NOON + 40 * S, policies)
    expired = settle_one(NOON, NOON + 30 * S, NOON + 41 * S, policies)
    assert [c.caught_up for c in on_time.candidates] == [False]
    assert [(str(s.reason), s.facts["late_s"]) for _, s in expired.skips] == [("expired", 11.0)]


@given(
    st.integers(0, 200),
    st.sampled_from(CatchUp),
    st.integers(0, 60),
    st.none() | st.integers(0, 150),
    st.integers(0, 20),
)
def test_one_instant_alone_fares_as_it_does_among_many(late, catch_up, grace, window, held_back):
    policies = Policies(grace=grace * S, catch_up=catch_up, catch_up_window=None if window is None else window * S)
    instant, due = NOON + 10 * S, NOON + (10 + held_back) * S
    now = due + late * S
    many = settle(Every(1000 * S, NOON - 990 * S), NOON, now, now, policies, lambda _: due)
    assert many is not None
    assert settle_one(instant, due, now, policies) == type(many)(
        many.until, tuple(many.candidates), tuple(many.skips), tuple(many.gaps)
    )


# Many instants.


def test_of_a_stretch_that_ends_before_now_the_lateness_counts_to_now():
    found = settled(NOON + 60 * S, until=NOON + 25 * S, grace=30 * S, catch_up_window=45 * S, catch_up=CatchUp.ALL)
    ((_, expired),) = found.skips
    assert (found.until, skipped(found), chosen(found)) == (NOON + 20 * S, [(10, "expired")], [(20, True)])
    assert expired.facts == {"late_s": 50.0, "catch_up_window_s": 45.0}


MANY = [  # (policies, chosen at noon + 55 s, skipped)
    ({}, [(50, False)], [(10, "coalesced"), (20, "coalesced"), (30, "coalesced"), (40, "coalesced")]),
    ({"grace": 4 * S}, [(50, True)], [(10, "coalesced"), (20, "coalesced"), (30, "coalesced"), (40, "coalesced")]),
    (
        {"catch_up": CatchUp.NONE},
        [(50, False)],
        [(10, "missed"), (20, "missed"), (30, "missed"), (40, "missed")],
    ),
    (
        {"catch_up": CatchUp.NONE, "grace": 4 * S},
        [],
        [(10, "missed"), (20, "missed"), (30, "missed"), (40, "missed"), (50, "missed")],
    ),
    (
        {"catch_up": CatchUp.NONE, "grace": 20 * S},
        [(50, False)],
        [(10, "missed"), (20, "missed"), (30, "missed"), (40, "coalesced")],
    ),
    (
        {"catch_up": CatchUp.FIRST},
        [(10, True), (50, False)],
        [(20, "coalesced"), (30, "coalesced"), (40, "coalesced")],
    ),
    ({"catch_up": CatchUp.ALL}, [(10, True), (20, True), (30, True), (40, True), (50, False)], []),
    (
        {"catch_up": CatchUp.ALL, "catch_up_max": 2},
        [(30, True), (40, True), (50, False)],
        [(10, "missed"), (20, "missed")],
    ),
    (
        {"catch_up": CatchUp.ALL, "catch_up_window": 25 * S},
        [(30, True), (40, True), (50, False)],
        [(10, "expired"), (20, "expired")],
    ),
    (
        {"catch_up_window": 25 * S, "grace": 0 * S},
        [(50, True)],
        [(10, "expired"), (20, "expired"), (30, "coalesced"), (40, "coalesced")],
    ),
    (
        {"catch_up_window": 1 * S, "grace": 0 * S},
        [],
        [(10, "expired"), (20, "expired"), (30, "expired"), (40, "expired"), (50, "expired")],
    ),
    (
        {"catch_up": CatchUp.FIRST, "catch_up_window": 25 * S, "grace": 0 * S},
        [(30, True)],
        [(10, "expired"), (20, "expired"), (40, "coalesced"), (50, "coalesced")],
    ),
]


@pytest.mark.parametrize(("policies", "candidates", "skips"), MANY)
def test_of_several_missed_instants_the_policy_chooses(policies, candidates, skips):
    found = settled(NOON + 55 * S, **policies)
    assert (chosen(found), skipped(found), found.gaps, found.until) == (candidates, skips, [], NOON + 50 * S)


def test_what_is_coalesced_says_into_which_fire():
    latest = settled(NOON + 55 * S, grace=0 * S)
    first = settled(NOON + 55 * S, grace=0 * S, catch_up=CatchUp.FIRST)
    assert {skip.facts["into"] for _, skip in latest.skips} == {(NOON + 50 * S).isoformat()}
    assert {skip.facts["into"] for _, skip in first.skips} == {(NOON + 10 * S).isoformat()}


def test_nothing_is_due_while_jitter_holds_it_back():
    assert settle(EVERY_10S, NOON, NOON + 10 * S, NOON + 10 * S, Policies(), lambda instant: instant + 3 * S) is None


def test_jitter_holds_back_the_last_and_it_stays_owed():
    found = settled(NOON + 32 * S, due_at=lambda instant: instant + 3 * S)
    assert (found.until, chosen(found)) == (NOON + 20 * S, [(20, False)])


def test_more_than_a_hundred_become_a_gap_and_the_newest_hundred_a_row_each():
    found = settled(NOON + 10 * S * 150)
    assert len(found.skips) + len(found.candidates) == INDIVIDUALLY
    (gap,) = found.gaps
    assert (gap.after, gap.count, gap.reason) == (NOON, 50, SkipReason.COALESCED)
    assert gap.facts["into"] == found.candidates[-1].scheduled_at.isoformat()


def test_a_gap_is_counted_up_to_a_thousand():
    counted = settled(NOON + 10 * S * (COUNTED + INDIVIDUALLY)).gaps[0].count
    uncounted = settled(NOON + 10 * S * (COUNTED + INDIVIDUALLY + 1)).gaps[0].count
    assert (counted, uncounted) == (COUNTED, None)


def test_a_gap_is_cut_where_the_window_begins():
    found = settled(NOON + 10 * S * 1000, catch_up_window=10 * S * 500, grace=0 * S)
    expired, coalesced = found.gaps
    assert (expired.reason, expired.after, expired.count) == (SkipReason.EXPIRED, NOON, 499)
    assert (coalesced.reason, coalesced.after) == (SkipReason.COALESCED, expired.until)
    assert coalesced.count == 1000 - 499 - INDIVIDUALLY


def test_first_runs_the_oldest_of_a_thousand_and_the_others_are_coalesced_into_it():
    found = settled(NOON + 10 * S * 1000, catch_up=CatchUp.FIRST)
    assert chosen(found) == [(10, True), (10_000, False)]
    assert [gap.facts for gap in found.gaps] == [{"into": (NOON + 10 * S).isoformat()}]


def test_all_enumerates_as_many_as_may_run():
    found = settled(NOON + 10 * S * 1000, catch_up=CatchUp.ALL, catch_up_max=300, grace=0 * S)
    assert (len(found.candidates), found.skips, [gap.count for gap in found.gaps]) == (300, [], [700])


class Counted:
    """A trigger that counts the questions."""

    def __init__(self, trigger):
        self.trigger, self.questions = trigger, 0
        self.steady, self.relative = trigger.steady, trigger.relative

    def next_after(self, instant):
        self.questions += 1
        return self.trigger.next_after(instant)


@pytest.mark.parametrize("catch_up", CatchUp)
@pytest.mark.parametrize("trigger", [Every(S, NOON), Every(TICK, NOON), Cron("* * * * * *", "Europe/Berlin")])
def test_a_year_of_missed_seconds_costs_no_more_than_a_few_thousand_questions(trigger, catch_up):
    counted = Counted(trigger)
    found = settled(NOON + 365 * DAY, counted, catch_up=catch_up, catch_up_window=30 * DAY)
    assert len(found.candidates) + len(found.skips) <= 2 * INDIVIDUALLY
    assert counted.questions < 10_000


triggers = st.one_of(
    st.integers(5, 4000).map(lambda n: Every(n * S, NOON - 17 * S)),
    st.sampled_from(["*/5 * * * *", "0 * * * *", "30 2 * * *", "*/20 * * * * *"]).map(
        lambda text: Cron(text, "Europe/Berlin")
    ),
    st.tuples(st.integers(5, 900), st.integers(5, 900)).map(
        lambda two: AnyOf((Every(two[0] * S, NOON), Every(two[1] * S, NOON + S)))
    ),
)
spans = st.timedeltas(min_value=TICK, max_value=DAY)
some_policies = st.builds(
    Policies,
    grace=st.timedeltas(timedelta(0), timedelta(hours=2)),
    catch_up=st.sampled_from(CatchUp),
    catch_up_window=st.none() | st.timedeltas(timedelta(0), DAY),
    catch_up_max=st.integers(1, 150),
    jitter=st.just(timedelta(0)) | st.timedeltas(TICK, timedelta(minutes=10)),
)


def with_jitter(trigger, policies):
    return lambda instant: jittered("job", instant, policies.jitter, trigger.next_after(instant))


@settings(max_examples=200, deadline=None)
@given(triggers, spans, some_policies)
def test_every_instant_up_to_the_new_watermark_is_in_exactly_one_place(trigger, span, policies):
    now = NOON + span
    due_at = with_jitter(trigger, policies)
    found = settle(trigger, NOON, now, now, policies, due_at)
    instants = between(trigger, NOON, now, 1_000_000)
    if found is None:
        assert all(due_at(instant) > now for instant in instants)
        return
    assert found.until <= now
    assert [i for i in instants if i > found.until and due_at(i) <= now] == []
    places = [c.scheduled_at for c in found.candidates] + [instant for instant, _ in found.skips]
    for gap in found.gaps:
        inside = between(trigger, gap.after, gap.until, 1_000_000)
        assert gap.count == (len(inside) if len(inside) <= COUNTED else None)
        assert inside
        places += inside
    assert sorted(places) == [instant for instant in instants if instant <= found.until]


@settings(max_examples=200, deadline=None)
@given(triggers, spans, some_policies)
def test_what_runs_is_due_in_order_and_as_the_policy_says(trigger, span, policies):
    now = NOON + span
    found = settle(trigger, NOON, now, now, policies, with_jitter(trigger, policies))
    if found is None:
        return
    ran = [c.scheduled_at for c in found.candidates]
    assert ran == sorted(set(ran))
    for c in found.candidates:
        assert c.scheduled_at <= c.due_at <= now
        assert c.caught_up == (now - c.due_at > policies.grace)
        if c.caught_up and policies.catch_up_window is not None:
            assert now - c.scheduled_at <= policies.catch_up_window
    missed = [c for c in found.candidates if c.caught_up]
    allowed = {CatchUp.NONE: 0, CatchUp.LATEST: 1, CatchUp.FIRST: 1, CatchUp.ALL: policies.catch_up_max}
    assert len(missed) <= allowed[policies.catch_up]
    assert all(gap.reason is not SkipReason.EXPIRED or policies.catch_up_window is not None for gap in found.gaps)


@settings(max_examples=100, deadline=None)
@given(triggers, spans, spans, some_policies)
def test_settling_in_two_steps_leaves_no_instant_between_them(trigger, one, two, policies):
    due_at = with_jitter(trigger, policies)
    first = settle(trigger, NOON, NOON + one, NOON + one, policies, due_at)
    watermark = NOON if first is None else first.until
    second = settle(trigger, watermark, NOON + one + two, NOON + one + two, policies, due_at)
    if second is None:
        return
    places = [c.scheduled_at for c in second.candidates] + [instant for instant, _ in second.skips]
    for gap in second.gaps:
        assert gap.after >= watermark
        places += between(trigger, gap.after, gap.until, 1_000_000)
    assert sorted(places) == between(trigger, watermark, second.until, 1_000_000)


def test_a_whole_gap_holds_what_it_claims_or_is_none():
    (gap,) = whole_gap(EVERY_10S, NOON, NOON + 35 * S, SkipReason.REMOVED)
    assert (gap.after, gap.until, gap.count, gap.reason) == (NOON, NOON + 35 * S, 3, SkipReason.REMOVED)
    assert whole_gap(EVERY_10S, NOON, NOON + 9 * S, SkipReason.REMOVED) == ()
    assert whole_gap(EVERY_10S, NOON, NOON - H, SkipReason.REMOVED) == ()


# Room.

ROOM = [  # (policies, running, waiting, what, does it stop the running ones, at once, displace the waiting ones)
    ({}, 0, 0, "start", False, False, False),
    ({}, 1, 0, "overlapped", False, False, False),
    ({"max_instances": 2}, 1, 0, "start", False, False, False),
    ({"max_instances": 2}, 2, 0, "overlapped", False, False, False),
    ({"overlap": Overlap.ALLOW}, 50, 3, "start", False, False, False),
    ({"overlap": Overlap.QUEUE_ONE}, 1, 0, "queue", False, False, False),
    ({"overlap": Overlap.QUEUE_ONE}, 1, 1, "queue_full", False, False, False),
    ({"overlap": Overlap.QUEUE, "queue_max": 2}, 1, 1, "queue", False, False, False),
    ({"overlap": Overlap.QUEUE, "queue_max": 2}, 1, 2, "queue_full", False, False, False),
    ({"overlap": Overlap.QUEUE}, 0, 1, "queue", False, False, False),
    ({"max_instances": 2}, 0, 1, "queue", False, False, False),  # behind the one that waits for a pool
    ({"max_instances": 2}, 1, 1, "overlapped", False, False, False),
    ({"overlap": Overlap.REPLACE}, 1, 1, "queue", True, False, True),
    ({"overlap": Overlap.TERMINATE}, 1, 0, "queue", True, True, True),
]


def names(instance, count):
    return [f"{instance}-{n}" for n in range(count)]


@pytest.mark.parametrize(("policies", "running", "waiting", "what", "stops", "at_once", "displaces"), ROOM)
def test_a_fire_finds_room_or_the_overlap_policy_speaks(policies, running, waiting, what, stops, at_once, displaces):
    verdict = admit(Policies(**policies), names(1, running), names(2, waiting))
    assert reason_of(verdict.decision) == what
    assert (verdict.stop_running, verdict.at_once, verdict.displace) == (stops, at_once, displaces)


def test_what_is_owed_waits_whatever_the_overlap_policy_up_to_its_cap():
    for overlap in set(Overlap) - {Overlap.ALLOW}:
        policies = Policies(overlap=overlap, catch_up=CatchUp.ALL, catch_up_max=3)
        assert isinstance(admit(policies, ["1-1"], names(2, 2), owed=True).decision, Queue)
        assert reason_of(admit(policies, ["1-1"], names(2, 3), owed=True).decision) == "queue_full"
        assert admit(policies, [], [], owed=True).decision == Start()


def test_a_skip_for_lack_of_room_says_who_runs_and_how_many_wait():
    assert admit(Policies(), ["1-7"], []).decision == Skip(SkipReason.OVERLAPPED, {"running": ["1-7"]})
    full = admit(Policies(overlap=Overlap.QUEUE_ONE), ["1-7"], ["1-8"]).decision
    assert full == Skip(SkipReason.QUEUE_FULL, {"waiting": 1})


@given(st.sampled_from(Overlap), st.integers(1, 4), st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_nothing_starts_at_the_limit_unless_overlap_allows_it(overlap, limit, running, waiting, owed):
    policies = Policies(overlap=overlap, max_instances=limit)
    verdict = admit(policies, names(1, running), names(2, waiting), owed=owed)
    if isinstance(verdict.decision, Start) and overlap is not Overlap.ALLOW:
        assert running < limit
        assert waiting == 0
    if verdict.displace:
        assert isinstance(verdict.decision, Queue)
