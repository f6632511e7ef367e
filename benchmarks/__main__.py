"""python -m benchmarks [--quick] [--repeats N] [--json FILE] [--chart FILE] [WORKLOAD ...]"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import report
from benchmarks.chart import chart
from benchmarks.contest import Environments, hold
from benchmarks.environments import CACHE
from benchmarks.judging import bar_values, bars_table, judged
from benchmarks.workloads import NAMES, workload


def main() -> None:
    asked = _arguments()
    CACHE.mkdir(exist_ok=True)
    environments, results = Environments(), []
    names = [name for name in NAMES if name in asked.workloads] or NAMES
    for result in hold(names, quick=asked.quick, repeats=asked.repeats or _rounds(asked), environments=environments):
        results.append(result)
        print(report.table(result), end="\n\n", flush=True)
    bars = judged(results)
    about = report.machine(environments.versions, " ".join(["python -m benchmarks", *sys.argv[1:]]))
    print(bars_table(bars), report.notes(results), report.heading(about), sep="\n\n")
    if asked.json:
        values = {**report.values(results, about), "bars": bar_values(bars)}
        asked.json.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n")
    if asked.chart:
        asked.chart.write_text(chart(results, f"Cost beside asched's, {about['date']}"))


def _rounds(asked: argparse.Namespace) -> int:
    return 1 if asked.quick else 3


def _arguments() -> argparse.Namespace:
    titles = "\n".join(f"  {workload(name).TITLE}" for name in NAMES)
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=f"asched, its peers and the limit, side by side:\n{titles}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("workloads", nargs="*", choices=[*NAMES, []], metavar="WORKLOAD", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="small and once: under two minutes")
    parser.add_argument("--repeats", type=int, help="rounds (3; with --quick 1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    parser.add_argument("--chart", type=Path, metavar="FILE.svg", help="draw the ratios there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
