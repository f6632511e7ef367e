"""Runs commands: a process group each, its output taken as it comes, its end noticed by pidfd, its leftovers ended."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping
from functools import partial

from asched.core.action import Command
from asched.core.masking import Mask, mask_for
from asched.core.model import Attempt
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import OutputSink
from asched.runners.child import Child
from asched.runners.environment import environment
from asched.runners.localfiles import all_local
from asched.runners.notes import failure, note_of
from asched.runners.readiness import Readiness
from asched.runners.spawn import Process, discard, spawn
from asched.runners.spawner import Spawner
from asched.runners.template import render
from asched.runners.threads import NoThread


class CommandRunner:
    """asyncio's own subprocesses are not used: on 3.11 they take a thread per child, and their wait() hangs with a
    grandchild that holds the output open (FAULTS 20). `spawners` threads start processes; the children run beside them
    without limit."""

    def __init__(self, *, mask: Mask = str, spawners: int = 0) -> None:
        self._mask = mask
        limit = spawners or 4 * (os.cpu_count() or 1)
        self._spawner: Spawner[Process | Failed] = Spawner(limit)
        self._readiness = Readiness()

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        task = asyncio.current_task()
        assert task is not None
        asked_before = task.cancelling()
        mask = mask_for(attempt.job, self._mask)
        started = await self._start(attempt, output, mask)
        if isinstance(started, Failed):
            if task.cancelling() > asked_before:
                raise asyncio.CancelledError
            return started
        output.child(started.pid, started.started)
        return await self._see_through(started, attempt, output, asked_before)

    async def close(self) -> None:
        self._spawner.close()

    async def _start(self, attempt: Attempt, output: OutputSink, mask: Mask) -> Child | Failed:
        command = attempt.job.action
        assert isinstance(command, Command)
        try:
            argv = command.argv if command.shell else tuple(render(item, attempt) for item in command.argv)
            env = environment(command, attempt)
        except ValueError as error:
            return Failed(note_of(error, mask))
        kind = _kind(command, argv, env)
        try:
            start = partial(spawn, command, argv, env, mask)
            process = await self._spawner.start(kind, start, partial(all_local, *kind))
        except NoThread as error:
            return Failed(note_of(error, mask))
        if isinstance(process, Failed):
            return process
        try:
            return Child(process, output, self._readiness)
        except OSError as error:  # the system's limit on what one may watch
            discard(process)
            return Failed(note_of(error, mask, message=f"its output cannot be watched: {error.strerror}"))
        except NoThread as error:  # nor one to wait for it in, where the system gives no pidfd
            discard(process)
            return Failed(note_of(error, mask, message=f"its end cannot be noticed: {error}"))

    async def _see_through(self, child: Child, attempt: Attempt, output: OutputSink, asked_before: int) -> Outcome:
        """To its end, or to the end that we make of it."""
        task = asyncio.current_task()
        assert task is not None
        try:
            if task.cancelling() > asked_before:  # while it was being started
                raise asyncio.CancelledError
            await child.over()
            survivors = await child.end_survivors(_kill_after(attempt))
        except asyncio.CancelledError:
            await child.stop(_kill_after(attempt))
            raise
        finally:
            child.close()
        if task.cancelling() > asked_before:  # while its survivors were being ended
            raise asyncio.CancelledError
        _say_what_it_left(child, survivors, output)
        command = attempt.job.action
        assert isinstance(command, Command)
        return _outcome(child.code, command)


def _kind(command: Command, argv: tuple[str, ...], env: Mapping[str, str]) -> tuple[str, str | None, str]:
    """What is likely to take equally long to start: the program, where it runs, and where it is looked for."""
    program = "/bin/sh" if command.shell else "".join(argv[:1])
    return program, command.cwd, "" if "/" in program else env["PATH"]


def _kill_after(attempt: Attempt) -> float:
    return attempt.job.policies.kill_after.total_seconds()


def _say_what_it_left(child: Child, survivors: tuple[int, ...], output: OutputSink) -> None:
    if survivors:
        pids = ", ".join(map(str, survivors))
        output.write("note", f"[it left processes of its group behind, which were ended: {pids}]\n")
    if child.held:
        output.write("note", "[a process that left its group still holds its output open; no longer read]\n")


def _outcome(code: int | None, command: Command) -> Outcome:
    if code in command.success_codes:
        return Succeeded()
    return Failed(failure("ExitCode", _said(code, command), exit_code=code))


def _said(code: int | None, command: Command) -> str:
    if command.success_codes == (0,):
        return _ended(code, shell=command.shell)
    expected = f"expected exit {' or '.join(map(str, command.success_codes))}"
    return f"{expected}, got {code}" if code is not None and code >= 0 else f"{expected}: {_ended(code)}"


def _ended(code: int | None, *, shell: bool = False) -> str:
    if code is None:
        return "its exit code is not known: other code in this process waited for the child and took it"
    if code < 0:
        return f"killed by {_signal_name(-code)}"
    hint = {126: " (not executable)", 127: " (command not found)"}.get(code, "") if shell else ""
    return f"exit code {code}{hint}"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # real-time signals have no names
        return f"signal {number}"
