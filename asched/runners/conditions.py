"""Looks whether a condition holds, on this machine and at this moment; nothing here blocks the loop."""

from __future__ import annotations

import asyncio
import inspect
import os
from pathlib import Path
from typing import assert_never

from asched.core.action import Function
from asched.core.condition import Condition, LoadBelow, MainsPower, Network, PathExists, Reachable
from asched.core.model import Attempt, Fire, Job
from asched.engine.aside import aside
from asched.engine.clock import Clock
from asched.runners.calls import arguments
from asched.runners.clients import Clients
from asched.runners.context import Run, enter_run
from asched.runners.template import render

ROUTES = Path("/proc/net/route")
ROUTES_6 = Path("/proc/net/ipv6_route")
SUPPLIES = Path("/sys/class/power_supply")

_UP = 0x1  # of a route's flags
_OUTSIDE = ("fe80", "ff00")  # where routes of every interface lead, whoever is at its other end

Found = tuple[bool, str]  # whether it holds, and what was seen


class MachineConditions:
    """The engine's Conditions, of this machine. `clock` is what `asched.sleep` waits on in a condition of one's own."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clients = Clients()
        self._clock = clock

    async def ask(self, condition: Condition, job: Job, fire: Fire) -> Found:
        attempt = Attempt(job, fire, 1, {**job.args, **fire.args})
        match condition:
            case Network():
                return await aside(network)
            case Reachable(host, port):
                return await _reach(host, port)
            case MainsPower():
                return await aside(mains_power)
            case PathExists(path):
                return await aside(_exists, render(path, attempt))
            case LoadBelow(limit):
                load = os.getloadavg()[0]
                return load < limit, f"the load is {load:.2f}"
            case Function():
                return await self._call(condition, attempt)
            case _:
                assert_never(condition)

    async def close(self) -> None:
        await self._clients.close()

    async def _call(self, function: Function, attempt: Attempt) -> Found:
        run = Run(attempt, _Nowhere(), self._clients, lambda: False, self._clock)
        enter_run(run)
        given = arguments(function, Attempt(attempt.job, attempt.fire, 1), run)
        if function.mode == "thread":
            result = await aside(lambda: function.call(**given))
        else:
            result = function.call(**given)
        if inspect.isawaitable(result):
            result = await result
        return bool(result), f"it returned {result!r}"[:200]


class _Nowhere:
    """Where what a condition prints with `run.log` goes: it is no run, and nothing is kept."""

    def write(self, stream: str, data: bytes | str) -> None:
        pass

    def child(self, pid: int, started: int) -> None:
        pass


def network(routes: Path | None = None, routes_6: Path | None = None) -> Found:
    """Is there a route that leaves this machine? Reads what the kernel says, and sends nothing."""
    found = _interfaces(routes or ROUTES) or _interfaces_6(routes_6 or ROUTES_6)
    return bool(found), f"there is a route by {found}" if found else "there is no route out of this machine"


def _interfaces(routes: Path) -> str:
    for line in routes.read_text().splitlines()[1:]:
        name, _, _, flags, *_ = line.split()
        if name != "lo" and int(flags, 16) & _UP:
            return name
    return ""


def _interfaces_6(routes: Path) -> str:
    for line in routes.read_text().splitlines() if routes.exists() else []:
        target, *_, flags, name = line.split()
        if name != "lo" and int(flags, 16) & _UP and not target.startswith(_OUTSIDE):
            return name
    return ""


async def _reach(host: str, port: int) -> Found:
    try:
        _, writer = await asyncio.open_connection(host.strip("[]"), port)
    except OSError as error:
        return False, f"{error.strerror or error}"
    writer.close()
    return True, f"{host}:{port} took the connection"


def mains_power(supplies: Path | None = None) -> Found:
    """On mains unless a battery is being drained and no other supply is online. A machine without batteries is."""
    there = [one for one in (supplies or SUPPLIES).glob("*") if _read(one / "scope") != "Device"]
    batteries = [one for one in there if _read(one / "type") == "Battery"]
    online = [one.name for one in there if one not in batteries and _read(one / "online") not in ("", "0")]
    if online:
        return True, f"{online[0]} is online"
    drained = [one.name for one in batteries if _read(one / "status") == "Discharging"]
    return not drained, f"{drained[0]} is being drained" if drained else "no battery is being drained"


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:  # not every supply says everything
        return ""


def _exists(path: str) -> Found:
    there = os.path.exists(path)
    return there, f"{path} is {'' if there else 'not '}there"
