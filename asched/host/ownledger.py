"""Where a program keeps its ledger that names none."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from asched.host.statedir import make_state_dir, state_dir


def own_ledger(sources: Sequence[str | ModuleType]) -> Path:
    """A file in the state directory, named after the first source, or after the program, and by where that stands:
    programs whose files have one name are not one program."""
    source = sources[0] if sources else "__main__"
    name = source if isinstance(source, str) else source.__name__
    file = _file_of(source)
    if name == "__main__":
        name = Path(file).stem or "asched"
    place = blake2b(os.path.abspath(file).encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return make_state_dir(state_dir()) / f"{name}-{place}.db"


def _file_of(source: str | ModuleType) -> str:
    """Where the module's code is, or will be; "" where that cannot be told, as for what is typed in."""
    known = sys.modules.get(source) if isinstance(source, str) else source
    if known is not None or not isinstance(source, str):
        return getattr(known, "__file__", None) or ""
    try:
        spec = find_spec(source)
    except Exception:  # looking for a submodule imports its package; what is wrong with it is told at the start
        return ""
    return "" if spec is None else spec.origin or ""
