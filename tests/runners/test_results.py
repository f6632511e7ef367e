"""Results as JSON text: bounded, valid, whatever a job returns."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

import pytest

from asched.runners.results import LARGEST, encode


@dataclass
class Rate:
    pair: str
    value: Decimal


class Color(Enum):
    RED = "red"


class Plain:
    def __repr__(self) -> str:
        return "Plain()"


class Hostile(dict[str, object]):
    """Raises wherever it is touched."""

    def items(self) -> Any:
        raise SystemExit("items")

    keys = values = __iter__ = items

    def __len__(self) -> int:
        raise KeyboardInterrupt

    def __repr__(self) -> str:
        raise GeneratorExit


def ring() -> list[object]:
    items: list[object] = []
    items.append(items)
    return items


def deep() -> list[object]:
    items: list[object] = []
    for _ in range(100_000):
        items = [items]
    return items


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, 2.5, True, None, "ä"]}, {"a": [1, 2.5, True, None, "ä"]}),
        ((1, 2), [1, 2]),
        ({3, 1, 2}, [1, 2, 3]),
        (datetime(2026, 11, 21, 7, tzinfo=UTC), "2026-11-21T07:00:00+00:00"),
        (date(2026, 11, 21), "2026-11-21"),
        (timedelta(minutes=1), 60.0),
        (Decimal("1.10"), "1.10"),
        (PurePosixPath("/tmp/x"), "/tmp/x"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Rate("EURUSD", Decimal("1.1")), {"pair": "EURUSD", "value": "1.1"}),
        (Color.RED, "red"),
        (b"text", "text"),
        (b"\xff", "/w=="),
        ([float("nan"), float("inf")], [None, None]),
        (
            {1: "a", (1, 2): "b", None: "c", date(2026, 1, 1): "d"},
            {"1": "a", "(1, 2)": "b", "null": "c", "2026-01-01": "d"},
        ),
        ([Plain()], [{"repr": "Plain()"}]),
        (iter(()), {"repr": "<tuple_iterator object"}),
        (ring(), {"repr": "<list of 1 items>"}),
        (Hostile(a=1), {"repr": "<Hostile: its __repr__ raised KeyboardInterrupt>"}),
        ("\ud800", "\ud800"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_value_has_a_text(value: object, expected: object) -> None:
    text = encode(value)
    assert text is not None
    assert text.isascii()
    found = json.loads(text)
    if isinstance(found, dict) and "object" in str(found.get("repr")):
        found = {"repr": found["repr"].partition(" at ")[0]}
    assert found == expected


class Wanted:
    """Finds no module, and remembers what was looked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def find_spec(self, name: str, *_: object) -> None:
        self.names.append(name)
        raise OSError(24, "Too many open files")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2026, 11, 21), "2026-11-21"),
        (PurePosixPath("/tmp/x"), "/tmp/x"),
        (timedelta(minutes=1), 60.0),
        ([Plain()], [{"repr": "Plain()"}]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_is_loaded_for_a_result(value: object, expected: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run's end must not wait for files, and its record must not depend on whether one can be opened."""
    for module in ("decimal", "fractions", "uuid"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    wanted = Wanted()
    monkeypatch.setattr(sys, "meta_path", [wanted, *sys.meta_path])
    text = encode({"it": value})
    assert text is not None
    assert json.loads(text) == {"it": expected}
    assert wanted.names == []


def test_nothing_is_nothing() -> None:
    assert encode(None) is None


@pytest.mark.parametrize(
    "value",
    [
        "x" * 1_000_000,
        ["x"] * 1_000_000,
        {n: n for n in range(1_000_000)},
        b"\xff" * 1_000_000,
        "\x00" * 60_000,
        [["x" * 100] * 100] * 100,
        deep(),
        10**10_000,
        [10**10_000],
        range(10**9),
        [Plain()] * 30_000,
    ],
    ids=["text", "list", "dict", "bytes", "escapes", "nested", "deep", "int", "ints", "range", "objects"],
)
def test_what_does_not_fit_becomes_a_short_repr(value: object) -> None:
    text = encode(value)
    assert text is not None
    assert len(text) <= LARGEST
    assert list(json.loads(text)) == ["repr"]


def test_a_million_rows_are_not_written_to_be_thrown_away() -> None:
    asked = 0

    class Rows(list[int]):
        def __iter__(self) -> Iterator[int]:
            nonlocal asked
            for item in super().__iter__():
                asked += 1
                yield item

    encode(Rows(range(1_000_000)))
    assert asked < 100_000


def test_secrets_are_masked_and_it_stays_json() -> None:
    def mask(text: str) -> str:
        return text.replace("1234", "***")

    text = encode({"pin": 1234, "n": 1, "text": 'a "1234"', "1234": [True]}, mask)
    assert text is not None
    assert json.loads(text) == {"pin": "***", "n": 1, "text": 'a "***"', "***": [True]}
