"""Whom the triggers that are made of others refuse."""

from __future__ import annotations

from asched.core.triggers.protocol import Trigger
from asched.core.triggers.search import counts_from_anchoring
from asched.core.triggers.startup import Startup
from asched.core.triggers.watch import watches_of
from asched.errors import ScheduleError


def refuse_what_has_no_instants(trigger: Trigger, word: str) -> None:
    """What counts from the end of a run, starts of the scheduler, and files are no instants to choose from."""
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
    if watches := watches_of(trigger):
        raise ScheduleError(f'"{watches[0].text()}" has no instants: "{word}" does not go with it')


def refuse_what_has_nothing_beside_starts(trigger: Trigger, word: str) -> None:
    """Like the above, but starts of the scheduler that stand beside instants may stay: nothing keeps them away."""
    if trigger.relative or isinstance(trigger, Startup) or watches_of(trigger):
        refuse_what_has_no_instants(trigger, word)


def refuse_what_floats(trigger: Trigger, word: str) -> None:
    """What counts from when it is first scheduled meets other instants by accident only."""
    if counts_from_anchoring(trigger):
        raise ScheduleError(
            f'"{trigger.text()}" counts from when it is first scheduled: with "{word}", say from where',
            help=f'as in "{trigger.text()} from 2026-01-01T00:00"',
        )
