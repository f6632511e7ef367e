"""Reading a configuration again while it is served: what may not come of it is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from asched.core.model import Job
from asched.declaration.problems import Finding, shown_path
from asched.errors import ConfigurationError
from asched.service.config import Configuration
from asched.service.otherledger import another_ledger
from asched.service.reloading import Loaded


class Rereading:
    """Loads the jobs anew: all of it is right, or the old ones stay. `learn` hears of all jobs that were read."""

    def __init__(
        self,
        configuration: Configuration,
        reread: Callable[[], Configuration],
        learn: Callable[[Sequence[Job]], None],
    ) -> None:
        self._began = 0
        self._served = bool(configuration.jobs)
        self._known = configuration.problems
        self._ledger = configuration.ledger
        self._reread = reread
        self._learn = learn
        self.read_from = configuration.read_from

    def __call__(self) -> Loaded:
        """Raises ConfigurationError for what `_check` refuses."""
        self._began = this = self._began + 1
        fresh = self._reread()
        self.read_from = fresh.read_from
        self._check(fresh)
        if this == self._began:  # else nobody waits for it any more: another one has begun
            self._served = bool(fresh.jobs)
            self._known = fresh.problems
        self._learn(fresh.jobs)
        return Loaded(fresh.jobs, fresh.limits, fresh.timezone)

    def _check(self, fresh: Configuration) -> None:
        """What was wrong with single jobs is no reason to keep the others from changing, but a new fault would take
        away a job that runs. A file that is not there any more is no wish to have no jobs. And what is served writes
        one ledger from its start to its end: jobs taken over without it would be decided there unknown to whoever reads
        the new one."""
        known = {(problem.path, problem.message) for problem in self._known}
        if any((problem.path, problem.message) not in known for problem in fresh.problems):
            raise ConfigurationError(fresh.problems)
        if fresh.ledger != self._ledger:
            raise _wrong(fresh, another_ledger(fresh.ledger, self._ledger), "restart it, or take the change back")
        if self._served and not fresh.jobs and not fresh.means_no_jobs:
            message = "it comes to no job any more, and those that are served would all be retired"
            raise _wrong(fresh, message, "if that is meant, write jobs = [] in [service], and no [[job]]")


def _wrong(fresh: Configuration, message: str, help: str) -> ConfigurationError:
    return ConfigurationError([Finding(message, shown_path(fresh.path), help=help)])
