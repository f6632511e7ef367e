"""Fires as an iCalendar (RFC 5545), for whatever program shows calendars.

A fire keeps its UID: it is made of the job and the instant, so that importing it again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from asched import __version__

_LINE = 75  # octets, without the line break


@dataclass(frozen=True, slots=True)
class Event:
    """One fire. `name` tells it apart from other jobs' and is at best plain letters; `cancelled`: it will not run."""

    name: str
    at: datetime
    summary: str
    description: str = ""
    cancelled: bool = False


def icalendar(events: Iterable[Event], stamp: datetime) -> str:
    """The whole text; `stamp` is when it was made."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:-//asched//asched {__version__}//EN", "CALSCALE:GREGORIAN"]
    for event in events:
        lines += _event(event, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def _event(event: Event, stamp: datetime) -> list[str]:
    exactly = event.at.astimezone(UTC).strftime("%Y%m%dT%H%M%S")
    fraction = f".{event.at.microsecond:06}" if event.at.microsecond else ""
    lines = [
        "BEGIN:VEVENT",
        f"UID:{_escaped(event.name)}-{exactly}{fraction}Z@asched",
        f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART:{exactly}Z",
        f"SUMMARY:{_escaped(event.summary)}",
    ]
    lines += [f"DESCRIPTION:{_escaped(event.description)}"] if event.description else []
    lines += ["STATUS:CANCELLED"] if event.cancelled else []
    return [*lines, "TRANSP:TRANSPARENT", "END:VEVENT"]


def _escaped(text: str) -> str:
    """A TEXT value: no control characters but line breaks, and these written out."""
    text = text.replace("\r\n", "\n").replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "".join(
        letter for letter in text.replace("\n", "\\n") if letter == "\t" or (letter >= " " and letter != "\x7f")
    )


def _folded(line: str) -> str:
    """In pieces of at most 75 octets, each but the first begun with a space; no character is cut in two."""
    pieces, piece, room = [], "", _LINE
    for letter in line:
        size = len(letter.encode())
        if size > room:
            pieces.append(piece)
            piece, room = "", _LINE - 1
        piece, room = piece + letter, room - size
    return "\r\n ".join([*pieces, piece])
