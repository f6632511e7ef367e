"""The status: what a running service says of itself. Times are RFC 3339, durations seconds."""

from __future__ import annotations

from asched.core.board import JobState
from asched.core.model import Job
from asched.scheduler import Scheduler
from asched.service.health import health_of


def status_of(scheduler: Scheduler) -> dict[str, object]:
    health, engine = health_of(scheduler), scheduler.engine
    return {
        "instance": engine.number,
        "health": {
            "healthy": health.healthy,
            "reasons": list(health.reasons),
            "overdue_s": health.overdue.total_seconds(),
        },
        "draining": engine.board.draining,
        "turns": engine.turns,
        "given_up": len(engine.dispatch.given_up),
        "jobs": [_job(scheduler, handle.definition) for handle in scheduler.jobs],
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
        "broken": "" if state is None else state.broken,
    }


def _pause(state: JobState | None) -> dict[str, object] | None:
    if state is None or state.pause is None:
        return None
    pause = state.pause
    until = None if pause.until is None else pause.until.isoformat()
    return {"by": pause.by, "reason": pause.reason, "since": pause.at.isoformat(), "until": until}
