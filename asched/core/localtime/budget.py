"""How much looking one question may cost, all that it asks along the way together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import field
from datetime import datetime

from asched.core.dataclass import dataclass
from asched.errors import ScheduleError

STEPS = 12_000  # of one question; each is about a microsecond and a half
ROUND = 4  # steps for one more candidate: it is asked for, and judged

Answer = datetime | None
Walk = tuple[datetime, Answer, int]  # from where, what was found, and the steps that took
Walked = tuple[Walk, ...]


class SpentError(ScheduleError):
    """A budget of steps is used up."""


class UncountedError(SpentError):
    """It was used up by counting instants, and says so."""


@dataclass(slots=True, eq=False)
class Budget:
    """So many steps, for everything that is asked while it is open."""

    left: int
    spent: int = 0
    recalls: bool = True  # whether searches may take what earlier questions found
    recalled: bool = False
    walked: dict[object, Walked] = field(default_factory=dict)
    paid: set[object] = field(default_factory=set)

    def spend(self, steps: int) -> None:
        """Raises SpentError when there are not so many."""
        self.left -= steps
        self.spent += steps
        if self.left < 0:
            raise SpentError(f"this takes more than {STEPS} steps")

    def pay_once(self, what: object, steps: int) -> None:
        """For something that is known from then on."""
        if what not in self.paid:
            self.paid.add(what)
            self.spend(steps)

    def recall(self, search: object, walk: Walk) -> None:
        """What that search found in an earlier question, at the price that it had there."""
        self.recalled = True
        self.spend(walk[2])
        self.walked[search] = (walk, *self.walked.get(search, ()))


_open: ContextVar[Budget | None] = ContextVar("budget", default=None)

open_budget = _open.get  # the one that is open, or None


def the_budget() -> Budget:
    """The one that is open."""
    budget = _open.get()
    assert budget is not None
    return budget


@contextmanager
def budget_of(steps: int, *, recalls: bool = True) -> Iterator[Budget]:
    """One that holds for every question inside; what was open before is as it was."""
    budget = Budget(steps, recalls=recalls)
    token = _open.set(budget)
    try:
        yield budget
    finally:
        _open.reset(token)


@contextmanager
def one_budget() -> Iterator[None]:
    """Everything inside is one question."""
    if _open.get() is None:
        with budget_of(STEPS):
            yield
    else:
        yield


def spend(steps: int = 1) -> None:
    """From the budget that is open, if one is. Raises SpentError."""
    budget = _open.get()
    if budget is not None:
        budget.spend(steps)


def answered(ask: Callable[[datetime], Answer], instant: datetime, text: Callable[[], str]) -> Answer:
    """What `ask` answers, as part of the question that is open, else as a question of its own.

    Raises ScheduleError, about `text()`, when that takes more than STEPS. What is recalled from earlier questions
    is paid for as if it were looked for again, or a little more; so where that breaks a budget nothing is recalled,
    and whether an answer is found does not depend on what was asked before.
    """
    if _open.get() is not None:
        return ask(instant)
    budget = Budget(STEPS)
    token = _open.set(budget)
    try:
        return ask(instant)
    except SpentError as spent:
        if not budget.recalled:
            raise _gave_up(spent, instant, text) from None
    finally:
        _open.reset(token)
    try:
        with budget_of(STEPS, recalls=False):
            return ask(instant)
    except SpentError as spent:
        raise _gave_up(spent, instant, text) from None


def _gave_up(spent: SpentError, instant: datetime, text: Callable[[], str]) -> ScheduleError:
    if isinstance(spent, UncountedError):
        return spent
    return ScheduleError(f"gave up: nothing fits within {STEPS} steps after {instant.isoformat()}", text=text())
