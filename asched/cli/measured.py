"""What `asched bench` measures: for people as tables, each with what it means, and for programs."""

from __future__ import annotations

import platform
import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click

from asched.bench.figures import Figures, Lateness, Pace, Spread
from asched.bench.measuring import Scope, measure
from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.judging import precisely, said_of_machine, sentences
from asched.cli.ownload import Load, folder_of_ledger, has_configuration, load_of, supposed_week
from asched.service.exitcodes import TERMINATED


def say_what_is_possible(desk: Desk, seconds: float) -> None:
    """Measure, compare, print. Raises ConfigurationError, LedgerError, Refused, OSError."""
    folder, supposed = folder_of_ledger(desk), supposed_week(desk)
    _talk(desk, folder, seconds)
    with _ending_in_order():
        figures = measure(folder, Scope(seconds))
    load = None if supposed is None else load_of(supposed)
    home = desk.zone if load is not None else ZoneInfo("UTC")
    if desk.as_json:
        show.as_json(_json(folder, figures, load, home))
    else:
        _print(folder, figures, load, home)
    if has_configuration(desk):
        desk.say_what_is_wrong()


def _talk(desk: Desk, folder: Path, seconds: float) -> None:
    if not has_configuration(desk):
        desk.talk(f"there is no {desk.config} here: the disk is that of the state directory, unless --ledger names one")
    elif desk.is_served:
        desk.talk("a service runs here: its jobs and this measurement slow each other down")
    desk.talk(f"measuring in {folder}, for about {seconds:g} s")


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM is heard as Ctrl-C is, which on a loop cancels what runs there: what was made is removed."""
    terminated = False

    def as_interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal terminated
        terminated = True
        interrupted = signal.getsignal(signal.SIGINT)  # asyncio's own, while there is a loop
        assert callable(interrupted)
        interrupted(signal.SIGINT, frame)

    before = [signal.signal(signal.SIGINT, signal.default_int_handler), signal.signal(signal.SIGTERM, as_interrupted)]
    try:
        yield
    except KeyboardInterrupt:
        if terminated:
            raise SystemExit(TERMINATED) from None
        raise
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)


# For people.


def _print(folder: Path, figures: Figures, load: Load | None, home: ZoneInfo) -> None:
    kind = f" ({figures.file_system})" if figures.file_system else ""
    click.echo(f"{folder}{kind}; {show.counted(figures.machine.cpus, 'CPU')}, Python {platform.python_version()}")
    for heads, rows, meaning in (_disk(figures), _runs(figures), _lateness(figures.lateness)):
        click.echo()
        show.table(heads, rows)
        click.echo(meaning)
    click.echo()
    for sentence in [*sentences(figures, load, home), said_of_machine(figures.machine)]:
        click.echo(sentence)


Table = tuple[Sequence[str], Sequence[Sequence[str]], str]


def _disk(figures: Figures) -> Table:
    rows = [[name, *_row(pace.spread), f"{pace.per_second:,.0f}"] for name, pace in _paces(figures)]
    meaning = "a start is on the disk before the job is called: it waits for one commit, which others may share"
    return ("DISK", "P50", "P99", "LONGEST", "A SECOND"), rows, meaning


def _paces(figures: Figures) -> Sequence[tuple[str, Pace]]:
    return ("one sync", figures.sync), ("one commit", figures.commit)


def _runs(figures: Figures) -> Table:
    one = figures.recorded
    row = ["recorded", f"{one.per_second:,.0f}", precisely(one.cpu_per_run)]
    meaning = f"start and end of each were on the disk, of {one.jobs} jobs that do nothing, again and again"
    return ("RUNS", "A SECOND", "CPU A RUN"), [row], meaning


def _lateness(measured: Sequence[Lateness]) -> Table:
    rows = [[f"{one.jobs:,}", f"{one.instants}", *_row(one.late), f"{one.missed:,}"] for one in measured]
    meaning = "how long after their instant jobs were called; missed: not before they were due again"
    return ("DUE AT ONCE", "TIMES", "LATE P50", "P99", "LONGEST", "MISSED"), rows, meaning


def _row(spread: Spread) -> list[str]:
    return [precisely(spread.p50), precisely(spread.p99), precisely(spread.longest)]


# For programs.


def _json(folder: Path, figures: Figures, load: Load | None, home: ZoneInfo) -> dict[str, object]:
    recorded, machine = figures.recorded, figures.machine
    return {
        "folder": str(folder),
        "file_system": figures.file_system or None,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "sync": _pace_json(figures.sync),
        "commit": _pace_json(figures.commit),
        "recorded": {
            "jobs": recorded.jobs,
            "runs": recorded.runs,
            "per_second": round(recorded.per_second, 1),
            "cpu_per_run_s": recorded.cpu_per_run,
        },
        "lateness": [_lateness_json(one) for one in figures.lateness],
        "machine": {
            "cpus": machine.cpus,
            "load": round(machine.load, 2),
            "others": None if machine.shares is None else round(machine.shares.others, 4),
            "stolen": None if machine.shares is None else round(machine.shares.stolen, 4),
        },
        "load": None if load is None else _load_json(load, home),
        "remarks": [*sentences(figures, load, home), said_of_machine(machine)],
    }


def _pace_json(pace: Pace) -> dict[str, object]:
    return {**_spread_json(pace.spread), "per_second": round(pace.per_second, 1)}


def _spread_json(spread: Spread) -> dict[str, object]:
    return {"count": spread.count, "p50_s": spread.p50, "p99_s": spread.p99, "longest_s": spread.longest}


def _lateness_json(one: Lateness) -> dict[str, object]:
    started = _spread_json(one.late)
    return {"jobs": one.jobs, "every_s": one.period, "times": one.instants, **started, "missed": one.missed}


def _load_json(load: Load, home: ZoneInfo) -> dict[str, object]:
    most = load.busiest
    return {
        "jobs": load.jobs,
        "until": load.until.astimezone(home),
        "cut": load.cut,
        "runs": load.runs,
        "per_day": round(load.per_day, 1),
        "busiest": None if most is None else {"at": most.at.astimezone(home), "runs": most.runs, "jobs": most.jobs},
    }
