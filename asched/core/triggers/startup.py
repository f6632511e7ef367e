"""The start of a scheduler."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from asched.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Startup:
    """When a scheduler starts: each time (`@startup`), or once per boot of the machine (`@reboot`).

    It has no instants of its own; whoever starts the scheduler asks for `startup`.
    """

    once_per_boot: bool = False

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def next_after(self, instant: datetime) -> datetime | None:
        return None

    def spec(self) -> dict[str, object]:
        return {"kind": "startup", "once_per_boot": self.once_per_boot}

    def text(self) -> str:
        return "@reboot" if self.once_per_boot else "@startup"

    def anchored(self, at: datetime) -> Startup:
        return self

    @property
    def startup(self) -> Startup:
        return self
