"""One odd thing about a job."""

from __future__ import annotations

from asched.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Remark:
    """`option` is what would have to be changed. For a cron expression, `expression` is the
    canonical text and `place` says which of its fields is to blame, from 0; None: the whole."""

    job: str
    option: str
    message: str
    help: str = ""
    expression: str = ""
    place: int | None = None
