"""The events that docs/reference/events.md promises, and what an event has that is not promised, or lacks."""

import re
from pathlib import Path

TEXT = (Path(__file__).parents[2] / "docs" / "reference" / "events.md").read_text(encoding="utf-8")
ALWAYS = {"type", "at"}


def _rows():
    for types, fields in re.findall(r"^\| (`[a-z_.`, ]+`) \|.*\| (?:`([\w? ]*)`)? ?\|$", TEXT, re.MULTILINE):
        for kind in re.findall(r"[\w.]+", types):
            yield kind, fields.split()


DOCUMENTED = {kind: frozenset(field for field in fields) for kind, fields in _rows()}


def faults_of(event):
    """What is wrong with its fields; nothing when it is as documented."""
    if event.get("type") not in DOCUMENTED:
        return [f"{event.get('type')} is not documented"]
    fields = DOCUMENTED[event["type"]]
    required = ALWAYS | {field for field in fields if not field.endswith("?")}
    allowed = required | {field.rstrip("?") for field in fields}
    missing, extra = required - set(event), set(event) - allowed
    return [f"{event['type']} lacks {name}" for name in missing] + [f"{event['type']} has {name}" for name in extra]
