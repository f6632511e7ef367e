"""Admission: may a fire start now, and if not, does it wait? And who waited goes when there is room.

A fire needs a place in its job's lane (overlap, max_instances), a lane that is not cooling down, and every permit that
it shares with other jobs (permits.py). It takes all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import assert_never

from asched.core.change import Promote
from asched.core.condition import asked
from asched.core.lanes import Gated, Waiting, lane_of
from asched.core.model import CatchUp, Fire, OnResume, Origin, Overlap, run_name
from asched.core.nothing import NOTHING
from asched.core.outcome import Decision, Queue, Skip, SkipReason, Start
from asched.core.permits import Order, Permit
from asched.core.recovery import RECOVERY
from asched.core.rules.board import Board, Cause, JobState, Kind, Now, RunState, StartRun, StopRun, Turn
from asched.core.rules.policy import admit, no_room
from asched.core.rules.whilepaused import facts_of, in_pause, on_resume, pause_facts
from asched.core.timeline import Rank

ENDS_KNOWN = 100  # of a job's runs before this start: enough for its lanes to know whether they still cool down
HOLDERS_NAMED = 5  # of a permit, in the facts

_START = Start()


def admitted(
    board: Board, state: JobState, fire: Fire, now: Now, turn: Turn, *, owed: bool = False, by_hand: bool = False
) -> Decision:
    """Is there room? Puts what follows (starting, stopping others, replacing what waits) into the turn."""
    lane = lane_of(state.job, fire)
    decision: Decision
    if state.pause is not None and not by_hand:
        decision = while_paused(board, state, fire, now, turn)
    elif not (state.running or state.queue) and _must_wait(board, state, lane, fire, now) is None:
        decision = _START  # most fires find nobody before them
    elif fire.backfill:
        decision = _as_room_comes(board, state, lane, fire, now)
    else:
        decision = _as_policies_say(board, state, lane, fire, now, turn, owed=owed)
    if isinstance(decision, Start):
        start(board, state, fire, now, turn)
    elif isinstance(decision, Queue):
        wait(board, state, fire)
    return decision


def while_paused(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn) -> Decision:
    """What comes due in a pause is skipped, or waits for its end; what came due before waits in any case."""
    pause = state.pause
    assert pause is not None
    if in_pause(state, fire.due_at, now):
        held = [one for one in state.queue if lane_of(state.job, one) == lane_of(state.job, fire)]
        match on_resume(state, pause):
            case OnResume.SKIP:
                return Skip(SkipReason.PAUSED, pause_facts(pause))
            case OnResume.LATEST:
                before = [one for one in held if one.due_at >= pause.at and not one.backfill]
                _coalesce(board, state, before, fire, now, turn)
            case OnResume.ALL:
                if len(held) >= state.job.policies.catch_up_max:
                    return Skip(SkipReason.QUEUE_FULL, {"waiting": len(held)})
            case other:
                assert_never(other)
    return Queue({"for": "resume", **pause_facts(pause)})


def _as_room_comes(board: Board, state: JobState, lane: str, fire: Fire, now: Now) -> Decision:
    """A backfill has time: it waits as long as it must, and nobody gives way to it."""
    if state.queue.count(lane):
        return _waits_for_slot(state, lane)
    return _must_wait(board, state, lane, fire, now) or Start()


def _as_policies_say(
    board: Board, state: JobState, lane: str, fire: Fire, now: Now, turn: Turn, *, owed: bool
) -> Decision:
    """What a backfill runs, or has waiting, costs no fire its run: it does not count as overlap."""
    ahead = state.queue.in_lane(lane)
    stands_for = _stands_for(board, state, fire, ahead)
    running = [run.fire.run for run in state.in_lane(lane) if not run.fire.backfill]
    waiting = [one.run for one in ahead if not one.backfill and one not in stands_for]
    owed = owed or _keeps_sequence(board, state, fire, ahead)
    verdict = admit(state.job.policies, running, waiting, owed=owed)
    if verdict.displace:
        _displace(board, state, lane, fire, now, turn)
    if verdict.stop_running:
        _stop_all(board, state, lane, fire, now, turn, at_once=verdict.at_once)
    decision = verdict.decision
    if isinstance(decision, Start) and (queue := _must_wait(board, state, lane, fire, now)) is not None:
        full = None if board.draining else no_room(state.job.policies, len(waiting), owed=owed)
        decision = full or queue
    if not isinstance(decision, Skip):
        _coalesce(board, state, stands_for, fire, now, turn)
    if isinstance(decision, Queue) and RECOVERY in board.wants(state, fire) and board.permits.is_shut(RECOVERY):
        return _waits_for(board, RECOVERY)  # before it waits for those ahead of it in its lane
    return decision


def _stands_for(board: Board, state: JobState, fire: Fire, ahead: Sequence[Fire]) -> Sequence[Fire]:
    """What waits to be made up for, of a job of which only the latest is: the newer fire takes its place."""
    if fire.origin is not Origin.SCHEDULE or state.job.policies.catch_up is not CatchUp.LATEST:
        return ()
    return [one for one in ahead if one.id in board.recovering.owed]


def _keeps_sequence(board: Board, state: JobState, fire: Fire, ahead: Sequence[Fire]) -> bool:
    """Of a job of which all are made up for, a fire waits for those that still are to be."""
    if fire.origin is not Origin.SCHEDULE or state.job.policies.catch_up is not CatchUp.ALL:
        return False
    return any(one.id in board.recovering.owed for one in ahead)


def _must_wait(board: Board, state: JobState, lane: str, fire: Fire, now: Now) -> Queue | None:
    """What is lacking, beside a place among those that its policies count."""
    if board.drain is not None:
        return Queue({"for": "drain", **facts_of(board.drain.by, board.drain.reason, board.drain.since)})
    if board.draining:
        return Queue({"for": "start"})  # the next one: what follows a run that ends while we stop is owed all the same
    if not _has_place(state, lane):
        return _waits_for_slot(state, lane)
    until = state.cooling.get(lane)
    if until is not None and until > now.steady:
        return Queue({"for": "cooldown", "s": (until - now.steady).total_seconds()})
    lacking = board.permits.lacking(board.wants(state, fire))
    return None if lacking is None else _waits_for(board, lacking)


def _waits_for_slot(state: JobState, lane: str) -> Queue:
    return Queue({"for": "slot", "running": [run.fire.run for run in state.in_lane(lane)]})


def _waits_for(board: Board, permit: Permit) -> Queue:
    kind, name = permit
    held_by = [run_name(fire) for fire in board.permits.holders(permit)[:HOLDERS_NAMED]]
    return Queue({"for": kind, **({"name": name} if name else {}), "held_by": held_by})


# What waits.


def lacks(board: Board, state: JobState, fire: Fire, now: Now) -> Queue:
    """What a fire that waits still lacks, at this moment."""
    if state.pause is not None:
        return Queue({"for": "resume", **pause_facts(state.pause)})
    if (gated := state.queue.gated.get(fire.id)) is not None:
        return _at_the_gate(state, gated)
    if board.drain is None and (held := board.recovering.held) is not None and fire.id in board.recovering.new:
        return Queue({"for": RECOVERY[0], "held_until": held.expires_at.isoformat()})
    lane = lane_of(state.job, fire)
    return _must_wait(board, state, lane, fire, now) or _behind(state, lane, fire)


def _behind(state: JobState, lane: str, fire: Fire) -> Queue:
    """There is room for it, and those before it go first."""
    first = state.queue.first(lane)
    if first is None or first.id == fire.id:
        return _waits_for_slot(state, lane)
    return Queue({"for": "turn", "behind": first.run})


def _at_the_gate(state: JobState, gated: Gated) -> Queue:
    until = {} if gated.until is None else {"until": gated.until.isoformat()}
    if "needs" in gated.facts:
        return Queue({"for": "needs", **gated.facts, **until})
    condition = gated.facts.get("condition") or asked(state.job.conditions)
    return Queue({"for": "condition", **gated.facts, "condition": condition, **until})


def wait(board: Board, state: JobState, fire: Fire) -> None:
    """It waits in its lane; its lane waits for what it lacks, unless that is a place in the lane itself."""
    lane = lane_of(state.job, fire)
    board.waits(state, lane, fire)
    first = state.queue.first(lane)  # for which the lane waits: it may be another, which needs other permits
    if first is None or not _may_go(board, state, lane):
        return
    lacking = board.permits.lacking(board.wants(state, first))
    if lacking is not None:
        _park(board, state, lane, lacking)


def _may_go(board: Board, state: JobState, lane: str) -> bool:
    """Is it only a permit that its first fire lacks?"""
    if state.pause is not None or board.draining or lane in state.cooling:
        return False
    return _has_place(state, lane)


def _has_place(state: JobState, lane: str) -> bool:
    policies = state.job.policies
    return policies.overlap is Overlap.ALLOW or len(state.in_lane(lane)) < policies.max_instances


def _park(board: Board, state: JobState, lane: str, permit: Permit) -> None:
    fire = state.queue.first(lane)
    assert fire is not None
    board.permits.park(permit, (state.job.name, lane), _order(board, state, fire))


def _order(board: Board, state: JobState, fire: Fire) -> Order:
    priority = state.job.policies.priority
    if RECOVERY in board.wants(state, fire):
        return board.recovering.rules.place(fire, priority)
    return 2 if fire.backfill else 0, -priority, fire.due_at.timestamp(), fire.job, fire.id


def _displace(board: Board, state: JobState, lane: str, newer: Fire, now: Now, turn: Turn) -> None:
    for waiting in state.queue.in_lane(lane):
        if waiting.backfill:
            continue  # it goes on waiting, behind this one or before it
        drop(board, state, waiting.id, replaced_by(newer), now, turn)


def replaced_by(newer: Fire) -> Skip:
    return Skip(SkipReason.REPLACED, {"by": newer.scheduled_at.isoformat()})


def _coalesce(board: Board, state: JobState, older: Iterable[Fire], newer: Fire, now: Now, turn: Turn) -> None:
    """Of what waits, only the latest runs."""
    for waiting in older:
        drop(board, state, waiting.id, Skip(SkipReason.COALESCED, {"into": newer.scheduled_at.isoformat()}), now, turn)


def _stop_all(board: Board, state: JobState, lane: str, newer: Fire, now: Now, turn: Turn, *, at_once: bool) -> None:
    for run in state.in_lane(lane):
        if run.cause is not None or run.fire.backfill:
            continue
        run.cause, run.reason = Cause.REPLACED, f"replaced by run {newer.run}"
        if run.waiting:  # for its next attempt, which will not be
            board.steady.put((Kind.RETRY, state.job.name, run.fire.id), now.steady, Rank.RETRY)
        else:
            turn.effects.append(StopRun(run.fire.id, Cause.REPLACED, at_once))


def drop(board: Board, state: JobState, fire: int, skip: Skip, now: Now, turn: Turn) -> Fire | None:
    """It waits, and will not run. None when it does not wait."""
    found = board.leaves(state, fire)
    if found is not None:
        turn.changes.append(Promote(fire, skip, now.wall))
    return found


def move_up(board: Board, now: Now, turn: Turn) -> None:
    """The end of a turn: behind whom it dropped may stand somebody who lacks less."""
    moving, board.moving_up = board.moving_up, {}
    for name, lane in moving:
        state = board.jobs.get(name)
        if state is not None:
            promote(board, state, lane, now, turn)


def sort_into_lanes(state: JobState) -> None:
    """Its job may have another `key` than before."""
    sort_what_waits(state)
    state.cooling = NOTHING
    for run in state.running.values():
        run.lane = lane_of(state.job, run.fire)


def sort_what_waits(state: JobState) -> None:
    """Its job may have other arguments than before: what waits will be run with these, what is executed was not. A run
    between two attempts waits, too."""
    if not (state.queue or state.running):
        return
    waiting, state.queue = state.queue.in_lanes, Waiting(state.queue.gated)
    for fire in sorted(waiting, key=lambda one: one.id):
        state.queue.put(lane_of(state.job, fire), fire)
    for run in state.running.values():
        if run.waiting:
            run.lane = lane_of(state.job, run.fire)


# What goes.


def start(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn) -> None:
    run = RunState(fire)
    board.begun(state, run)
    turn.effects.append(StartRun(state.job, fire, 1))
    if RECOVERY in run.holds:
        board.recovering.started += 1
        _pace(board, now)


def _pace(board: Board, now: Now) -> None:
    """The next owed fire not at once."""
    if not board.recovering.rules.pace:
        return
    board.recovering.next_at = now.steady + board.recovering.rules.pace
    board.steady.put((Kind.PACED, "", 0), board.recovering.next_at, Rank.COOLED)
    board.recovery_door()


def promote_waiting(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """There may be room in any lane of this job."""
    for lane in state.queue.lanes:
        promote(board, state, lane, now, turn)


def promote_all(board: Board, now: Now, turn: Turn) -> None:
    """There may be room in any lane of any job: all are parked before the first goes, so that the best goes first."""
    wanted: dict[Permit, None] = {}
    for state in board.jobs.values():
        for lane in state.queue.lanes:
            fire = state.queue.first(lane)
            wants = () if fire is None else board.wants(state, fire)
            if not wants:
                promote(board, state, lane, now, turn)
            elif _may_go(board, state, lane):
                _park(board, state, lane, wants[0])
                wanted[wants[0]] = None
    serve(board, list(wanted), now, turn)


def promote(board: Board, state: JobState, lane: str, now: Now, turn: Turn) -> None:
    """There may be room in this lane: its oldest fires take it, in turn with other jobs where they need the same."""
    while (fire := state.queue.first(lane)) is not None and _may_go(board, state, lane):
        wants = board.wants(state, fire)
        if wants:
            _park(board, state, lane, wants[0])
            serve(board, wants[:1], now, turn)
            return
        _go(board, state, fire, now, turn)


def serve(board: Board, permits: Sequence[Permit], now: Now, turn: Turn) -> None:
    """There may be room in these: those parked there go by priority, then whoever has been due for longest."""
    while (parked := board.permits.next(permits)) is not None:
        (name, lane), permit = parked
        state = board.jobs.get(name)
        fire = None if state is None else state.queue.first(lane)
        if state is None or fire is None or not _may_go(board, state, lane):
            continue  # what keeps it now looks at it again when it ends
        lacking = board.permits.lacking(board.wants(state, fire))
        if lacking is not None:
            _park(board, state, lane, lacking)
            continue
        _go(board, state, fire, now, turn)
        _in_turn(board, state, lane, [permit], now, turn)


def _in_turn(board: Board, state: JobState, lane: str, given: Sequence[Permit], now: Now, turn: Turn) -> None:
    """The next of this lane has no right to what the last one had: it waits for that, in turn with other jobs. Unless
    it needs nothing of it: what is on time may wait behind what is made up for."""
    fire = state.queue.first(lane)
    if fire is None or not _may_go(board, state, lane):
        return
    needed = [permit for permit in board.wants(state, fire) if permit in given]
    if needed:
        _park(board, state, lane, needed[0])
    else:
        promote(board, state, lane, now, turn)


def _go(board: Board, state: JobState, fire: Fire, now: Now, turn: Turn) -> None:
    board.waits_no_more(state, fire.id)
    turn.changes.append(Promote(fire.id, Start(), now.wall))
    start(board, state, fire, now, turn)


def freed(board: Board, run: RunState, now: Now, turn: Turn) -> None:
    """A run is over, and gave back its places: who waited for them goes."""
    state = board.jobs.get(run.fire.job)
    if state is not None:
        cool_down(board, state, run.lane, now)
        _in_turn(board, state, run.lane, run.holds, now, turn)
    if run.holds:
        serve(board, run.holds, now, turn)


# Cooling down.


def cool_down(board: Board, state: JobState, lane: str, now: Now) -> None:
    if state.job.policies.cooldown:
        cool(board, state, lane, now.steady + state.job.policies.cooldown)


def cool(board: Board, state: JobState, lane: str, until: datetime) -> None:
    """The lane starts nothing until then (steady)."""
    state.cooling = state.cooling or {}
    state.cooling[lane] = until
    board.steady.put((Kind.COOLED, state.job.name, 0), min(state.cooling.values()), Rank.COOLED)


def still_cooling(board: Board, state: JobState, ends: Iterable[tuple[Fire, datetime]], now: Now) -> None:
    """What ended before this start, and when (wall), still counts; unless the clock was set back behind its end."""
    for fire, ended_at in ends:
        if ended_at > now.wall:
            continue
        left = ended_at + state.job.policies.cooldown - now.wall
        lane = lane_of(state.job, fire)
        if left > state.cooling.get(lane, now.steady) - now.steady:
            cool(board, state, lane, now.steady + left)


def cooled(board: Board, state: JobState, now: Now, turn: Turn) -> None:
    """Some lanes have cooled down: what waited for that goes."""
    for lane in [lane for lane, until in state.cooling.items() if until <= now.steady]:
        del state.cooling[lane]
        promote(board, state, lane, now, turn)
    if state.cooling:
        board.steady.put((Kind.COOLED, state.job.name, 0), min(state.cooling.values()), Rank.COOLED)
