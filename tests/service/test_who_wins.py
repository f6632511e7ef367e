"""One name, one job: who wins when it is defined in code, in config.toml and through the API (see the reference of
config.toml), and what becomes of jobs of several origins in a reload."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path
from types import ModuleType

import pytest

from asched import ConfigurationError, Scheduler, job
from asched.core.model import Job
from asched.service.config import load

pytestmark = pytest.mark.anyio

_unique = count()
CODE = 'from asched import job\n\n@job("0 1 * * *", timeout="1m", retry=2)\ndef work(): ...\n'


async def work() -> None: ...


async def other() -> None: ...


def configured(folder: Path, toml: str = "", **files: str) -> dict[str, Job]:
    (folder / "jobs").mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / "jobs" / f"{name}_{next(_unique)}.py").write_text(text)
    (folder / "config.toml").write_text(toml)
    found = load(folder / "config.toml", env={})
    assert not found.problems, found.problems
    return {one.name: one for one in found.jobs}


# In files.


def test_an_override_wins_over_code_and_code_over_the_defaults_option_by_option(tmp_path: Path) -> None:
    toml = '[defaults]\ntimeout = "9m"\npriority = 9\n[override.work]\nschedule = "0 2 * * *"\nretry = 3\n'
    found = configured(tmp_path, toml, a=CODE)["work"]
    assert found.trigger is not None
    assert found.trigger.text() == "0 2 * * *"
    assert (found.policies.retry.attempts, found.policies.priority) == (3, 9)
    assert found.policies.timeout is not None
    assert found.policies.timeout.total_seconds() == 60


TABLE = '[[job]]\nname = "work"\nschedule = "0 3 * * *"\ncommand = ["true"]\n'


@pytest.mark.parametrize(
    ("toml", "files", "message"),
    [
        (TABLE, {"a": CODE}, "two jobs have this name"),
        (TABLE * 2, {}, "two jobs have this name"),
        ("", {"a": CODE, "b": CODE}, "two jobs have this name"),
        (TABLE + "[override.work]\nretry = 2\n", {}, "stands in this file: it needs no override"),
        ("[override.wrok]\nretry = 2\n", {"a": CODE}, 'override of an unknown job "wrok"'),
    ],
)
def test_what_is_there_twice_wins_nowhere(tmp_path: Path, toml: str, files: dict[str, str], message: str) -> None:
    (tmp_path / "jobs").mkdir()
    for name, text in files.items():
        (tmp_path / "jobs" / f"{name}_{next(_unique)}.py").write_text(text)
    (tmp_path / "config.toml").write_text(toml)
    try:
        said = "\n".join(problem.message for problem in load(tmp_path / "config.toml", env={}).problems)
    except ConfigurationError as error:
        said = str(error)
    assert message in said


# Through the API.


@pytest.fixture
def module() -> ModuleType:
    """One that declares "work"."""
    made = ModuleType(f"who_wins_{next(_unique)}")
    exec("from asched import job\n@job('0 1 * * *')\nasync def work(): ...\n", made.__dict__)
    sys.modules[made.__name__] = made
    return made


async def test_what_is_added_wins_over_the_decorator_of_the_same_function(module: ModuleType) -> None:
    s = Scheduler(module, ledger=":memory:")
    s.add(module.work, "0 5 * * *", name="work")
    async with s:
        (only,) = s.jobs
        assert only.definition.trigger is not None
        assert only.definition.trigger.text() == "0 5 * * *"


async def test_another_function_of_a_declared_name_is_refused_before_and_after_the_start(module: ModuleType) -> None:
    """Not one of the two, in silence, by who came first."""
    s = Scheduler(module, ledger=":memory:")
    s.add(other, name="work")
    with pytest.raises(ConfigurationError, match='two jobs are called "work"'):
        await s.start()
    async with Scheduler(module, ledger=":memory:") as s:
        with pytest.raises(ConfigurationError, match='two jobs are called "work"'):
            s.add(other, name="work")


# Side by side through a reload.


async def test_what_was_added_stays_through_a_reload(tmp_path: Path) -> None:
    """By `add`, by `at` and by the decorator; its watermark, too: nothing of it begins anew."""
    one = configured(tmp_path, TABLE)
    s = Scheduler(ledger=":memory:")
    s.replace(one.values())
    async with s:
        s.add(other, "every 1h", name="added")
        s.at("2099-01-01T00:00", other, name="once")
        s.job("every 2h", name="decorated")(other)
        await s["added"].run()
        before = {name: state.version for name, state in s.engine.board.jobs.items()}
        await s.reload(list(configured(tmp_path, TABLE.replace('"work"', '"new"')).values()))
        assert {handle.name for handle in s.jobs} == {"new", "added", "once", "decorated"}
        after = {name: state.version for name, state in s.engine.board.jobs.items()}
        assert after == {"new": 1, **{name: before[name] for name in ("added", "once", "decorated")}}
        await s.reload([])
        assert {handle.name for handle in s.jobs} == {"added", "once", "decorated"}
        s.discard("added")
        await s.reload([])
        assert set(s.engine.board.jobs) == {"once", "decorated"}, "what was taken away does not come back"


async def test_a_configuration_takes_no_name_of_what_was_added(tmp_path: Path) -> None:
    """All stays as it is, and the message says why."""
    s = Scheduler(ledger=":memory:")
    async with s:
        s.add(other, name="work")
        with pytest.raises(ConfigurationError, match='two jobs are called "work": give one another name'):
            await s.reload(list(configured(tmp_path, TABLE).values()))
        assert s.definition("work").trigger is None
        s.discard("work")
        await s.reload(list(configured(tmp_path, TABLE).values()))
        assert s.definition("work").trigger is not None


async def test_a_configured_job_may_come_after_one_that_was_added(tmp_path: Path) -> None:
    follower = configured(tmp_path, TABLE)["work"]
    async with Scheduler(ledger=":memory:") as s:
        s.add(other, name="added")
        after = job(after="added", name="follower")(work)
        s.add(after, after="added", name="follower")
        await s.reload([follower])
        assert s.engine.board.dependents == {"added": ["follower"]}
