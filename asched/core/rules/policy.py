"""The policies as pure rules: `settle` says what becomes of instants that are due, `admit` whether there is room.

`settle` knows nothing of what is running; `admit` nothing of time. The planner puts the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from typing import assert_never

from asched.core.change import Gap
from asched.core.dataclass import dataclass, quickly_made
from asched.core.model import CatchUp, Overlap, Policies
from asched.core.outcome import Decision, Queue, Skip, SkipReason, Start
from asched.core.triggers.instants import between, latest_between
from asched.core.triggers.protocol import Series

INDIVIDUALLY = 100  # so many missed instants of one job get a row of their own; more become a gap
COUNTED = 1000  # a gap is counted up to here

_SMALLEST = timedelta(microseconds=1)
DueAt = Callable[[datetime], datetime]


@quickly_made
class Candidate:
    """An instant that should run, if there is room."""

    scheduled_at: datetime
    due_at: datetime
    caught_up: bool


@quickly_made
class Settled:
    """Every instant in (watermark, until], each in exactly one place."""

    until: datetime
    candidates: Sequence[Candidate]
    skips: Sequence[tuple[datetime, Skip]] = ()
    gaps: Sequence[Gap] = ()


@dataclass(slots=True)
class _Missed:
    """The due instants of one job, sorted into those on time and those that came too late."""

    on_time: list[datetime] = field(default_factory=list)
    late: list[datetime] = field(default_factory=list)
    expired: list[datetime] = field(default_factory=list)


def settle_one(scheduled_at: datetime, due_at: datetime, now: datetime, policies: Policies) -> Settled:
    """The everyday case: exactly one instant is due."""
    late = now - due_at
    if late <= policies.grace:
        return Settled(scheduled_at, (Candidate(scheduled_at, due_at, caught_up=False),))
    if policies.catch_up_window is not None and now - scheduled_at > policies.catch_up_window:
        return Settled(scheduled_at, (), ((scheduled_at, _expired(policies, late)),))
    if policies.catch_up is CatchUp.NONE:
        return Settled(scheduled_at, (), ((scheduled_at, _missed(late)),))
    return Settled(scheduled_at, (Candidate(scheduled_at, due_at, caught_up=True),))


def settle(
    trigger: Series, watermark: datetime, until: datetime, now: datetime, policies: Policies, due_at: DueAt
) -> Settled | None:
    """What becomes of every instant in (watermark, until] that is due by then, after an absence or a stall. How late it
    is counts to `now`.

    None when nothing is due (jitter holds it back). Cost is bounded by the policies, not by the absence.
    """
    wanted = max(INDIVIDUALLY, policies.catch_up_max if policies.catch_up is CatchUp.ALL else 0)
    instants, more = latest_between(trigger, watermark, until, wanted)
    while instants and due_at(instants[-1]) > until:
        instants.pop()
    if not instants:
        return None
    if more and policies.catch_up is CatchUp.FIRST:
        instants = _with_first(trigger, watermark, now, policies, instants)
    sorted_out = _sort_out(instants, now, policies, due_at)
    candidates, skips = _choose(sorted_out, now, policies, due_at)
    gaps = list(_gaps(trigger, watermark, instants, now, policies, candidates))
    return Settled(instants[-1], candidates, sorted(skips, key=lambda skip: skip[0]), gaps)


def _with_first(
    trigger: Series, watermark: datetime, now: datetime, policies: Policies, instants: list[datetime]
) -> list[datetime]:
    """`first` needs the oldest missed instant that has not expired, which may lie before the enumerated ones."""
    horizon = _horizon(now, policies)
    first = trigger.next_after(watermark if horizon is None else max(watermark, horizon - _SMALLEST))
    return [first, *instants] if first is not None and first < instants[0] else instants


def _horizon(now: datetime, policies: Policies) -> datetime | None:
    return None if policies.catch_up_window is None else now - policies.catch_up_window


def _sort_out(instants: Sequence[datetime], now: datetime, policies: Policies, due_at: DueAt) -> _Missed:
    horizon = _horizon(now, policies)
    found = _Missed()
    for instant in instants:
        if now - due_at(instant) <= policies.grace:
            found.on_time.append(instant)
        elif horizon is not None and instant < horizon:
            found.expired.append(instant)
        else:
            found.late.append(instant)
    return found


def _choose(
    found: _Missed, now: datetime, policies: Policies, due_at: DueAt
) -> tuple[list[Candidate], list[tuple[datetime, Skip]]]:
    """Which run, and why the others do not. What is on time and superseded at once is coalesced unless `all`."""
    skips = [(instant, _expired(policies, now - due_at(instant))) for instant in found.expired]
    late, on_time = found.late, found.on_time
    match policies.catch_up:
        case CatchUp.ALL:
            cut = max(0, len(late) - policies.catch_up_max)
            skips += [(i, _missed(now - due_at(i), newest=policies.catch_up_max)) for i in late[:cut]]
            chosen = late[cut:] + on_time
        case CatchUp.LATEST:
            chosen = (late + on_time)[-1:]
            skips += [(i, _coalesced(chosen[0])) for i in (late + on_time)[:-1]]
        case CatchUp.FIRST:
            chosen = late[:1] + on_time[-1:]
            skips += [(i, _coalesced(late[0])) for i in late[1:]]
            skips += [(i, _coalesced(on_time[-1])) for i in on_time[:-1]]
        case CatchUp.NONE:
            chosen = on_time[-1:]
            skips += [(i, _missed(now - due_at(i))) for i in late]
            skips += [(i, _coalesced(on_time[-1])) for i in on_time[:-1]]
        case _:
            assert_never(policies.catch_up)
    missed = set(late)
    return [Candidate(i, due_at(i), caught_up=i in missed) for i in chosen], skips


def _gaps(
    trigger: Series,
    watermark: datetime,
    instants: Sequence[datetime],
    now: datetime,
    policies: Policies,
    candidates: Sequence[Candidate],
) -> Iterator[Gap]:
    """The stretches between the watermark and the enumerated instants, cut where the window begins."""
    horizon = _horizon(now, policies)
    for after, until in _stretches(watermark, instants, policies):
        expired_until = until if horizon is None else min(until, horizon - _SMALLEST)
        if horizon is not None and expired_until > after:
            yield from _gap(trigger, after, expired_until, SkipReason.EXPIRED, {})
            after = expired_until
        reason, facts = _gap_reason(policies, candidates)
        yield from _gap(trigger, after, until, reason, facts)


def _stretches(
    watermark: datetime, instants: Sequence[datetime], policies: Policies
) -> Iterator[tuple[datetime, datetime]]:
    yield watermark, instants[0] - _SMALLEST
    if policies.catch_up is CatchUp.FIRST and len(instants) > 1:
        yield instants[0], instants[1] - _SMALLEST


def _gap_reason(policies: Policies, candidates: Sequence[Candidate]) -> tuple[SkipReason, dict[str, object]]:
    if policies.catch_up in (CatchUp.LATEST, CatchUp.FIRST) and candidates:
        into = candidates[0] if policies.catch_up is CatchUp.FIRST else candidates[-1]
        return SkipReason.COALESCED, {"into": into.scheduled_at.isoformat()}
    return SkipReason.MISSED, {}


def _gap(
    trigger: Series, after: datetime, until: datetime, reason: SkipReason, facts: Mapping[str, object]
) -> Iterator[Gap]:
    if until <= after:
        return
    count = len(between(trigger, after, until, COUNTED + 1))
    if count:
        yield Gap(after, until, reason, count if count <= COUNTED else None, facts)


def whole_gap(
    trigger: Series,
    after: datetime,
    until: datetime,
    reason: SkipReason,
    facts: Mapping[str, object] | None = None,
) -> Sequence[Gap]:
    """All instants in (after, until] as one gap, if there are any."""
    return tuple(_gap(trigger, after, until, reason, facts or {}))


def _missed(late: timedelta, **facts: object) -> Skip:
    return Skip(SkipReason.MISSED, {"late_s": late.total_seconds(), **facts})


def _expired(policies: Policies, late: timedelta) -> Skip:
    assert policies.catch_up_window is not None
    window = policies.catch_up_window.total_seconds()
    return Skip(SkipReason.EXPIRED, {"late_s": late.total_seconds(), "catch_up_window_s": window})


def _coalesced(into: datetime) -> Skip:
    return Skip(SkipReason.COALESCED, {"into": into.isoformat()})


@dataclass(frozen=True, slots=True)
class Admission:
    """The decision on a fire that should run, and what it means for the others of its job."""

    decision: Decision
    stop_running: bool = False  # ask the running ones to stop
    at_once: bool = False  # and do not wait for them to be polite
    displace: bool = False  # those that wait are replaced by this one


_START = Admission(Start())


def admit(policies: Policies, running: Sequence[str], waiting: Sequence[str], *, owed: bool = False) -> Admission:
    """Whether a fire starts, waits or is skipped, as far as its own lane goes: `running` and `waiting` name its runs.

    `owed`: it is one of the missed fires that catch_up = "all" promised to run: these wait for each other.
    """
    if policies.overlap is Overlap.ALLOW or (len(running) < policies.max_instances and not waiting):
        return _START
    facts: dict[str, object] = {"running": list(running)}
    queue = Admission(no_room(policies, len(waiting), owed=owed) or Queue({"for": "slot", **facts}))
    if owed or len(running) + len(waiting) < policies.max_instances:
        return queue
    match policies.overlap:
        case Overlap.SKIP:
            ahead = {"waiting": list(waiting)} if waiting else {}
            return Admission(Skip(SkipReason.OVERLAPPED, {**facts, **ahead}))
        case Overlap.QUEUE_ONE | Overlap.QUEUE:
            return queue
        case Overlap.REPLACE:
            return Admission(Queue({"for": "slot", **facts}), stop_running=True, displace=True)
        case Overlap.TERMINATE:
            return Admission(Queue({"for": "slot", **facts}), stop_running=True, at_once=True, displace=True)
        case _:
            assert_never(policies.overlap)


def no_room(policies: Policies, waiting: int, *, owed: bool = False) -> Skip | None:
    """That as many wait already as may."""
    of_its_own = 1 if policies.overlap is Overlap.QUEUE_ONE else policies.queue_max
    places = policies.catch_up_max if owed else of_its_own
    return None if waiting < places else Skip(SkipReason.QUEUE_FULL, {"waiting": waiting})
