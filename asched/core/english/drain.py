"""A drain in words, for what it holds."""

from __future__ import annotations


def explain_drain(by: str, reason: str) -> str:
    """Who holds it, and what ends that: "held by the drain that ada asked for (new disk): …"."""
    why = f" ({reason})" if reason else ""
    return f"held by the drain that {by} asked for{why}: `asched drain --cancel` lifts it"
