"""The contract of a ledger: runs, attempts, owners, output."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from asched.core.change import Adopt, Begin, Change, Child, Finish
from asched.core.outcome import (
    Abandoned,
    Cancelled,
    ErrorNote,
    Failed,
    Interrupted,
    Outcome,
    Queue,
    Skip,
    SkipReason,
    Start,
    Succeeded,
    TimedOut,
)
from asched.core.record import AttemptRecord, FireQuery, OutputRecord
from asched.engine.ports import Ledger
from asched.testing.ledger_samples import (
    FAILED,
    OURS,
    THEIRS,
    activate,
    begin,
    decide,
    finish,
    fire,
    minute,
    output,
    promote,
    queued,
    record,
    refused,
    retrying,
    started,
    twice,
)

_SKIP = Skip(SkipReason.REPLACED, {"by": "1-8"})
_NOTE = ErrorNote("OSError", "gone", "Traceback", ("OSError", "builtins.OSError"), exit_code=-9, status=503)


class RunContract:
    @pytest.mark.parametrize(
        "outcome",
        [
            Succeeded(),
            Succeeded('{"rows": 3, "é": null}'),
            Failed(_NOTE),
            Failed(ErrorNote("E", "")),
            TimedOut(timedelta(seconds=1.5), left_running=True),
            TimedOut(timedelta(hours=2), whole_run=True),
            Cancelled("by ann: wrong day", left_running=True),
            Interrupted("asched is stopping"),
            Abandoned("instance 1 ended without finishing it"),
        ],
        ids=lambda outcome: outcome.kind,
    )
    async def test_every_outcome_is_kept_as_it_was(self, ledger: Ledger, outcome: Outcome) -> None:
        one = await started(ledger)
        end = finish(one, outcome)
        assert await twice(ledger, OURS, end) == ()
        kept = await record(ledger, one)
        assert kept.outcome == outcome
        assert (kept.started_at, kept.finished_at, kept.duration) == (end.started_at, end.finished_at, end.duration)
        assert not kept.open
        expected = AttemptRecord(one.id, 1, end.started_at, end.finished_at, end.duration, outcome)
        assert list(await ledger.attempts(one.id)) == [expected]

    async def test_a_run_ends_once(self, ledger: Ledger) -> None:
        one = await started(ledger)
        await twice(ledger, OURS, finish(one))
        assert await refused(ledger, OURS, finish(one, FAILED))
        assert await refused(ledger, OURS, finish(one, at=9))
        assert (await record(ledger, one)).outcome == Succeeded()

    async def test_only_what_was_started_ends(self, ledger: Ledger) -> None:
        waiting, skipped = fire(1), fire(2)
        await twice(ledger, OURS, activate(), decide((waiting, Queue()), (skipped, _SKIP)))
        for one in (waiting, skipped, fire(3)):
            assert await refused(ledger, OURS, finish(one))

    async def test_only_the_owner_ends_a_run(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert "instance 1" in await refused(ledger, THEIRS, finish(one))
        assert await twice(ledger, THEIRS, Adopt(one.id, OURS)) == ()
        assert "instance 2" in await refused(ledger, OURS, finish(one))
        assert await twice(ledger, THEIRS, finish(one, Abandoned("instance 1 is gone"))) == ()
        assert (await record(ledger, one)).owner == THEIRS

    async def test_adopted_and_settled_in_one_transaction(self, ledger: Ledger) -> None:
        one = await started(ledger)
        settle = Adopt(one.id, OURS), retrying(one, outcome=Abandoned("gone")), begin(one), finish(one, attempt=2)
        assert await twice(ledger, THEIRS, *settle) == ()
        assert [a.outcome.kind for a in await ledger.attempts(one.id)] == ["abandoned", "succeeded"]

    async def test_only_an_open_fire_of_its_last_owner_is_adopted(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert await refused(ledger, THEIRS, Adopt(one.id, 7))
        assert await refused(ledger, THEIRS, Adopt(fire(8).id, OURS))
        assert await twice(ledger, OURS, Adopt(one.id, OURS)) == ()
        await twice(ledger, OURS, finish(one))
        assert "over" in await refused(ledger, THEIRS, Adopt(one.id, OURS))

    async def test_what_waits_is_adopted_too(self, ledger: Ledger) -> None:
        one = await queued(ledger)
        assert await twice(ledger, THEIRS, Adopt(one.id, OURS), promote(one, at=3)) == ()
        assert (await record(ledger, one)).decision == Start()

    async def test_a_waiting_fire_is_started_when_its_turn_comes(self, ledger: Ledger) -> None:
        one = await queued(ledger)
        assert await twice(ledger, OURS, promote(one, at=3)) == ()
        kept = await record(ledger, one)
        assert (kept.decision, kept.started_at, kept.queued_at) == (Start(), minute(3), minute(1))
        assert kept.open
        assert await twice(ledger, OURS, finish(one)) == ()
        assert await twice(ledger, OURS, promote(one, at=3)) == ()

    async def test_a_waiting_fire_may_be_skipped_after_all(self, ledger: Ledger) -> None:
        one = await queued(ledger)
        assert await twice(ledger, OURS, promote(one, _SKIP, at=3)) == ()
        kept = await record(ledger, one)
        assert (kept.decision, kept.started_at, kept.open) == (_SKIP, None, False)
        assert kept.decided_at == minute(3)

    async def test_only_what_waits_is_promoted_and_only_by_its_owner(self, ledger: Ledger) -> None:
        one = await queued(ledger)
        assert await refused(ledger, THEIRS, promote(one, at=3))
        assert await refused(ledger, OURS, promote(one, Queue(), at=3))
        assert await refused(ledger, OURS, promote(fire(5), at=3))
        await twice(ledger, OURS, promote(one, at=3))
        assert await refused(ledger, OURS, promote(one, at=4))
        assert await refused(ledger, OURS, promote(one, _SKIP, at=3))
        directly = await started(ledger, 2)
        assert await refused(ledger, OURS, promote(directly, at=2))

    async def test_an_attempt_fails_and_another_follows(self, ledger: Ledger) -> None:
        one = await started(ledger)
        first = retrying(one)
        assert await twice(ledger, OURS, Child(one.id, 1, 4242, 7), first) == ()
        waiting = await record(ledger, one)
        assert (waiting.retry_at, waiting.attempt, waiting.outcome) == (first.retry_at, 1, None)
        assert waiting.open
        assert waiting.child is None
        assert await twice(ledger, OURS, begin(one)) == ()
        running = await record(ledger, one)
        assert (running.retry_at, running.attempt, running.started_at) == (None, 2, begin(one).at)
        assert await twice(ledger, OURS, finish(one, attempt=2)) == ()
        ended = [(a.attempt, a.outcome) for a in await ledger.attempts(one.id)]
        assert ended == [(1, FAILED), (2, Succeeded())]

    async def test_a_whole_run_is_made_again_without_a_trace(self, ledger: Ledger) -> None:
        """All of it in one transaction whose answer is lost."""
        one = fire(1)
        story: tuple[Change, ...] = (
            activate(),
            decide((one, Queue()), move=(0, 1)),
            promote(one, at=2),
            Child(one.id, 1, 4242, 7),
            output(one, 0),
            retrying(one),
            begin(one),
            Child(one.id, 2, 4243, 8),
            output(one, 1, attempt=2),
            retrying(one, 2),
            begin(one, 3),
            finish(one, attempt=3),
        )
        assert await twice(ledger, OURS, *story) == ()
        before = await record(ledger, one), await ledger.attempts(one.id), await ledger.output(one.id)
        assert await twice(ledger, OURS, *story) == ()
        assert before == (await record(ledger, one), await ledger.attempts(one.id), await ledger.output(one.id))

    async def test_only_the_attempt_that_runs_ends(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert await refused(ledger, OURS, finish(one, attempt=2))
        assert await refused(ledger, OURS, retrying(one, 2))
        assert await refused(ledger, THEIRS, retrying(one))
        await twice(ledger, OURS, retrying(one), begin(one))
        assert await refused(ledger, OURS, finish(one, attempt=1))
        assert await refused(ledger, OURS, replace(retrying(one), finished_at=minute(9)))

    async def test_an_attempt_begins_only_when_the_one_before_has_ended(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert await refused(ledger, OURS, begin(one))
        await twice(ledger, OURS, retrying(one))
        assert await refused(ledger, OURS, begin(one, 3))
        assert await refused(ledger, THEIRS, begin(one))
        await twice(ledger, OURS, begin(one))
        assert await refused(ledger, OURS, Begin(one.id, 2, minute(8)))
        assert await refused(ledger, OURS, begin(fire(9)))

    async def test_a_run_may_end_while_it_waits_for_its_next_attempt(self, ledger: Ledger) -> None:
        one = await started(ledger)
        await twice(ledger, OURS, retrying(one))
        end = Finish(one.id, 1, Cancelled("its job was removed"), minute(3), minute(3), timedelta(0))
        assert await twice(ledger, OURS, end) == ()
        kept = await record(ledger, one)
        assert (kept.retry_at, kept.outcome) == (None, end.outcome)
        assert [(a.attempt, a.outcome) for a in await ledger.attempts(one.id)] == [(1, FAILED)]

    async def test_a_running_attempt_has_a_child(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert await twice(ledger, OURS, Child(one.id, 1, 4242, 777)) == ()
        assert (await record(ledger, one)).child == (4242, 777)
        assert await refused(ledger, THEIRS, Child(one.id, 1, 1, 1))
        assert await refused(ledger, OURS, Child(one.id, 2, 1, 1))
        assert await refused(ledger, OURS, Child(fire(9).id, 1, 1, 1))
        assert (await record(ledger, one)).child == (4242, 777)

    async def test_attempts_of_a_run_that_is_not_over_or_not_there(self, ledger: Ledger) -> None:
        one = await started(ledger)
        assert list(await ledger.attempts(one.id)) == []
        assert list(await ledger.attempts(fire(9).id)) == []

    async def test_output_is_kept_in_its_order_once(self, ledger: Ledger) -> None:
        one, other = await started(ledger), await started(ledger, 2)
        pieces = [output(one, seq, f"line {seq} ✓\n") for seq in (1, 0, 2)]
        assert await twice(ledger, OURS, *pieces, output(other, 0)) == ()
        assert await twice(ledger, OURS, output(one, 1, "other words")) == ()
        kept = await ledger.output(one.id)
        assert [piece.text for piece in kept] == ["line 0 ✓\n", "line 1 ✓\n", "line 2 ✓\n"]
        assert kept[0] == OutputRecord(one.id, 1, 0, pieces[1].at, "stdout", "line 0 ✓\n")
        assert [piece.seq for piece in await ledger.output(one.id, after_seq=0)] == [1, 2]
        assert [piece.seq for piece in await ledger.output(one.id, after_seq=0, limit=1)] == [1]

    async def test_output_comes_from_the_owner_also_after_the_end(self, ledger: Ledger) -> None:
        one = await started(ledger)
        await twice(ledger, OURS, finish(one))
        assert await twice(ledger, OURS, output(one, 0)) == ()
        assert await refused(ledger, THEIRS, output(one, 1))
        assert await refused(ledger, OURS, output(fire(9), 0))
        assert len(await ledger.output(one.id)) == 1

    async def test_what_is_too_large_is_bounded(self, ledger: Ledger) -> None:
        """FAULTS 27: 4 kB of an error, 64 kB of a result, whatever the runner let through."""
        one, two, three = [await started(ledger, number) for number in (1, 2, 3)]
        note = ErrorNote("E" * 9000, "é" * 9000, "t" * 90_000 + "the end", ("E" * 9000,) * 900)
        await twice(ledger, OURS, finish(one, Failed(note)), finish(two, Succeeded('"' + "é" * 40_000 + '"')))
        await twice(ledger, OURS, finish(three, Cancelled("r" * 9000)))
        failed = (await record(ledger, one)).outcome
        assert isinstance(failed, Failed)
        kept = failed.error
        assert len(kept.message.encode()) + len(kept.traceback.encode()) <= 4096
        assert kept.traceback.endswith("the end")
        assert len(kept.types) <= 64
        succeeded = (await record(ledger, two)).outcome
        assert isinstance(succeeded, Succeeded)
        assert succeeded.result is not None
        assert "80002 bytes" in succeeded.result
        cancelled = (await record(ledger, three)).outcome
        assert isinstance(cancelled, Cancelled)
        assert len(cancelled.reason.encode()) <= 1024

    async def test_what_is_not_text_is_made_text(self, ledger: Ledger) -> None:
        one = await started(ledger)
        await twice(ledger, OURS, output(one, 0, "nul \0 and half \ud800"), finish(one, Succeeded('"\ud800"')))
        (piece,) = await ledger.output(one.id)
        assert piece.text == "nul \0 and half \\ud800"
        assert (await record(ledger, one)).outcome == Succeeded('"\\ud800"')

    async def test_open_is_what_is_owed_something(self, ledger: Ledger) -> None:
        running, waiting, skipped, ended, between = (fire(number) for number in range(1, 6))
        decisions = decide(running, (waiting, Queue()), (skipped, _SKIP), ended, between)
        await twice(ledger, OURS, activate(), decisions, finish(ended), retrying(between))
        still = await ledger.fires(FireQuery(open=True, oldest_first=True))
        assert [r.id for r in still] == [running.id, waiting.id, between.id]
        assert [r.id for r in (await ledger.restore()).open] == [running.id, waiting.id, between.id]
