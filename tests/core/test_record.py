"""What the ledger gives back."""

from datetime import UTC, datetime, timedelta

from asched.core.model import Fire
from asched.core.outcome import Skip, SkipReason, Start
from asched.core.record import FireRecord

DUE = datetime(2026, 3, 1, 12, tzinfo=UTC)
S = timedelta(seconds=1)
FIRE = Fire(1, "a", 1, DUE - 5 * S, DUE)


def test_lateness_is_that_of_the_first_attempt():
    first = FireRecord(FIRE, Start(), DUE + S, 1, attempt=1, started_at=DUE + 2 * S)
    third = FireRecord(FIRE, Start(), DUE + S, 1, attempt=3, started_at=DUE + 900 * S)
    assert (first.lateness, third.lateness) == (2 * S, S)


def test_what_never_started_is_not_late():
    assert FireRecord(FIRE, Skip(SkipReason.PAUSED), DUE + S, 1).lateness is None
