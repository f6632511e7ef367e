"""What asched does for a run, a job, a start, is what is recorded in recorded.toml: counted, not timed."""

import sys

import pytest
import recorded
from comparison import differences
from measure import measure
from workloads import WORKLOADS

RECORDED = recorded.read()
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
BY_THE_WAY = 50  # objects that come and go with anything else that happens meanwhile

recorded_for_this_python = pytest.mark.skipif(
    VERSION not in RECORDED.pythons,
    reason=f"no counts are recorded for Python {VERSION}: see `pythons` in tests/counts/recorded.toml",
)


@recorded_for_this_python
@pytest.mark.parametrize(("workload", "ledger"), recorded.CASES)
def test_costs_what_is_recorded(workload, ledger):
    played = WORKLOADS[workload]
    found = differences(RECORDED.counts[workload, ledger], measure(workload, ledger), RECORDED.tolerances)
    if found:
        said = "\n".join(f"  {difference.said(played.unit, played.size)}" for difference in found)
        how = f"If it is meant: `python tests/counts/record.py {workload}` shows old and new, and records it."
        pytest.fail(f"{workload} on {ledger}, {played.title}:\n{said}\n{how}", pytrace=False)


@pytest.mark.parametrize("workload", ["burst", "each-second", "retries"])
def test_no_record_may_say_that_runs_stay_alive_whose_ledger_is_a_file(workload):
    """Whoever records anew cannot wave through a leak."""
    assert RECORDED.counts[workload, "sqlite"]["objects"] <= BY_THE_WAY


def test_every_tolerance_is_for_something_that_is_counted():
    kinds = {kind for counts in RECORDED.counts.values() for kind in counts}
    assert kinds == set(RECORDED.tolerances)
