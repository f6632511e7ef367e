"""The bars: what asched must reach, each with what it aims at. They are data; judging.py says what was found.

A bar is of the contestant and metric that it names, in all cases whose name has `case` in it; the worst of them counts.
With `against`, what counts is the ratio to that contestant in the same case; with `against_case`, to the same
contestant in that case.
"""

from __future__ import annotations

from dataclasses import dataclass

MEMORY, SQLITE, COMMANDS = "asched_memory", "asched_sqlite", "asched_commands"
SERVED_MEMORY, SERVED = "asched_served_memory", "asched_served"
LOW, HIGH = "≤", "≥"


@dataclass(frozen=True, slots=True)
class Bar:
    """`what` for people. `sense`: what was found must be ≤, or ≥, `limit`; both, and `aim`, in `unit`."""

    what: str
    workload: str
    contestant: str
    metric: str
    limit: float
    unit: str
    aim: float | None = None
    sense: str = LOW
    case: str = ""
    against: str = ""
    against_case: str = ""

    def met(self, found: float) -> bool:
        return found <= self.limit if self.sense == LOW else found >= self.limit


BARS = (
    Bar("next fire, warm, weighted", "next_fire", MEMORY, "weighted_us", 4, "µs", 2),
    Bar("10,000 cron jobs over 40 expressions, parsed and scheduled", "parse", MEMORY, "all_s", 0.3, "s", 0.1),
    Bar("register, validated, in memory, at 100,000", "register", MEMORY, "add_us", 15, "µs", 6, case="100,000"),
    Bar("the same: size of a job added", "register", MEMORY, "add_bytes", 900, "B", 500, case="100,000"),
    Bar("the same: size of a job waiting", "register", MEMORY, "wait_bytes", 900, "B", 500, case="100,000"),
    Bar("tick, from 1,000 to 1,000,000 jobs", "tick", MEMORY, "cpu_us", 20, "µs/fire", 12),
    Bar("tick: none missed", "tick", MEMORY, "missed_pct", 0, "%", 0),
    Bar("burst 1,000 at 1 Hz: p99", "burst", MEMORY, "p99_ms", 30, "ms", 20, case="1,000 jobs"),
    Bar("burst 10,000: p99", "burst", MEMORY, "p99_ms", 200, "ms", 120, case="10,000 jobs"),
    Bar("burst 25,000: p99", "burst", MEMORY, "p99_ms", 500, "ms", 350, case="25,000 jobs"),
    Bar("burst: none missed", "burst", MEMORY, "missed_pct", 0, "%", 0),
    Bar(
        "burst 1,000 with ledger and one log line a run", "burst", SQLITE, "cpu_us", 60, "µs/run", 40, case="1,000 jobs"
    ),
    Bar("the same at 10,000 runs/s", "burst", SQLITE, "cpu_us", 60, "µs/run", 40, case="10,000 jobs"),
    Bar("the same at 10,000 runs/s: none missed", "burst", SQLITE, "missed_pct", 0, "%", 0, case="10,000 jobs"),
    Bar("spread 10,000/s, memory ledger: p50", "spread", MEMORY, "p50_ms", 0.7, "ms"),
    Bar("the same as served", "spread", SERVED_MEMORY, "p50_ms", 0.7, "ms", 0.15),
    Bar("spread 10,000/s, memory ledger: p99", "spread", MEMORY, "p99_ms", 3, "ms"),
    Bar("the same as served", "spread", SERVED_MEMORY, "p99_ms", 3, "ms", 0.5),
    Bar("spread: none missed", "spread", MEMORY, "missed_pct", 0, "%", 0),
    Bar("drift: none, within 5 µs/fire of noise", "drift", MEMORY, "drift_us", 5, "µs/fire", 5, case="40 s"),
    Bar("drift: phase p99, as served", "drift", SERVED_MEMORY, "phase_ms", 0.5, "ms", 0.5, case="40 s"),
    Bar("drift: no fire lost", "drift", MEMORY, "lost_pct", 0, "%", 0, case="40 s"),
    Bar("recorded runs, FULL, 200 or more at once", "durable", SQLITE, "runs_s", 4_000, "runs/s", 15_000, HIGH, "FULL"),
    Bar("the bar for NORMAL, met by FULL", "durable", SQLITE, "runs_s", 10_000, "runs/s", 20_000, HIGH, "FULL"),
    Bar("loop held by the ledger, at 5,000 runs/s", "stall", SQLITE, "held_us", 10, "µs/run", 5, case="5,000/s"),
    Bar("worst stall at 5,000 runs/s: p99.9", "stall", SQLITE, "p999_ms", 5, "ms", case="5,000/s"),
    Bar("the same: none missed", "stall", SQLITE, "missed_pct", 0, "%", 0),
    Bar("10,000 at once, recorded and logged, as served: p99", "stall", SERVED, "p99_ms", 200, "ms", case="at once"),
    Bar("the same: longest stall", "stall", SERVED, "max_ms", 5, "ms", case="at once"),
    Bar("the same: none missed", "stall", SERVED, "missed_pct", 0, "%", 0, case="at once"),
    Bar("spawn, wait, capture", "spawn", COMMANDS, "runs_s", 0.75, "× limit", 0.9, HIGH, against="bare_process"),
    Bar("spawn: CPU of the parent", "spawn", COMMANDS, "cpu_us", 350, "µs/run", 250, case="small"),
    Bar("spawn: CPU in a 1 GB parent", "spawn", COMMANDS, "cpu_us", 1.5, "× small", case="1 GB", against_case="small"),
    Bar("100 MB of output", "output", COMMANDS, "mb_s", 800, "MB/s", 1_100, HIGH),
    Bar("100 MB of output: growth", "output", COMMANDS, "grown_mb", 4, "MB"),
    Bar("1,000 shell jobs on one minute: first start", "shell", COMMANDS, "first_ms", 100, "ms", 30, case="1,000"),
    Bar("1,000 shell jobs on one minute: last start", "shell", COMMANDS, "last_ms", 2_200, "ms", 1_600, case="1,000"),
    Bar("idle, 10,000 jobs, clock watch included", "idle", MEMORY, "cpu_ms_s", 0.1, "ms CPU/s", 0.03, case="30 s"),
    Bar("idle: wake-ups", "idle", MEMORY, "wake_ups_s", 0.1, "/s", 0.03, case="30 s"),
    Bar("1,000 jobs running, embedded", "start", MEMORY, "ready_ms", 180, "ms", 140),
    Bar("the same: memory", "start", MEMORY, "resident_mb", 32, "MB", 28),
    Bar("`asched --help`, beyond the bare interpreter", "help", "asched_cli", "beyond_ms", 60, "ms", 35),
    Bar("1,000,000 jobs: start from the ledger", "million", "asched_million", "ready_s", 20, "s", 8),
    Bar("1,000,000 jobs: memory", "million", "asched_million", "peak_mb", 1_000, "MB", 600),
)
