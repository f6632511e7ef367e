"""A job that talks without end does not fill the service's log: each attempt has its share, and the rest is counted."""

from __future__ import annotations

import io
import json
from typing import Any

from asched.engine.bus import Event
from asched.runners.joblog import job_log
from asched.service import logs
from asched.service.eventlog import EventLog
from asched.service.livelog import LINES_PER_ATTEMPT, LiveLog

OVER = 7


class Kept:
    """An OutputSink that only remembers."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, stream: str, data: bytes | str) -> None:
        assert isinstance(data, str)
        self.text += data

    def child(self, pid: int, started: int) -> None: ...


def log_of(live: LiveLog) -> tuple[io.StringIO, EventLog]:
    stream = io.StringIO()
    logs.set_up("json", "info", str, stream, live=live)
    return stream, EventLog(logs.get_logger(), live)


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def ended(run: str, kind: str = "run.succeeded") -> Event:
    return {"type": kind, "job": "loud", "run": run, "attempt": 1}


def test_what_a_job_logs_is_bounded_for_each_attempt_and_kept_whole_with_its_run() -> None:
    live, output = LiveLog(), Kept()
    stream, events = log_of(live)
    log = job_log("loud", "1-1", output)
    for n in range(LINES_PER_ATTEMPT + OVER):
        log.info("said", n=n)
        logs.get_logger().info("about it", run="1-1")
    said = [one for one in records(stream) if one["event"] == "said"]
    assert len(said) == LINES_PER_ATTEMPT
    (more,) = [one for one in records(stream) if one["event"] == "output"]
    assert (more["run"], more["more"], more.keys() & {"n", "line"}) == ("1-1", "… more is in `asched logs 1-1`", set())
    assert len([one for one in records(stream) if one["event"] == "about it"]) == LINES_PER_ATTEMPT + OVER
    assert len(output.text.splitlines()) == LINES_PER_ATTEMPT + OVER
    events(ended("1-1", "run.retrying"))
    assert records(stream)[-1]["unlogged_lines"] == OVER
    log.info("said in the next attempt")
    assert records(stream)[-1]["event"] == "said in the next attempt"
    events(ended("1-1"))
    assert "unlogged_lines" not in records(stream)[-1]


def test_what_is_printed_and_what_is_logged_count_together() -> None:
    live = LiveLog()
    stream, events = log_of(live)
    log = job_log("loud", "1-1", Kept())
    for _ in range(LINES_PER_ATTEMPT - 1):
        log.info("said")
    text = "".join(f"line {n}\n" for n in range(1 + OVER))
    events({"type": "run.printed", "job": "loud", "run": "1-1", "stream": "stdout", "text": text})
    printed = [one for one in records(stream) if one["event"] == "output"]
    assert [one.get("line") for one in printed] == ["line 0", None]
    assert "asched logs 1-1" in printed[1]["more"]
    events(ended("1-1"))
    assert records(stream)[-1]["unlogged_lines"] == OVER


def test_where_there_is_no_more_none_is_promised() -> None:
    live = LiveLog()
    stream, events = log_of(live)
    log = job_log("loud", "1-1", Kept())
    for _ in range(LINES_PER_ATTEMPT):
        log.info("said")
    events(ended("1-1"))
    assert "more" not in stream.getvalue()
    assert "unlogged_lines" not in records(stream)[-1]


def test_what_is_below_the_level_does_not_count() -> None:
    live = LiveLog()
    stream, events = log_of(live)
    log = job_log("loud", "1-1", Kept())
    for _ in range(LINES_PER_ATTEMPT + OVER):
        log.debug("not logged at all")
    events(ended("1-1"))
    assert "unlogged_lines" not in records(stream)[-1]


def test_what_the_log_need_not_hear_would_not_have_been_a_line() -> None:
    for level in ("debug", "info", "warning", "error"):
        stream = io.StringIO()
        logs.set_up("json", level, str, stream)
        events = EventLog(logs.get_logger())
        assert ("run.started" in events.unsaid) == (level != "debug")
        for kind in events.unsaid:
            events({**ended("1-1", kind), "stream": "stdout", "text": "hello"})
        assert records(stream) == []


def test_the_end_of_an_attempt_is_heard_at_any_level() -> None:
    """Or its lines would count for the next attempt."""
    logs.set_up("json", "error", str, io.StringIO())
    assert not EventLog(logs.get_logger()).unsaid & {"run.succeeded", "run.retrying", "run.cancelled"}


def test_what_jobs_print_need_not_be_heard_where_it_is_not_logged() -> None:
    logs.set_up("json", "info", str, io.StringIO())
    assert "run.printed" in EventLog(logs.get_logger(), output=False).unsaid
    assert "run.printed" not in EventLog(logs.get_logger()).unsaid
