"""What is seen of this machine when a condition is asked, and what a condition of one's own may be."""

import asyncio
import os
import socket
import threading
from datetime import UTC, datetime

import pytest
from jobdoubles import a_job

from asched.core.action import Function
from asched.core.condition import LoadBelow, MainsPower, Network, PathExists, Reachable
from asched.core.model import Fire
from asched.declaration.conditions import read_conditions
from asched.runners.conditions import MachineConditions, mains_power, network

HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
AT = datetime(2026, 1, 15, 7, 30, tzinfo=UTC)
FIRE = Fire(1 << 32 | 7, "tick", 1, AT, AT)

ROUTES = [  # (lines of /proc/net/route, of ipv6_route, what holds)
    ("", "", False),
    ("lo\t0000007F\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n", "", False),
    ("eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n", "", True),
    ("eth0\t00000000\t0102A8C0\t0002\t0\t0\t0\t00000000\t0\t0\t0\n", "", False),  # not up
    ("", f"{'fe80' + '0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 1 0 00000001 eth0\n", False),
    ("", f"{'2001' + '0' * 28} 40 {'0' * 32} 00 {'0' * 32} 00000100 1 0 00000001 eth0\n", True),
    ("", f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 1 0 00200200 lo\n", False),
]


@pytest.mark.parametrize(("v4", "v6", "holds"), ROUTES)
def test_network_is_a_route_that_leaves_the_machine(tmp_path, v4, v6, holds):
    (tmp_path / "route").write_text(HEAD + v4)
    (tmp_path / "route6").write_text(v6)
    assert network(tmp_path / "route", tmp_path / "route6")[0] == holds


SUPPLIES = [  # (supplies with what their files say, is it on mains?)
    ({}, True),
    ({"AC": {"type": "Mains", "online": "1"}, "BAT0": {"type": "Battery", "status": "Charging"}}, True),
    ({"AC": {"type": "Mains", "online": "0"}, "BAT0": {"type": "Battery", "status": "Discharging"}}, False),
    ({"BAT0": {"type": "Battery", "status": "Discharging"}}, False),
    ({"BAT0": {"type": "Battery", "status": "Full"}}, True),
    ({"mouse": {"type": "Battery", "status": "Discharging", "scope": "Device"}}, True),
]


@pytest.mark.parametrize(("supplies", "holds"), SUPPLIES)
def test_ac_power_is_when_no_battery_is_drained(tmp_path, supplies, holds):
    for name, files in supplies.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(f"{text}\n")
    assert mains_power(tmp_path)[0] == holds


def ask(condition, job=None):
    async def asking():
        world = MachineConditions()
        try:
            return await world.ask(condition, job or a_job(), FIRE)
        finally:
            await world.close()

    return asyncio.run(asking())


def test_this_machine_can_be_asked():
    for condition in (Network(), MainsPower()):
        holds, said = ask(condition)
        assert (type(holds), bool(said)) == (bool, True)


def test_a_path_is_named_by_the_instant_of_the_fire_in_its_jobs_zone(tmp_path):
    (tmp_path / "2026-01-15.csv").touch()
    there, other = PathExists(f"{tmp_path}/{{scheduled_at:%F}}.csv"), PathExists(f"{tmp_path}/{{run}}.csv")
    assert ask(there) == (True, f"{tmp_path}/2026-01-15.csv is there")
    assert ask(other) == (False, f"{tmp_path}/1-7.csv is not there")


def test_the_load_is_that_of_the_last_minute(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (2.49, 9.0, 9.0))
    assert ask(LoadBelow(2.5)) == (True, "the load is 2.49")
    assert ask(LoadBelow(2.0))[0] is False


def test_what_takes_a_connection_is_reachable():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert ask(Reachable("127.0.0.1", port))[0] is True
    assert ask(Reachable("127.0.0.1", port)) == (False, ask(Reachable("127.0.0.1", port))[1])


def own(function):
    faults = []
    (condition,) = read_conditions(function, ("only_if",), faults)
    assert faults == []
    return condition


def test_a_plain_condition_is_asked_in_a_thread_and_a_coroutine_on_the_loop():
    asked = []

    def plain():
        asked.append(threading.current_thread() is threading.main_thread())
        return 1

    async def on_the_loop():
        asked.append(threading.current_thread() is threading.main_thread())
        return []

    assert ask(own(plain)) == (True, "it returned 1")
    assert ask(own(on_the_loop)) == (False, "it returned []")
    assert asked == [False, True]


def test_a_condition_may_know_the_fire():
    from asched import Run

    def early(run: Run) -> bool:
        return run.scheduled_at.hour < 8 and run.job == "tick" and run.id == "1-7"

    condition = own(early)
    assert isinstance(condition, Function)
    assert ask(condition)[0] is True
