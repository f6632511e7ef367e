"""`asched serve`: from a configuration to an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from asched.core.masking import Masker, secret_values
from asched.core.model import Job
from asched.declaration.problems import format_problems
from asched.engine.clock import SystemClock
from asched.errors import ConfigurationError
from asched.host.statedir import make_state_dir
from asched.scheduler import Scheduler
from asched.service import logs
from asched.service.config import Configuration, load, load_file
from asched.service.exitcodes import CONFIGURATION
from asched.service.init import stand_before
from asched.service.livelog import LiveLog
from asched.service.process import run_to_the_end
from asched.service.rereading import Rereading
from asched.service.service import Service
from asched.service.socketfile import socket_path
from asched.service.stdlog import route_logging


def read(path: str | Path, overrides: Mapping[str, object] | None = None) -> Configuration:
    """config.toml, or one Python file. Raises ConfigurationError."""
    is_python = str(path).endswith(".py")
    return (load_file if is_python else load)(path, overrides=overrides)


def serve_forever(path: str | Path, overrides: Mapping[str, object] | None = None) -> int:
    """Serve until told to stop. Returns the exit code; what is wrong with the configuration goes to stderr."""
    if os.getpid() == 1:
        stand_before()  # first of all: what follows may start threads
    began = SystemClock().now()
    try:
        configuration = read(path, overrides)
        make_state_dir(configuration.state_dir)
    except ConfigurationError as error:
        print(format_problems(error.problems), file=sys.stderr)
        return CONFIGURATION
    mask, live = SecretMask(configuration.jobs), LiveLog()
    logs.set_up(configuration.log.format, configuration.log.level, mask, live=live, in_background=True)
    route_logging(configuration.log.level)
    _report(configuration)
    reload = Rereading(configuration, lambda: read(path, overrides), mask.learn)
    service = Service(
        lambda: scheduler_for(configuration, mask),
        socket=socket_path(configuration.state_dir, configuration.ledger),
        reload=reload,
        watched=(lambda: reload.read_from) if configuration.watch else None,
        read_at=began,
        facts=facts_of(configuration),
        live=live,
        log_output=configuration.log.output,
    )
    return run_to_the_end(service.run(), service.fail, mask)


def scheduler_for(configuration: Configuration, mask: SecretMask) -> Scheduler:
    """A Scheduler as the configuration wants it, with its jobs."""
    scheduler = Scheduler(
        ledger=configuration.ledger,
        timezone=configuration.timezone,
        drain=configuration.drain,
        retention=timedelta(days=configuration.retention_days),
        runs_per_job=configuration.runs_per_job,
        max_running=configuration.limits.running,
        pools=configuration.limits.pools,
        failures_kept=configuration.failures_kept,
        recovery=configuration.limits.recovery,
        mask=mask,
    )
    scheduler.replace(configuration.jobs)
    return scheduler


def facts_of(configuration: Configuration) -> dict[str, object]:
    from asched import __version__

    return {
        "version": __version__,
        "config": str(configuration.path),
        "ledger": configuration.ledger,
        "started_at": SystemClock().now().isoformat(timespec="seconds"),
    }


def _report(configuration: Configuration) -> None:
    """Problems that cost single jobs: said, and the rest is served."""
    for problem in configuration.problems:
        place = ":".join(str(part) for part in (problem.path, problem.line or "") if part)
        logs.get_logger().error("job.invalid", where=place, why=problem.message, help=problem.help)
    for warning in configuration.idle():
        logs.get_logger().warning("service.idle", why=warning.message, help=warning.help)


class SecretMask:
    """Masks the secrets of all jobs that were ever served by this process."""

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self._values: frozenset[str] = frozenset()
        self.learn(jobs)

    def learn(self, jobs: Sequence[Job]) -> None:
        self._values |= secret_values(jobs)
        self._masker = Masker(self._values)

    def __call__(self, text: str) -> str:
        return self._masker.mask(text)
