"""Windows as people write them: "between 08:00 and 18:00 on weekdays"."""

from __future__ import annotations

import re

from asched.core.localtime.timeofday import parse_time
from asched.core.localtime.weekdays import EVERY_DAY, parse_weekdays
from asched.core.localtime.windows import ALL_DAY, Span, Windows
from asched.core.text.pattern import pattern
from asched.core.text.pointing import read_part
from asched.errors import ScheduleError

_WINDOWS = pattern(r"(?:between\b(?P<spans>.*?))?(?:(?:(?<=\s)|^)on\b(?P<days>.*))?", re.IGNORECASE | re.DOTALL)
_SPAN = pattern(r"\s*(?P<start>\S+)\s+and\s+(?P<end>\S+)\s*", re.IGNORECASE)


def read_windows(text: str, tz: str) -> Windows:
    """From "between A and B", "between A and B, C and D on DAYS" or "on DAYS". Raises ScheduleError."""
    match = _WINDOWS.fullmatch(text)
    if match is None or not text:
        raise ScheduleError(f'"{text}" is no window', text=text, help='as in "between 08:00 and 18:00 on weekdays"')
    spans: tuple[Span, ...] = (ALL_DAY,)
    if match["spans"] is not None:
        spans = read_part(text, *match.span("spans"), _read_spans)
    days = EVERY_DAY if match["days"] is None else read_part(text, *match.span("days"), parse_weekdays)
    return Windows(spans, tz, days)


def _read_spans(text: str) -> tuple[Span, ...]:
    items = re.finditer("[^,]+", text) if text else iter(())
    return tuple(read_part(text, *item.span(), _read_span) for item in items) or (_read_span(text),)


def _read_span(text: str) -> Span:
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ScheduleError("a window is two times of day", text=text, help='as in "between 08:00 and 18:00"')
    start = read_part(text, *match.span("start"), parse_time)
    return start, read_part(text, *match.span("end"), lambda end: parse_time(end, up_to_midnight=True))
