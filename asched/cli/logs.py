"""`asched logs`: what a run printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.names import complete_run_or_job
from asched.cli.verb import verb

if TYPE_CHECKING:
    from asched.core.hindsight.losses import Loss
    from asched.core.record import FireRecord, OutputRecord
    from asched.engine.ports import Ledger

LOOK_EVERY = 0.2  # seconds, while following
CHECK_EVERY = 10  # looks: is who runs it still there?
PAGE = 1000  # pieces of output


@verb("logs")
@click.argument("run", metavar="RUN|JOB", shell_complete=complete_run_or_job)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run ends.")
def logs_command(desk: Desk, run: str, follow: bool) -> None:
    """What a run printed, or the latest run of a job."""
    desk.wait_for(_show(desk, run, follow))


async def _show(desk: Desk, name: str, follow: bool) -> None:
    from asched.engine.evidence import losses_of

    async with desk.reading() as ledger:
        record = await desk.run_or_latest(ledger, name)
        if desk.as_json:
            if follow:
                record = await until_over(ledger, record)
            pieces = await ledger.output(record.id)
            loss = (await losses_of(ledger, [record], desk.now())).of(record)
            show.as_json({**show.record_json(record, loss), "output": [_piece(piece) for piece in pieces]})
            return
        desk.talk(f"run {record.run} of {record.job}, scheduled {show.when(record.scheduled_at, desk.zone)}")
        record = await print_output(ledger, record, follow=follow)
        desk.talk(_end(record, (await losses_of(ledger, [record], desk.now())).of(record)))


async def print_output(ledger: Ledger, record: FireRecord, *, follow: bool) -> FireRecord:
    """Print what there is, and with `follow` what comes, until the run is over. Returns its last record.

    Raises ServiceUnreachable when nobody is there any more who would end it.
    """
    seen, looks = -1, 0
    while True:
        record = await ledger.fire(record.id) or record  # first: what is printed before its end is then seen below
        while pieces := await ledger.output(record.id, after_seq=seen, limit=PAGE):
            seen = pieces[-1].seq
            for piece in pieces:
                click.echo(piece.text, nl=not piece.text.endswith("\n"), err=piece.stream == "note")
        if not follow or not record.open:
            return record
        await _next_look(ledger, record, looks)
        looks += 1


async def until_over(ledger: Ledger, record: FireRecord) -> FireRecord:
    """The same in silence."""
    looks = 0
    while record.open:
        await _next_look(ledger, record, looks)
        record = await ledger.fire(record.id) or record
        looks += 1
    return record


async def _next_look(ledger: Ledger, record: FireRecord, looks: int) -> None:
    from asched.cli.owners import check_owner
    from asched.engine.clock import SystemClock, sleep

    if looks % CHECK_EVERY == 0:
        await check_owner(ledger, record)
    await sleep(SystemClock(), LOOK_EVERY)


def _piece(piece: OutputRecord) -> dict[str, object]:
    return {"seq": piece.seq, "at": piece.at, "attempt": piece.attempt, "stream": piece.stream, "text": piece.text}


def _end(record: FireRecord, loss: Loss | None) -> str:
    from asched.core.english.reasons import explain_outcome
    from asched.core.hindsight.losses import explain_loss
    from asched.core.outcome import Failed

    if record.outcome is None:
        return f"it is {show.state_of(record)}" if loss is None else explain_loss(record, loss)
    said = f"{show.one_line(explain_outcome(record.outcome))}, after {show.took(record.duration)}"
    if isinstance(record.outcome, Failed) and record.outcome.error.traceback:
        return f"{record.outcome.error.traceback.rstrip()}\n{said}"
    return said
