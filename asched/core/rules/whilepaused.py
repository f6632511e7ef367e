"""What comes due in a pause: it is skipped, or waits for the end, as on_resume says. What came due before waits on.

Of what is decided late, each stretch of time in which its job was paused throughout, or was not, is decided for itself:
in a pause on_resume speaks, and of what came due outside catch_up. How late that is, for its grace and for its
catch_up_window, counts to when it is decided, as of anything that is late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from asched.core.change import Pause
from asched.core.dataclass import quickly_made
from asched.core.model import CatchUp, OnResume, Policies
from asched.core.outcome import Skip, SkipReason
from asched.core.rules.board import JobState, Now

_SMALLEST = timedelta(microseconds=1)
_HELD = {OnResume.LATEST: CatchUp.LATEST, OnResume.ALL: CatchUp.ALL}  # what of it waits for the end


def in_pause(state: JobState, due_at: datetime, now: Now) -> bool:
    """Was the job paused when this came due? A pause does not reach back, nor beyond its end. Only where the clock was
    set back behind its beginning, what comes now comes in it, whatever it says."""
    pause = state.pause
    if pause is None:
        return False
    before = due_at < pause.at <= now.wall
    return not before and (pause.until is None or due_at < pause.until)


def on_resume(state: JobState, pause: Pause) -> OnResume:
    return pause.on_resume or state.job.policies.on_resume


def paused_skip(state: JobState, pause: Pause) -> Skip | None:
    """What becomes of what comes due in it, unless that is to wait."""
    return Skip(SkipReason.PAUSED, pause_facts(pause)) if on_resume(state, pause) is OnResume.SKIP else None


def pause_facts(pause: Pause) -> dict[str, object]:
    return facts_of(pause.by, pause.reason, pause.at)


def facts_of(by: str, reason: str, since: datetime) -> dict[str, object]:
    return {"by": by, "reason": reason, "since": since.isoformat()}


@quickly_made
class Stretch:
    """What is due `until` then, on the job's axis, is decided alike, by these policies; `paused`: all of it in a pause,
    and `skip`: none of it waits for the end."""

    until: datetime
    policies: Policies
    paused: bool = False
    skip: Skip | None = None


def stretch_of(state: JobState, due_at: datetime, now: Now) -> Stretch:
    """That of what is due first, at `due_at` on the job's axis."""
    here, policies, pause = now.on(state.steady), state.job.policies, state.pause
    if pause is None:
        return Stretch(here, policies)
    until = _end(pause, due_at, now, here)
    if not in_pause(state, due_at + (now.wall - here), now):
        return Stretch(until, policies)
    held = _HELD.get(on_resume(state, pause))
    if held is not None:
        policies = replace(policies, catch_up=held, catch_up_window=None, grace=-_SMALLEST)  # none of it is on time
    return Stretch(until, policies, paused=True, skip=paused_skip(state, pause))


def _end(pause: Pause, due_at: datetime, now: Now, here: datetime) -> datetime:
    """Just before the pause begins, or ends; or now."""
    began = here - (now.wall - pause.at) - _SMALLEST
    if due_at <= began < here:
        return began
    if pause.until is None or pause.until > now.wall:
        return here
    return here - (now.wall - pause.until) - _SMALLEST
