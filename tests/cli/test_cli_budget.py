"""What importing costs: an application that imports asched, and whoever asks for help, pay for nothing else."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

import click
import pytest
from clifolder import ROOT

from asched.cli.app import VERBS, app

HEAVY = {"pydantic", "httpx", "rich", "sqlite3", "aiosqlite", "croniter", "structlog", "anyio"}
BAR = 0.100  # seconds of CPU


def loaded(code: str) -> set[str]:
    script = f"import sys; before = set(sys.modules)\n{code}\nprint(*(set(sys.modules) - before), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


def cpu(*command: str) -> float:
    """Seconds of CPU, user and system: the median of ten."""
    return statistics.median(_once(command) for _ in range(10))


def _once(command: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, timeout=30, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_importing_asched_loads_nothing_heavy() -> None:
    assert not loaded("import asched") & {*HEAVY, "click", "asyncio"}


EMBEDDED = """
import asyncio
from asched import Scheduler, every

async def job(): ...

async def main():
    scheduler = Scheduler(ledger=":memory:")
    scheduler.add(job, every("1h"), name="hourly")
    async with scheduler:
        pass

asyncio.run(main())
"""


def test_whoever_embeds_a_scheduler_pays_for_what_its_jobs_need() -> None:
    """An interval and a ledger in memory need no second opinion on cron, no grammar, and no exact numbers."""
    found = loaded(EMBEDDED)
    assert not found & {*HEAVY, "dateutil", "decimal", "fractions", "uuid", "asched.core.triggers.rarerspecs"}
    assert not {
        name for name in found if name.startswith(("asched.cli", "asched.service", "asched.core.grammar.phrases"))
    }
    assert "croniter" in loaded(
        EMBEDDED.replace("every(", "cron(").replace('"1h"', '"0 9 * * *"').replace("every", "cron")
    )


def test_help_loads_neither_what_runs_jobs_nor_what_prints_tables() -> None:
    found = loaded("from asched.cli.app import app\napp.main(['--help'], standalone_mode=False)")
    assert not found & {*HEAVY, "asyncio", "shutil", "difflib", "dataclasses"}
    assert {name for name in found if name.startswith("asched")} == {"asched", "asched.cli", "asched.cli.app"}


def test_a_ledger_that_is_there_needs_nothing_that_makes_one(tmp_path: Path) -> None:
    on_disk = EMBEDDED.replace(":memory:", str(tmp_path / "asched.db"))
    assert "tempfile" in loaded(on_disk)
    assert not loaded(on_disk) & {"tempfile", "shutil", "random", "croniter"}


@pytest.mark.parametrize("columns", ["", "no number", "0", "-3", "20", "72", "100", "300"])
def test_help_is_as_wide_as_click_would_have_it(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    own = app.make_context("asched", [], resilient_parsing=True)
    theirs = click.Group.make_context(app, "asched", [], resilient_parsing=True)
    assert app.get_help(own) == app.get_help(theirs)


@pytest.mark.parametrize("arguments", [["version"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_neither_does_the_help_of_a_verb_nor_the_version(arguments: list[str]) -> None:
    found = loaded(f"from asched.cli.app import app\napp.main({arguments}, standalone_mode=False)")
    assert not found & {*HEAVY, "asyncio"}
    assert not {name for name in found if name.startswith(("asched.core", "asched.engine"))}


@pytest.mark.parametrize(("arguments", "times"), [(["--help"], 8), (["run", "--help"], 10), (["version"], 10)])
def test_help_stays_within_its_budget(arguments: list[str], times: int) -> None:
    """The bar is for a machine with nothing else to do: a busy one is slower at everything, `pass` included."""
    bare = cpu("-c", "pass")
    spent = cpu("-m", "asched", *arguments)
    assert spent <= max(BAR, times * bare), f"{spent * 1000:.0f} ms, a bare Python {bare * 1000:.0f} ms"
