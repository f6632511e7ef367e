"""From what a configuration names to a ledger. SQLite is imported only when a file is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from asched.errors import ConfigurationError

if TYPE_CHECKING:
    from asched.engine.ports import Ledger

_MEMORY = ":memory:"
_SQLITE = "sqlite://"


def ledger_for(url: str | Path | Ledger) -> Ledger:
    """The ledger that is named: ":memory:", the path of a file, "sqlite:///path" (a fourth slash makes it absolute).

    A ledger itself is given back as it is. Raises ConfigurationError for any other scheme. The ledger is not opened.
    """
    if isinstance(url, Path):
        return _in_file(url)
    if not isinstance(url, str):
        return url
    if url == _MEMORY:
        from asched.engine.clock import LONGEST_SLEEP
        from asched.ledger.memory import MemoryLedger

        return MemoryLedger(timedelta(seconds=LONGEST_SLEEP))  # nobody needs to be woken for more than the clocks
    scheme, separator, _ = url.partition("://")
    if not separator:
        return _in_file(Path(url))
    if scheme in ("postgresql", "postgres"):
        raise ConfigurationError(
            'PostgreSQL ledgers are not in this version of asched: name a file, such as "state/asched.db"'
        )
    if scheme != "sqlite" or not url.startswith(_SQLITE + "/") or url == _SQLITE + "/":
        raise ConfigurationError(
            f'"{url}" names no ledger: write the path of a file, "sqlite:///path/to/asched.db", or "{_MEMORY}"'
        )
    return _in_file(Path(unquote(url.removeprefix(_SQLITE + "/"))))


def _in_file(path: Path) -> Ledger:
    from asched.ledger.sqlite import SqliteLedger

    return SqliteLedger(path.expanduser())
