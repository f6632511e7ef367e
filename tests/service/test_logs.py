"""The log: one line in, one record out; masked; whatever is logged (FAULTS 34, 35)."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from asched.core.masking import Masker
from asched.service import console, logs

SECRET = "s3cret-canary"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def said(format: str, event: str, level: str = "info", /, **fields: Any) -> str:
    stream = io.StringIO()
    logs.set_up(format, "debug", Masker([SECRET]).mask, stream)
    getattr(logs.get_logger(), level)(event, **fields)
    return stream.getvalue()


def record(event: str, /, **fields: Any) -> dict[str, Any]:
    text = said("json", event, **fields)
    assert len(text.splitlines()) == 1
    found: dict[str, Any] = json.loads(text)
    return found


def test_a_record_has_its_time_level_and_event() -> None:
    found = record("run.succeeded", job="one", took=timedelta(seconds=1.5), due=datetime(2026, 1, 1, tzinfo=UTC))
    assert datetime.fromisoformat(found.pop("at")).tzinfo is not None
    assert found == {
        "event": "run.succeeded",
        "level": "info",
        "job": "one",
        "took": 1.5,
        "due": "2026-01-01T00:00:00+00:00",
    }


HOSTILE = "a\nb\r\n\x1b[31mred\x1b[0m\x00\x9b2J\u2028c\x85d\ud800"


@pytest.mark.parametrize("format", ["json", "console"])
@pytest.mark.parametrize("fields", [{"x": HOSTILE}, {HOSTILE: 1}, {"x": [HOSTILE]}, {"x": {HOSTILE: HOSTILE}}])
def test_one_line_in_one_record_out(format: str, fields: dict[str, Any]) -> None:
    text = said(format, HOSTILE, **fields)
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1
    assert text[:-1].replace("\t", "").isprintable()


def test_what_is_escaped_can_be_read_back() -> None:
    assert record("x", text=HOSTILE)["text"] == HOSTILE


def test_a_traceback_on_the_console_cannot_pass_for_a_record() -> None:
    text = said("console", "failed", exception="Traceback\n12:00:00.000 service.stopped\n\x1b[2Jx")
    first, *rest = text.splitlines()
    assert "failed" in first
    assert rest
    assert all(line.startswith("    | ") for line in rest)
    assert "\x1b" not in text


def test_secrets_are_masked_wherever_they_stand() -> None:
    for format in ("json", "console"):
        text = said(format, f"e {SECRET}", a=SECRET, b=[SECRET], c={SECRET: SECRET}, **{SECRET: 1})
        assert SECRET not in text
        assert text.count("***") >= 5


def test_an_exceptions_secrets_are_masked() -> None:
    try:
        raise ValueError(SECRET)
    except ValueError:
        text = said("json", "failed", "exception")
    assert SECRET not in text
    assert "ValueError: ***" in json.loads(text)["exception"]


def test_a_job_cannot_forge_the_time() -> None:
    for at in ("garbage", "2001-01-01T00:00:00Z"):
        assert record("x", at=at)["at"] > "2026"
        assert at in said("console", "x", at=at)


class Bad:
    def __str__(self) -> str:
        raise RuntimeError("no")


def test_a_value_that_cannot_be_shown_harms_nobody() -> None:
    assert "RuntimeError" in record("x", value=Bad())["value"]
    endless: list[object] = []
    endless.append(endless)
    assert record("x", value=endless)["event"] == "x"


def test_long_values_are_cut() -> None:
    assert len(record("x", value="y" * 100_000)["value"]) < 5000


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_a_full_disk_harms_nobody() -> None:
    logs.set_up("json", "info", str, Full())
    logs.get_logger().info("not written")


def test_a_stream_that_is_no_file_is_written_to_all_the_same() -> None:
    stream = io.StringIO()
    logs.set_up("json", "info", str, stream, in_background=True)
    logs.get_logger().info("written")
    assert json.loads(stream.getvalue())["event"] == "written"


def test_the_level_is_kept() -> None:
    stream = io.StringIO()
    logs.set_up("json", "warning", str, stream)
    logs.get_logger().info("quiet")
    logs.get_logger().warning("loud")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["loud"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.012, "12ms"), (3.4, "3.4s"), (125, "2m05s"), (11520, "3h12m"), (59.96, "60.0s")]
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert console.human_seconds(seconds) == text
