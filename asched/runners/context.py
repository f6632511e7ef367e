"""The Run: what a job may know and use while it runs, and `current_run` for code that is not handed one."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar, Token
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload
from zoneinfo import ZoneInfo

from asched.core.action import Function
from asched.core.model import Attempt, Fire, Origin
from asched.core.text.durations import as_duration
from asched.engine import clock as clocks
from asched.engine.ports import OutputSink
from asched.runners.clients import Clients
from asched.runners.joblog import job_log

if TYPE_CHECKING:
    import structlog

R = TypeVar("R")

_HTTP_TIMEOUT = timedelta(seconds=30)


class Run:
    """One attempt at one fire, as its job sees it: a parameter annotated with `Run` gets it, or ask `current_run()`."""

    __slots__ = ("_attempt", "_clients", "_clock", "_http", "_log", "_output", "_stopping")

    def __init__(
        self,
        attempt: Attempt,
        output: OutputSink,
        clients: Clients,
        stopping: Callable[[], bool],
        clock: clocks.Clock | None = None,
    ) -> None:
        self._attempt = attempt
        self._output = output
        self._clients = clients
        self._stopping = stopping
        self._clock = clock
        self._log: structlog.typing.FilteringBoundLogger | None = None
        self._http: Any = None

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.job}, attempt {self.attempt}>"

    @property
    def id(self) -> str:
        """The run's name, e.g. "3-17", as `asched logs` takes it; the same for all its attempts."""
        return self._attempt.fire.run

    @property
    def job(self) -> str:
        """The job's name."""
        return self._attempt.job.name

    @property
    def key(self) -> str:
        """An idempotency key: "job/2026-11-21T07:00:00Z", followed by "/nonce" for what is not the schedule's own.

        The same for all attempts, also after a crash: give it to whatever must not happen twice.
        """
        return key_of(self._attempt.fire)

    @property
    def scheduled_at(self) -> datetime:
        """The nominal instant, aware, in the job's own time zone; not when the run began. Name by it what you make."""
        return scheduled_at(self._attempt)

    @property
    def due_at(self) -> datetime:
        """`scheduled_at` and the job's jitter."""
        return self._attempt.fire.due_at.astimezone(ZoneInfo(self._attempt.job.timezone))

    @property
    def attempt(self) -> int:
        """Which try this is, from 1."""
        return self._attempt.number

    @property
    def origin(self) -> str:
        """Why it runs: "schedule", "manual", "backfill", "startup", "upstream" or "change"."""
        return self._attempt.fire.origin.value

    @property
    def caught_up(self) -> bool:
        """True when it was missed while nobody was deciding, and is made up for now."""
        return self._attempt.fire.caught_up

    @property
    def args(self) -> Mapping[str, object]:
        """The arguments of this run, read only."""
        return MappingProxyType(dict(self._attempt.args))

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop: by its timeout, an operator or a shutdown.

        A coroutine hears of it by CancelledError. A plain function in its thread cannot be stopped: a polite one looks
        here from time to time and returns, within the job's `kill_after`.
        """
        return self._stopping()

    @property
    def log(self) -> structlog.typing.FilteringBoundLogger:
        """A structlog logger with `job` and `run` bound. What it says is also kept with the run's output."""
        if self._log is None:
            self._log = job_log(self.job, self.id, self._output)
        return self._log

    @property
    def http(self) -> Any:
        """An `httpx.AsyncClient` in a coroutine, an `httpx.Client` in a plain function.

        Its cookies and headers are this run's own, its connections are shared with other runs. Each step of a request
        (connect, read, write) may take as long as the job's timeout, 30 s when it has none. Need not be closed.
        """
        if self._http is None:
            action = self._attempt.job.action
            timeout = (self._attempt.job.policies.timeout or _HTTP_TIMEOUT).total_seconds()
            in_thread = isinstance(action, Function) and action.mode == "thread"
            self._http = self._clients.blocking(timeout) if in_thread else self._clients.asynchronous(timeout)
        return self._http

    def secret(self, name: str) -> str:
        """The value of a secret that the job asked for by name. Raises LookupError for any other."""
        try:
            return self._attempt.job.secrets[name]
        except KeyError:
            raise LookupError(f'job "{self.job}" asked for no secret "{name}": add secrets=["{name}"] to it') from None

    @overload
    def upstream(self, job: Callable[..., Coroutine[Any, Any, R]]) -> R: ...

    @overload
    def upstream(self, job: Callable[..., R]) -> R: ...

    @overload
    def upstream(self, job: str) -> Any: ...

    def upstream(self, job: str | Callable[..., Any]) -> Any:
        """What a job that this one comes after returned for the same instant, by its name or its function.

        As JSON keeps it: tuples come as lists, datetimes as text; None of a run that did not succeed. A type checker
        takes it for what the function says that it returns. Raises LookupError when it is not upstream, and when this
        run comes after nothing: somebody started it by hand.
        """
        name = job if isinstance(job, str) else _job_name(job)
        try:
            return self._attempt.upstream[name]
        except KeyError:
            raise LookupError(self._no_result_of(name)) from None

    def _no_result_of(self, name: str) -> str:
        after = self._attempt.job.after
        if name not in after:
            known = ", ".join(sorted(after)) or "no other job"
            return f'"{name}" is not upstream of job "{self.job}", which comes after {known}: name it in after=[…]'
        began = "was started by hand" if self.origin == Origin.MANUAL else "came after no other run"
        both = f": `asched run {name}` runs both" if len(after) == 1 else ""
        return f"this run {began}, so there is no result of {name}{both}"


_current: ContextVar[Run] = ContextVar("asched.run")


def current_run() -> Run:
    """The Run of the job that is calling, however deep, also from tasks it started. Raises RuntimeError elsewhere."""
    run = _current.get(None)
    if run is None:
        raise RuntimeError("current_run() was called outside a job: only code that a job calls has a run")
    return run


def current_output() -> OutputSink | None:
    """Where what the calling job prints belongs, or None outside of jobs."""
    run = _current.get(None)
    return None if run is None else run._output


def enter_run(run: Run) -> Token[Run]:
    """Make it the current one in this context (a task's, a thread's copy), until `leave_run`; or for the rest of it."""
    return _current.set(run)


def leave_run(entered: Token[Run]) -> None:
    """A task that keeps its run, which knows the task, would be garbage that only the collector finds."""
    try:  # noqa: SIM105 (once for every run, and the other way is slower than all the rest here)
        _current.reset(entered)
    except ValueError:
        pass  # torn down from elsewhere: that context is not ours


async def sleep(duration: float | str | timedelta) -> None:
    """Sleep for so many seconds, or "1m", on the scheduler's clock: with a fake clock a job's waits cost no time.

    Outside of jobs the machine's clock counts. Raises ScheduleError for a text that is no duration.
    """
    run = _current.get(None)
    clock = None if run is None else run._clock
    await clocks.sleep(clock or clocks.SystemClock(), as_duration(duration).total_seconds())


def key_of(fire: Fire) -> str:
    nonce = f"/{fire.nonce}" if fire.nonce else ""
    return f"{fire.job}/{rfc3339(fire.scheduled_at)}{nonce}"


def scheduled_at(attempt: Attempt) -> datetime:
    return attempt.fire.scheduled_at.astimezone(ZoneInfo(attempt.job.timezone))


def rfc3339(instant: datetime) -> str:
    """In UTC: 2026-11-21T07:00:00Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _job_name(function: Callable[..., Any]) -> str:
    """The name of its @job, or the one that `Scheduler.add` gives it when it is told no other."""
    declared = getattr(function, "__asched__", None)
    return str(getattr(declared, "name", None) or getattr(function, "__name__", repr(function)))
