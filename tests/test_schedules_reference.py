"""docs/reference/schedules.md: every example means what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.triggers.specs import from_spec
from asched.errors import ScheduleError

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "schedules.md").read_text()
ROW = re.compile(r"^\| `(?P<text>[^`]+)` \| (?P<said>.+) \|$", re.MULTILINE)


def rows(heading: str) -> list[tuple[str, str]]:
    (section,) = [part for part in PAGE.split("\n## ") if part.startswith(heading)]
    return [(row["text"].replace("\\|", "|"), row["said"]) for row in ROW.finditer(section)]


UNDERSTOOD = rows("Phrases") + rows("Made of others")


@pytest.mark.parametrize(("text", "said"), UNDERSTOOD)
def test_it_means_what_the_page_says(text: str, said: str) -> None:
    trigger = parse_schedule(text)
    assert explain_trigger(trigger) == said
    assert parse_schedule(trigger.text()) == from_spec(trigger.spec()) == trigger


@pytest.mark.parametrize(("text", "because"), rows("Refused"))
def test_it_is_refused_for_the_reason_that_the_page_gives(text: str, because: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_schedule(text)
    assert caught.value.message == because


def test_the_page_has_an_example_of_every_kind() -> None:
    kinds = {kind for text, _ in UNDERSTOOD for kind in kinds_in(parse_schedule(text).spec())}
    assert kinds >= {"cron", "every", "varied_every", "after_finish", "at", "in", "startup", "watch", "once_per_window"}
    assert kinds >= {"any_of", "all_of", "minus", "within", "bounded"}


def kinds_in(spec: Any) -> set[str]:
    if isinstance(spec, list):
        return {kind for item in spec for kind in kinds_in(item)}
    if isinstance(spec, dict):
        own = {spec["kind"]} if "kind" in spec else set()
        return own | kinds_in(list(spec.values()))
    return set()


def test_the_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(code, {})
    assert "at 08:00 on the last day of the month (Europe/Berlin), except" in capsys.readouterr().out
