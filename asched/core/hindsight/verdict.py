"""What there is to say of one instant of one job: a closed union, each with the facts behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import ClassVar

from asched.core.change import Absence, Act, Pause
from asched.core.dataclass import dataclass
from asched.core.hindsight.losses import Loss
from asched.core.need import Need
from asched.core.occurrence import Occurrence
from asched.core.record import FireRecord, GapRecord, VersionRecord


@dataclass(frozen=True, slots=True)
class Behind:
    """What a decision rests on. `runs` are those that it names: what was running, what it was coalesced into, what
    blocked it. `absence` is the one in which the instant lies, `act` what an operator did. `lost` has, by id, the
    fires among all these that are open, and whose asched is gone."""

    runs: tuple[FireRecord, ...] = ()
    absence: Absence | None = None
    act: Act | None = None
    lost: Mapping[int, Loss] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Told:
    """One fire of the instant. `arranged` is what an operator did, if it is such a one: skipped, moved, or added."""

    record: FireRecord
    behind: Behind = Behind()
    arranged: Act | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """It had a fire, or several: the schedule's own first."""

    fires: tuple[Told, ...]
    kind: ClassVar[str] = "decided"


@dataclass(frozen=True, slots=True)
class Gapped:
    """It was decided together with others, and has no row of its own."""

    gap: GapRecord
    behind: Behind = Behind()
    kind: ClassVar[str] = "gap"


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest instants at which it is due, before and after."""

    before: datetime | None = None
    after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Excluded:
    """A calendar or a blackout left it out."""

    calendar: str
    label: str
    near: Near
    kind: ClassVar[str] = "excluded"


@dataclass(frozen=True, slots=True)
class NeverDue:
    """Its schedule does not say so. `why` is set where there is more to it than that."""

    near: Near
    why: str = ""
    kind: ClassVar[str] = "never_due"


@dataclass(frozen=True, slots=True)
class Needed:
    """What a fire needs, and the latest success of that job that counts for it so far; else `last` is its latest."""

    need: Need
    met_by: FireRecord | None = None
    last: FireRecord | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold when it is due: `needs`, and `conditions` as texts ("if network"). `wait` says for how long it
    may wait for that ("until 10:00"); "": it is asked once."""

    needs: tuple[Needed, ...] = ()
    conditions: tuple[str, ...] = ()
    wait: str = ""


@dataclass(frozen=True, slots=True)
class Ahead:
    """It is not due yet. `pause` will still hold then; `waits`: with it the fire waits, and is not skipped.
    `arranged`: somebody wants this one to go otherwise than its schedule says. `gate`: what will be looked at then.
    `served`: an asched lives that may decide on it. `drain`: it starts nothing, until that is lifted."""

    due_at: datetime
    pause: Pause | None = None
    waits: bool = False
    overlap: str = ""
    arranged: Occurrence | None = None
    gate: Gate = Gate()
    served: bool = True
    drain: Act | None = None
    kind: ClassVar[str] = "ahead"


@dataclass(frozen=True, slots=True)
class Undecided:
    """It is past, and nobody has decided on it. `seen_at` is the last sign of life of any asched. `arranged`: it was
    to go otherwise than its schedule says. `drain`: the asched that lives starts nothing, until that is lifted."""

    seen_at: datetime | None
    catch_up: str = ""
    arranged: Occurrence | None = None
    drain: Act | None = None
    kind: ClassVar[str] = "undecided"


@dataclass(frozen=True, slots=True)
class Unscheduled:
    """No version of the job was active: it had `ended`, or had not `began` yet. `was_due`: by the schedule of the
    version that stood before, or else of the one that came after."""

    ended: VersionRecord | None
    began: VersionRecord | None
    was_due: bool
    kind: ClassVar[str] = "unscheduled"


@dataclass(frozen=True, slots=True)
class Pruned:
    """It was due, and what was decided is no longer kept: nothing is, up to `until`, but failures."""

    until: datetime
    kind: ClassVar[str] = "pruned"


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """It was due, is counted as decided, and has neither a fire nor a gap: the ledger is damaged, or we are wrong."""

    kind: ClassVar[str] = "unaccounted"


@dataclass(frozen=True, slots=True)
class Broken:
    """Its schedule cannot be asked."""

    error: str
    kind: ClassVar[str] = "broken"


Verdict = Decided | Gapped | Excluded | NeverDue | Ahead | Undecided | Unscheduled | Pruned | Unaccounted | Broken


@dataclass(frozen=True, slots=True)
class ClockChange:
    """Clocks of the job's zone were changed at `at`, from the wall time `left` to `entered`, near the instant in
    question. `skipped` is the wall time that was asked for and that no clock showed; `twin` the other instant at which
    clocks showed the same.
    """

    at: datetime
    left: datetime
    entered: datetime
    skipped: datetime | None = None
    twin: datetime | None = None
