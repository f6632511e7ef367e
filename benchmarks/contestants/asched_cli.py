"""The command `asched`."""

from __future__ import annotations

TITLE = "asched"
PACKAGES = ()
NOTES = {"help": "`asched --help`"}


def help(subject) -> None:
    subject.run("-m", "asched", "--help")
