"""One contestant, one case, one process: python -m benchmarks.child WORKLOAD CONTESTANT PARAMETERS FOLDER."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks.contestants import contestant
from benchmarks.workloads import workload


def main(workload_name: str, contestant_name: str, parameters: str, folder: str) -> None:
    perform = getattr(contestant(contestant_name), workload_name)
    figures = workload(workload_name).measure(perform, json.loads(parameters), Path(folder))
    print(json.dumps(figures), flush=True)
    os._exit(0)  # what still hangs on has been measured


if __name__ == "__main__":
    main(*sys.argv[1:])
