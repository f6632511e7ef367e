"""What waits, as it stands at this moment: by what whoever decides on it says that it lacks, not by what it was decided
for once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from asched.core.hindsight.answer import Answer
from asched.core.hindsight.verdict import Behind, Decided, Told
from asched.core.outcome import Queue
from asched.core.record import FireRecord

Lacking = Mapping[str, Mapping[str, object]]  # by run: the facts of what it lacks


def answer_at_present(answer: Answer, lacking: Lacking) -> Answer:
    if not isinstance(answer.verdict, Decided):
        return answer
    return replace(answer, verdict=Decided(tuple(_told(one, lacking) for one in answer.verdict.fires)))


def waits(answer: Answer) -> bool:
    """Does it speak of something that waits?"""
    fires = answer.verdict.fires if isinstance(answer.verdict, Decided) else ()
    return any(isinstance(one.decision, Queue) for told in fires for one in (told.record, *told.behind.runs))


def record_at_present(record: FireRecord, lacking: Lacking) -> FireRecord:
    if not isinstance(record.decision, Queue) or record.run not in lacking:
        return record
    facts = lacking[record.run]
    return replace(record, decision=Queue(facts), waited_for=facts)


def _told(told: Told, lacking: Lacking) -> Told:
    return replace(told, record=record_at_present(told.record, lacking), behind=_behind(told.behind, lacking))


def _behind(behind: Behind, lacking: Lacking) -> Behind:
    return replace(behind, runs=tuple(record_at_present(one, lacking) for one in behind.runs))
