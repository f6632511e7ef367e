"""Whatever is asked, in whatever order: the memory ledger is the model, and SQL gives the same answers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from asched.core.change import (
    Absence,
    Act,
    Adopt,
    Begin,
    Change,
    Child,
    Finish,
    Pause,
    Promote,
    Retire,
    Retrying,
    Streak,
    Unpause,
)
from asched.core.outcome import Cancelled, Queue, Skip, SkipReason, Start, Succeeded, TimedOut
from asched.core.record import FireQuery, Keep
from asched.ledger import presence, queries, schema, sqlitechanges
from asched.ledger.memory import MemoryLedger
from asched.ledger.sqliteprune import Pruning, forget
from asched.testing.ledger_samples import FAILED, activate, decide, fire, gap, instance, minute, output

T = TypeVar("T")

# A universe so small that changes meet each other all the time.
MINUTES = st.integers(0, 4)
JOBS = st.sampled_from(["a", "b"])
OWNERS = st.integers(1, 2)
ATTEMPTS = st.integers(1, 3)
DECISIONS = st.sampled_from([Start(), Start(), Queue(), Skip(SkipReason.MISSED), Skip(SkipReason.PAUSED, {"by": "x"})])
OUTCOMES = st.sampled_from([Succeeded(), Succeeded("1"), FAILED, Cancelled("no"), TimedOut(timedelta(seconds=3))])
FIRES = st.builds(
    lambda number, by, job, at, nonce: fire(number, by=by, job=job, at=at, nonce=nonce),
    st.integers(1, 3),
    OWNERS,
    JOBS,
    MINUTES,
    st.sampled_from(["", "", "n"]),
)
IDS = st.builds(lambda by, number: by << 32 | number, OWNERS, st.integers(1, 3))
GAPS = st.builds(lambda after, length: gap(after, after + length), MINUTES, st.integers(1, 2))
MOVES = st.none() | st.tuples(MINUTES, MINUTES)
DEFINITIONS = st.sampled_from(["{}", "{}", "{2}"])
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(
        lambda fires, job, version, move, gaps, at: decide(
            *fires, job=job, version=version, move=move, gaps=tuple(gaps), at=at
        ),
        st.lists(st.tuples(FIRES, DECISIONS), max_size=3),
        JOBS,
        st.integers(1, 2),
        MOVES,
        st.lists(GAPS, max_size=2),
        MINUTES,
    ),
    st.builds(
        lambda id, attempt, outcome, at: Finish(id, attempt, outcome, minute(at), minute(at + 1), timedelta(seconds=1)),
        IDS,
        ATTEMPTS,
        OUTCOMES,
        MINUTES,
    ),
    st.builds(
        lambda id, attempt, at: Retrying(
            id, attempt, FAILED, minute(at), minute(at), timedelta(seconds=1), minute(at + 1)
        ),
        IDS,
        ATTEMPTS,
        MINUTES,
    ),
    st.builds(lambda id, attempt, at: Begin(id, attempt, minute(at)), IDS, ATTEMPTS, MINUTES),
    st.builds(lambda id, attempt, pid: Child(id, attempt, pid, 7), IDS, ATTEMPTS, st.integers(1, 2)),
    st.builds(lambda id, decision, at: Promote(id, decision, minute(at)), IDS, DECISIONS, MINUTES),
    st.builds(Adopt, IDS, OWNERS),
    st.builds(lambda one, seq: output(one, seq), FIRES, st.integers(0, 2)),
    st.builds(
        lambda job, version, since, text: activate(job, version, since=since, definition=text),
        JOBS,
        st.integers(1, 2),
        MINUTES,
        DEFINITIONS,
    ),
    st.builds(lambda job, version, at: Retire(job, version, minute(at)), JOBS, st.integers(1, 2), MINUTES),
    st.builds(lambda job, at: Pause(job, minute(at), "ann"), JOBS, MINUTES),
    st.builds(lambda job, at: Unpause(job, minute(at), "ann"), JOBS, MINUTES),
    st.builds(Streak, JOBS, st.integers(0, 2)),
    st.builds(lambda at, length: Absence(minute(at), minute(at + length), "killed"), MINUTES, MINUTES),
    st.builds(lambda at, verb: Act(minute(at), verb, "ann"), MINUTES, st.sampled_from(["run", "pause"])),
)
KEEPS = st.builds(Keep, MINUTES.map(minute), st.integers(0, 3), st.none() | MINUTES.map(minute))
PRUNINGS = st.tuples(st.just("prune"), KEEPS, st.integers(1, 3), st.integers(1, 4))
COMMITS = st.tuples(st.just("commit"), OWNERS, st.lists(CHANGES, min_size=1, max_size=4), st.booleans())
PRESENCES = st.tuples(st.sampled_from(["enter", "renew", "leave"]), st.integers(1, 3), MINUTES)
QUERIES = st.builds(
    FireQuery,
    jobs=st.lists(JOBS, max_size=2).map(tuple),
    decisions=st.lists(st.sampled_from(["start", "queue", "skip"]), max_size=2).map(tuple),
    outcomes=st.lists(st.sampled_from(["succeeded", "failed"]), max_size=2).map(tuple),
    origins=st.lists(st.sampled_from(["manual", "schedule"]), max_size=1).map(tuple),
    since=st.none() | MINUTES.map(minute),
    until=st.none() | MINUTES.map(minute),
    open=st.booleans(),
    nonce=st.none() | st.sampled_from(["", "n"]),
    version=st.none() | st.integers(1, 2),
    limit=st.integers(0, 5),
    offset=st.integers(0, 2),
    oldest_first=st.booleans(),
    after_id=st.none() | IDS,
)
BEGINNING = ("commit", 1, [activate("a"), activate("b")], False)


class Both:
    """The same question to both; the answers must be the same."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.memory, self.connection = MemoryLedger(), connection

    def step(self, step: tuple[Any, ...]) -> None:
        match step:
            case "commit", owner, changes, again:
                for _ in range(1 + again):
                    self.same(self.memory.commit(owner, changes), lambda c: sqlitechanges.make_all(owner, changes, c))
            case "prune", keep, limit, bites:
                self.same(self.memory.prunable(keep), Pruning(keep).count)
                pruning = Pruning(keep)
                for _ in range(bites):
                    self.same(self.memory.prune(keep, limit), lambda c: _bite(pruning, limit, c))
            case "enter", pid, _:
                self.same(self.memory.enter(instance(pid)), lambda c: presence.enter(instance(pid), 1, c))
            case "renew", number, at:
                self.same(self.memory.renew(number, minute(at)), lambda c: presence.renew(number, minute(at), c))
            case "leave", number, at:
                self.same(self.memory.leave(number, minute(at)), lambda c: presence.leave(number, minute(at), c))

    def same(self, model: Coroutine[Any, Any, T], real: Callable[[sqlite3.Connection], T]) -> T:
        expected = at_once(model)
        assert real(self.connection) == expected
        return expected

    def compare(self, query: FireQuery) -> None:
        memory, same = self.memory, self.same
        same(memory.restore(), queries.restore)
        same(memory.versions(), lambda c: queries.versions(None, False, c))
        same(memory.versions_after("", 1), lambda c: queries.versions_after("", 1, c))
        same(memory.versions("a", active=True), lambda c: queries.versions("a", True, c))
        same(memory.gaps(), lambda c: queries.gaps(None, 10_000, c))
        same(memory.gaps("b", 1), lambda c: queries.gaps("b", 1, c))
        same(memory.absences(), lambda c: queries.absences(100, c))
        same(memory.acts(), lambda c: queries.acts(100, (), c))
        same(memory.acts(None, verbs=("run",)), lambda c: queries.acts(None, ("run",), c))
        same(memory.instances(), lambda c: queries.instances(100, c))
        same(memory.fires(query), lambda c: queries.fires(query, c))
        for record in same(memory.fires(FireQuery()), lambda c: queries.fires(FireQuery(), c)):
            same(memory.attempts(record.id), lambda c, id=record.id: queries.attempts(id, c))
            same(memory.output(record.id), lambda c, id=record.id: queries.output(id, -1, 10_000, c))


def _bite(pruning: Pruning, limit: int, connection: sqlite3.Connection) -> int:
    found = pruning.find(limit, connection)
    if not found:
        return 0
    gone = forget(found, connection)
    pruning.went(found)
    return gone


def at_once(coroutine: Coroutine[Any, Any, T]) -> T:
    """The memory ledger waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(COMMITS | COMMITS | COMMITS | PRUNINGS | PRESENCES, max_size=25), QUERIES)
@example([("commit", 1, [decide(fire(1, job="a"), job="a", move=(0, 4), gaps=(gap(2, 4),))], True)], FireQuery())
def test_memory_and_sqlite_give_the_same_answers(steps: list[tuple[Any, ...]], query: FireQuery) -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        schema.migrate(connection)
        both = Both(connection)
        for step in (BEGINNING, *steps):
            both.step(step)
            both.compare(query)
    finally:
        connection.close()
