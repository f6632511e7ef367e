"""Debian's cron, its spool its own: in a mount namespace, so that the machine's crontabs are neither run nor seen."""

from __future__ import annotations

import os
import shutil
import subprocess

from benchmarks import crontab
from benchmarks.contestants import NotHere

TITLE = "Debian cron"
PACKAGES = ()
NOTES = {"shell": "no record, output dropped; a process beside each job; whole minutes"}
SLOW = ("shell",)
SPOOL = "/var/spool/cron"
HIDE = f"mount -t tmpfs none {SPOOL} && mount -t tmpfs none /run && mount -t tmpfs none /etc/cron.d"
SERVE = f"""{HIDE} && mkdir -m 730 {SPOOL}/crontabs && install -m 600 "$1" {SPOOL}/crontabs/root &&
mount --bind /dev/null /etc/crontab && exec "$2" -f"""


def shell(rush) -> None:
    cron = shutil.which("cron") or shutil.which("cron", path="/usr/sbin")
    if cron is None:
        raise NotHere("no cron on this machine")
    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        raise NotHere("needs root and a mount namespace, to leave the machine's crontabs alone")
    table = rush.folder / "root"
    crontab.write(table, rush)
    crontab.serve(["unshare", "--mount", "--propagation", "private", "sh", "-c", SERVE, "sh", str(table), cron], rush)
