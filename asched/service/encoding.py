"""What JSON has no words for, as programs get it from the socket and from `--json`."""

from __future__ import annotations

from datetime import datetime, timedelta


def encoded(value: object) -> object:
    """RFC 3339 for an instant, seconds for a duration, and of anything else its text."""
    match value:
        case datetime():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case _:
            return str(value)
