"""What the memory ledger keeps of a fire that is over: all of it, and nothing for a garbage collection to look at."""

from __future__ import annotations

import gc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from asched.core.model import Fire, Origin
from asched.core.outcome import ErrorNote, Failed, Queue, Start, Succeeded
from asched.core.record import FireRecord
from asched.ledger.memoryfires import Fires

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PLAIN = FireRecord(
    fire=Fire(1 << 32 | 7, "job", 3, AT, AT + SECOND, caught_up=True),
    decision=Start(),
    decided_at=AT + 2 * SECOND,
    owner=4,
    attempt=2,
    queued_at=AT + 3 * SECOND,
    started_at=AT + 4 * SECOND,
    finished_at=AT + 5 * SECOND,
    duration=6 * SECOND,
    outcome=Succeeded('{"rows": 8}'),
)


def closed(record: FireRecord) -> Fires:
    fires = Fires()
    fires.put(replace(record, outcome=None))
    fires.close(record)
    return fires


@pytest.mark.parametrize(
    "record",
    [
        PLAIN,
        replace(PLAIN, outcome=Succeeded()),
        replace(PLAIN, outcome=Failed(ErrorNote("ValueError", "no"))),
        replace(PLAIN, child=(12, 34)),
        replace(PLAIN, waited_for={"for": "slot"}),
        replace(PLAIN, decision=Queue({"for": "slot"}), outcome=None),
        replace(PLAIN, retry_at=AT),
        *(
            replace(PLAIN, fire=replace(PLAIN.fire, **said))
            for said in (
                {"origin": Origin.MANUAL},
                {"nonce": "1-2"},
                {"args": {"a": 1}},
                {"upstream": {"other": 5}},
                {"caught_up": False},
            )
        ),
    ],
)
def test_what_is_over_reads_as_it_was(record):
    fires = closed(record)
    assert fires.get(record.id) == fires[record.id] == record
    assert list(fires) == [record]
    assert len(fires) == 1


def test_what_is_gone_is_gone():
    fires = closed(PLAIN)
    fires.drop(PLAIN.id)
    assert fires.get(PLAIN.id) is None
    assert list(fires) == []
    with pytest.raises(KeyError):
        fires[PLAIN.id]


def test_a_garbage_collection_looks_at_nothing_of_a_plain_one():
    fires = closed(PLAIN)
    gc.collect()
    (kept,) = fires._kept.values()
    assert not gc.is_tracked(kept)
