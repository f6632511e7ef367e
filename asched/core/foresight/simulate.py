"""Virtual days through the real rules: what would be decided, and how it would go. No ledger, no loop, no clock.

The reference for the conformance tests of the engine, and what previews are made of.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import field, replace
from datetime import datetime, timedelta
from itertools import count

from asched.core.backfill import Backfilling
from asched.core.change import Backfill, Begin, Change, Decide, Finish, Gap, Promote, Retrying
from asched.core.dataclass import dataclass
from asched.core.limits import Limits
from asched.core.model import Fire, Job
from asched.core.occurrence import Occurrence
from asched.core.outcome import Decision, Outcome, Skip, Start, Succeeded
from asched.core.record import FireRecord
from asched.core.rules.admission import ENDS_KNOWN, still_cooling
from asched.core.rules.adopt import adopt, settle_down
from asched.core.rules.answers import Answered, answered
from asched.core.rules.board import (
    AskConditions,
    Board,
    BrokenJob,
    Cause,
    Effect,
    Now,
    Recovers,
    StartRun,
    StopRun,
    Turn,
)
from asched.core.rules.deadlines import due
from asched.core.rules.endofturn import end_turn
from asched.core.rules.overtime import count_time
from asched.core.rules.owed import count_owed
from asched.core.rules.pending import pending
from asched.core.rules.roster import correct, current, place
from asched.core.rules.runs import Ended, disown, ended, startup, stopped_as

Behaviour = Callable[[Fire, int], tuple[timedelta, Outcome]]  # (fire, attempt) -> how long, and how it ends
Hear = Callable[["SimulatedFire"], None]
Holds = Callable[[Fire, datetime], bool]  # (fire, wall clock) -> do the conditions of its job hold?


@dataclass(slots=True)
class SimulatedFire:
    """One fire as it went. `started_at` and `finished_at` are of its last attempt; `begun_at` is the first one's."""

    fire: Fire
    decision: Decision
    decided_at: datetime
    attempt: int = 1
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    begun_at: datetime | None = None


@dataclass(slots=True)
class Simulation:
    """What came of it. `until` is how far it went: less far than asked when it came to more fires than were wanted."""

    fires: dict[int, SimulatedFire] = field(default_factory=dict)
    gaps: list[tuple[str, Gap]] = field(default_factory=list)
    raised: dict[str, str] = field(default_factory=dict)  # by the triggers of jobs, which then had no next fire
    until: datetime | None = None
    pending: list[Occurrence] = field(default_factory=list)  # of what was arranged, what has not come by then

    def of(self, job: str) -> list[SimulatedFire]:
        found = [one for one in self.fires.values() if one.fire.job == job]
        return sorted(found, key=lambda one: (one.fire.scheduled_at, one.fire.id))


@dataclass(frozen=True, slots=True)
class Outage:
    """No scheduler lives in [since, until). What ran is lost."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody sets the wall clock, forward or back. It is noticed at once."""

    since: datetime
    by: timedelta


@dataclass(frozen=True, slots=True)
class Suspend:
    """The machine sleeps: what is executed goes on after it."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Stall:
    """The process gets no time. Then everything is late, what ended as well."""

    since: datetime
    until: datetime


Disturbance = Outage | Step | Suspend | Stall
"""Its `since` and `until` are what the wall clock would show had nobody ever set it."""


@dataclass(slots=True)
class _End:
    """How an attempt that is being executed will end."""

    fire: int
    attempt: int
    outcome: Outcome
    started_at: datetime
    began: datetime
    timeout: timedelta | None

    def timed_out(self, now: datetime) -> bool:
        return self.timeout is not None and self.began + self.timeout <= now


def quick(fire: Fire, attempt: int) -> tuple[timedelta, Outcome]:
    """Everything succeeds at once."""
    return timedelta(0), Succeeded()


def _hold(fire: Fire, at: datetime) -> bool:
    return True


def simulate(
    jobs: Sequence[Job],
    since: datetime,
    until: datetime,
    *,
    behave: Behaviour = quick,
    disturbances: Sequence[Disturbance] = (),
    hear: Hear | None = None,
    limit: int | None = None,
    limits: Limits | None = None,
    occurrences: Sequence[Occurrence] = (),
    conditions: Holds | None = None,
    backfills: Sequence[Backfill] = (),
) -> Simulation:
    """Everything that `jobs`, first seen at `since`, come to by `until`, or by the turn that passes `limit` fires.
    `occurrences` are single fires that are to go otherwise; what their jobs do not yield is left aside.
    `backfills` begin at once.

    With `hear` it is told of each fire once nothing more becomes of it, or at the end, and only what is then still
    open is in the answer: a year of many jobs has more fires than one wants to keep. Conditions hold, unless
    `conditions` says that they do not.
    """
    twice = bool(occurrences) or any(isinstance(disturbance, Step) for disturbance in disturbances)
    world = _World(jobs, since, behave, hear, limit, limits, occurrences, conditions or _hold, backfills, twice=twice)
    for disturbance in sorted(disturbances, key=lambda one: one.since):
        world.run_until(disturbance.since)
        if world.full:
            break
        world.disturb(disturbance)
    world.run_until(until, inclusive=True)
    world.tell_of_the_open()
    world.seen.pending = world.pending()
    return world.seen


class _World:
    """`now` is time as it passes; the wall clock and steady time are so far ahead of it."""

    def __init__(
        self,
        jobs: Sequence[Job],
        since: datetime,
        behave: Behaviour,
        hear: Hear | None,
        limit: int | None,
        limits: Limits | None,
        occurrences: Sequence[Occurrence],
        conditions: Holds,
        backfills: Sequence[Backfill],
        *,
        twice: bool,
    ) -> None:
        self.jobs = [job for job in jobs if not job.disabled]
        self.behave = behave
        self.hear = hear
        self.limit = limit
        self.limits = limits
        self.conditions = conditions
        self.answers: list[Answered] = []
        self.decided = 0
        self.instance = 0
        self.seen = Simulation()
        self.ends: list[tuple[datetime, int, _End]] = []
        self.order = count()
        self.retries: dict[int, datetime] = {}
        self.ended_at: dict[str, list[tuple[Fire, datetime]]] = {}  # of jobs that cool down
        self.now = since
        self.wall_ahead = self.steady_ahead = timedelta(0)
        self.taken: set[tuple[str, datetime, str]] | None = set() if twice else None  # else each comes once anyway
        self.board = self._board(occurrences)
        self.board.backfills = {one.number: Backfilling(one) for one in backfills}
        turn = Turn()
        for job in self.jobs:
            place(self.board, job, None, self._moment(), turn)
        self.board.link()
        startup(self.board, self._moment(), self.instance, turn, first_of_boot=True)
        end_turn(self.board, self._moment(), turn)
        self._carry_out(turn)

    def _board(self, occurrences: Iterable[Occurrence]) -> Board:
        """A new instance begins: its fires are numbered as the engine numbers them."""
        self.instance += 1
        first, numbers = self.instance << 32, count(1)
        board = Board(lambda: first | next(numbers), self.limits)
        for one in occurrences:
            board.occurrences[one.job] = (*board.occurrences.get(one.job, ()), one)
        return board

    def _moment(self) -> Now:
        return Now(self.now + self.wall_ahead, self.now + self.steady_ahead)

    @property
    def full(self) -> bool:
        return self.limit is not None and self.decided >= self.limit

    def run_until(self, end: datetime, *, inclusive: bool = False) -> None:
        while not self.full and (at := self._next()) is not None and (at < end or (inclusive and at == end)):
            self.now = max(self.now, at)
            self._turn()
        if not self.full:
            self.now = end
        self.seen.until = self.now

    def _next(self) -> datetime | None:
        if self.answers:
            return self.now
        ends = self.ends[0][0] if self.ends else None
        return min((at for at in (self._next_deadline(), ends) if at is not None), default=None)

    def _next_deadline(self) -> datetime | None:
        come = zip(self.board.next_deadlines(), (self.wall_ahead, self.steady_ahead), strict=True)
        return min((at - ahead for at, ahead in come if at is not None), default=None)

    def _turn(self, *, set_back: bool = False, hearing: bool = True) -> None:
        turn = Turn()
        if set_back:
            correct(self.board, self._moment(), turn)
        while hearing and self.ends and self.ends[0][0] <= self.now:
            ended(self.board, self._message(heapq.heappop(self.ends)[2]), self._moment(), turn)
        due(self.board, self._moment(), 1_000_000, turn)
        while hearing and self.answers:  # after what was due already when the conditions were asked
            answered(self.board, self.answers.pop(0), self._moment(), turn)
        end_turn(self.board, self._moment(), turn)
        self._carry_out(turn)
        if hearing:
            self._overdue()  # what the answers made due: the engine is at it before it hears of what they stopped

    def _overdue(self) -> None:
        while (late := self._next_deadline()) is not None and late <= self.now:
            self._turn(hearing=False)

    def _message(self, end: _End) -> Ended:
        finished_at = max(self._moment().wall, end.started_at)
        return Ended(end.fire, end.attempt, end.outcome, end.started_at, finished_at, self.now - end.began)

    def _carry_out(self, turn: Turn) -> None:
        """As the engine: then as much for what goes because others turned out to be decided before."""
        while turn:
            lost, after = self._decided_before(turn.changes), Turn()
            for change in turn.changes:
                self._remember(change, lost)
            if lost:
                disown(self.board, lost, self._moment(), after)
            self._do(turn.effects, lost)
            turn = after

    def _do(self, effects: Iterable[Effect], lost: Set[int]) -> None:
        for effect in effects:
            match effect:
                case StartRun(fire=fire) if fire.id in lost:
                    pass
                case StartRun(job, fire, attempt):
                    self._start(job, fire, attempt)
                case StopRun(fire_id, cause, _):
                    run = self.board.runs.get(fire_id)
                    if run is not None:  # else it ended by itself in this very turn
                        self._stop(fire_id, stopped_as(cause, run.reason, run.limit))
                case AskConditions(asking, fire):
                    holds = self.conditions(fire, self._moment().wall)
                    self.answers.append(Answered(asking.name, fire.id, holds))
                case Recovers():
                    pass  # says nothing about fires
                case BrokenJob(job, error):  # its fire is recorded as invalid
                    self.seen.raised[job] = error

    def _decided_before(self, changes: Sequence[Change]) -> set[int]:
        """The fires that a ledger refuses, for it holds one of that job and instant: a clock was set back."""
        lost: set[int] = set()
        if self.taken is None:
            return lost
        for fire in [fire for change in changes if isinstance(change, Decide) for fire, _ in change.fires]:
            key = (fire.job, fire.scheduled_at, fire.nonce)
            if key in self.taken:
                lost.add(fire.id)
            self.taken.add(key)
        return lost

    def _start(self, job: Job, fire: Fire, attempt: int) -> None:
        if attempt == 1:
            count_time(self.board, job, fire.id, self._moment())
        took, outcome = self.behave(fire, attempt)
        timeout = job.policies.timeout
        if timeout is not None and took >= timeout:
            took, outcome = timeout, stopped_as(Cause.TIMEOUT, "timeout", timeout)
        end = _End(fire.id, attempt, outcome, self._moment().wall, self.now, timeout)
        heapq.heappush(self.ends, (self.now + took, next(self.order), end))

    def _stop(self, fire: int, outcome: Outcome) -> None:
        """Simulated jobs are polite: they stop at once, each when it is asked to."""
        for place_, (at, order, end) in enumerate(self.ends):
            if end.fire == fire and not end.timed_out(self.now):
                told = order if at <= self.now else next(self.order)
                self.ends[place_] = (min(at, self.now), told, replace(end, outcome=outcome))
        heapq.heapify(self.ends)

    def _remember(self, change: Change, lost: Set[int] = frozenset()) -> None:
        fires = self.seen.fires
        match change:
            case Decide():
                for fire, decision in change.fires:
                    if fire.id in lost:
                        continue
                    started = change.at if isinstance(decision, Start) else None
                    fires[fire.id] = SimulatedFire(fire, decision, change.at, started_at=started, begun_at=started)
                    self._settled(fire.id)
                self.decided += len(change.fires)
                self.seen.gaps += [(change.job, gap) for gap in change.gaps]
            case Promote():
                fires[change.fire].decision = change.decision
                if isinstance(change.decision, Start):
                    fires[change.fire].started_at = fires[change.fire].begun_at = change.at
                self._settled(change.fire)
            case Begin():
                fires[change.fire].attempt = change.attempt
                fires[change.fire].started_at = change.at
            case Retrying():
                fires[change.fire].attempt = change.attempt
                self.retries[change.fire] = change.retry_at
            case Finish():
                one = fires[change.fire]
                one.attempt, one.outcome = change.attempt, change.outcome
                one.started_at, one.finished_at = change.started_at, change.finished_at
                self._note_end(one.fire, change.finished_at)
                self._settled(change.fire)
            case _:
                pass  # says nothing about fires

    def _note_end(self, fire: Fire, at: datetime) -> None:
        state = self.board.jobs.get(fire.job)
        if state is not None and state.job.policies.cooldown:
            self.ended_at.setdefault(fire.job, []).append((fire, at))

    def _settled(self, fire: int) -> None:
        """Tell of it, if nothing more becomes of it, and forget it."""
        one = self.seen.fires[fire]
        if self.hear is not None and (one.outcome is not None or isinstance(one.decision, Skip)):
            self.hear(self.seen.fires.pop(fire))

    def tell_of_the_open(self) -> None:
        for one in self.seen.fires.values():
            if self.hear is not None:
                self.hear(one)

    def pending(self) -> list[Occurrence]:
        return [one for state in self.board.jobs.values() for one in pending(state)]

    def disturb(self, disturbance: Disturbance) -> None:
        match disturbance:
            case Outage():
                self.crash(disturbance)
            case Step(by=by):
                self.wall_ahead += by
                self._turn(set_back=by < timedelta(0))
            case Suspend(until=until):
                slept = until - self.now
                self.ends = [(at + slept, n, replace(end, began=end.began + slept)) for at, n, end in self.ends]
                self.now = until
                self._turn()
            case Stall(until=until):
                self._stall(until)

    def _stall(self, until: datetime) -> None:
        """The loop hears of deadlines before it hears of what ended; and a timeout that came meanwhile counts."""
        self.now = until
        for place_, (at, order, end) in enumerate(self.ends):
            if at <= until and end.timed_out(until):
                outcome = stopped_as(Cause.TIMEOUT, "timeout", end.timeout)
                self.ends[place_] = (at, order, replace(end, outcome=outcome))
        self._overdue()

    def crash(self, outage: Outage) -> None:
        """Everything in memory is gone; what was decided is not."""
        left = self._left_open()
        before, turn = self.board, Turn()
        self.ends.clear()
        self.answers.clear()
        self.now = outage.until
        self.steady_ahead = self.wall_ahead  # steady time begins as wall time
        self.board = self._board(self.pending())
        self.board.failures = before.failures
        self.board.backfills = {
            number: Backfilling(one.order, set(one.done)) for number, one in before.backfills.items()
        }
        self.board.pauses = {name: state.pause for name, state in before.jobs.items() if state.pause is not None}
        for job in self.jobs:
            place(self.board, job, current(before.jobs[job.name]), self._moment(), turn)
        self.board.link()
        self.board.joins, self.board.successes = before.joins, before.successes
        count_owed(self.board)
        for name, ends in self.ended_at.items():
            still_cooling(self.board, self.board.jobs[name], ends[-ENDS_KNOWN:], self._moment())
        for record in left:
            adopt(self.board, record, f"asched {self.instance - 1}", outage.since, self._moment(), turn)
        settle_down(self.board, self._moment(), turn)
        startup(self.board, self._moment(), self.instance, turn, first_of_boot=False)
        self._carry_out(turn)
        self._turn(hearing=False)  # what the start asked is answered after its first turn

    def _left_open(self) -> list[FireRecord]:
        records = []
        for one in self.seen.fires.values():
            run = self.board.runs.get(one.fire.id)
            record = FireRecord(
                one.fire,
                one.decision,
                one.begun_at or one.decided_at,
                self.instance,
                one.attempt,
                started_at=one.started_at,
                outcome=one.outcome,
            )
            if record.open:
                waits = run is not None and run.waiting
                records.append(replace(record, retry_at=self.retries[record.id]) if waits else record)
        return sorted(records, key=lambda record: (record.scheduled_at, record.id))
