"""How tightly a trigger's text holds together, and when it takes parentheses."""

from __future__ import annotations

from asched.core.triggers.protocol import Trigger

UNION, BOTH, MINUS, BOUNDED, WITHIN, PHRASE = range(6)  # the loosest first; what does not say is one phrase


def binding(trigger: Trigger) -> int:
    held: int = getattr(trigger, "binding", PHRASE)
    return held


def bracketed(trigger: Trigger, at_least: int) -> str:
    """Its text, in parentheses when it holds together less tightly than that."""
    text = trigger.text()
    return text if binding(trigger) >= at_least else f"({text})"
