"""busybox crond, with a crontab folder of its own."""

from __future__ import annotations

import getpass
import shutil
import subprocess

from benchmarks import crontab
from benchmarks.contestants import NotHere

TITLE = "busybox crond"
PACKAGES = ()
NOTES = {"shell": "no record, output dropped; whole minutes"}
SLOW = ("shell",)


def shell(rush) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        raise NotHere("no busybox on this machine")
    if "crond" not in subprocess.run([busybox, "--list"], capture_output=True, text=True).stdout.split():
        raise NotHere("this machine's busybox has no crond")
    table = rush.folder / "crontabs" / getpass.getuser()
    table.parent.mkdir()
    crontab.write(table, rush)
    crontab.serve([busybox, "crond", "-f", "-L", "/dev/null", "-c", str(table.parent)], rush)
