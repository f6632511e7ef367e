"""The greeting: what a service says in its log once it serves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from asched.core.model import Job
from asched.scheduler import Scheduler

if TYPE_CHECKING:
    import structlog


def say_hello(scheduler: Scheduler, facts: Mapping[str, object], log: structlog.typing.FilteringBoundLogger) -> None:
    """What is to be known of the ledger, the service with its `facts`, and each job with its next instant."""
    for remark in getattr(scheduler.ledger, "remarks", ()):
        log.warning("ledger.remark", what=remark)
    active = sum(not handle.definition.disabled for handle in scheduler.jobs)
    log.info("service.started", instance=scheduler.engine.number, jobs=active, **facts)
    for handle in scheduler.jobs:
        _say_job(handle.definition, handle.next_at, log)


def _say_job(job: Job, next_at: object, log: structlog.typing.FilteringBoundLogger) -> None:
    if job.disabled:
        log.warning("job.disabled", job=job.name, why=job.disabled)
    elif job.trigger is not None:
        log.info("job.scheduled", job=job.name, schedule=job.trigger.text(), next_at=next_at)
    else:
        log.info("job.waiting", job=job.name, after=", ".join(job.after) or "asched run")
