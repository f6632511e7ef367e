"""The contract of a ledger: instances, queries, restoring, forgetting."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from asched.core.change import Pause, Retire, TakeOver
from asched.core.outcome import Abandoned, Outcome, Queue, Skip, SkipReason, Succeeded, TimedOut
from asched.core.record import FireQuery, InstanceRecord, Keep
from asched.engine.ports import Ledger
from asched.testing.ledger_samples import (
    FAILED,
    OURS,
    T0,
    THEIRS,
    activate,
    begin,
    decide,
    finish,
    fire,
    gap,
    instance,
    minute,
    output,
    record,
    retrying,
    started,
    twice,
)

_SKIP = Skip(SkipReason.OVERLAPPED)


class ReadingContract:
    # ---- instances

    async def test_an_incarnation_gets_a_number_of_its_own(self, ledger: Ledger) -> None:
        third = await ledger.enter(instance(3))
        assert third not in (OURS, THEIRS)
        assert third > 0
        assert await ledger.enter(instance(3)) == third
        assert await ledger.enter(replace(instance(3), started_at=minute(1))) > third

    async def test_an_instance_gives_signs_of_life_and_leaves(self, ledger: Ledger) -> None:
        await ledger.renew(OURS, minute(2))
        await ledger.renew(OURS, minute(1))
        await ledger.leave(THEIRS, minute(3))
        await ledger.leave(THEIRS, minute(4))
        theirs, ours = await ledger.instances()
        assert ours == InstanceRecord(OURS, "host", "boot", 1, 99, T0, minute(2))
        assert (theirs.number, theirs.left_at) == (THEIRS, minute(3))
        assert [one.number for one in await ledger.instances(limit=1)] == [THEIRS]
        assert ledger.heartbeat.total_seconds() >= 1

    async def test_an_instance_takes_over_once(self, ledger: Ledger) -> None:
        assert await twice(ledger, OURS, TakeOver(minute(2))) == ()
        assert await twice(ledger, OURS, TakeOver(minute(3))) == ()
        theirs, ours = await ledger.instances()
        assert (ours.took_over_at, theirs.took_over_at) == (minute(2), None)

    async def test_whoever_served_last_is_restored_however_many_came_and_went_since(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, TakeOver(minute(1)))
        for number in (OURS, THEIRS):
            await ledger.leave(number, minute(2))
        for pid in range(101):
            await ledger.leave(await ledger.enter(instance(10_000 + pid)), minute(3))
        assert [one.number for one in (await ledger.restore()).instances] == [OURS]

    async def test_opening_what_is_open_changes_nothing(self, ledger: Ledger) -> None:
        one = await started(ledger)
        await ledger.open()
        assert await ledger.fire(one.id) is not None

    # ---- restoring

    async def test_restore_gives_all_that_a_start_needs(self, ledger: Ledger) -> None:
        one = await started(ledger)
        pause = Pause("backup", T0, "ann")
        await twice(ledger, OURS, activate("gone"), Retire("gone", 1, minute(1)), pause)
        await ledger.commit(THEIRS, [TakeOver(T0)])
        await ledger.leave(THEIRS, minute(2))
        stored = await ledger.restore()
        assert [(v.job, v.version) for v in await ledger.versions(active=True)] == [("backup", 1)]
        assert stored.pauses == (pause,)
        assert stored.open == (await record(ledger, one),)
        assert [i.number for i in stored.instances] == [OURS, THEIRS]

    async def test_an_empty_ledger_has_nothing_to_say(self, ledger: Ledger) -> None:
        stored = await ledger.restore()
        assert (list(await ledger.versions()), stored.pauses, stored.open) == ([], (), ())
        assert await ledger.fire(fire(1).id) is None
        assert list(await ledger.fires(FireQuery())) == []
        assert await ledger.prune(Keep(minute(99), 0)) == 0

    async def test_versions_come_in_pages_of_so_many_jobs(self, ledger: Ledger) -> None:
        for job, version in (("b", 1), ("a", 1), ("é", 1), ("b", 2), ("c", 1)):
            await ledger.commit(OURS, [activate(job, version)])
        pages, last = [], ""
        while page := await ledger.versions_after(last, 2):
            pages.append([(one.job, one.version) for one in page])
            last = page[-1].job
        assert pages == [[("a", 1), ("b", 1), ("b", 2)], [("c", 1), ("é", 1)]]
        assert [*await ledger.versions_after("", 3), *await ledger.versions_after("c", 3)] == [*await ledger.versions()]

    # ---- queries

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            (FireQuery(), [6, 5, 4, 3, 2, 1]),
            (FireQuery(oldest_first=True), [1, 2, 3, 4, 5, 6]),
            (FireQuery(limit=2), [6, 5]),
            (FireQuery(limit=2, offset=1), [5, 4]),
            (FireQuery(limit=2, offset=1, oldest_first=True), [2, 3]),
            (FireQuery(jobs=("backup",)), [6, 5, 3, 2, 1]),
            (FireQuery(jobs=("backup", "report", "nobody"), limit=3), [6, 5, 4]),
            (FireQuery(jobs=("nobody",)), []),
            (FireQuery(decisions=("skip",)), [3]),
            (FireQuery(decisions=("start", "queue")), [6, 5, 4, 2, 1]),
            (FireQuery(outcomes=("failed",)), [2]),
            (FireQuery(outcomes=("failed", "succeeded")), [2, 1]),
            (FireQuery(origins=("manual",)), [6]),
            (FireQuery(since=minute(3)), [6, 5, 4, 3]),
            (FireQuery(until=minute(3)), [2, 1]),
            (FireQuery(since=minute(2), until=minute(4), jobs=("backup",)), [3, 2]),
            (FireQuery(open=True), [6, 5, 4]),
            (FireQuery(open=True, jobs=("report",)), [4]),
            (FireQuery(nonce=""), [5, 4, 3, 2, 1]),
            (FireQuery(nonce="1-6", jobs=("backup",)), [6]),
            (FireQuery(version=2), []),
            (FireQuery(version=1, limit=1), [6]),
            (FireQuery(after_id=fire(4).id), [6, 5]),
        ],
        ids=str,
    )
    async def test_fires_are_found(self, ledger: Ledger, query: FireQuery, expected: list[int]) -> None:
        """1 succeeded, 2 failed, 3 was skipped, 4 (report) runs, 5 waits, 6 was asked for by hand, and runs."""
        one, two, three, five = (fire(number) for number in (1, 2, 3, 5))
        four, six = fire(4, job="report"), fire(6, at=5, nonce="1-6")
        ours = decide(one, two, (three, _SKIP), (five, Queue()), six, move=(0, 5))
        await twice(ledger, OURS, activate(), activate("report"), ours, decide(four, job="report"))
        await twice(ledger, OURS, finish(one), finish(two, FAILED))
        assert [r.id & 0xFFFFFFFF for r in await ledger.fires(query)] == expected

    async def test_gaps_come_newest_first(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), activate("report"))
        await twice(ledger, OURS, decide(move=(0, 9), gaps=(gap(0, 2), gap(5, 8, count=None))))
        await twice(ledger, OURS, decide(job="report", move=(0, 4), gaps=(gap(3, 4),)))
        assert [(g.job, g.gap.after) for g in await ledger.gaps()] == [
            ("backup", minute(5)),
            ("report", minute(3)),
            ("backup", T0),
        ]
        assert [g.gap for g in await ledger.gaps("backup", limit=1)] == [gap(5, 8, count=None)]

    # ---- forgetting

    async def test_what_is_old_goes_and_the_law_holds_on_the_rest(self, ledger: Ledger) -> None:
        """Instants 1 to 8 are decided: 4 to 6 in a gap, the others fires. All up to 3 goes."""
        await _eight_minutes(ledger)
        while await ledger.prune(Keep(minute(4), 100)):
            pass
        assert await _left(ledger) == [7, 8]
        (version,) = await ledger.versions()
        assert (version.since, version.watermark) == (minute(3), minute(8))
        assert [g.gap for g in await ledger.gaps()] == [gap(3.5, 6)]

    async def test_gaps_go_with_what_surrounds_them(self, ledger: Ledger) -> None:
        await _eight_minutes(ledger)
        while await ledger.prune(Keep(minute(8), 100)):
            pass
        assert await _left(ledger) == [8]
        assert list(await ledger.gaps()) == []
        assert [v.since for v in await ledger.versions()] == [minute(7)]

    async def test_the_newest_of_each_job_stay(self, ledger: Ledger) -> None:
        await _eight_minutes(ledger)
        other = fire(50, job="report", at=1)
        await twice(ledger, OURS, activate("report"), decide((other, _SKIP), job="report"))
        while await ledger.prune(Keep(T0, 2)):
            pass
        assert await _left(ledger) == [50, 7, 8]

    async def test_only_so_many_go_at_once_oldest_first(self, ledger: Ledger) -> None:
        await _eight_minutes(ledger)
        await ledger.prune(Keep(minute(99), 100), limit=2)
        left = await _left(ledger)
        assert len(left) <= 3  # two, or more where an answer was lost
        assert left == [1, 2, 3, 7, 8][5 - len(left) :]

    async def test_what_goes_takes_its_output_and_attempts(self, ledger: Ledger) -> None:
        one = await started(ledger)
        end = finish(one, attempt=2)
        await twice(ledger, OURS, output(one, 0), retrying(one), begin(one), end)
        while await ledger.prune(Keep(minute(99), 0)):
            pass
        assert await ledger.fire(one.id) is None
        assert list(await ledger.output(one.id)) == []
        assert list(await ledger.attempts(one.id)) == []

    async def test_nothing_at_or_after_an_open_fire_goes(self, ledger: Ledger) -> None:
        one, two, also_two, three = fire(1), fire(2), fire(22, at=2, nonce="x"), fire(3)
        await twice(ledger, OURS, activate(), decide(one, two, also_two, three, move=(0, 3)))
        await twice(ledger, OURS, finish(one), finish(also_two), finish(three))
        while await ledger.prune(Keep(minute(99), 0)):
            pass
        assert await _left(ledger) == [2, 22, 3]
        assert [v.since for v in await ledger.versions()] == [minute(1)]

    async def test_what_failed_is_kept_longer_beyond_the_others(self, ledger: Ledger) -> None:
        """2 and 4 failed, 3 timed out, 5 was abandoned; 2 is too old even for a failure."""
        await _six_ends(ledger)
        keep = Keep(minute(99), 100, failures_since=minute(3))
        assert await ledger.prunable(keep) == 3
        while await ledger.prune(keep):
            pass
        assert await _left(ledger) == [3, 4, 5]
        assert [v.since for v in await ledger.versions()] == [minute(6)]
        assert await ledger.prunable(keep) == 0

    async def test_of_what_failed_only_the_newest_are_kept(self, ledger: Ledger) -> None:
        await _six_ends(ledger)
        while await ledger.prune(Keep(minute(99), 2, failures_since=T0)):
            pass
        assert await _left(ledger) == [4, 5]

    async def test_failures_that_are_kept_anyway_are_among_the_newest_failures(self, ledger: Ledger) -> None:
        await _six_ends(ledger)
        while await ledger.prune(Keep(minute(4.5), 2, failures_since=T0)):
            pass
        assert await _left(ledger) == [4, 5, 6]

    async def test_failures_that_were_kept_longer_go_in_the_end(self, ledger: Ledger) -> None:
        await _six_ends(ledger)
        while await ledger.prune(Keep(minute(99), 100, failures_since=T0)):
            pass
        assert await _left(ledger) == [2, 3, 4, 5]
        while await ledger.prune(Keep(minute(99), 100)):
            pass
        assert await _left(ledger) == []
        assert [v.since for v in await ledger.versions()] == [minute(6)]

    async def test_since_never_passes_the_watermark(self, ledger: Ledger) -> None:
        """A run by hand lies beyond it; the instants before it are not decided yet."""
        one = await started(ledger, at=7, nonce="1-1")
        await twice(ledger, OURS, finish(one))
        while await ledger.prune(Keep(minute(99), 0)):
            pass
        assert [(v.since, v.watermark) for v in await ledger.versions()] == [(T0, T0)]


async def _eight_minutes(ledger: Ledger) -> None:
    fires = [(fire(number), _SKIP) for number in (1, 2, 3, 7, 8)]
    await twice(ledger, OURS, activate())
    assert await twice(ledger, OURS, decide(*fires, move=(0, 8), gaps=(gap(3.5, 6),))) == ()


async def _six_ends(ledger: Ledger) -> None:
    fires = [fire(number) for number in range(1, 7)]
    ends: tuple[Outcome, ...] = (
        Succeeded(),
        FAILED,
        TimedOut(timedelta(seconds=1)),
        FAILED,
        Abandoned("it died"),
        Succeeded(),
    )
    await twice(ledger, OURS, activate(), decide(*fires, move=(0, 6)))
    await twice(ledger, OURS, *(finish(one, end) for one, end in zip(fires, ends, strict=True)))


async def _left(ledger: Ledger) -> list[int]:
    return [r.id & 0xFFFFFFFF for r in await ledger.fires(FireQuery(oldest_first=True))]
