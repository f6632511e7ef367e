"""What the tests of jobs/ share: the project root on the path, a service to talk to, and runs to call a job with."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

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
