"""Runs HTTP requests: the answer read raw and in bounds, judged, and kept as output. httpx is imported at the first."""

from __future__ import annotations

import asyncio

from asched.core.action import Request
from asched.core.masking import Mask, mask_for
from asched.core.model import Attempt
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import OutputSink
from asched.runners.clients import Clients
from asched.runners.results import encode

_LATER = 5.0  # seconds: a single step gives up after the deadline, so that the deadline gets the word
_LONGEST = 60.0  # seconds for all of it, where the job sets no timeout


class HttpRunner:
    """The job's timeout, which the engine keeps, is a deadline for the whole exchange: an endpoint that drips one
    byte a second is stopped as one that hangs (FAULTS 31)."""

    def __init__(self, clients: Clients | None = None, *, mask: Mask = str) -> None:
        self._own_clients = clients is None
        self._clients = clients or Clients()
        self._mask = mask

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        from asched.runners.answer import judge
        from asched.runners.exchange import exchange, fault_of

        request = attempt.job.action
        assert isinstance(request, Request)
        mask = mask_for(attempt.job, self._mask)
        timeout = attempt.job.policies.timeout
        limit = _LONGEST if timeout is None else timeout.total_seconds()
        try:
            async with asyncio.timeout(_LONGEST if timeout is None else None):
                answer = await exchange(self._clients.asynchronous(limit + _LATER), request)
        except TimeoutError as error:
            return Failed(fault_of(error, request, mask, f"took longer than {limit:g} s"))
        except Exception as error:
            return Failed(fault_of(error, request, mask))
        answer.show(output)
        fault = judge(answer, request, mask)
        return Succeeded(encode(answer.summary(), mask)) if fault is None else Failed(fault)

    async def close(self) -> None:
        if self._own_clients:
            await self._clients.close()
