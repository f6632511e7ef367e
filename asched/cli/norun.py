"""What was probably meant by a name that no run has: a job, whose runs can be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asched.core.model import fire_id
from asched.core.record import FireQuery
from asched.errors import UnknownRun

if TYPE_CHECKING:
    from asched.cli.desk import Desk
    from asched.engine.ports import Ledger

NAMED = 3  # open runs of the job that are named
LOOKED_AT = 100  # of its latest runs, for one that is over


def no_run(desk: Desk, name: str, verb: str) -> UnknownRun:
    """The complaint, with what to type instead: `verb` is "cancel" or "retry"."""
    hint = desk.wait_for(_hint(desk, name, verb)) if fire_id(name) is None else ""
    return UnknownRun(f'no run is called "{name}": {hint or "`asched runs` shows them"}')


async def _hint(desk: Desk, name: str, verb: str) -> str:
    async with desk.reading_if_any() as ledger:
        if ledger is None or not await ledger.versions(name):
            return ""
        return await (_open_runs if verb == "cancel" else _last_run)(ledger, name)


async def _open_runs(ledger: Ledger, job: str) -> str:
    found = await ledger.fires(FireQuery((job,), open=True, limit=NAMED + 1))
    if not found:
        return f"it is a job, and no run of it is open: `asched runs {job}` shows those that are over"
    more = ", …" if len(found) > NAMED else ""
    named = ", ".join(one.run for one in found[:NAMED])
    one_or_all = f"`asched cancel {found[0].run}`, or `asched cancel --job {job}` for all that is open of it"
    return f"it is a job; of it {'is' if len(found) == 1 else 'are'} open {named}{more}: {one_or_all}"


async def _last_run(ledger: Ledger, job: str) -> str:
    found = await ledger.fires(FireQuery((job,), decisions=("start",), limit=LOOKED_AT))
    last = max((one for one in found if not one.open), key=lambda one: one.decided_at, default=None)
    if last is None:
        return f"it is a job, and no run of it is over yet: `asched run {job}` makes another"
    return f"it is a job; the last run of it that is over is {last.run}: `asched retry {last.run}`"
