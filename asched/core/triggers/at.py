"""One instant."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from asched.core.dataclass import dataclass
from asched.core.triggers.protocol import as_utc, instant_text


@dataclass(frozen=True, slots=True)
class At:
    """One instant."""

    instant: datetime

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "instant", as_utc(self.instant))

    def next_after(self, instant: datetime) -> datetime | None:
        return self.instant if instant < self.instant else None

    def spec(self) -> dict[str, object]:
        return {"kind": "at", "instant": self.instant.isoformat()}

    def text(self) -> str:
        return f"at {instant_text(self.instant)}"

    def anchored(self, at: datetime) -> At:
        return self

    @property
    def startup(self) -> None:
        return None
