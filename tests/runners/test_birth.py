"""When a child was started: by our clock, where the kernel would say the same."""

from __future__ import annotations

import subprocess

import pytest

from asched.engine.clock import boot_ticks
from asched.engine.instance import process_started
from asched.runners import birth
from asched.runners.birth import Births


class Kernel:
    """Says that every process was started at tick `told`; the clock shows `ticks`, one after the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, told: int | None) -> None:
        self.asked = 0
        self.told = told
        self.ticks: list[int] = []
        monkeypatch.setattr(birth, "process_started", self._started)
        monkeypatch.setattr(birth, "boot_ticks", lambda: self.ticks.pop(0))

    def _started(self, pid: int) -> int | None:
        self.asked += 1
        return self.told


def test_the_kernel_is_asked_once_if_it_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, births = Kernel(monkeypatch, told=70), Births()
    kernel.ticks = [70, 80, 90]
    assert [births.of(1, 70), births.of(2, 80), births.of(3, 90)] == [70, 80, 90]
    assert kernel.asked == 1


def test_where_a_tick_came_between_the_kernel_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, births = Kernel(monkeypatch, told=70), Births()
    kernel.ticks = [70, 71, 81]
    assert [births.of(1, 70), births.of(2, 70), births.of(3, 80)] == [70, 70, 70]
    assert kernel.asked == 3


@pytest.mark.parametrize(("told", "said"), [(69, 69), (None, 0)])
def test_where_the_kernel_says_otherwise_it_is_always_asked(
    told: int | None, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel, births = Kernel(monkeypatch, told), Births()
    kernel.ticks = [70, 70]
    assert [births.of(1, 70), births.of(2, 70)] == [said, said]
    assert kernel.asked == 2


def test_it_is_what_the_kernel_says() -> None:
    births = Births()
    for _ in range(20):
        before = boot_ticks()
        with subprocess.Popen(["sleep", "60"]) as child:
            try:
                assert births.of(child.pid, before) == process_started(child.pid)
            finally:
                child.kill()
    assert births._agree
