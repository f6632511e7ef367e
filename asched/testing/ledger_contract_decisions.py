"""The contract of a ledger: versions, decisions, watermarks, gaps, and what operators ask."""

from __future__ import annotations

from dataclasses import replace

from asched.core.change import (
    Absence,
    Act,
    Activate,
    Arrange,
    Backfill,
    BackfillState,
    Expire,
    Pause,
    Retire,
    Streak,
    Unpause,
)
from asched.core.model import Fire, Origin
from asched.core.occurrence import Added, Moved, Skipped
from asched.core.outcome import Queue, Skip, SkipReason, Start
from asched.core.record import FireQuery, FireRecord, GapRecord, VersionRecord
from asched.engine.ports import Ledger
from asched.testing.ledger_samples import (
    OURS,
    T0,
    THEIRS,
    activate,
    decide,
    fire,
    gap,
    minute,
    record,
    refused,
    twice,
)


class DecisionContract:
    async def test_a_version_begins_with_its_watermark_at_since(self, ledger: Ledger) -> None:
        change = activate(definition='{"a": 1}')
        assert await twice(ledger, OURS, change) == ()
        expected = VersionRecord("backup", 1, T0, T0, change.trigger, '{"a": 1}', T0, None)
        assert list(await ledger.versions()) == [expected]

    async def test_a_version_may_have_no_trigger(self, ledger: Ledger) -> None:
        change = Activate("after", 1, T0, None, "{}", T0)
        assert await twice(ledger, OURS, change) == ()
        (version,) = await ledger.versions("after")
        assert version.trigger is None

    async def test_the_next_version_retires_the_one_before(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), activate("other"))
        assert await twice(ledger, OURS, activate(version=2, since=5, definition="{2}")) == ()
        first, second = await ledger.versions("backup")
        assert (first.retired_at, second.retired_at) == (minute(5), None)
        assert [(v.job, v.version) for v in await ledger.versions(active=True)] == [("backup", 2), ("other", 1)]

    async def test_a_version_with_another_definition_is_refused(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        assert "definition" in await refused(ledger, THEIRS, activate(definition="{other}"))
        assert [v.definition for v in await ledger.versions()] == ["{}"]

    async def test_two_instances_may_activate_the_same_version(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        assert await twice(ledger, THEIRS, activate(since=1)) == ()
        assert [v.since for v in await ledger.versions()] == [T0]

    async def test_a_retired_version_does_not_come_back(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), Retire("backup", 1, minute(3)))
        assert "retired" in await refused(ledger, OURS, activate(since=4))
        assert list(await ledger.versions(active=True)) == []

    async def test_a_version_is_retired_once(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        assert await twice(ledger, OURS, Retire("backup", 1, minute(3))) == ()
        assert await twice(ledger, OURS, Retire("backup", 1, minute(4))) == ()
        assert [v.retired_at for v in await ledger.versions()] == [minute(3)]
        assert "no version" in await refused(ledger, OURS, Retire("backup", 7, minute(4)))

    async def test_a_decision_records_fire_gap_and_watermark_together(self, ledger: Ledger) -> None:
        one = fire(4)
        await twice(ledger, OURS, activate())
        assert await twice(ledger, OURS, decide(one, move=(0, 4), gaps=(gap(0, 3),))) == ()
        assert await record(ledger, one) == FireRecord(one, Start(), minute(4), OURS, started_at=minute(4))
        assert list(await ledger.gaps("backup")) == [GapRecord("backup", 1, minute(4), gap(0, 3))]
        assert [v.watermark for v in await ledger.versions()] == [minute(4)]

    async def test_all_of_a_fire_is_kept(self, ledger: Ledger) -> None:
        whole = Fire(
            id=OURS << 32 | 9,
            job="backup",
            version=1,
            scheduled_at=minute(1),
            due_at=minute(1.5),
            origin=Origin.BACKFILL,
            nonce="by-hand ✓",
            caught_up=True,
            args={"day": "2026-11-01", "deep": {"n": [1, 2.5, None, True]}},
            upstream={"extract": THEIRS << 32 | 3},
        )
        skip = Skip(SkipReason.OVERLAPPED, {"running": ["1-7", "1-8"]})
        await twice(ledger, OURS, activate(), decide((whole, skip), at=2))
        assert await record(ledger, whole) == FireRecord(whole, skip, minute(2), OURS)

    async def test_a_fire_that_waits_knows_since_when(self, ledger: Ledger) -> None:
        one = fire(1)
        await twice(ledger, OURS, activate(), decide((one, Queue()), at=2))
        assert await record(ledger, one) == FireRecord(one, Queue(), minute(2), OURS, queued_at=minute(2))

    async def test_the_second_to_move_a_watermark_is_refused_whole(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), decide(fire(1), move=(0, 1)))
        for late in (
            decide(fire(1, by=THEIRS), move=(0, 1), gaps=(gap(0, 1),)),
            decide(fire(2, by=THEIRS), move=(0, 2)),
            decide(move=(0, 1)),
        ):
            assert "moved" in await refused(ledger, THEIRS, late)
        assert [r.id for r in await ledger.fires(FireQuery())] == [fire(1).id]
        assert list(await ledger.gaps()) == []
        assert [v.watermark for v in await ledger.versions()] == [minute(1)]

    async def test_a_stale_plan_of_our_own_is_refused_too(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), decide(fire(1), move=(0, 1)))
        assert await refused(ledger, OURS, decide(fire(9, at=1.5), move=(0, 1)))
        assert await refused(ledger, OURS, decide(fire(9, at=3), move=(0, 3)))

    async def test_a_decision_stands_when_the_watermark_has_moved_on_since(self, ledger: Ledger) -> None:
        """Two decisions of one job go in one transaction, and its answer is lost."""
        await twice(ledger, OURS, activate())
        both = decide(fire(1), move=(0, 1)), decide(fire(2), move=(1, 2))
        assert await twice(ledger, OURS, *both) == ()
        assert await twice(ledger, OURS, *both) == ()

    async def test_a_watermark_may_be_set_back(self, ledger: Ledger) -> None:
        """The clock was hours ahead, and is corrected."""
        await twice(ledger, OURS, activate(), decide(fire(1), move=(0, 600)))
        assert await twice(ledger, OURS, decide(move=(600, 2))) == ()
        assert [v.watermark for v in await ledger.versions()] == [minute(2)]

    async def test_a_watermark_alone_may_move(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        assert await twice(ledger, OURS, decide(move=(0, 3))) == ()
        assert [v.watermark for v in await ledger.versions()] == [minute(3)]

    async def test_half_a_move_is_refused(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        whole = decide(fire(1), move=(0, 1))
        assert await refused(ledger, OURS, replace(whole, until=None))
        assert await refused(ledger, OURS, replace(whole, watermark=None))
        assert await ledger.fire(fire(1).id) is None

    async def test_a_decision_needs_its_version(self, ledger: Ledger) -> None:
        assert "no version" in await refused(ledger, OURS, decide(fire(1)))
        assert "no version" in await refused(ledger, OURS, decide(fire(1), move=(0, 1)))

    async def test_a_fire_beside_the_schedule_leaves_the_watermark(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate())
        assert await twice(ledger, OURS, decide(fire(1, nonce="1-1"))) == ()
        assert [v.watermark for v in await ledger.versions()] == [T0]

    async def test_an_instant_is_decided_once_whoever_decides(self, ledger: Ledger) -> None:
        """The unique row: what was decided elsewhere is named, the rest of the decision stands."""
        await twice(ledger, OURS, activate(), decide(fire(1)))
        change = decide(fire(1, by=THEIRS), fire(2, by=THEIRS), move=(0, 2), gaps=(gap(0, 0.5),))
        (rejected,) = await twice(ledger, THEIRS, change)
        assert rejected.change == change
        assert rejected.fires == (fire(1, by=THEIRS).id,)
        assert [r.id for r in await ledger.fires(FireQuery())] == [fire(2, by=THEIRS).id, fire(1).id]
        assert [v.watermark for v in await ledger.versions()] == [minute(2)]
        assert len(await ledger.gaps()) == 1

    async def test_fires_of_one_instant_are_told_apart_by_their_nonce(self, ledger: Ledger) -> None:
        three = fire(1), fire(2, at=1, nonce="1-2"), fire(3, at=1, nonce="1-3")
        await twice(ledger, OURS, activate())
        assert await twice(ledger, OURS, decide(*three)) == ()
        assert len(await ledger.fires(FireQuery())) == 3
        (rejected,) = await twice(ledger, OURS, decide(fire(4, at=1, nonce="1-3")))
        assert rejected.fires == (fire(4).id,)

    async def test_a_fire_id_names_one_fire(self, ledger: Ledger) -> None:
        await twice(ledger, OURS, activate(), decide(fire(1)))
        (rejected,) = await twice(ledger, OURS, decide(fire(1, at=7)))
        assert rejected.fires == (fire(1).id,)
        (rejected,) = await twice(ledger, THEIRS, decide(fire(1)))
        assert rejected.fires == (fire(1).id,)

    async def test_changes_are_judged_one_by_one_and_in_order(self, ledger: Ledger) -> None:
        bad = Retire("nobody", 1, T0)
        changes = (bad, activate(), decide(fire(1), move=(0, 1)), bad, decide(fire(2), move=(1, 2)))
        assert [r.change for r in await twice(ledger, OURS, *changes)] == [bad, bad]
        assert len(await ledger.fires(FireQuery())) == 2

    async def test_nothing_to_commit_is_nothing_refused(self, ledger: Ledger) -> None:
        assert list(await ledger.commit(OURS, ())) == []

    async def test_a_pause_lasts_until_it_is_lifted(self, ledger: Ledger) -> None:
        short = Pause("backup", T0, "ann", "disk is full", minute(60))
        longer = Pause("backup", minute(1), "ben")
        assert await twice(ledger, OURS, short) == ()
        assert (await ledger.restore()).pauses == (short,)
        assert await twice(ledger, OURS, longer) == ()
        assert (await ledger.restore()).pauses == (longer,)
        assert await twice(ledger, THEIRS, Unpause("backup", minute(2), "ann")) == ()
        assert (await ledger.restore()).pauses == ()

    async def test_how_many_runs_in_a_row_failed_is_known_until_one_succeeds(self, ledger: Ledger) -> None:
        assert await twice(ledger, OURS, Streak("backup", 1), Streak("other", 4)) == ()
        assert await twice(ledger, THEIRS, Streak("backup", 2)) == ()
        assert (await ledger.restore()).failures == {"backup": 2, "other": 4}
        assert await twice(ledger, OURS, Streak("backup", 0)) == ()
        assert (await ledger.restore()).failures == {"other": 4}

    async def test_what_is_arranged_for_a_fire_is_kept_until_it_expires(self, ledger: Ledger) -> None:
        """One thing for an instant of the schedule, and an addition beside it."""
        moved = Moved("backup", minute(5), minute(9), T0, "ann", "late data")
        brought = Moved("backup", minute(8), minute(2), T0, "ann", ran=True)
        skipped = Skipped("backup", minute(6), T0, "ben")
        added = Added("backup", minute(6), T0, "ben", "once more")
        other = Skipped("report", minute(5), T0, "ann")
        assert await twice(ledger, OURS, *(Arrange(one) for one in (other, added, moved, skipped, brought))) == ()
        assert (await ledger.restore()).occurrences == (moved, skipped, added, brought, other)
        again = replace(skipped, by="ann", reason="holiday")
        assert await twice(ledger, OURS, Arrange(again), Expire(moved, minute(1), "restored")) == ()
        assert (await ledger.restore()).occurrences == (again, added, brought, other)
        assert await twice(ledger, THEIRS, *(Expire(one, minute(2)) for one in (added, brought, other))) == ()
        assert (await ledger.restore()).occurrences == (again,)

    async def test_a_backfill_moves_forward_until_it_is_over(self, ledger: Ledger) -> None:
        begun = Backfill(1, "backup", T0, minute(9), T0, minute(10), "ann", "the disk was full", 2, again=True)
        further = replace(begun, cursor=minute(4))
        done = replace(further, state=BackfillState.DONE, ended_at=minute(12))
        assert await twice(ledger, OURS, begun) == ()
        assert (await ledger.restore()).backfills == (begun,)
        assert await twice(ledger, OURS, further) == ()
        assert await twice(ledger, OURS, begun) == ()
        assert (await ledger.restore()).backfills == (further,)
        assert await twice(ledger, THEIRS, done) == ()
        assert await twice(ledger, OURS, replace(further, cursor=minute(6))) == ()
        assert ((await ledger.restore()).backfills, list(await ledger.backfills())) == ((), [done])

    async def test_backfills_are_listed_newest_first(self, ledger: Ledger) -> None:
        first = Backfill(1, "backup", T0, minute(9), T0, minute(10), "ann")
        second = replace(first, number=2, job="other")
        assert await twice(ledger, OURS, second, first) == ()
        assert list(await ledger.backfills()) == [second, first]
        assert list(await ledger.backfills(limit=1)) == [second]
        assert (await ledger.restore()).backfills == (first, second)

    async def test_an_absence_is_recorded_once(self, ledger: Ledger) -> None:
        first = Absence(T0, minute(5), "killed", {"instance": 1})
        second = Absence(minute(7), minute(9), "suspended")
        assert await twice(ledger, OURS, first, second) == ()
        assert list(await ledger.absences()) == [second, first]
        assert list(await ledger.absences(limit=1)) == [second]

    async def test_an_act_is_recorded_once(self, ledger: Ledger) -> None:
        first = Act(T0, "run", "ann", "backup", "1-1", "asked by the boss")
        second = Act(T0, "reload", "ann")
        assert await twice(ledger, OURS, first, second) == ()
        assert list(await ledger.acts()) == [second, first]
        assert list(await ledger.acts(limit=1)) == [second]

    async def test_acts_are_found_by_their_verb_however_many_others_there_are(self, ledger: Ledger) -> None:
        first, second = Act(T0, "approve", "ann", run="1-7"), Act(minute(5), "approve", "bob", run="1-9")
        drain = Act(minute(3), "drain", "ann")
        others = [Act(minute(10 + n), "run", "ann", "backup", f"1-{n}") for n in range(200)]
        assert await twice(ledger, OURS, first, drain, second, *others) == ()
        assert list(await ledger.acts(None, verbs=("approve",))) == [second, first]
        assert list(await ledger.acts(2, verbs=("approve", "drain"))) == [second, drain]
        assert list(await ledger.acts(verbs=("lift",))) == []
        assert len(await ledger.acts(None)) == 203
