"""What is said with the standard library's logging is logged as all else is."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from serving import Serving

from asched import Run, Scheduler
from asched.service import logs
from asched.service.stdlog import RoutedLogging

LIBRARY = logging.getLogger("some.library")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged, with our handler on one logger only: the root is the tests' own."""
    found, handler = io.StringIO(), RoutedLogging()
    logs.set_up("json", "info", lambda text: text.replace("secret", "***"), found)
    LIBRARY.addHandler(handler)
    LIBRARY.setLevel(logging.INFO)
    LIBRARY.propagate = False
    yield found
    LIBRARY.removeHandler(handler)
    LIBRARY.setLevel(logging.NOTSET)
    LIBRARY.propagate = True


def record(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    found: dict[str, Any] = json.loads(line)
    del found["at"]
    return found


def test_it_is_a_record_with_its_logger_and_masked(stream: io.StringIO) -> None:
    LIBRARY.warning("a %s of %s", "secret", 100)
    assert record(stream) == {"event": "a *** of 100", "level": "warning", "logger": "some.library"}


def test_an_exception_comes_with_it(stream: io.StringIO) -> None:
    try:
        raise ValueError("secret")
    except ValueError:
        LIBRARY.exception("failed")
    found = record(stream)
    assert (found["event"], found["level"]) == ("failed", "error")
    assert "ValueError: ***" in found["exception"]


@pytest.mark.parametrize(("number", "name"), [(25, "info"), (99, "critical"), (35, "warning")])
def test_levels_of_somebodys_own_have_a_name(stream: io.StringIO, number: int, name: str) -> None:
    LIBRARY.log(number, "x")
    assert record(stream)["level"] == name


def test_a_mistaken_call_harms_nobody(stream: io.StringIO) -> None:
    bad = logging.LogRecord("some.library", logging.WARNING, "x.py", 1, "one %s, two %s", (1,), None)
    RoutedLogging().emit(bad)  # directly: the tests' own handlers would raise
    assert record(stream)["event"] == "one %s, two %s (its arguments do not fit: TypeError)"


@pytest.mark.anyio
async def test_within_a_run_it_is_the_runs(stream: io.StringIO) -> None:
    async def job(run: Run) -> None:
        LIBRARY.warning("from within")

    async with Scheduler(ledger=":memory:") as scheduler:
        handle = await scheduler.add(job, name="job").run()
        await handle.wait()
        (kept,) = await scheduler.ledger.output(handle.fire)
    assert record(stream)["run"] == handle.id
    assert record(stream)["job"] == "job"
    assert (kept.stream, kept.text) == ("log", "warning from within logger=some.library\n")


@pytest.mark.anyio
async def test_embedded_nothing_is_touched() -> None:
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    async with Scheduler(ledger=":memory:"):
        assert (list(root.handlers), root.level) == before


@pytest.mark.service
def test_the_service_logs_what_jobs_and_modules_say_with_it(tmp_path: Any) -> None:
    jobs = """
    import logging, threading
    log = logging.getLogger("mine")
    @job("@startup")
    def says() -> None:
        log.info("in a run")
        threading.Thread(target=log.warning, args=("outside of it",)).start()
    """
    with Serving(tmp_path, jobs, level="info") as service:
        inside = service.event("in a run")
        assert (inside["level"], inside["logger"], inside["job"]) == ("info", "mine", "says")
        assert inside["run"].startswith("1-")
        assert service.event("outside of it")["logger"] == "mine"
        service.stop()


@pytest.mark.service
def test_who_sets_up_logging_keeps_it(tmp_path: Any) -> None:
    jobs = """
    import logging
    logging.basicConfig(format="MINE %(message)s", level="INFO")
    @job("@startup")
    async def says() -> None:
        logging.info("in a run")
    """
    with Serving(tmp_path, jobs) as service:
        service.event("run.succeeded", job="says")
        service.stop()
        assert "MINE in a run" in service.log
        assert not service.events("in a run")


@pytest.mark.service
def test_a_word_at_the_import_of_a_module_sets_nothing_up(tmp_path: Any) -> None:
    """logging.info, unlike a logger's own, calls basicConfig."""
    jobs = """
    import logging
    logging.info("as it is imported")
    @job("@startup")
    async def says() -> None:
        logging.info("in a run")
    """
    with Serving(tmp_path, jobs, level="info") as service:
        assert service.event("in a run")["job"] == "says"
        service.stop()
