"""What would be decided at once if other jobs were served from now on: by the rules that would decide it, on a board of
its own, from what the ledger holds. Nothing comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import field, replace
from datetime import datetime
from itertools import count

from asched.core.change import Change, Decide, Expire, Gap, Pause, Promote
from asched.core.dataclass import dataclass
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.occurrence import Occurrence
from asched.core.outcome import Decision
from asched.core.record import VersionRecord
from asched.core.recovery import Held
from asched.core.rules.admission import wait
from asched.core.rules.board import Board, Now, Previous, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.owed import count_owed
from asched.core.rules.pending import dropped, void
from asched.core.rules.roster import decided_until, place, previous_of, retire

_ALL = 1_000_000  # deadlines: each job has one


@dataclass(slots=True)
class Owed:
    """What one job is owed, and what would become of it: fires with their decisions, and what is decided together."""

    fires: list[tuple[Fire, Decision]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`jobs` as they would be served: those that are enabled, with their anchors. `lost`: what versions that end still
    owed. `owed`: what comes due at once, by catch-up or because it is due right now. `raised`: by triggers.
    `held`: so much is owed that somebody would be asked first. `dropped`: what was arranged for single fires that the
    jobs do not have any more."""

    jobs: Mapping[str, Job]
    lost: Mapping[str, Sequence[Gap]]
    owed: Mapping[str, Owed]
    raised: Mapping[str, str]
    held: Held | None
    dropped: Sequence[Expire] = ()


def known_of(versions: Iterable[VersionRecord]) -> dict[str, Previous]:
    """The newest version of each job, from all of them."""
    each: dict[str, list[VersionRecord]] = {}
    for record in versions:
        each.setdefault(record.job, []).append(record)
    newest = {name: max(records, key=lambda one: one.version) for name, records in each.items()}
    return {name: previous_of(record, decided_until(each[name])) for name, record in newest.items()}


def rehearse(
    jobs: Sequence[Job],
    known: Mapping[str, Previous],
    now: Now,
    limits: Limits | None = None,
    *,
    pauses: Iterable[Pause] = (),
    running: Set[str] = frozenset(),
    waiting: Sequence[Fire] = (),
    approved_to: int = 0,
    succeeded: Iterable[tuple[str, datetime]] = (),
    arranged: Iterable[Occurrence] = (),
) -> Rehearsal:
    """Exactly `jobs` from now on. `running` are names of jobs that have a run: what counts from its end is not due.
    `waiting` are fires that wait already; up to `approved_to` somebody approved of making up for them. `succeeded` are
    jobs that others need, and instants for which they did. `arranged` are single fires that go otherwise."""
    numbers = count(max([approved_to, *(fire.id for fire in waiting)]) + 1)
    board = Board(lambda: next(numbers), limits)
    board.known.update(known)
    board.pauses.update((pause.job, pause) for pause in pauses)
    for one in arranged:
        board.occurrences[one.job] = (*board.occurrences.get(one.job, ()), one)
    for job, at in succeeded:
        board.successes.note(job, at)
    placing, deciding = Turn(), Turn()
    count_owed(board)  # as a start does
    board.recovering.approved_to = approved_to
    _place_all(board, jobs, now, placing)
    _wait_on(board, waiting)
    _wait_for_the_end(board, running)
    due(board, now, _ALL, deciding)
    return Rehearsal(
        {name: replace(state.job, trigger=state.trigger) for name, state in board.jobs.items()},
        {name: owed.gaps for name, owed in _owed(placing.changes).items()},
        _owed(deciding.changes),
        dict(board.broken),
        board.recovering.held,
        dropped(placing.changes),
    )


def _place_all(board: Board, jobs: Sequence[Job], now: Now, turn: Turn) -> None:
    wanted = [job for job in jobs if not job.disabled]
    for name in board.known.keys() - {job.name for job in wanted}:
        retire(name, board.known[name], now, turn)
    for job in wanted:
        place(board, job, None, now, turn)
    for name in list(board.occurrences):
        void(board, name, now, turn)
    board.link()


def _wait_on(board: Board, waiting: Sequence[Fire]) -> None:
    for fire in waiting:
        state = board.jobs.get(fire.job)
        if state is not None:
            wait(board, state, fire)


def _wait_for_the_end(board: Board, running: Set[str]) -> None:
    for state in board.jobs.values():
        if state.relative and state.job.name in running:
            state.next_at = None
            board.schedule(state)


def _owed(changes: Sequence[Change]) -> dict[str, Owed]:
    found: dict[str, Owed] = {}
    later = {change.fire: change.decision for change in changes if isinstance(change, Promote)}
    for change in changes:
        if isinstance(change, Decide) and (change.fires or change.gaps):
            owed = found.setdefault(change.job, Owed())
            owed.fires += [(fire, later.get(fire.id, decision)) for fire, decision in change.fires]
            owed.gaps += change.gaps
    return found


def counted(owed: Owed) -> dict[str, int]:
    """How many are started, wait, or are skipped for which reason; gaps that are not counted count as the thousand that
    they were counted to."""
    found: dict[str, int] = {}
    for _, decision in owed.fires:
        kind = str(getattr(decision, "reason", decision.kind))
        found[kind] = found.get(kind, 0) + 1
    for gap in owed.gaps:
        found[str(gap.reason)] = found.get(str(gap.reason), 0) + (gap.count or 1000)
    return found


def oldest(owed: Owed) -> datetime | None:
    """The instant that has been owed for longest; of what is decided together, what comes after it."""
    return min((*(fire.scheduled_at for fire, _ in owed.fires), *(gap.after for gap in owed.gaps)), default=None)
