"""A scratch folder as the current one, and nothing of it left afterwards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from clifolder import Folder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Folder]:
    """Configuration and jobs; no ledger yet, and no service."""
    path, modules = sys.path[:], set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ASCHED_STATE_DIR", str(tmp_path / "st"))
    monkeypatch.delenv("ASCHED_CONFIG", raising=False)
    yield Folder(tmp_path, capsys)
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def filled(folder: Folder) -> Folder:
    """The same with a ledger in which the jobs ran for 42 seconds, until twenty minutes ago."""
    folder.fill()
    return folder
