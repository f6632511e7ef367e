"""An instant, as people read it wherever one is shown: "2026-11-21 08:00:53+01:00"."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def shown(instant: datetime, zone: tzinfo = UTC) -> str:
    """On the clocks of `zone`, to the second."""
    return instant.astimezone(zone).isoformat(sep=" ", timespec="seconds")


def shown_written(text: object, zone: tzinfo = UTC) -> str:
    """The same of one that was kept as an ISO text; any other text as it is."""
    try:
        written = datetime.fromisoformat(str(text))
    except ValueError:
        return str(text)
    return str(text) if written.tzinfo is None else shown(written, zone)
