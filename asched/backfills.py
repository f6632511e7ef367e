"""Backfills, as they are asked for: checked, surveyed, begun, cancelled."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from asched.core.backfill import Backfilling, Survey, survey
from asched.core.change import Backfill
from asched.core.dataclass import dataclass
from asched.core.grammar.instants import utc_instant
from asched.core.localtime.zones import zone
from asched.core.model import Job
from asched.core.record import FireQuery
from asched.core.rules.backfilling import begin_backfill, cancel_backfill, open_backfill
from asched.core.rules.board import Board, Now
from asched.core.text.instants import shown
from asched.core.triggers.instants import between
from asched.core.triggers.interval import Every
from asched.core.triggers.protocol import Trigger
from asched.engine.aside import aside
from asched.engine.engine import Engine
from asched.engine.inheritance import succeeded
from asched.engine.ports import Ledger
from asched.errors import Refused

MEASURED = 100  # of the past runs of a job: how long one takes

_SMALLEST = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """What somebody wants to be run: the instants of `job` in [since, until). `home`: its zone, to say them in.
    `after`: what the job comes after."""

    job: str
    since: datetime
    until: datetime
    at_once: int
    again: bool
    home: ZoneInfo
    after: tuple[str, ...] = ()

    @staticmethod
    def checked(job: Job, since: datetime, until: datetime, at_once: int, *, again: bool) -> Stretch:
        """Raises Refused for what can be none."""
        since, until, home = utc_instant(since), utc_instant(until), zone(job.timezone)
        if since >= until:
            raise Refused(f"from {shown(since, home)} to {shown(until, home)} is no stretch: it ends before it begins")
        if at_once < 1:
            raise Refused(f"at_once is {at_once}: it must be 1 or more")
        return Stretch(job.name, since, until, at_once, again, home, job.after)

    def trigger(self, trigger: Trigger | None, now: datetime) -> Trigger:
        """The trigger, if it has instants there. Raises Refused."""
        if self.until > now:
            raise Refused(
                f"the stretch ends at {shown(self.until, self.home)}, which is to come: the schedule itself runs "
                f"what is due from now on; end it at {shown(now, self.home)} or before"
            )
        if trigger is None or trigger.relative:
            raise Refused(f'job "{self.job}" has no instants that could be run again: {self._why_none(trigger)}')
        if not between(trigger, self.since - _SMALLEST, self.until - _SMALLEST, 1):
            stretch = f"from {shown(self.since, self.home)} to {shown(self.until, self.home)}"
            raise Refused(f'job "{self.job}" has no instant {stretch}: its schedule is {self._written(trigger)}')
        return trigger

    def _why_none(self, trigger: Trigger | None) -> str:
        if trigger is not None:
            return f"{trigger.text()} counts from the end of its last run"
        names = " and ".join(self.after)
        follows = f"it comes after {names}: a backfill of {names} brings its runs, too"
        return follows if self.after else "it has no schedule"

    def _written(self, trigger: Trigger) -> str:
        """With what an interval is counted from in the job's zone, as all instants here."""
        if isinstance(trigger, Every) and trigger.anchor is not None:
            return f"{replace(trigger, anchor=None).text()}, counted from {shown(trigger.anchor, self.home)}"
        return trigger.text()

    def order(self, by: str, reason: str, at: datetime) -> Backfill:
        """To be given a number."""
        cursor = self.since - _SMALLEST
        return Backfill(0, self.job, self.since, self.until, cursor, at, by, reason, self.at_once, self.again)


async def begun(engine: Engine, stretch: Stretch, by: str, reason: str) -> Backfill:
    """It gets its number at once, so that no success is overlooked while the ledger is asked for earlier ones."""
    one = await engine.ask(lambda board, now, turn: _open(board, stretch, by, reason, now))
    try:
        if not stretch.again:
            one.done |= await succeeded(engine.ledger, stretch.job, stretch.since, stretch.until)
        return await engine.ask(lambda board, now, turn: begin_backfill(one, now, turn))
    except BaseException:
        if not one.known:
            engine.board.backfills.pop(one.order.number, None)
        raise


def _open(board: Board, stretch: Stretch, by: str, reason: str, now: Now) -> Backfilling:
    state = board.jobs.get(stretch.job)
    if state is None:
        raise Refused(f'job "{stretch.job}" is not scheduled: a backfill of it would never begin')
    stretch.trigger(state.trigger, now.wall)
    return open_backfill(board, stretch.order(by, reason, now.wall))


async def surveyed(engine: Engine, stretch: Stretch) -> Survey:
    """What it would come to, by the job on the board."""
    state = engine.board.jobs.get(stretch.job)
    return await look(engine.ledger, stretch, None if state is None else state.trigger, engine.axes.read().wall)


async def look(ledger: Ledger | None, stretch: Stretch, trigger: Trigger | None, now: datetime) -> Survey:
    """What it would come to. Raises Refused, as beginning it would."""
    trigger = stretch.trigger(trigger, now)
    done: set[datetime] = set()
    durations: list[timedelta] = []
    if ledger is not None:
        query = FireQuery((stretch.job,), outcomes=("succeeded",), limit=MEASURED)
        durations = [one.duration for one in await ledger.fires(query) if one.duration is not None]
    if ledger is not None and not stretch.again:
        done = await succeeded(ledger, stretch.job, stretch.since, stretch.until)
    return await aside(survey, trigger, stretch.since, stretch.until, done, durations, stretch.at_once)


async def cancelled(engine: Engine, number: int, by: str, reason: str) -> None:
    """Raises Refused when there is none under way with that number."""
    if not await engine.ask(lambda board, now, turn: cancel_backfill(board, number, by, reason, now, turn)):
        raise Refused(none_under_way(number))


def none_under_way(number: int) -> str:
    return f"no backfill {number} is under way: `asched backfill --list` shows them"
