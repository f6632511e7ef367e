"""The status: what a running service says of itself. Times are RFC 3339, durations seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice

from asched.core.english.reasons import explain_wait
from asched.core.foresight.recoverystatus import RecoveryStatus
from asched.core.localtime.zones import zone
from asched.core.model import Fire, Job
from asched.core.rules.admission import lacks
from asched.core.rules.board import Drain, JobState
from asched.scheduler import Scheduler
from asched.service.health import health_of

WAITING_SHOWN = 20  # of each job's fires


def status_of(scheduler: Scheduler) -> dict[str, object]:
    health, engine = health_of(scheduler), scheduler.engine
    return {
        "instance": engine.number,
        "health": {
            "healthy": health.healthy,
            "reasons": list(health.reasons),
            "ready": health.ready,
            "overdue_s": health.overdue.total_seconds(),
        },
        "draining": engine.board.draining,
        "drain": _drain(engine.board.drain),
        "turns": engine.turns,
        "given_up": len(engine.dispatch.given_up),
        "recovery": {key: value for key, value in recovery_of(scheduler.recovery()).items() if key != "jobs"},
        "jobs": [_job(scheduler, handle.definition) for handle in scheduler.jobs],
    }


def recovery_of(recovery: RecoveryStatus) -> dict[str, object]:
    """What an absence left owed, and how making up for it goes."""
    return {
        "state": recovery.state,
        "waiting": recovery.waiting,
        "started": recovery.started,
        "running": recovery.running,
        "held": None if recovery.held is None else asdict(recovery.held),
        "next_at": recovery.next_at,
        "next": [{"job": fire.job, "run": fire.run, "scheduled_at": fire.scheduled_at} for fire in recovery.next],
        "jobs": recovery.jobs,
    }


def _job(scheduler: Scheduler, job: Job) -> dict[str, object]:
    state = scheduler.engine.board.jobs.get(job.name)
    next_at = scheduler[job.name].next_at
    return {
        "name": job.name,
        "schedule": None if job.trigger is None else job.trigger.text(),
        "after": list(job.after),
        "disabled": job.disabled,
        "next_at": None if next_at is None else next_at.isoformat(),
        "paused": _pause(state),
        "running": [] if state is None else [run.fire.run for run in state.running.values()],
        "queued": 0 if state is None else len(state.queue),
        "waiting": [] if state is None else _waiting(scheduler, state),
        "broken": scheduler.engine.board.broken.get(job.name, ""),
    }


def _waiting(scheduler: Scheduler, state: JobState) -> list[dict[str, object]]:
    """The first of the fires that wait, and what each lacks at this moment."""
    engine = scheduler.engine
    now = engine.axes.read()
    waiting = list(islice(state.queue, WAITING_SHOWN))
    return [_waits(state, fire, lacks(engine.board, state, fire, now).facts) for fire in waiting]


def _waits(state: JobState, fire: Fire, facts: Mapping[str, object]) -> dict[str, object]:
    said = explain_wait(facts, zone(state.job.timezone))
    return {"run": fire.run, "scheduled_at": fire.scheduled_at.isoformat(), "for": said, "lacks": dict(facts)}


def _drain(drain: Drain | None) -> dict[str, object] | None:
    return None if drain is None else {"by": drain.by, "reason": drain.reason, "since": drain.since.isoformat()}


def _pause(state: JobState | None) -> dict[str, object] | None:
    if state is None or state.pause is None:
        return None
    pause = state.pause
    until = None if pause.until is None else pause.until.isoformat()
    return {"by": pause.by, "reason": pause.reason, "since": pause.at.isoformat(), "until": until}
