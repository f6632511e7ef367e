"""Runs commands: a process group each, its output taken as it comes, its end noticed by pidfd, its leftovers ended."""

from __future__ import annotations

import asyncio
import signal

from asched.core.action import Command
from asched.core.model import Attempt
from asched.core.outcome import Failed, Outcome, Succeeded
from asched.engine.ports import OutputSink
from asched.runners.child import Child
from asched.runners.environment import environment
from asched.runners.gate import Gate
from asched.runners.masking import Mask, mask_for
from asched.runners.notes import failure, note_of
from asched.runners.spawn import Process, discard, spawn
from asched.runners.template import render


class CommandRunner:
    """asyncio's own subprocesses are not used: on 3.11 they take a thread per child, and their wait() hangs with a
    grandchild that holds the output open (FAULTS 20)."""

    def __init__(self, *, mask: Mask = str) -> None:
        self._mask = mask
        self._gate = Gate()

    async def run(self, attempt: Attempt, output: OutputSink) -> Outcome:
        command = attempt.job.action
        assert isinstance(command, Command)
        mask = mask_for(attempt.job, self._mask)
        async with self._gate:
            process = _spawn(command, attempt, mask)
            if isinstance(process, Failed):
                return process
            try:
                child = Child(process, output)
            except OSError as error:  # the system's limit on what one may watch
                discard(process)
                return Failed(note_of(error, mask, message=f"its output cannot be watched: {error.strerror}"))
        output.child(child.pid)
        await _see_through(child, attempt, output)
        return _outcome(child.code, command)

    async def close(self) -> None:
        """Nothing is shared between runs."""


def _spawn(command: Command, attempt: Attempt, mask: Mask) -> Process | Failed:
    try:
        argv = tuple(render(item, attempt) for item in command.argv)
        env = environment(command, attempt)
    except ValueError as error:
        return Failed(note_of(error, mask))
    return spawn(command, argv, env, mask)


async def _see_through(child: Child, attempt: Attempt, output: OutputSink) -> None:
    """To its end, or to the end that we make of it. Raises CancelledError when it was asked to stop."""
    task = asyncio.current_task()
    assert task is not None
    asked_before = task.cancelling()
    kill_after = attempt.job.policies.kill_after.total_seconds()
    try:
        await child.over()
        survivors = await child.end_survivors(kill_after)
    except asyncio.CancelledError:
        await child.stop(kill_after)
        raise
    finally:
        child.close()
    if task.cancelling() > asked_before:  # while its survivors were being ended
        raise asyncio.CancelledError
    if survivors:
        pids = ", ".join(map(str, survivors))
        output.write("note", f"[it left processes of its group behind, which were ended: {pids}]\n")
    if child.held:
        output.write("note", "[a process that left its group still holds its output open; no longer read]\n")


def _outcome(code: int | None, command: Command) -> Outcome:
    if code in command.success_codes:
        return Succeeded()
    return Failed(failure("ExitCode", _said(code, shell=command.shell), exit_code=code))


def _said(code: int | None, *, shell: bool) -> str:
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
