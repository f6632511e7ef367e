"""The inbox: what comes in between two turns of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import field
from typing import Any, Generic, TypeVar

from asched.core.change import Change
from asched.core.dataclass import dataclass
from asched.core.rules.answers import Answered
from asched.core.rules.board import Board, Now, Turn
from asched.core.rules.runs import Ended
from asched.errors import NotRunning

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class Ask(Generic[T]):
    """Somebody asks for something: `act` works on the board within a turn; `reply` is answered once it is durable.
    What was due when it was asked, at `at`, is decided before."""

    act: Callable[[Board, Now, Turn], T]
    reply: asyncio.Future[T]
    at: Now
    answer: T | None = None

    def acts(self, board: Board, now: Now, turn: Turn) -> bool:
        """What it raises goes to who asked: then there is nothing to answer."""
        try:
            self.answer = self.act(board, now, turn)
        except Exception as error:
            self._refuse(error)
            return False
        return True

    def answered(self) -> None:
        if not self.reply.done():
            self.reply.set_result(self.answer)  # type: ignore[arg-type]

    def _refuse(self, error: Exception) -> None:
        if not self.reply.done():
            self.reply.set_exception(error)

    def refuse(self) -> None:
        """Nobody will do it any more."""
        self._refuse(NotRunning("the scheduler has stopped"))


@dataclass(slots=True)
class Inbox:
    ended: list[Ended] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    asks: list[Ask[Any]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.ended or self.answers or self.changes or self.asks)
