"""Files: due when something on disk changed, or while there is something in a directory."""

from __future__ import annotations

import os.path
from datetime import datetime
from typing import ClassVar, Literal, get_args

from asched.core.dataclass import dataclass
from asched.core.text.paths import write_path
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import AnyOf
from asched.errors import ScheduleError

Until = Literal["changes", "has files"]


@dataclass(frozen=True, slots=True)
class Watch:
    """Due when `path` changes, or as long as it has files (launchd's WatchPaths and QueueDirectories).

    `path` is a file, a directory (its entries, not what is below them), or a pattern of names in a directory
    ("/data/in/*.csv"); absolute, or beginning with "~/". It has no instants of its own: engine/watching.py looks.
    """

    path: str
    event: Until = "changes"

    steady: ClassVar[bool] = False
    relative: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.event not in get_args(Until):
            raise ScheduleError(f'a path "changes" or "has files", not "{self.event}"')
        if not self.path.startswith(("/", "~/")):
            raise ScheduleError(
                f'"{self.path}" is relative, and to what is not said',
                help='write an absolute path, or one that begins with "~/"',
            )
        if not self.path.isprintable():
            raise ScheduleError(f"{self.path!r} has characters that no path here may have")
        folder, name = os.path.split(self.path)
        if any(sign in folder for sign in "*?["):
            raise ScheduleError(f'"{self.path}": only its last part may be a pattern')
        object.__setattr__(self, "path", self.path if name else folder)

    def next_after(self, instant: datetime) -> datetime | None:
        return None

    def spec(self) -> dict[str, object]:
        return {"kind": "watch", "path": self.path, "event": self.event}

    def text(self) -> str:
        return f"{'when' if self.event == 'changes' else 'while'} {write_path(self.path)} {self.event}"

    def anchored(self, at: datetime) -> Watch:
        return self

    @property
    def startup(self) -> None:
        return None


def only_watches(trigger: Trigger | None) -> bool:
    """It watches, and has no instants beside that."""
    members = trigger.triggers if isinstance(trigger, AnyOf) else (trigger,)
    return all(isinstance(member, Watch) for member in members)


def watches_of(trigger: Trigger | None) -> tuple[Watch, ...]:
    """What it watches beside its instants."""
    members = trigger.triggers if isinstance(trigger, AnyOf) else (trigger,)
    return tuple(member for member in members if isinstance(member, Watch))
