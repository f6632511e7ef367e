"""Jobs that do nothing, and triggers that misbehave: for tests of every room."""

from datetime import timedelta

from asched.core.action import Function
from asched.core.model import Ending, Job, Policies
from asched.core.triggers.interval import Every

S = timedelta(seconds=1)
H = timedelta(hours=1)
ACTION = Function(print, "builtins:print", "coroutine")


def a_job(name="tick", trigger=None, *, after=(), needs=(), conditions=(), **policies):
    """`after` are names, or a mapping of names to how each has to end."""
    declared = None if after else trigger or Every(10 * S)
    wished = {name: Ending(wish) for name, wish in after.items()} if isinstance(after, dict) else {}
    depends = {"after": tuple(after), "wished": wished, "needs": needs, "conditions": conditions}
    return Job(name, ACTION, declared, Policies(**policies), **depends)


class Raises:
    """A trigger that yields every ten seconds after `start`, and raises from `since` on."""

    steady, relative, startup = False, False, None

    def __init__(self, start, since):
        self.since, self.start = since, start

    def anchored(self, at):
        return self

    def next_after(self, instant):
        if instant >= self.since:
            raise ZeroDivisionError("no more")
        return Every(10 * S, self.start).next_after(instant)

    def spec(self):
        return {"kind": "raises", "since": self.since.isoformat()}

    def text(self):
        return "raises"
