"""Refusals: what the ledger would not take, because somebody else was first."""

from __future__ import annotations

from asched.core.change import Activate, Adopt, Begin, Decide, Promote, Rejected
from asched.errors import Superseded


def check_footing(refusal: Rejected) -> None:
    """A job that does not stand where we think would never fire again, and nobody would know: raise Superseded."""
    match refusal.change:
        case Decide(job=job, version=version) if not refusal.fires:
            raise Superseded(f"what was decided on {job} (version {version}) was refused: {refusal.why}")
        case Activate(job=job):
            raise Superseded(f"a new version of {job} was refused: {refusal.why}")
        case _:
            pass  # somebody else was first with one run: that is no fault


def refused_fires(refusal: Rejected) -> set[int]:
    """The fires that are not ours to run, now that this was refused."""
    match refusal.change:
        case Decide(fires=decided):
            return set(refusal.fires) or {fire.id for fire, _ in decided}
        case Promote(fire=fire) | Begin(fire=fire) | Adopt(fire=fire):
            return {fire}
        case _:
            return set()
