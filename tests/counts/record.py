"""Counts anew, shows what was and what is, and records it: `python tests/counts/record.py [WORKLOAD ...]`."""

from __future__ import annotations

import argparse

from comparison import Counts, percent
from measure import measure
from recorded import CASES, FILE, read, write
from workloads import WORKLOADS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workload", nargs="*", help=f"all, or some of {', '.join(WORKLOADS)}")
    wanted = parser.parse_args().workload or list(WORKLOADS)
    if unknown := set(wanted) - set(WORKLOADS):
        parser.error(f"no workload is called {', '.join(sorted(unknown))}: there are {', '.join(WORKLOADS)}")
    counts = dict(read().counts)
    for case in CASES:
        if case[0] in wanted:
            found = measure(*case)
            _show(case, counts[case], found)
            counts[case] = found
    write(counts)
    print(f"written to {FILE}: look at the difference before you commit it, and say what it is for")


def _show(case: tuple[str, str], was: Counts, now: Counts) -> None:
    print(f"{' on '.join(case)} (of the {WORKLOADS[case[0]].size:,} {WORKLOADS[case[0]].unit}s together)")
    for kind in was | now:
        old, new = was.get(kind), now.get(kind)
        change = percent(old, new) if old is not None and new is not None and old != new else ""
        print(f"  {kind:<16} {_shown(old):>12} {_shown(new):>12}  {change}".rstrip())


def _shown(count: int | None) -> str:
    return "-" if count is None else f"{count:,}"


if __name__ == "__main__":
    main()
