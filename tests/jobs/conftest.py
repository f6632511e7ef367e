"""What the tests of jobs/ share: the project root on the path, a service to talk to, and runs to call a job with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import asched  # noqa: E402


def _stand_in() -> None:
    """Only while asched itself is under construction: fill in those of its names that are not there yet."""

    def job(*schedule: object, **options: object) -> Callable[[Any], Any]:
        return lambda function: function

    async def sleep(seconds: float) -> None:
        raise AssertionError("a test must say what sleeping means")

    for name, value in {"job": job, "Run": object, "sleep": sleep}.items():
        try:
            getattr(asched, name)
        except (ImportError, AttributeError):
            setattr(asched, name, value)


_stand_in()

from fake_run import FakeRun  # noqa: E402
from service_double import ServiceDouble  # noqa: E402


@pytest.fixture
def service() -> Iterator[ServiceDouble]:
    with ServiceDouble() as double:
        yield double


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def run(http: httpx.AsyncClient) -> FakeRun:
    return FakeRun(http=http)
