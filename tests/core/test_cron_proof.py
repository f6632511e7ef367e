"""Cron and the brute-force oracle have no difference: a sample of all offset changes here, all of them in the soak.

The soak takes some minutes: python -m pytest -m soak -s tests/core/test_cron_proof.py
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from cronproof import FIRST_YEAR, LAST_YEAR, RuleSet, prove, rule_sets
from test_cron_oracle import CHANGES

SEED = 2026


def test_a_sample_of_the_offset_changes_has_no_difference() -> None:
    tally = prove(random.Random(SEED).sample(CHANGES, 25), SEED, by_minute=8, by_second=2)
    assert tally.fires > 60_000
    assert tally.differences == []


def test_zones_with_the_same_changes_are_one_rule_set() -> None:
    sets = rule_sets(["Europe/Berlin", "Europe/Paris", "Europe/Athens", "UTC", "Etc/UTC", "Asia/Kolkata"])
    assert [(one.zone, one.zones, len(one.changes)) for one in sets] == [
        ("Asia/Kolkata", 1, 0),
        ("Etc/UTC", 2, 0),
        ("Europe/Athens", 1, 28),
        ("Europe/Berlin", 2, 28),
    ]


@pytest.mark.soak
def test_all_offset_changes_of_all_zones_have_no_difference(capsys: pytest.CaptureFixture[str]) -> None:
    sets = rule_sets()
    changing = [(one.zone, at) for one in sets for at in one.changes]
    around = prove(changing, SEED, by_minute=24, by_second=6)
    steady = prove(_ordinary_days(sets), SEED, by_minute=24, by_second=0)
    with capsys.disabled():
        print(f"\n{sum(one.zones for one in sets)} zones, {len(sets)} rule sets, {FIRST_YEAR} to {LAST_YEAR}")
        print(f"around {len(changing)} offset changes: {around}\non ordinary days: {steady}")
    assert around.differences + steady.differences == []


def _ordinary_days(sets: list[RuleSet]) -> list[tuple[str, datetime]]:
    """Some in each rule set, those that never change their offset among them."""
    dice, first = random.Random(SEED), datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    days = (datetime(LAST_YEAR, 12, 30, tzinfo=UTC) - first).days
    return [(one.zone, first + timedelta(days=dice.randrange(2, days))) for one in sets for _ in range(4)]
