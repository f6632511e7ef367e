"""Templates in commands: four fields, checked at load."""

from __future__ import annotations

import pytest

from asched.core.action import Command
from asched.runners.template import check_template, render
from asched.testing.runner_contract import attempt_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("{scheduled_at:%Y-%m-%d}.dump", "2026-11-21.dump"),
        ("{scheduled_at:%H:%M}", "02:00"),
        ("{scheduled_at}", "2026-11-21T02:00:00-05:00"),
        ("{job} {run} {attempt}", "job 1-17 3"),
        ("awk '{{print $1}}'", "awk '{print $1}'"),
        ("", ""),
    ],
)
def test_fields_are_filled_in(text: str, expected: str) -> None:
    check_template(text)
    attempt = attempt_of(Command((text,)), number=3, timezone="America/New_York")
    assert render(text, attempt) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{shceduled_at}",
        "{print $1}",
        "{}",
        "{0}",
        "{job.__class__}",
        "{job[0]}",
        "{job!r}",
        "{job:>10}",
        "{scheduled_at:{job}}",
        "{",
        "}",
        "{job",
    ],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"allowed are \{scheduled_at\}"):
        check_template(text)
