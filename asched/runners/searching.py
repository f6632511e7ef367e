"""Searching a run's output for a pattern, in bounded time.

Python's `re` holds the interpreter while it searches, in whatever thread, and some patterns take for ever on some
texts. What repeats nothing is searched here; the rest by a child process, which can be killed.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

from asched.core.expectation import FLAGS, repeats
from asched.engine.aside import aside

LONGEST = 10.0  # seconds
_SHOWN = 200  # characters of what was found

_SCRIPT = f"""\
import json, re, sys
pattern, text = json.load(sys.stdin)
found = re.search(pattern, text, {int(FLAGS)})
json.dump(None if found is None else found[0][:{_SHOWN}], sys.stdout)
"""


async def search(pattern: str, text: str) -> str | None:
    """What matches it first, shortened, or None. Raises TimeoutError after LONGEST, OSError without a child."""
    if repeats(pattern):
        return await aside(_in_child, pattern, text)
    found = re.search(pattern, text, FLAGS)
    return None if found is None else found[0][:_SHOWN]


def _in_child(pattern: str, text: str) -> str | None:
    """In a thread."""
    argv = [sys.executable, "-I", "-S", "-c", _SCRIPT]
    asked = json.dumps([pattern, text]).encode()
    try:
        done = subprocess.run(
            argv, input=asked, capture_output=True, timeout=LONGEST, start_new_session=True, check=False
        )
        answer: str | None = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"not done within {LONGEST:g} s") from None
    except ValueError:  # killed, or out of memory
        raise OSError("the search died") from None
    return answer
