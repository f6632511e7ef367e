"""For all tests: asyncio under anyio's plugin, and, where skips are forbidden, a skip is a failure."""

import os
import sys

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI everything that a test needs is installed, so that a skip means that something is broken."""
    report = (yield).get_result()
    if os.environ.get("ASCHED_FORBID_SKIPS") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped where skips are forbidden: {report.longrepr}"


@pytest.fixture(autouse=True)
def logging_as_it_was():
    """Whoever serves sets structlog up for the whole process; the next test must not find it so."""
    yield
    if "structlog" in sys.modules:
        sys.modules["structlog"].reset_defaults()
