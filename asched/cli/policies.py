"""A job's policies, for people and for programs."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

from asched.core.model import Policies, Retry
from asched.core.text.durations import format_duration
from asched.core.wait import Wait


def policies_json(policies: Policies | Retry) -> dict[str, object]:
    """Every policy by its name; durations as seconds."""
    return {item.name: _plain(getattr(policies, item.name)) for item in fields(policies)}


def _plain(value: object) -> object:
    match value:
        case timedelta():
            return value.total_seconds()
        case Retry():
            return policies_json(value)
        case Wait():
            return value.text
        case tuple():
            return list(value)
        case str():
            return str(value)
        case _:
            return value


def policy_lines(policies: Policies) -> list[tuple[str, str]]:
    """Those that say something, durations as people write them."""
    unsaid = {"probe_after"} if policies.pause_after is None else set()
    lines = [(item.name, _said(getattr(policies, item.name))) for item in fields(policies) if item.name not in unsaid]
    return [(name, said) for name, said in lines if said]


def _said(value: object) -> str:
    match value:
        case None | False | 0:
            return ""
        case timedelta():
            return format_duration(value) if value else ""
        case Retry():
            return _retry(value)
        case Wait():
            return value.text
        case True:
            return "yes"
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _retry(retry: Retry) -> str:
    if retry.attempts < 2:
        return "never"
    on = f", on {', '.join(retry.on)}" if retry.on else ""
    delay, longest = format_duration(retry.delay), format_duration(retry.max_delay)
    return f"{retry.attempts} attempts, {delay} apart, times {retry.factor:g}, at most {longest}{on}"
