"""The limit for a command line in Python: one that does nothing."""

from __future__ import annotations

TITLE = "limit: bare interpreter"
PACKAGES = ()
NOTES = {"help": "nothing is imported and nothing said; what it takes beyond itself is noise"}


def help(subject) -> None:
    subject.run("-c", "pass")
