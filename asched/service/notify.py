"""sd_notify: tells systemd, where it listens, that we are ready, reloading, stopping, and making progress."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def tell(**fields: object) -> None:
    """`tell(READY=1, STATUS="…")`. Nothing happens where nobody listens, or when it cannot be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    message = "\n".join(f"{key}={value}" for key, value in fields.items())
    name = "\0" + address[1:] if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
        notify.sendto(message.encode(), name)


def watchdog_period() -> float | None:
    """How often, in seconds, systemd wants a sign of life; None when it wants none."""
    micros, pid = os.environ.get("WATCHDOG_USEC", ""), os.environ.get("WATCHDOG_PID", "")
    if not micros.isdigit() or (pid and pid != str(os.getpid())):
        return None
    return int(micros) / 1e6 / 2
