"""What the figures of `asched bench` mean: for the jobs that are configured, and how far they are to be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from asched.bench.figures import Figures, Lateness, Machine
from asched.cli import show
from asched.cli.ownload import Load

BUSY = 0.10  # of all processors, in other hands: figures are then worse than the machine's
STOLEN = 0.02
NOT_WAITED = timedelta(microseconds=5)  # no disk is that quick


def precisely(duration: timedelta | None) -> str:
    """87µs, 4.3ms, 212ms, 1.25s"""
    if duration is None:
        return "-"
    micros = duration / timedelta(microseconds=1)
    if micros < 1000:
        return f"{micros:.0f}µs"
    return f"{micros / 1e3:.3g}ms" if micros < 999_500 else f"{micros / 1e6:.2f}s"


def sentences(figures: Figures, load: Load | None, home: ZoneInfo) -> list[str]:
    """What follows for the jobs that are configured, and how far the disk is to be trusted."""
    said = [] if load is None else _of_load(load, figures, home)
    if figures.sync.spread.p50 is not None and figures.sync.spread.p50 < NOT_WAITED:
        said.append("this disk answers before anything can be on it, as memory does: a power cut takes what it holds")
    return said


def _of_load(load: Load, figures: Figures, home: ZoneInfo) -> list[str]:
    if load.busiest is None:
        return [f"your jobs start nothing until {show.when(load.until, home)}"]
    jobs, most = show.counted(load.jobs, "job"), load.busiest
    a_day = f"{load.per_day:,.0f}" if load.per_day >= 10 else f"{load.per_day:.1f}"
    return [
        f"your {jobs} start {a_day} runs a day; this machine records {figures.recorded.per_second:,.0f} a second",
        f"your busiest second, {show.when(most.at, home)}, has {show.counted(most.runs, 'start')}; "
        f"{_allowed(figures.lateness, most.runs)}",
        *([f"counted up to {show.when(load.until, home)}: beyond that are too many"] if load.cut else []),
    ]


def _allowed(measured: Sequence[Lateness], runs: int) -> str:
    """By the worst of the smallest burst that was as large, else of the largest."""
    largest = max(measured, key=lambda one: one.jobs)
    one = min((one for one in measured if one.jobs >= runs), key=lambda one: one.jobs, default=largest)
    beyond = "that is more than was measured: " if one.jobs < runs else ""
    if one.missed:
        return f"{beyond}of {one.jobs:,} at once this machine missed {one.missed:,} of {one.instants * one.jobs:,}"
    return f"{beyond}this machine starts {one.jobs:,} within {precisely(one.late.longest)}"


def said_of_machine(machine: Machine) -> str:
    """How far the figures are the machine's."""
    load = f"load {machine.load:.1f} before"
    if machine.shares is None:
        return f"how busy the machine was with other work is not known ({load})"
    others = f"other processes had {machine.shares.others:.0%} of its processors meanwhile ({load})"
    taken = machine.shares.stolen
    if machine.shares.others < BUSY and taken < STOLEN:
        return f"{others}: the figures are the machine's own"
    stolen = f", and the machine below it took {taken:.0%}" if taken >= STOLEN else ""
    return f"{others}{stolen}: it was busy, and does better when it is not"
