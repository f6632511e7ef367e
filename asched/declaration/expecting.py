"""The option `expect`: what counts as success. Its words are read here, and put where the job's kind wants them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from asched.core.action import Action, Command, Function, Request
from asched.core.expectation import FLAGS, NOTHING_MORE, Expectation, Predicate
from asched.declaration.faults import Fault, Path, dotted, shown, unknown_option

Words = Mapping[str, Any]

_KINDS: dict[str, tuple[type[Action], str]] = {
    "exit": (Command, "a command"),
    "status": (Request, "an HTTP request"),
    "result": (Function, "a Python function"),
}
_ELSEWHERE = {"exit": "success_codes", "status": "http.expect.status"}  # where else the same may have been said


def read_expect(value: object, path: Path, faults: list[Fault]) -> Words:
    """A table of words, or, for short, the function that looks at the result."""
    if callable(value):
        return {"result": _predicate(value, path, faults)}
    if not isinstance(value, Mapping):
        help = 'as in { exit = [0, 3] } or { not_output = "ERROR" }'
        faults.append(Fault(path, f"{dotted(path)} must be a table of what is expected, not {shown(value)}", help))
        return {}
    read = {}
    for word, given in value.items():
        if word in _READERS:
            read[word] = _READERS[word](given, (*path, word), faults)
        else:
            faults.append(unknown_option((*path, str(word)), _READERS))
    return read


def of_any_kind(value: object) -> object:
    """The same without the words of one kind of job: where it is not known what the job does."""
    return {word: said for word, said in value.items() if word not in _KINDS} if isinstance(value, Mapping) else value


def expectation_of(words: Words) -> Expectation:
    """What the words say about any kind of job."""
    said = {word: value for word, value in words.items() if word not in ("exit", "status")}
    return Expectation(**said) if said else NOTHING_MORE


def with_expected(action: Action, words: Words, faults: list[Fault]) -> Action:
    """The action with what it must answer; words that do not belong to its kind are faults."""
    for word in words:
        kind, name = _KINDS.get(word, (type(action), ""))
        if not isinstance(action, kind):
            faults.append(Fault(("expect", word), f'"{word}" in expect belongs to {name}', "take it out", of_key=True))
    if isinstance(action, Command) and "exit" in words:
        _say_once("exit", action.success_codes != (0,), faults)
        return replace(action, success_codes=words["exit"])
    if isinstance(action, Request) and "status" in words:
        _say_once("status", bool(action.expect_status), faults)
        return replace(action, expect_status=words["status"])
    return action


def _say_once(word: str, is_said: bool, faults: list[Fault]) -> None:
    if is_said:
        message = f"has both expect.{word} and {_ELSEWHERE[word]}"
        faults.append(Fault(("expect", word), message, "keep one of them", of_key=True))


def _numbers(least: int, most: int) -> Callable[[object, Path, list[Fault]], tuple[int, ...]]:
    def read(value: object, path: Path, faults: list[Fault]) -> tuple[int, ...]:
        numbers = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
        good = [one for one in numbers if isinstance(one, int) and not isinstance(one, bool) and least <= one <= most]
        if len(good) != len(numbers) or not good:
            what = f"a number from {least} to {most}, or a list of them"
            faults.append(Fault(path, f"{dotted(path)} must be {what}, not {shown(value)}"))
        return tuple(good)

    return read


def _pattern(value: object, path: Path, faults: list[Fault]) -> str:
    if not isinstance(value, str) or not value:
        faults.append(Fault(path, f"{dotted(path)} must be a regular expression, not {shown(value)}"))
        return ""
    try:
        re.compile(value, FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        at = getattr(error, "pos", None)
        span = None if at is None else (min(at, len(value) - 1), min(at, len(value) - 1) + 1)
        said = getattr(error, "msg", str(error))
        faults.append(Fault(path, f"{dotted(path)} is no regular expression: {said}", span=span, text=value))
    return value


def _flag(value: object, path: Path, faults: list[Fault]) -> bool:
    if not isinstance(value, bool):
        faults.append(Fault(path, f"{dotted(path)} must be true or false, not {shown(value)}"))
    return bool(value)


def _predicate(value: object, path: Path, faults: list[Fault]) -> Predicate | None:
    if not callable(value):
        message = f"{dotted(path)} must be a function that looks at the result, not {shown(value)}"
        faults.append(Fault(path, message, "declare it in Python"))
        return None
    if inspect.iscoroutinefunction(value):
        help = "make it a plain one, or look at the result in the job"
        faults.append(Fault(path, f"{dotted(path)} must not be an async function: nobody awaits it", help))
    return Predicate(value, str(getattr(value, "__qualname__", type(value).__qualname__)))


_READERS: dict[str, Callable[[object, Path, list[Fault]], Any]] = {
    "exit": _numbers(0, 255),
    "status": _numbers(100, 599),
    "output": _pattern,
    "not_output": _pattern,
    "some_output": _flag,
    "result": _predicate,
}
