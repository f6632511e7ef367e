"""What `asched history` reads and prints."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import click

from asched.cli import show
from asched.cli.answerjson import absence_json, act_json
from asched.cli.desk import Desk
from asched.cli.strips import LETTERS as FORECAST
from asched.core.change import Absence, Act
from asched.core.foresight.forecast import Mark
from asched.core.hindsight.chronicle import ABSENT, Chronicle, Went, percentile
from asched.core.hindsight.losses import Losses
from asched.core.record import FireQuery
from asched.engine.evidence import losses_of
from asched.engine.ports import Ledger

MOST = 10_000  # fires of a job that are looked at

LETTERS = {
    ABSENT: "|",
    Went.NOTHING: FORECAST[Mark.NOTHING],
    Went.SUCCEEDED: FORECAST[Mark.RUNNING],
    Went.COALESCED: FORECAST[Mark.COALESCED],
    Went.WAITING: FORECAST[Mark.WAITING],
    Went.RUNNING: ">",
    Went.SKIPPED: FORECAST[Mark.SKIPPED],
    Went.STOPPED: "c",
    Went.CROWDED: FORECAST[Mark.CROWDED],
    Went.MISSED: FORECAST[Mark.MISSED],
    Went.FAILED: "F",
}
LEGEND = (
    "= succeeded  F failed, or timed out  ! missed, or lost  x skipped, at its limit  ~ coalesced\n"
    "- skipped otherwise  c cancelled, or interrupted  > runs  w waits for a slot  | nobody was deciding"
)
_COLOURS = {
    Went.SUCCEEDED: "green", Went.FAILED: "red", Went.MISSED: "red", Went.CROWDED: "yellow", Went.WAITING: "yellow",
    Went.RUNNING: "cyan", Went.STOPPED: "magenta", Went.COALESCED: "blue", ABSENT: "bright_black",
}  # fmt: skip
_LABEL = 24
_NARROWEST = 20
_ALL = 100_000


@dataclass(frozen=True, slots=True)
class _History:
    since: datetime
    until: datetime
    chronicles: Sequence[Chronicle]
    absences: Sequence[Absence]
    cut: Sequence[str]  # jobs with more fires than are looked at


def say_how_it_went(desk: Desk, jobs: Sequence[str], since: datetime) -> None:
    """Of these jobs, or all."""
    history = desk.wait_for(_read(desk, jobs, since))
    if desk.as_json:
        show.as_json(_json(history))
        return
    shown = [one for one in history.chronicles if one.fires or one.uncounted]
    if shown:
        _print(desk, history, shown)
    else:
        desk.talk("nothing to show: a longer time is --days")


def say_absences(desk: Desk, since: datetime) -> None:
    async def read() -> Sequence[Absence]:
        async with desk.reading() as ledger:
            return _since(await ledger.absences(limit=_ALL), since)

    found = desk.wait_for(read())
    if desk.as_json:
        show.as_json([absence_json(one) for one in found])
    elif found:
        rows = [(*_span(desk, one), show.took(one.until - one.since), one.cause) for one in found]
        show.table(("SINCE", "UNTIL", "LONG", "CAUSE"), rows)
    else:
        desk.talk("nobody was absent")


def say_acts(desk: Desk, jobs: Sequence[str], since: datetime) -> None:
    async def read() -> Sequence[Act]:
        async with desk.reading() as ledger:
            for name in jobs:
                await desk.check_job(ledger, name)
            return [one for one in await ledger.acts(limit=_ALL) if one.at >= since and (not jobs or one.job in jobs)]

    found = desk.wait_for(read())
    if desk.as_json:
        show.as_json([act_json(one) for one in found])
    elif found:
        rows = [(show.when(one.at, desk.zone), one.verb, one.job, one.run, one.by, one.reason) for one in found]
        show.table(("WHEN", "ACT", "JOB", "RUN", "BY", "REMARK"), rows)
    else:
        desk.talk("nobody did anything")


async def _read(desk: Desk, jobs: Sequence[str], since: datetime) -> _History:
    now = desk.now()
    async with desk.reading() as ledger:
        for name in jobs:
            await desk.check_job(ledger, name)
        names = jobs or sorted({version.job for version in await ledger.versions()})
        losses = await losses_of(ledger, (await ledger.restore()).open, now)
        read = [await _chronicle(ledger, name, since, losses) for name in dict.fromkeys(names)]
        absences = _since(await ledger.absences(limit=_ALL), since)
    cut = [chronicle.job for chronicle, more in read if more]
    return _History(since, now, [chronicle for chronicle, _ in read], absences, cut)


async def _chronicle(ledger: Ledger, job: str, since: datetime, losses: Losses) -> tuple[Chronicle, bool]:
    chronicle = Chronicle(job, losses=losses)
    records = await ledger.fires(FireQuery(jobs=(job,), since=since, limit=MOST + 1))
    for record in records[:MOST]:
        chronicle.hear(record)
    for gap in await ledger.gaps(job):
        if gap.gap.until >= since:
            chronicle.hear_gap(gap.gap)
    return chronicle, len(records) > MOST


def _since(absences: Sequence[Absence], since: datetime) -> list[Absence]:
    return [one for one in absences if one.until >= since]


# For people.


def _print(desk: Desk, history: _History, shown: Sequence[Chronicle]) -> None:
    click.echo(f"{show.when(history.since, desk.zone)[:16]} to {show.when(history.until, desk.zone)[:16]}")
    label = min(max(len(one.job) for one in shown), _LABEL)
    cells = max(_NARROWEST, shutil.get_terminal_size((100, 24)).columns - label - 2)
    for one in shown:
        name = one.job if len(one.job) <= label else one.job[: label - 1] + "~"
        strip = one.strip(history.absences, cells)
        click.echo(f"{name:<{label}}  {' ' * (cells - len(strip))}{''.join(_letter(mark) for mark in strip)}")
    click.echo(LEGEND)
    click.echo()
    show.table(_HEADS, [_row(one) for one in shown])
    _say_absences(desk, history.absences)
    for job in history.cut:
        click.echo(f"{job}: only its newest {MOST} fires are looked at", err=True)
    desk.hint(f"asched why {shown[0].job}")


_HEADS = ("JOB", "FIRES", "STARTED", "SUCCEEDED", "FAILED", "SKIPPED", "TOOK P50", "P95", "LATE P50", "P95", "REMARK")


def _letter(mark: int) -> str:
    return show.coloured(LETTERS[mark], _COLOURS.get(mark))


def _row(one: Chronicle) -> tuple[str, ...]:
    took = (show.took(percentile(one.durations, percent)) for percent in (50, 95))
    late = (show.took(percentile(one.lateness, percent)) for percent in (50, 95))
    counts = (one.started, one.outcomes["succeeded"], one.failed, one.skipped.total())
    fires = f"{one.fires}{'+' if one.uncounted else ''}"
    return one.job, fires, *map(str, counts), *took, *late, _remark(one)


def _remark(one: Chronicle) -> str:
    parts = [f"{count} {reason}" for reason, count in one.skipped.most_common()]
    parts += [f"{count} {kind}" for kind, count in one.outcomes.items() if kind not in ("succeeded", "failed")]
    parts += [f"{one.waiting} waiting"] if one.waiting else []
    return ", ".join(parts)


def _say_absences(desk: Desk, absences: Sequence[Absence]) -> None:
    if absences:
        longest = max(absences, key=lambda one: one.until - one.since)
        since, until = _span(desk, longest)
        times = show.counted(len(absences), "time")
        click.echo(f"nobody was deciding {times}, the longest from {since} to {until} ({longest.cause})")


def _span(desk: Desk, one: Absence) -> tuple[str, str]:
    return show.when(one.since, desk.zone), show.when(one.until, desk.zone)


# For programs.


def _json(history: _History) -> dict[str, object]:
    return {
        "since": history.since,
        "until": history.until,
        "jobs": [_chronicle_json(one, history) for one in history.chronicles],
        "absences": [absence_json(one) for one in history.absences],
    }


def _chronicle_json(one: Chronicle, history: _History) -> dict[str, object]:
    return {
        "job": one.job,
        "fires": one.fires,
        "uncounted": one.uncounted,
        "cut": one.job in history.cut,
        "started": one.started,
        "waiting": one.waiting,
        "outcomes": dict(one.outcomes),
        "skipped": {str(reason): count for reason, count in one.skipped.items()},
        "duration_p50_s": percentile(one.durations, 50),
        "duration_p95_s": percentile(one.durations, 95),
        "lateness_p50_s": percentile(one.lateness, 50),
        "lateness_p95_s": percentile(one.lateness, 95),
        "strip": "".join(LETTERS[mark] for mark in one.strip((), MOST)),
    }
