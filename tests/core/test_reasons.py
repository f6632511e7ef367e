"""Each decision, skip, gap and outcome is one sentence that tells its facts."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from boards import NOON
from jobdoubles import H, S

from asched.core.change import Gap
from asched.core.english.reasons import explain_decision, explain_gap, explain_outcome, explain_skip, explain_wait
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    Queue,
    Skip,
    SkipReason,
    Start,
    Succeeded,
    TimedOut,
)

SKIPS = [  # (reason, facts, sentence)
    ("missed", {"late_s": 90.4}, "missed: it was decided 1m30s late, and the catch-up policy does not run it"),
    (
        "expired",
        {"late_s": 7200.0, "catch_up_window_s": 3600.0},
        "expired: it was 2h late, beyond its catch_up_window of 1h",
    ),
    ("coalesced", {"into": "2026-01-01T12:00Z"}, "coalesced: the fire of 2026-01-01 12:00:00+00:00 stands for it"),
    ("overlapped", {"running": ["1-7"]}, "overlapped: run 1-7 was still running, and max_instances is reached"),
    (
        "overlapped",
        {"running": ["1-7", "1-8"]},
        "overlapped: runs 1-7, 1-8 were still running, and max_instances is reached",
    ),
    ("queue_full", {"waiting": 3}, "queue full: 3 waited already"),
    (
        "repeated",
        {"decided_until": "2026-01-01T12:00:00+00:00"},
        "repeated: up to 2026-01-01 12:00:00+00:00 all was decided before the clock was corrected, "
        "and is not caught up again",
    ),
    ("replaced", {"by": "noon"}, "replaced: while it waited, the fire of noon took its place"),
    ("paused", {"by": "ada", "reason": "holiday", "since": "noon"}, "paused by ada since noon (holiday)"),
    ("paused", {"by": "", "reason": "", "since": ""}, "paused"),
    ("removed", {}, "removed: the definition that owed it is gone"),
    (
        "blocked",
        {"needs": "rates", "needed": "rates succeeded that day", "last": None},
        "blocked: it needs that rates succeeded that day, and no success of it is known",
    ),
    (
        "blocked",
        {"needs": "rates", "needed": "rates succeeded within 1d", "last": "2026-01-01T12:00:00+00:00"},
        "blocked: it needs that rates succeeded within 1d, and it last did for 2026-01-01 12:00:00+00:00",
    ),
    (
        "blocked",
        {"condition": "if network", "said": "there is no route out of this machine"},
        "blocked: it runs only if network, and there is no route out of this machine",
    ),
    (
        "blocked",
        {"condition": "unless path /x exists", "said": "/x is there"},
        "blocked: it runs unless path /x exists, and /x is there",
    ),
    (
        "blocked",
        {"upstream": "rates", "run": "1-7", "outcome": "timed_out"},
        'blocked: "rates" (run 1-7) timed out',
    ),
    (
        "blocked",
        {"upstream": "rates", "run": "1-7", "outcome": "succeeded", "wished": "failed"},
        'blocked: "rates" (run 1-7) succeeded, and is to have failed',
    ),
    (
        "blocked",
        {"upstream": "rates", "run": "1-7", "outcome": "blocked", "wished": "succeeded"},
        'blocked: "rates" (run 1-7) was skipped as blocked',
    ),
    (
        "blocked",
        {"upstream": "rates", "run": "1-7", "outcome": "blocked", "wished": "ended"},
        'blocked: "rates" (run 1-7) was skipped as blocked, and never ran',
    ),
    (
        "invalid",
        {"error": "ZeroDivisionError: no"},
        "invalid: its trigger could not be evaluated: ZeroDivisionError: no",
    ),
    ("excluded", {"cancelled": "by hand"}, "excluded: by hand"),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "facts", "sentence"), SKIPS)
def test_a_skip_tells_its_facts(reason, facts, sentence):
    assert explain_skip(Skip(SkipReason(reason), facts)) == sentence


def test_instants_are_on_the_clocks_of_the_zone_and_to_the_second():
    berlin = ZoneInfo("Europe/Berlin")
    paused = Skip(SkipReason.PAUSED, {"by": "ada", "since": "2026-07-01T04:13:00.123456+00:00", "reason": "moving"})
    assert explain_skip(paused, berlin) == "paused by ada since 2026-07-01 06:13:00+02:00 (moving)"
    waits = {"for": "resume", "by": "ada", "since": "2026-01-01T04:13:00.123456+00:00"}
    assert explain_wait(waits, berlin).endswith("paused by ada since 2026-01-01 05:13:00+01:00")
    gap = Gap(NOON, NOON + 3 * H, SkipReason.COALESCED, 3, {"into": "2026-01-01T04:13:00.5+00:00"})
    assert explain_gap(gap, berlin).endswith("the fire of 2026-01-01 05:13:00+01:00 stands for it")


@pytest.mark.parametrize("reason", SkipReason)
def test_a_skip_without_facts_is_still_a_sentence(reason):
    sentence = explain_skip(Skip(reason))
    assert sentence.startswith(str(reason).replace("_", " "))
    assert "None" not in sentence


def test_every_reason_has_a_sentence_in_the_table():
    assert {reason for reason, _, _ in SKIPS} == {str(reason) for reason in SkipReason}


DECISIONS = [(Start(), "it was started"), (Queue(), "it waits for a free slot"), (Skip(SkipReason.PAUSED), "paused")]


@pytest.mark.parametrize(("decision", "sentence"), DECISIONS)
def test_a_decision_is_one_sentence(decision, sentence):
    assert explain_decision(decision) == sentence


OUTCOMES = [
    (Succeeded("1"), "it succeeded"),
    (Failed(ErrorNote("ValueError", "no")), "it failed: ValueError: no"),
    (Failed(ErrorNote("ValueError", "")), "it failed: ValueError"),
    (TimedOut(90 * S), "it ran into its timeout of 1m30s"),
    (TimedOut(H, whole_run=True), "it ran into its run_timeout of 1h"),
    (TimedOut(H, left_running=True), "it ran into its timeout of 1h, would not stop, and may still be at work"),
    (Cancelled("by ada"), "it was cancelled: by ada"),
    (Cancelled("by ada", True), "it was cancelled: by ada, would not stop, and may still be at work"),
    (Interrupted("asched stopped"), "it was interrupted: asched stopped"),
    (Abandoned("asched 1 died"), "it was abandoned: asched 1 died"),
]


@pytest.mark.parametrize(("outcome", "sentence"), OUTCOMES)
def test_an_outcome_is_one_sentence(outcome, sentence):
    assert explain_outcome(outcome) == sentence


@pytest.mark.parametrize(
    ("count", "many"), [(1, "1 fire together"), (7, "7 fires together"), (None, "more than 1000 fires together")]
)
def test_a_gap_tells_how_many_and_why(count, many):
    gap = Gap(NOON, NOON + timedelta(days=1), SkipReason.REMOVED, count)
    assert explain_gap(gap) == f"{many}: removed: the definition that owed it is gone"
