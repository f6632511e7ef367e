"""Debian's own cron daemon as ground truth: python -m tests.ground_truth.debian_cron [--speed N] [--only ZONE]

For each offset change the packaged daemon runs under libfaketime in that zone, before, through and after it. Real jobs
write down when they were started, and that is compared, minute by minute, with what asched computes. Each daemon
has mounts and processes of its own, so that nothing on the machine is seen or changed; it needs root, and the packages
cron and faketime.

On a busy machine a job may start so late that it writes down the next minute. So a night with differences is run again,
three times slower, and then once more: what is a difference at every speed is one.

The one difference that is meant: a fixed-time job with several times in one gap is run once for each by Debian, and
once in all by asched. Those repeats are counted.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from asched.core.localtime.cron import Cron

MINUTE = timedelta(minutes=1)
TRIES = 3

# Ordinary pairs; half an hour; two hours; an offset with 45 minutes; a gap at midnight; an offset with half an hour;
# over midnight UTC; and "summer time" that is the standard one.
NIGHTS = [
    ("America/New_York", "2026-03-08T07:00"),
    ("America/New_York", "2026-11-01T06:00"),
    ("Europe/Berlin", "2026-03-29T01:00"),
    ("Europe/Berlin", "2026-10-25T01:00"),
    ("Australia/Lord_Howe", "2026-10-03T15:30"),
    ("Australia/Lord_Howe", "2026-04-04T15:00"),
    ("Antarctica/Troll", "2026-03-29T01:00"),
    ("Antarctica/Troll", "2026-10-25T01:00"),
    ("Pacific/Chatham", "2026-04-04T14:00"),
    ("Pacific/Chatham", "2026-09-26T14:00"),
    ("America/Santiago", "2026-09-06T04:00"),
    ("America/Santiago", "2026-04-05T03:00"),
    ("America/St_Johns", "2026-03-08T05:30"),
    ("America/St_Johns", "2026-11-01T04:30"),
    ("Africa/Cairo", "2026-04-23T22:00"),
    ("Africa/Cairo", "2026-10-29T21:00"),
    ("Atlantic/Azores", "2026-03-29T01:00"),
    ("Atlantic/Azores", "2026-10-25T01:00"),
    ("Europe/Dublin", "2026-03-29T01:00"),
    ("Europe/Dublin", "2026-10-25T01:00"),
]

# Run inside the daemon's own mounts, with the clock already faked. libfaketime reads the start in the job's zone too,
# so the jobs are given TZ; the schedule itself is in the zone of the daemon.
INSIDE = """
set -e
mount -t tmpfs none /var/spool/cron/crontabs
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /run
mount --bind /dev/null /etc/crontab
for name in LD_PRELOAD FAKETIME FAKETIME_SHARED FAKETIME_DONT_RESET NO_FAKE_STAT TZ; do
    eval "echo $name=\\$$name"
done > /var/spool/cron/crontabs/root
cat "$1" >> /var/spool/cron/crontabs/root
chmod 600 /var/spool/cron/crontabs/root
exec cron -f
"""


# A process tree and mounts of its own, which end when we do, however that comes about.
_APART = ("setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--propagation", "private")
_APART += ("--pid", "--fork", "--kill-child", "--mount-proc")


@dataclass(frozen=True, slots=True)
class Night:
    """One offset change in one zone."""

    zone: str
    change: datetime

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    @property
    def jump(self) -> tuple[datetime, datetime]:
        """What clocks would have shown at the change, and what they do show."""
        return self._wall(self.change - MINUTE) + MINUTE, self._wall(self.change)

    @property
    def start(self) -> datetime:
        return self.change - abs(self.jump[1] - self.jump[0]) - 45 * MINUTE

    @property
    def end(self) -> datetime:
        return self.change + abs(self.jump[1] - self.jump[0]) + 60 * MINUTE

    def expressions(self) -> list[str]:
        """Fixed times before, inside, at the edges of and after the jump; starred ones; day fields."""
        low, high = sorted(self.jump)
        middle = low + (high - low) / 2
        # The daemon pauses ten seconds between the minutes that it makes up for: more than a few would take a minute.
        each = [low - 30 * MINUTE, low - MINUTE, low, middle, high - MINUTE, high, high + 30 * MINUTE]
        fixed = [f"{at.minute} {at.hour} * * *" for at in each]
        fixed += [f"{middle.minute} {middle.hour} {middle.day} {middle.month} *"]
        fixed += [f"{middle.minute} {middle.hour} * * {middle.isoweekday() % 7}"]
        fixed += [f"0,30 {low.hour} * * *", "0 0-23 * * *", f"{middle.minute} {low.hour},{high.hour} * * *"]
        last = high + 45 * MINUTE
        clock, other_day, weekday = f"{last.minute} {last.hour}", last.day % 28 + 1, last.isoweekday() % 7
        fixed += [f"{clock} {other_day} * {weekday}", f"{clock} */31 * {weekday}", f"{clock} {last.day} * */6"]
        starred = ["* * * * *", "*/10 * * * *", "0 * * * *", "20 */2 * * *", "50 */3 * * *"]
        starred += [f"*/15 {low.hour} * * *", f"* {high.hour} * * *", f"*/30 {low.hour}-{high.hour} * * *"]
        return list(dict.fromkeys(one for one in fixed + starred if _is_forward(one)))


def _is_forward(expression: str) -> bool:
    """Over midnight `22-0` would be a range that Debian does not know."""
    ends = expression.split()[1].split("-")
    return len(ends) < 2 or int(ends[0]) <= int(ends[1])


@dataclass(frozen=True, slots=True)
class Verdict:
    night: Night
    speed: int
    jobs: int
    fires: int
    repeats: int  # a gap's, which asched merges
    differences: tuple[str, ...]


def judge(night: Night, speed: int) -> Verdict:
    for slower in range(TRIES):
        verdict = _judge(night, speed // 3**slower)
        if not verdict.differences:
            break
    return verdict


def _judge(night: Night, speed: int) -> Verdict:
    expressions = night.expressions()
    started = runs_of_the_daemon(night, expressions, speed)
    first, last = night.start + 2 * MINUTE, night.end - 2 * MINUTE
    fires = repeats = 0
    differences: list[str] = []
    for number, expression in enumerate(expressions):
        theirs = Counter(minute for minute in started.get(number, ()) if first <= minute <= last)
        ours = set(instants(expression, night.zone, first, last))
        fires += len(ours)
        repeats += sum(theirs.values()) - len(theirs)
        differences += [f"{expression}: only Debian at {at:%H:%M}Z" for at in sorted(theirs.keys() - ours)]
        differences += [f"{expression}: only asched at {at:%H:%M}Z" for at in sorted(ours - theirs.keys())]
        differences += [f"{expression}: Debian ran it twice at {at:%H:%M}Z" for at in _unmeant(theirs, night)]
    return Verdict(night, speed, len(expressions), fires, repeats, tuple(differences))


def _unmeant(runs: Counter[datetime], night: Night) -> list[datetime]:
    """Repeats anywhere but at the end of a gap."""
    before, after = night.jump
    return [at for at, times in runs.items() if times > 1 and not (before < after and at == night.change)]


def instants(expression: str, zone: str, first: datetime, last: datetime) -> Iterator[datetime]:
    cron = Cron(expression, zone)
    at = cron.next_after(first - timedelta(microseconds=1))
    while at is not None and at <= last:
        yield at
        at = cron.next_after(at)


def runs_of_the_daemon(night: Night, expressions: list[str], speed: int) -> dict[int, list[datetime]]:
    """By the number of the expression, the minutes (UTC) in which the daemon started it."""
    with tempfile.TemporaryDirectory(prefix="debian-cron-") as name:
        folder = Path(name)
        record = folder / "started"
        jobs = [f'{one} echo "{number} $EPOCHSECONDS" >>{record}' for number, one in enumerate(expressions)]
        (folder / "jobs").write_text("\n".join(['MAILTO=""', "SHELL=/bin/bash", *jobs, ""]))
        (folder / "inside").write_text(INSIDE)
        _run_daemon(night, folder, speed)
        found: dict[int, list[datetime]] = {}
        for line in record.read_text().splitlines():
            number, seconds = map(int, line.split())
            found.setdefault(number, []).append(datetime.fromtimestamp(seconds - seconds % 60, UTC))
        return found


def _run_daemon(night: Night, folder: Path, speed: int) -> None:
    start = night.start.astimezone(ZoneInfo(night.zone))
    # /dev/shm is its own too: libfaketime shares the start of the clock there, among all processes.
    command = 'mount -t tmpfs none /dev/shm; exec faketime -f "$1" sh "$2/inside" "$2/jobs"'
    environment = {"PATH": os.environ["PATH"], "TZ": night.zone, "NO_FAKE_STAT": "1", "FAKETIME_DONT_RESET": "1"}
    with (folder / "log").open("wb") as log:
        daemon = subprocess.Popen(
            [*_APART, "sh", "-c", command, "sh", f"@{start:%Y-%m-%d %H:%M:%S} x{speed}", str(folder)],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        time.sleep((night.end - night.start).total_seconds() / speed + 1)
        if daemon.poll() is not None:
            raise SystemExit(f"the daemon ended by itself: {(folder / 'log').read_text()}")
    finally:
        daemon.send_signal(signal.SIGKILL)  # its namespace, and so all that it started, goes with it
        daemon.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ground_truth.debian_cron", description=__doc__)
    parser.add_argument("--speed", type=int, default=200, help="how much faster than time, at first (200)")
    parser.add_argument("--at-once", type=int, default=4, help="daemons side by side (4)")
    parser.add_argument("--only", help="nights of this zone alone")
    asked = parser.parse_args()
    if missing := [name for name in ("cron", "faketime", "setpriv", "unshare", "bash") if not shutil.which(name)]:
        sys.exit(f"not found: {', '.join(missing)}. On Debian: apt-get install cron faketime util-linux bash")
    nights = [Night(zone, datetime.fromisoformat(at).replace(tzinfo=UTC)) for zone, at in NIGHTS]
    chosen = [night for night in nights if asked.only in (None, night.zone)]
    with ThreadPoolExecutor(asked.at_once) as pool:
        verdicts = []
        for verdict in pool.map(lambda night: judge(night, asked.speed), chosen):
            verdicts.append(verdict)
            print(_line(verdict), *verdict.differences, sep="\n    ", flush=True)
    differences = sum(len(verdict.differences) for verdict in verdicts)
    jobs, fires = sum(verdict.jobs for verdict in verdicts), sum(verdict.fires for verdict in verdicts)
    print(
        f"{len(verdicts)} offset changes, {jobs} jobs, {fires} fires, "
        f"{sum(v.repeats for v in verdicts)} repeats in gaps merged, {differences} differences"
    )
    sys.exit(1 if differences else 0)


def _line(verdict: Verdict) -> str:
    before, after = verdict.night.jump
    return (
        f"{verdict.night.zone:20} {verdict.night.change:%Y-%m-%d %H:%M}Z  {before:%H:%M} → {after:%H:%M}  "
        f"x{verdict.speed}: {verdict.jobs} jobs, {verdict.fires} fires, {verdict.repeats} repeats, "
        f"{len(verdict.differences)} differences"
    )


if __name__ == "__main__":
    main()
