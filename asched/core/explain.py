"""A trigger as one English sentence, the same on every surface."""

from __future__ import annotations

from datetime import datetime

from asched.core.cron import Cron
from asched.core.cronsentence import cron_sentence
from asched.core.triggers.at import At
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.triggers.varied import VariedEvery
from asched.core.triggers.watch import Watch
from asched.core.wording import amounts, each


def explain_trigger(trigger: Trigger) -> str:
    """When it is due, without a capital and a full stop. UTC is not mentioned, any other zone is."""
    match trigger:
        case Cron():
            return cron_sentence(trigger)
        case Every(period, anchor):
            return f"every {each(period)}{_counted_from(anchor)}"
        case VariedEvery(low, high, anchor):
            return f"every {amounts(low)} to {amounts(high)}, varying{_counted_from(anchor)}"
        case AfterFinish(period):
            return f"{amounts(period)} after the end of the previous run"
        case At(instant):
            return f"once, at {instant.replace(tzinfo=None).isoformat(' ')} UTC"
        case Startup(once_per_boot):
            return "once after each boot of the machine" if once_per_boot else "at every start of the scheduler"
        case Watch(path, event):
            return f"when {path} has changed" if event == "changes" else f"as long as there are files in {path}"
        case AnyOf(triggers):
            return "; and ".join(explain_trigger(member) for member in triggers)
        case _:
            return trigger.text()


def _counted_from(anchor: datetime | None) -> str:
    return f", counted from {anchor:%Y-%m-%d %H:%M:%S} UTC" if anchor else ""
