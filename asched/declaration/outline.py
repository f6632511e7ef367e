"""What a job that has faults of its own has to do with others: so that these are looked at all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asched.core.action import Command
from asched.core.model import Job
from asched.declaration.definition import Declaration
from asched.declaration.options import policies_of, read_options, spelled

_NOTHING = Command(("true",))


def outline(declared: Declaration, defaults: Mapping[str, Any], overrides: Mapping[str, Any], source: str = "") -> Job:
    """The job as far as it can be read: after what it comes, what it needs, which pools it takes. It is never run."""
    given = {key: value for key, value in overrides.items() if key != "schedule"}
    values, _ = read_options({**spelled(defaults), **spelled(declared.options), **spelled(given)})
    return Job(
        name=declared.name,
        action=_NOTHING,
        trigger=None,
        policies=policies_of(values),
        after=tuple(values.get("after", {})),
        needs=values.get("needs", ()),
        source=source or declared.source,
    )
