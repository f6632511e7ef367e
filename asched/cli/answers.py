"""The answers to `asched why`: which instants are meant, and what there is to say of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

import click

from asched.cli import show
from asched.cli.answerjson import answer_json
from asched.cli.asked import AtDay, AtEdge, AtInstant, When, read_time
from asched.cli.desk import Desk
from asched.cli.waits import lacking
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.atpresent import answer_at_present, waits
from asched.core.hindsight.versions import first_excluded, first_unscheduled, last_due, next_due
from asched.core.model import fire_id
from asched.core.record import FireQuery, VersionRecord
from asched.engine.evidence import beside, inquire, instants_within, zone_of
from asched.engine.ports import Ledger
from asched.errors import AschedError, UnknownRun

FEW = 20  # instants that are told one by one

_TICK = timedelta(microseconds=1)


def say_why(desk: Desk, what: str) -> None:
    answers, more = desk.wait_for(_answers(desk, what))
    answers = _at_present(desk, answers)
    if desk.as_json:
        show.as_json([answer_json(one) for one in answers])
    else:
        for answer in answers:
            _say(desk, answer, facts=len(answers) == 1 or desk.verbose)
    if more:
        click.echo(f"and more: only the first {FEW} of that time are told; add a time of day", err=True)
    elif len(answers) == 1:
        _hint(desk, answers[0])


def _at_present(desk: Desk, answers: Sequence[Answer]) -> list[Answer]:
    """Only where something waits is anybody asked for what."""
    if not any(waits(one) for one in answers):
        return list(answers)
    known = lacking(desk)
    return [answer_at_present(one, known) for one in answers]


def _say(desk: Desk, answer: Answer, *, facts: bool) -> None:
    click.echo(show.one_line(str(answer)))
    if facts and not desk.quiet:
        lines = answer.facts
        width = max((len(name) for name, _ in lines), default=0)
        for name, text in lines:
            click.echo(f"  {name:<{width}}  {show.one_line(text)}")


def _hint(desk: Desk, answer: Answer) -> None:
    from asched.core.hindsight.verdict import Decided

    if isinstance(answer.verdict, Decided):
        desk.hint(f"asched logs {answer.verdict.fires[0].record.run}")
    else:
        desk.hint(f"asched history {answer.job}")


async def _answers(desk: Desk, what: str) -> tuple[list[Answer], bool]:
    """And whether there would be more."""
    now = desk.now()
    async with desk.reading() as ledger:
        run = None if "@" in what else await _run(ledger, what)
        if run is not None:
            return [await inquire(ledger, run[0], run[1], now, run=fire_id(what))], False
        job, _, time = what.partition("@")
        await desk.check_job(ledger, job)
        versions = await ledger.versions(job)
        zone = zone_of(versions) or _zone_of(desk, job)
        when = read_time(time, now, ZoneInfo(zone))
        instants = await _meant(ledger, job, versions, when, now)
        skipped = when.skipped if isinstance(when, AtInstant) else None
        edge = when.which if isinstance(when, AtEdge) and list(instants) == [now] else None
        asked = [await inquire(ledger, job, at, now, wall=skipped, zone=zone) for at in instants[:FEW]]
        found = [replace(one, edge=edge) for one in asked]
        return found, len(instants) > FEW


async def _run(ledger: Ledger, name: str) -> tuple[str, datetime] | None:
    """Its job and its instant. Raises UnknownRun for what looks like a run, where no job is called so."""
    id = fire_id(name)
    if id is None or await ledger.versions(name):
        return None
    record = await ledger.fire(id)
    if record is None:
        raise UnknownRun(f'no run is called "{name}": `asched runs` shows them')
    return record.job, record.scheduled_at


def _zone_of(desk: Desk, job: str) -> str:
    try:
        return desk.job(job).timezone
    except AschedError:
        return desk.place.timezone


async def _meant(
    ledger: Ledger, job: str, versions: Sequence[VersionRecord], when: When, now: datetime
) -> Sequence[datetime]:
    """At least one instant: where nothing is due, that is what is to be explained."""
    match when:
        case AtInstant(at, exact_to):
            exactly = await instants_within(ledger, job, at, at + _TICK, 1)
            return exactly or await instants_within(ledger, job, at, at + exact_to, FEW + 1) or [at]
        case AtDay(since, until):
            found = await instants_within(ledger, job, since, until, FEW + 1)
            left_out = first_excluded(versions, since, until)
            return found or [left_out or first_unscheduled(versions, since, until) or since]
        case AtEdge("last"):
            newest = await ledger.fires(FireQuery(jobs=(job,), until=now + _TICK, limit=1))
            known = [one.scheduled_at for one in newest]
            moved = [at for at in await beside(ledger, job) if at <= now]
            return [max([*known, *moved, *last_due(versions, now)], default=now)]
        case AtEdge():
            moved = [at for at in await beside(ledger, job) if at > now]
            return [min([*moved, *next_due(versions, now)], default=now)]
        case _:
            assert_never(when)
