"""`asched.run(scheduler)`: a script that serves itself, as `asched serve` would."""

from __future__ import annotations

from asched.scheduler import Scheduler
from asched.service import logs
from asched.service.livelog import LiveLog
from asched.service.process import run_to_the_end
from asched.service.serve import SecretMask
from asched.service.service import Service
from asched.service.stdlog import route_logging


def run(scheduler: Scheduler, *, log_format: str = "auto", log_level: str = "info") -> None:
    """Run the scheduler until SIGTERM or SIGINT, with logs. Blocks; exits the process when that did not go well.

    Raises SystemExit with the exit code of `asched serve`, unless that is 0.
    """
    mask, live = SecretMask(), LiveLog()
    logs.set_up(log_format, log_level, mask, live=live, in_background=True)
    route_logging(log_level)
    ledger = str(getattr(scheduler.ledger, "path", type(scheduler.ledger).__name__))
    service = Service(lambda: scheduler, learn=mask.learn, live=live, facts={"ledger": ledger})
    code = run_to_the_end(service.run(), service.fail, mask)
    if code:
        raise SystemExit(code)
