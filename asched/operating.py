"""What operators ask of several jobs at once: each is one transaction, with an act for each job that it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from asched.core.change import Act, Pause, Unpause
from asched.core.dataclass import dataclass
from asched.core.model import Fire, Job, OnResume
from asched.core.rules.board import Board, Cause, JobState, Now, Turn
from asched.core.rules.draining import settle_before
from asched.core.rules.pausing import pause, unpause
from asched.core.rules.runs import stop
from asched.core.text.instants import shown
from asched.errors import Refused, UnknownJob


@dataclass(frozen=True, slots=True)
class Pausing:
    """How jobs are to be paused: for that `length`, or `until` then; neither: until they are resumed."""

    by: str
    reason: str = ""
    length: timedelta | None = None
    until: datetime | None = None
    on_resume: OnResume | None = None

    def of(self, job: str, now: datetime) -> Pause:
        return Pause(job, now, self.by, self.reason, self.end(now), self.on_resume)

    def remark(self, now: datetime) -> str:
        """For the act: until when, and why."""
        end = self.end(now)
        return ": ".join(filter(None, ["" if end is None else f"until {shown(end)}", self.reason]))

    def end(self, now: datetime) -> datetime | None:
        """When it ends by itself. Raises Refused when that is over."""
        if self.length is not None:
            return now + self.length
        if self.until is not None and self.until <= now:
            raise Refused(f"{shown(self.until)} is past: nothing would be paused")
        return self.until


def check_enabled(job: Job) -> None:
    """Raises Refused, with why it is not."""
    if job.disabled:
        raise Refused(f'job "{job.name}" is disabled: {job.disabled}')


def read_on_resume(text: str | None) -> OnResume | None:
    """Raises Refused."""
    if text is None:
        return None
    try:
        return OnResume(text)
    except ValueError:
        said = ", ".join(f'"{one}"' for one in OnResume)
        raise Refused(f'on_resume is "{text}": it is one of {said}') from None


def tagged(jobs: Iterable[Job], tag: str) -> Sequence[str]:
    """The names of those with that tag. Raises UnknownJob when there is none."""
    jobs = list(jobs)
    found = [job.name for job in jobs if tag in job.tags]
    if not found:
        known = sorted({one for job in jobs for one in job.tags})
        raise UnknownJob(
            f'no job has the tag "{tag}": ' + (f"there are {', '.join(known)}" if known else "none has one")
        )
    return found


def pause_jobs(board: Board, names: Sequence[str] | None, wanted: Pausing, now: Now, turn: Turn) -> Sequence[str]:
    """Those of them that are scheduled; None: all there are. Returns who that is."""
    states = _scheduled(board, names)
    for state in states:
        settle_before(board, state, now, turn)
        pause(board, state, wanted.of(state.job.name, now.wall), turn)
        turn.changes.append(Act(now.wall, "pause", wanted.by, state.job.name, "", wanted.remark(now.wall)))
    return [state.job.name for state in states]


def resume_jobs(board: Board, names: Sequence[str] | None, by: str, reason: str, now: Now, turn: Turn) -> Sequence[str]:
    """Those of them that are paused. Raises Refused when none is."""
    states = [state for state in _scheduled(board, names) if state.pause is not None]
    if not states:
        raise Refused(none_is_paused(list(board.jobs) if names is None else names))
    for state in states:
        settle_before(board, state, now, turn)
        unpause(board, state, Unpause(state.job.name, now.wall, by, reason), now, turn)
        turn.changes.append(Act(now.wall, "resume", by, state.job.name, "", reason))
    return [state.job.name for state in states]


def none_is_paused(names: Sequence[str]) -> str:
    return f'job "{names[0]}" is not paused' if len(names) == 1 else "none of these jobs is paused"


def _scheduled(board: Board, names: Sequence[str] | None) -> list[JobState]:
    wanted = list(board.jobs) if names is None else names
    return [board.jobs[name] for name in dict.fromkeys(wanted) if name in board.jobs]


def cancel_run(board: Board, fire: Fire, by: str, reason: str, now: Now, turn: Turn) -> bool:
    """False: it is over already."""
    if not stop(board, fire.id, Cause.OPERATOR, f"{reason} (by {by})", now, turn):
        return False
    turn.changes.append(Act(now.wall, "cancel", by, fire.job, fire.run, reason))
    return True


def cancel_runs(board: Board, job: str, by: str, reason: str, now: Now, turn: Turn) -> Sequence[str]:
    """All that is open of that job, what waits first, so that none of it takes a place that is free then. Returns their
    names."""
    state = board.jobs.get(job)
    waiting = [] if state is None else list(state.queue)
    running = [run.fire for run in board.runs.values() if run.fire.job == job]
    return [fire.run for fire in [*waiting, *running] if cancel_run(board, fire, by, reason, now, turn)]


def repeats(before: Fire, reason: str) -> str:
    """The reason of the act that has a run repeated: it names that run."""
    return f"repeats {before.run}: {reason}" if reason else f"repeats {before.run}"


def starts_nothing(board: Board, zone: tzinfo) -> str:
    """Why, since when and by whom; and what ends it. While it drains, or stops."""
    if board.drain is None:
        return "asched is stopping: nothing is started any more"
    drain = board.drain
    why = f" ({drain.reason})" if drain.reason else ""
    since = shown(drain.since, zone)
    return f"asched drains since {since}, by {drain.by}{why}: nothing is started until `asched drain --cancel`"
