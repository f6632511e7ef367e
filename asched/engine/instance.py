"""Who is running: an incarnation, never a bare name, and whether another one, or a child of its, still lives."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from datetime import datetime, timedelta
from pathlib import Path

from asched.core.record import InstanceRecord

VISITOR = "visitor-"  # how the token of an instance begins that comes for one thing and decides no schedule
SILENCE = timedelta(minutes=5)  # ten heartbeats of one that serves


def this_instance(started_at: datetime, *, visiting: bool = False) -> InstanceRecord:
    """`visiting`: not to serve, but to run one job, or to write something down."""
    pid = os.getpid()
    return InstanceRecord(
        number=0,
        host=socket.gethostname(),
        boot_id=boot_id(),
        pid=pid,
        pid_started=process_started(pid) or 0,
        started_at=started_at,
        seen_at=started_at,
        token=(VISITOR if visiting else "") + os.urandom(8).hex(),
    )


def boot_id() -> str:
    """Changes with every boot of the machine; "" where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def process_started(pid: int) -> int | None:
    """When the process started, in kernel ticks since boot; None when there is no such process (or a zombie)."""
    try:
        stat = _read(f"/proc/{pid}/stat")
    except OSError:
        return None
    fields = stat[stat.rindex(b")") + 2 :].split(None, 20)  # the name before it may hold anything
    return None if fields[0] in b"ZX" else int(fields[19])


def _read(path: str) -> bytes:
    """A small file of the kernel's, on the loop for each command that is started: a file object takes twice as long."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def lives(instance: InstanceRecord) -> bool:
    """Is its process still there? Of another machine's we cannot know, and believe it."""
    if instance.left_at is not None:
        return False
    if instance.host != socket.gethostname():
        return True
    return instance.boot_id == boot_id() and process_started(instance.pid) == instance.pid_started


def is_lost(instance: InstanceRecord, now: datetime) -> bool:
    """The same for what is only told: what another machine's left open is lost if it has been silent for long."""
    silent = instance.host != socket.gethostname() and now - instance.seen_at > SILENCE
    return silent or not lives(instance)


def kill_survivor(pid: int, started: int) -> bool:
    """Kill the process group of a child that outlived its asched. True when there was one to kill.

    The start time tells it from another process that was given the same pid since.
    """
    if not started or process_started(pid) != started:
        return False
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
        return True
    return False


def describe(instance: InstanceRecord) -> str:
    """ "asched 3 (pid 4711 on host)": how an instance is named to people."""
    return f"asched {instance.number} (pid {instance.pid} on {instance.host})"
