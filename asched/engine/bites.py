"""Bites: so much of a turn is done at a time, until whoever shares the loop has a step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from asched.core.change import Change
from asched.core.rules.deadlines import rows_of

T = TypeVar("T")

BITE = 50  # deadlines, ends, events, effects: a burst must not hold the loop
ROWS = 200  # of the ledger, where few deadlines have much to make up for


def bites(many: Sequence[T]) -> Iterator[Sequence[T]]:
    return (many[begin : begin + BITE] for begin in range(0, len(many), BITE))


def bites_of_changes(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """By what there is to tell of them: one may hold the fires of hours."""
    begin = told = 0
    for end, change in enumerate(changes, start=1):
        told += rows_of(change)
        if told >= BITE:
            yield changes[begin:end]
            begin, told = end, 0
    if begin < len(changes):
        yield changes[begin:]
