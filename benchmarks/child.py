"""One contestant, one case, one process: python -m benchmarks.child WORKLOAD CONTESTANT PARAMETERS FOLDER.

Its last line on stdout is its figures, or {"absent": why}, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from benchmarks.contestants import NotHere, contestant
from benchmarks.workloads import workload


def main(workload_name: str, contestant_name: str, parameters: str, folder: str) -> None:
    perform = getattr(contestant(contestant_name), workload_name)
    try:
        answer = workload(workload_name).measure(perform, json.loads(parameters), Path(folder))
    except NotHere as error:
        answer = {"absent": str(error)}
    print(json.dumps(answer), flush=True)
    os._exit(0)  # what still hangs on has been measured


if __name__ == "__main__":
    main(*sys.argv[1:])
