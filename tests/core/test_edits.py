"""What differs between two definitions, in the words of whoever wrote them; and a job read back from its definition."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from boards import NOON
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import H, S, a_job

from asched.core.action import Command
from asched.core.foresight.asdefined import job_as_defined, policies_of
from asched.core.foresight.edits import edits
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp, Overlap, Policies, Retry
from asched.core.rules.board import Previous
from asched.core.version import definition_of, written

JOB = a_job("j", Cron("30 2 * * *", tz="Europe/Berlin"))


def said(old: Any, new: Any) -> list[str]:
    return [edit.text() for edit in edits(definition_of(old), definition_of(new))]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"source": "elsewhere.py:3"}, []),
        ({"trigger": Cron("0 4 * * *", tz="Europe/Berlin")}, []),
        ({"trigger": Cron("30 2 * * *", tz="Europe/Berlin", dst="skip")}, ["dst: auto -> skip"]),
        ({"policies": Policies(timeout=90 * S)}, ["timeout: none -> 1m30s"]),
        ({"policies": Policies(retry=Retry(attempts=3))}, ["retry.attempts: 1 -> 3"]),
        ({"policies": Policies(catch_up=CatchUp.ALL)}, ["catch_up: latest -> all"]),
        ({"args": {"base": "EUR"}}, ['args: {} -> {"base": "EUR"}']),
        ({"after": ("a", "b")}, ['after: [] -> ["a", "b"]']),
        ({"timezone": "Asia/Tokyo"}, ["tz: UTC -> Asia/Tokyo"]),
        ({"description": "why"}, ['description: "" -> why']),
    ],
)
def test_each_option_is_told_by_its_name(changed: dict[str, Any], expected: list[str]) -> None:
    assert said(JOB, replace(JOB, **changed)) == expected


def test_a_command_and_its_environment_are_told_piece_by_piece() -> None:
    one = replace(JOB, action=Command(("true",), env={"A": "1"}))
    other = replace(JOB, action=Command(("true", "-x"), env={"A": "2"}))
    assert said(one, other) == ['command: ["true"] -> ["true", "-x"]', "env.A: 1 -> 2"]


_POLICIES = st.builds(
    Policies,
    catch_up=st.sampled_from(CatchUp),
    catch_up_window=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
    overlap=st.sampled_from(Overlap),
    max_instances=st.integers(1, 9),
    timeout=st.none() | st.timedeltas(timedelta(0), timedelta(days=9)),
    retry=st.builds(Retry, attempts=st.integers(1, 9), on=st.lists(st.text()).map(tuple)),
    idempotent=st.booleans(),
)


@given(_POLICIES)
def test_policies_read_back_are_those_that_were_written(policies: Policies) -> None:
    """As seconds, to the microsecond."""
    assert policies_of(json.loads(definition_of(replace(JOB, policies=policies)))["policies"]) == policies


def test_every_policy_that_there_is_can_be_read_back() -> None:
    """Also those that come later: a field that `asdefined` cannot read would be looked at as if it were not set."""
    written = json.loads(definition_of(JOB))["policies"]
    assert set(written) == set(Policies.__dataclass_fields__)
    assert policies_of(written) == JOB.policies


def test_what_another_asched_wrote_is_left_at_its_default() -> None:
    assert policies_of({"overlap": "by moonlight", "timeout": "soon", "unheard_of": 1, "priority": 3}) == Policies(
        priority=3
    )


def test_a_job_as_it_was_defined_has_its_anchored_trigger_and_its_limits() -> None:
    job = replace(JOB, policies=Policies(max_instances=2, jitter=H), after=("a",))
    read = job_as_defined("j", Previous(3, NOON, written(job), job.trigger, active=True))
    assert (read.trigger, read.policies, read.after) == (job.trigger, job.policies, ("a",))
