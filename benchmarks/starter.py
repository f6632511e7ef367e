"""One contestant and 1,000 waiting jobs, and it says when they do: python -m benchmarks.starter CONTESTANT FOLDER."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks.contestants import contestant
from benchmarks.race import Race
from benchmarks.usage import resident

JOBS = 1_000


class Starting(Race):
    """Over as soon as it begins."""

    def begin(self) -> None:
        print(json.dumps({"resident": resident()}), flush=True)
        os._exit(0)


if __name__ == "__main__":
    contestant(sys.argv[1]).start(Starting(0, 0, Path(sys.argv[2]), waiting=JOBS))
