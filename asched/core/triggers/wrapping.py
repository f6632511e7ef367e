"""What the triggers made of other triggers have in common: whom they refuse, and how they are written."""

from __future__ import annotations

from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import counts_from_anchoring
from asched.errors import ScheduleError

# How tightly a trigger's text holds together, the loosest first; what does not say is one phrase.
UNION, BOTH, MINUS, BOUNDED, WITHIN, PHRASE = range(6)


def refuse_what_has_no_instants(trigger: Trigger, word: str) -> None:
    """Starts of the scheduler, and what counts from the end of a run, are no instants to choose from."""
    if trigger.relative:
        raise ScheduleError(
            f'"{trigger.text()}" counts from the end of a run: it stands alone, without "{word}"',
            help='write "every" for a fixed interval',
        )
    if trigger.startup is not None:
        raise ScheduleError(
            f'"{trigger.startup.text()}" is no instant on the calendar: "{word}" does not go with it',
            help='put it beside the rest with "|", outside of the parentheses',
        )


def refuse_what_floats(trigger: Trigger, word: str) -> None:
    """What counts from when it is first scheduled meets other instants by accident only."""
    if counts_from_anchoring(trigger):
        raise ScheduleError(
            f'"{trigger.text()}" counts from when it is first scheduled: with "{word}", say from where',
            help=f'as in "{trigger.text()} from 2026-01-01T00:00"',
        )


def bracketed(trigger: Trigger, at_least: int) -> str:
    """Its text, in parentheses when it holds together less tightly than that."""
    text = trigger.text()
    return text if binding(trigger) >= at_least else f"({text})"


def binding(trigger: Trigger) -> int:
    held: int = getattr(trigger, "binding", PHRASE)
    return held
