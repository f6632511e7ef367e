"""Exceptions as notes: bounded and safe, whatever the exception is like (FAULTS 27)."""

from __future__ import annotations

import asyncio

import pytest

from asched.core.outcome import ErrorNote
from asched.runners.notes import LARGEST, failure, note_of


def caught(raise_it: object) -> BaseException:
    try:
        raise_it()  # type: ignore[operator]
    except BaseException as error:
        return error
    raise AssertionError("nothing was raised")


def fails() -> None:
    raise ValueError("no rates today")


def size(note: ErrorNote) -> int:
    return len("".join((note.type, note.message, note.traceback, *note.types)).encode())


def test_a_note_says_what_where_and_by_which_names() -> None:
    note = note_of(caught(fails))
    assert (note.type, note.message) == ("ValueError", "no rates today")
    assert note.types[:4] == ("ValueError", "builtins.ValueError", "Exception", "builtins.Exception")
    assert note.traceback.startswith("Traceback (most recent call last):\n")
    assert 'raise ValueError("no rates today")' in note.traceback
    assert note.traceback.endswith("ValueError: no rates today\n")


def test_a_class_inside_a_class_has_its_qualified_name() -> None:
    class Own(ConnectionError): ...

    types = note_of(Own()).types
    assert types[1].endswith(".<locals>.Own")
    assert {"Own", "ConnectionError", "builtins.ConnectionError", "OSError"} <= set(types)


def test_frames_of_asched_are_left_out() -> None:
    from asched.core.text.durations import parse_duration

    error = caught(lambda: parse_duration("nonsense"))
    assert "durations.py" not in note_of(error).traceback
    assert "test_notes.py" in note_of(error).traceback


def test_causes_are_told_first() -> None:
    def job() -> None:
        try:
            fails()
        except ValueError as error:
            raise RuntimeError("report failed") from error

    told = note_of(caught(job)).traceback
    assert told.index("no rates today") < told.index("direct cause") < told.index("RuntimeError: report failed")


def test_a_context_is_told_unless_it_was_suppressed() -> None:
    def job(*, quietly: bool) -> None:
        try:
            fails()
        except ValueError:
            if quietly:
                raise RuntimeError("report failed") from None
            raise RuntimeError("report failed")  # noqa: B904

    loud, quiet = caught(lambda: job(quietly=False)), caught(lambda: job(quietly=True))
    assert "no rates today" in note_of(loud).traceback
    assert "no rates today" not in note_of(quiet).traceback


def test_a_ring_of_causes_ends() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert note_of(first).traceback.endswith("ValueError: first\n")


def test_a_long_chain_of_causes_is_cut() -> None:
    error = ValueError("0")
    for n in range(10_000):
        following = ValueError(str(n))
        following.__cause__, error = error, following
    assert note_of(error).traceback.count("direct cause") == 4


class Bad(Exception):
    def __str__(self) -> str:
        raise SystemExit("from __str__")

    __repr__ = __str__


def recurse() -> None:
    recurse()


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x" * 10_000_000),
        ValueError("ä" * 10_000),
        ValueError("\n" * 10_000),
        ValueError("\ud800\0\x1b[31m"),
        Bad(),
        caught(recurse),
        type("N" * 1_000_000, (Exception,), {})(),
        type("Name\n", (Exception,), {"__module__": None})(),
        ExceptionGroup("many", [ValueError(str(n) * 1000) for n in range(1000)]),
        UnicodeDecodeError("utf-8", b"x" * 1_000_000, 0, 1, "bad"),
        KeyError("k" * 100_000),
    ],
    ids=[f"error{n}" for n in range(11)],
)
def test_a_note_is_at_most_4_kB_of_clean_text(error: BaseException) -> None:
    note = note_of(error)
    assert size(note) <= LARGEST
    assert "\x1b" not in note.traceback + note.message
    assert "\0" not in note.traceback + note.message
    assert all(part.encode() for part in (note.type, note.traceback))


def test_a_bad_str_is_named() -> None:
    assert note_of(Bad()).message == "<its __str__ raised SystemExit>"


async def test_a_group_says_what_is_in_it() -> None:
    async def tasks() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.to_thread(fails))

    with pytest.raises(ExceptionGroup) as caught:
        await tasks()
    assert note_of(caught.value).message.endswith("(1 sub-exception): ValueError: no rates today")


def test_notes_that_were_added_are_told() -> None:
    error = caught(fails)
    error.add_note("for EUR")
    assert note_of(error).traceback.endswith("ValueError: no rates today\nfor EUR\n")


def test_the_mask_is_over_all_of_it() -> None:
    note = note_of(caught(fails), lambda text: text.replace("rates", "***"))
    assert "rates" not in note.message + note.traceback


def test_a_failure_without_an_exception() -> None:
    assert failure("ExitCode", "exit code 3", exit_code=3) == ErrorNote(
        "ExitCode", "exit code 3", types=("ExitCode",), exit_code=3
    )
