"""At a terminal: tables that fit into 100 columns, colours unless NO_COLOR, and the next useful command."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress

import pytest
from clifolder import ROOT, Folder

COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def at_terminal(folder: Folder, *arguments: str, columns: int = 100, **env: str) -> str:
    """What `asched` prints on a terminal that wide."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    known = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "asched", *arguments],
        cwd=folder.path,
        env={**known, "PYTHONPATH": str(ROOT), "TERM": "xterm", **env},
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    said = b""
    with suppress(OSError):  # what a terminal raises when the other side has gone
        while piece := os.read(here, 4096):
            said += piece
    os.close(here)
    process.wait(20)
    return said.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("verb", ["list", "runs", "next"])
def test_columns_are_neither_cut_nor_torn(filled: Folder, verb: str) -> None:
    text = COLOUR.sub("", at_terminal(filled, verb))
    assert "…" not in text
    table = [line for line in text.splitlines() if not line.startswith(("next:", "locked is"))]
    assert all(len(line.rstrip()) <= 100 for line in table)
    instants = re.findall(r"\d{4}-\d\d-\d\d", text)
    assert len(instants) == len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d", text)) > 0


def test_a_narrow_terminal_keeps_every_word(filled: Folder) -> None:
    text = COLOUR.sub("", at_terminal(filled, "list", columns=60))
    assert "…" not in text


def test_outcomes_are_coloured_unless_they_must_not(filled: Folder) -> None:
    coloured = at_terminal(filled, "runs")
    assert "\x1b[32msucceeded" in coloured
    assert "\x1b[31mfailed" in coloured
    assert "\x1b[" not in at_terminal(filled, "runs", NO_COLOR="1")


@pytest.mark.parametrize(
    ("arguments", "next"),
    [
        (["list"], "asched show tick"),
        (["show", "tick"], "asched run tick"),
        (["show", "locked"], "asched list"),
        (["check"], "asched list"),
        (["pause", "tick"], "asched resume tick"),
    ],
)
def test_the_last_line_is_the_next_useful_command(filled: Folder, arguments: list[str], next: str) -> None:
    assert at_terminal(filled, *arguments).splitlines()[-1] == f"next: {next}"
    assert "next:" not in at_terminal(filled, *arguments, "-q")
