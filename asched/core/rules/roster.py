"""Which jobs there are, in which version: placing, changing, correcting and removing them on the board.

A fire is owed only by the version that was active at its instant. So a new trigger owes nothing from before its own
beginning, and what the old one still owed is recorded as a gap; a change of anything else carries the watermark over.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from asched.core.change import CORRECT, Act, Activate, Decide, Finish, Gap, Pause, Retire
from asched.core.localtime.cron import Cron
from asched.core.model import Job
from asched.core.nothing import NOTHING
from asched.core.outcome import Cancelled, Skip, SkipReason
from asched.core.record import VersionRecord
from asched.core.rules.admission import drop, freed, sort_into_lanes, sort_what_waits
from asched.core.rules.board import Board, BrokenJob, JobState, Kind, Now, Previous, Turn
from asched.core.rules.everyday import is_everyday
from asched.core.rules.pending import drop_all, inherit, recheck
from asched.core.rules.policy import whole_gap
from asched.core.text.durations import format_duration
from asched.core.timeline import Rank
from asched.core.triggers.interval import Every
from asched.core.triggers.otherdays import same_but_for_days, with_days_of
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.specs import from_spec, spec_of
from asched.core.version import same_trigger, written
from asched.core.written import Written, cut
from asched.errors import ScheduleError

CLOCK_CORRECTED = timedelta(hours=3)
# Steady time begins as wall time and never goes back: when it is behind, the wall clock was set back before this start,
# and an interval job must not wait for it to come round again.
STEADY_CORRECTED = timedelta(minutes=1)


def previous_of(record: VersionRecord, decided_until: datetime | None = None) -> Previous:
    active = record.retired_at is None
    trigger = _trigger_of(record)
    said = cut(record.definition, record.job)
    return Previous(record.version, record.watermark, said, trigger, active, decided_until)


def decided_until(versions: Collection[VersionRecord]) -> datetime | None:
    """How far a calendar job's instants have ever been decided, by any of its versions: beyond the newest one's
    watermark only if the clock was set back since."""
    if len(versions) == 1:
        return None
    newest = max(versions, key=lambda one: one.version)
    later = [one for one in versions if one.watermark > newest.watermark and _on_the_calendar(_trigger_of(one))]
    return max((one.watermark for one in later), default=None)


def _on_the_calendar(trigger: Trigger | None) -> bool:
    return trigger is not None and not trigger.steady


def _trigger_of(record: VersionRecord) -> Trigger | None:
    try:
        return None if record.trigger is None else from_spec(record.trigger)
    except ScheduleError:  # of another kind of asched; `audit` says so
        return None


def place(board: Board, job: Job, previous: Previous | None, now: Now, turn: Turn) -> JobState:
    """Put a job on the board, in the version it was in or in a new one. Keeps its pause, runs and queue."""
    definition = written(job)
    previous = board.known.pop(job.name, None) or previous
    if previous is not None and previous.active and _ahead(job, previous.watermark, now):
        # Anchored anew, too: an anchor that lies ahead is silence until then.
        turn.changes.append(_correction(job, previous, now))
        state = _begin(job, definition, replace(previous, trigger=None), _here(job, now), now, turn)
    elif previous is not None and previous.active and _is_as_before(job, definition, previous):
        state = _state(job, previous.version, previous.watermark, previous.trigger, definition)
    elif previous is not None and previous.active and _same_schedule(previous, definition):
        state = _begin(job, definition, previous, previous.watermark, now, turn)
    else:
        if previous is not None and previous.active:
            _close(job.name, previous, now, turn)
        state = _begin(job, definition, previous, _since(job, previous, now), now, turn)
    if previous is not None:
        state.decided_until = _decided_before(previous)
    _take_over(board, state)
    _find_next(board, state, now, turn)
    if state.overrides or state.added:
        recheck(board, state, now, turn)
    state.everyday = is_everyday(job, state.trigger)
    board.schedule(state)
    return state


def _correction(job: Job, previous: Previous, now: Now) -> Act:
    """Nobody asked for it but the clock; it is recorded like what somebody asked for."""
    ahead = format_duration(timedelta(seconds=round((previous.watermark - _here(job, now)).total_seconds())))
    return Act(now.wall, CORRECT, "asched", job.name, reason=f"the clock is {ahead} behind what was decided already")


def _decided_before(previous: Previous) -> datetime | None:
    """By the versions before this one."""
    if not _on_the_calendar(previous.trigger):
        return previous.decided_until
    return max(previous.watermark, previous.decided_until or previous.watermark)


def _is_as_before(job: Job, definition: Written, previous: Previous) -> bool:
    """Defined in the same way, and its trigger could be read."""
    return previous.written.says(definition, job.name) and (job.trigger is None or previous.trigger is not None)


def _here(job: Job, now: Now) -> datetime:
    return now.on(job.trigger is not None and job.trigger.steady)


def _ahead(job: Job, watermark: datetime, now: Now) -> bool:
    """Everything up to hours from now is decided: the clock was wrong then, or is now. Begin anew, or the job
    would stay silent until then (TIME.md C7)."""
    steady = job.trigger is not None and job.trigger.steady
    return watermark - _here(job, now) > (STEADY_CORRECTED if steady else CLOCK_CORRECTED)


def _since(job: Job, previous: Previous | None, now: Now) -> datetime:
    here = _here(job, now)
    if previous is None or _ahead(job, previous.watermark, now) or _on_other_axis(job, previous):
        return here
    return max(here, previous.watermark)


def _on_other_axis(job: Job, previous: Previous) -> bool:
    """Steady time may be far from wall time: a watermark on the one says nothing about the other."""
    return previous.trigger is not None and job.trigger is not None and previous.trigger.steady != job.trigger.steady


def _begin(job: Job, definition: Written, previous: Previous | None, since: datetime, now: Now, turn: Turn) -> JobState:
    version = 1
    trigger = None if job.trigger is None else job.trigger.anchored(since)
    if previous is not None:
        version = previous.version + 1
        if previous.active:
            turn.changes.append(Retire(job.name, previous.version, now.wall))
        trigger = kept(previous, trigger, definition)
    spec = None if trigger is None else spec_of(trigger)
    turn.changes.append(Activate(job.name, version, since, spec, definition, now.wall))
    return _state(job, version, since, trigger, definition)


def _state(job: Job, version: int, watermark: datetime, trigger: Trigger | None, definition: Written) -> JobState:
    return JobState(job, version, watermark, trigger, definition if job.args else None)


def _same_schedule(previous: Previous, definition: Written) -> bool:
    one, other = previous.written.of(""), definition.of("")
    return same_trigger(one, other) or (previous.trigger is not None and same_but_for_days(one, other))


def kept(previous: Previous, trigger: Trigger | None, definition: Written) -> Trigger | None:
    """`trigger`, as that definition has it, with the anchors of `previous` if it is the same schedule: they are part
    of what was promised."""
    if previous.trigger is None or trigger is None:
        return trigger
    one, other = previous.written.of(""), definition.of("")
    if same_trigger(one, other):
        return previous.trigger
    if same_but_for_days(one, other):
        return with_days_of(previous.trigger, trigger)
    return trigger


def _close(name: str, previous: Previous, now: Now, turn: Turn) -> None:
    """What the old version still owed is not run, and not forgotten."""
    if previous.trigger is None or previous.trigger.relative:
        return
    here = now.on(previous.trigger.steady)
    gaps = _owed(previous, here)
    if gaps:
        until = gaps[-1].until
        turn.changes.append(Decide(name, previous.version, now.wall, (), gaps, previous.watermark, until))


def _owed(previous: Previous, here: datetime) -> tuple[Gap, ...]:
    assert previous.trigger is not None
    try:
        return tuple(whole_gap(previous.trigger, previous.watermark, here, SkipReason.REMOVED))
    except Exception:  # a trigger that raises owes nothing that could be named; `audit` says so
        return ()


def _take_over(board: Board, state: JobState) -> None:
    old = board.jobs.get(state.job.name)
    if old is not None:
        state.pause, state.running, state.queue, state.cooling = old.pause, old.running, old.queue, old.cooling
        state.overrides, state.added = old.overrides, old.added
        if state.job.policies.key != old.job.policies.key:
            sort_into_lanes(state)
        elif state.job.policies.key and state.job.args != old.job.args:
            sort_what_waits(state)
        _off_timeline(board, state.job.name)
    else:
        if board.runs:  # what a removed job of that name left running still counts
            state.running = {id: run for id, run in board.runs.items() if run.fire.job == state.job.name} or NOTHING
        pause = board.pauses.pop(state.job.name, None)
        if pause is not None:
            restore_pause(board, state, pause)
        inherit(board, state)
        if state.running:
            sort_into_lanes(state)
    board.jobs[state.job.name] = state


def _off_timeline(board: Board, name: str) -> None:
    board.wall.remove((Kind.FIRE, name, 0))
    board.steady.remove((Kind.FIRE, name, 0))
    board.broken.pop(name, None)


def _find_next(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    trigger = state.trigger
    if trigger is None or (trigger.relative and (state.running or state.queue)):
        return  # it counts from the end of what is open
    try:
        if type(trigger) is Every or type(trigger) is Cron:  # what derives from them may be equal, and due otherwise
            state.next_at = _next_of_many(trigger, state.watermark)
        else:
            state.next_at = trigger.next_after(state.watermark)
    except Exception as error:  # one bad trigger costs its own job only
        said = board.broken[state.job.name] = f"{type(error).__name__}: {error}"
        turn.effects.append(BrokenJob(state.job.name, said))


@lru_cache(maxsize=1024)
def _next_of_many(trigger: Every | Cron, instant: datetime) -> datetime | None:
    """Many jobs have the same schedule, and began together."""
    return trigger.next_after(instant)


def restore_pause(board: Board, state: JobState, pause: Pause) -> None:
    """A pause outlives the process that was told of it."""
    state.pause = pause
    if pause.until is not None:
        board.wall.put((Kind.RESUME, state.job.name, 0), pause.until, Rank.RESUME)


def current(state: JobState) -> Previous:
    """The version that is on the board, to be compared with a new definition."""
    trigger, decided = state.trigger, state.decided_until
    return Previous(state.version, state.watermark, state.written, trigger, active=True, decided_until=decided)


def remove(board: Board, name: str, now: Now, turn: Turn) -> None:
    """Take a job off the board: it owes nothing more, what waited is skipped, what runs runs to its end."""
    state = board.jobs.pop(name)
    retire(name, current(state), now, turn)
    board.known[name] = replace(current(state), active=False)
    _off_timeline(board, name)
    board.wall.remove((Kind.RESUME, name, 0))
    board.steady.remove((Kind.COOLED, name, 0))
    if state.pause is not None:
        board.pauses[name] = state.pause
    drop_all(board, state, now, turn)
    for fire in state.queue:
        drop(board, state, fire.id, Skip(SkipReason.REMOVED), now, turn)
    for fire_id, run in list(state.running.items()):
        if run.waiting:
            board.steady.remove((Kind.RETRY, name, fire_id))
            turn.changes.append(_never_tried_again(fire_id, run.attempt, now))
            freed(board, board.over(fire_id), now, turn)


def _never_tried_again(fire: int, attempt: int, now: Now) -> Finish:
    outcome = Cancelled("its job was removed while it waited for its next attempt")
    return Finish(fire, attempt, outcome, now.wall, now.wall, timedelta(0))


def retire(name: str, previous: Previous, now: Now, turn: Turn) -> None:
    """A version without a successor ends: its job is gone, or disabled."""
    if previous.active:
        _close(name, previous, now, turn)
        turn.changes.append(Retire(name, previous.version, now.wall))


def correct(board: Board, now: Now, turn: Turn) -> Sequence[str]:
    """The clock was set back a long way: begin anew what would otherwise stay silent. Returns the jobs concerned."""
    concerned = [
        state for state in board.jobs.values() if _ahead(state.job, state.watermark, now) and not state.relative
    ]
    for state in concerned:
        place(board, state.job, current(state), now, turn)
    return [state.job.name for state in concerned]
