"""The load that is configured: what the jobs come to over the days ahead; to be held against what a machine allows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from asched.cli.desk import Desk
from asched.cli.supposing import Supposed, foretold, suppose
from asched.core.foresight.forecast import Busy
from asched.host.statedir import state_dir

AHEAD = timedelta(days=7)
MOST = 20_000  # fires, simulated within a second or two; then it is cut

_DEFAULT = "config.toml"


@dataclass(frozen=True, slots=True)
class Load:
    """Of `jobs` enabled jobs over [since, until), which is less than a week (`cut`) when that has too many fires.
    `busiest` is the second in which most runs start."""

    jobs: int
    since: datetime
    until: datetime
    cut: bool
    runs: int
    busiest: Busy | None

    @property
    def per_day(self) -> float:
        return self.runs / ((self.until - self.since) / timedelta(days=1))


def has_configuration(desk: Desk) -> bool:
    """Or nobody named one, and there is none here. One that was named and is not there is a mistake."""
    return desk.config != _DEFAULT or Path(_DEFAULT).exists()


def folder_of_ledger(desk: Desk) -> Path:
    """The folder in which the ledger is, or the nearest above it that is there: on the same disk, most likely. Of a
    ledger in memory, and without a configuration, that of the state directory. Raises ConfigurationError."""
    ledger, state = desk.overrides.get("service.ledger"), desk.overrides.get("service.state_dir")
    if has_configuration(desk):
        ledger, state = desk.place.ledger, desk.place.state_dir
    named = state_dir(str(state or "")) / "asched.db" if ledger in (None, ":memory:") else Path(str(ledger))
    return next(folder for folder in named.resolve().parents if folder.is_dir())


def supposed_week(desk: Desk) -> Supposed | None:
    """What is to be foretold; None without a job. Raises ConfigurationError, LedgerError."""
    if not has_configuration(desk):
        return None
    since = desk.now()
    supposed = desk.wait_for(suppose(desk, since, since + AHEAD))
    return supposed if supposed.jobs else None


def load_of(supposed: Supposed) -> Load:
    forecast = foretold(supposed, MOST)
    return Load(
        len(supposed.jobs),
        supposed.since,
        forecast.until,
        forecast.until < supposed.until,
        forecast.started,
        forecast.busiest_second(),
    )
