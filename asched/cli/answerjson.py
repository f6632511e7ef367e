"""An answer to "why", for programs: all keys always, null where there is nothing to say."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from asched.cli.program import gap_json, record_json
from asched.core.change import Absence, Act, Pause
from asched.core.hindsight.answer import Answer
from asched.core.hindsight.verdict import (
    Ahead,
    Behind,
    Broken,
    ClockChange,
    Decided,
    Excluded,
    Gapped,
    Gate,
    Near,
    NeverDue,
    Pruned,
    Told,
    Unaccounted,
    Undecided,
    Unscheduled,
    Verdict,
)
from asched.core.occurrence import Occurrence
from asched.core.record import VersionRecord


def answer_json(answer: Answer) -> dict[str, Any]:
    return {
        "job": answer.job,
        "at": answer.at.astimezone(ZoneInfo(answer.zone)),
        "timezone": answer.zone,
        "verdict": answer.verdict.kind,
        "sentence": str(answer),
        "facts": [{"what": what, "text": text} for what, text in answer.facts],
        **dict.fromkeys(_DETAILS),
        **_details(answer.verdict),
        "clocks": _clocks(answer.clocks),
    }


_DETAILS = (
    "fires", "gap", "calendar", "label", "before", "after", "reason", "due_at", "pause", "arranged", "gate", "served",
    "drain", "seen_at", "catch_up", "ended", "began", "was_due", "pruned_until", "error",
)  # fmt: skip


def _details(verdict: Verdict) -> dict[str, object]:
    match verdict:
        case Decided(fires):
            return {"fires": [_told(one) for one in fires]}
        case Gapped(gap, behind):
            return {"gap": {**gap_json(gap), **_behind(behind)}}
        case Excluded(calendar, label, near):
            return {"calendar": calendar, "label": label, **_near(near)}
        case NeverDue(near, why):
            return {"reason": why or None, **_near(near)}
        case Ahead(due_at, pause, arranged=arranged, gate=gate, served=served, drain=drain):
            said = {"due_at": due_at, "pause": _pause(pause), "arranged": _arranged(arranged)}
            return {**said, "gate": _gate(gate), "served": served, "drain": act_json(drain)}
        case Undecided(seen_at, catch_up, arranged, drain):
            told: dict[str, object] = {
                "seen_at": seen_at,
                "catch_up": catch_up or None,
                "arranged": _arranged(arranged),
            }
            return {**told, "drain": act_json(drain)}
        case Unscheduled(ended, began, was_due):
            return {"ended": _version(ended), "began": _version(began), "was_due": was_due}
        case Pruned(until):
            return {"pruned_until": until}
        case Broken(error):
            return {"error": error}
        case Unaccounted():
            return {}
        case _:
            assert_never(verdict)


def _told(one: Told) -> dict[str, object]:
    return {**record_json(one.record, one.behind.lost.get(one.record.id)), **_behind(one.behind)}


def _behind(behind: Behind) -> dict[str, object]:
    return {
        "runs": [record_json(run, behind.lost.get(run.id)) for run in behind.runs],
        "absence": absence_json(behind.absence),
        "act": act_json(behind.act),
    }


def absence_json(absence: Absence | None) -> dict[str, object] | None:
    if absence is None:
        return None
    return {"since": absence.since, "until": absence.until, "cause": absence.cause, "facts": dict(absence.facts)}


def act_json(act: Act | None) -> dict[str, object] | None:
    return None if act is None else asdict(act)


def _pause(pause: Pause | None) -> dict[str, object] | None:
    return None if pause is None else asdict(pause)


def _arranged(arranged: Occurrence | None) -> dict[str, object] | None:
    return None if arranged is None else {"kind": arranged.kind, **asdict(arranged)}


def _gate(gate: Gate) -> dict[str, object]:
    needs = [
        {
            "job": one.need.job,
            "needed": one.need.text,
            "met_by": None if one.met_by is None else one.met_by.run,
            "last": None if one.last is None else one.last.scheduled_at,
        }
        for one in gate.needs
    ]
    return {"needs": needs, "conditions": list(gate.conditions), "wait": gate.wait or None}


def _near(near: Near) -> dict[str, datetime | None]:
    return {"before": near.before, "after": near.after}


def _version(version: VersionRecord | None) -> dict[str, object] | None:
    if version is None:
        return None
    return {"version": version.version, "activated_at": version.activated_at, "retired_at": version.retired_at}


def _clocks(clocks: ClockChange | None) -> dict[str, object] | None:
    return None if clocks is None else asdict(clocks)
