"""What holds for every trigger, whatever its kind."""

from __future__ import annotations

import json
import pickle
from datetime import datetime, timedelta

from asched.core.english.trigger import explain_trigger
from asched.core.grammar.phrases import parse_schedule
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec

TICK = timedelta(microseconds=1)


def instants(trigger: Trigger, after: datetime, until: datetime, most: int = 100_000) -> list[datetime]:
    """In (after, until], asked one after the other; each strictly later than what it was asked for."""
    found: list[datetime] = []
    at = trigger.next_after(after)
    while at is not None and at <= until and len(found) < most:
        assert at > (found[-1] if found else after)
        found.append(at)
        at = trigger.next_after(at)
    return found


def is_a_set(trigger: Trigger, after: datetime, until: datetime, questions: list[datetime]) -> None:
    """Wherever it is asked from, it answers with a member of the same set, and the same again when asked again."""
    members = instants(trigger, after, until)
    for question in questions:
        expected = next((at for at in members if at > question), None)
        found = trigger.next_after(question)
        assert found == trigger.next_after(question)
        if expected is not None and question >= after:
            assert found == expected
            assert trigger.next_after(found - TICK) == found


def survives(trigger: Trigger, tz: str = "UTC") -> None:
    """A trip through JSON, through pickling, and through text; and it has a sentence."""
    there = json.loads(json.dumps(trigger.spec()))
    back = from_spec(there)
    assert back == trigger
    assert hash(back) == hash(trigger)
    assert back.spec() == there
    assert pickle.loads(pickle.dumps(trigger)) == trigger
    assert parse_schedule(trigger.text(), tz=tz) == trigger, trigger.text()
    sentence = explain_trigger(trigger)
    assert sentence == " ".join(sentence.split())
