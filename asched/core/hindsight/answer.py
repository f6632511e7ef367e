"""The answer to "why": what there is to say of one instant of one job. `str(answer)` is the sentence."""

from __future__ import annotations

from datetime import datetime

from asched.core.dataclass import dataclass
from asched.core.hindsight.moment import Moment
from asched.core.hindsight.sentence import Edge, explain_edge, explain_verdict, facts_of
from asched.core.hindsight.verdict import ClockChange, NeverDue, Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """`at` is the instant that was asked for, `zone` the job's, `now` when it was asked. `clocks` is set where the
    clocks of that zone were changed at `at`, or show it twice. `edge` is set where there is no last, or no next."""

    job: str
    at: datetime
    zone: str
    now: datetime
    verdict: Verdict
    clocks: ClockChange | None = None
    edge: Edge | None = None

    def __str__(self) -> str:
        """One sentence, in the job's zone."""
        if self.edge is not None and isinstance(self.verdict, NeverDue):
            return f"{self.job}: {explain_edge(self.edge, self.verdict)}"
        return f"{self.job}, {self._moment.when(self.at)}: {explain_verdict(self.verdict, self._moment)}"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What stands behind the sentence: pairs of what and its text."""
        return facts_of(self.verdict, self._moment)

    @property
    def _moment(self) -> Moment:
        return Moment(self.at, self.zone, self.now, self.clocks)
