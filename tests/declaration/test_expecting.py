"""What a job may expect, read at load: its words, their patterns, and that they fit what the job does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from asched.core.action import Command, Request
from asched.core.expectation import Expectation, Predicate, repeats
from asched.core.model import Job
from asched.core.version import definition_of
from asched.declaration.definition import Declaration, define
from asched.declaration.faults import Fault


def has_rows(result: Any) -> bool:
    return bool(result)


async def later(result: Any) -> bool:
    return bool(result)


def plain() -> None: ...


COMMAND = Command(("true",))
REQUEST = Request("GET", "http://127.0.0.1/")


def defined(does: object, expect: object, **options: object) -> Job | list[Fault]:
    return define(Declaration("it", "@daily", {"expect": expect, **options}, does))


def made(does: object, expect: object) -> Job:
    job = defined(does, expect)
    assert isinstance(job, Job), job
    return job


GOOD: list[tuple[object, object, Expectation]] = [
    (plain, {}, Expectation()),
    (plain, {"some_output": True}, Expectation(some_output=True)),
    (COMMAND, {"output": "^done$", "not_output": "ERROR"}, Expectation("^done$", "ERROR")),
    (REQUEST, {"output": "ok"}, Expectation("ok")),
    (plain, has_rows, Expectation(result=Predicate(has_rows, "has_rows"))),
    (plain, {"result": has_rows, "output": "ok"}, Expectation("ok", result=Predicate(has_rows, "has_rows"))),
    (COMMAND, {"exit": 3}, Expectation()),
]


@pytest.mark.parametrize(("does", "expect", "read"), GOOD)
def test_words_become_an_expectation(does: object, expect: object, read: Expectation) -> None:
    assert made(does, expect).expect == read


def test_exit_and_status_go_to_what_the_job_does() -> None:
    command, request = made(COMMAND, {"exit": [0, 3]}).action, made(REQUEST, {"status": [200, 404]}).action
    assert isinstance(command, Command)
    assert isinstance(request, Request)
    assert (command.success_codes, request.expect_status) == ((0, 3), (200, 404))


BAD: list[tuple[object, object, str, str]] = [
    (plain, 3, "expect", "expect must be a table of what is expected, not 3"),
    (plain, {"outptu": "x"}, "expect.outptu", 'unknown option "outptu"'),
    (plain, {"output": 3}, "expect.output", "expect.output must be a regular expression, not 3"),
    (plain, {"output": ""}, "expect.output", 'expect.output must be a regular expression, not ""'),
    (plain, {"some_output": "yes"}, "expect.some_output", 'expect.some_output must be true or false, not "yes"'),
    (plain, later, "expect", "expect must not be an async function: nobody awaits it"),
    (plain, {"result": 3}, "expect.result", "expect.result must be a function that looks at the result, not 3"),
    (COMMAND, {"exit": 256}, "expect.exit", "expect.exit must be a number from 0 to 255, or a list of them, not 256"),
    (COMMAND, {"exit": []}, "expect.exit", "expect.exit must be a number from 0 to 255, or a list of them, not []"),
    (COMMAND, {"exit": "0"}, "expect.exit", 'expect.exit must be a number from 0 to 255, or a list of them, not "0"'),
    (COMMAND, {"exit": True}, "expect.exit", "expect.exit must be a number from 0 to 255, or a list of them, not true"),
    (plain, {"exit": 0}, "expect.exit", '"exit" in expect belongs to a command'),
    (REQUEST, {"exit": 0}, "expect.exit", '"exit" in expect belongs to a command'),
    (COMMAND, {"status": 200}, "expect.status", '"status" in expect belongs to an HTTP request'),
    (COMMAND, has_rows, "expect.result", '"result" in expect belongs to a Python function'),
    (Command(("true",), success_codes=(0, 1)), {"exit": 0}, "expect.exit", "has both expect.exit and success_codes"),
    (
        Request("GET", "http://127.0.0.1/", expect_status=(200,)),
        {"status": 200},
        "expect.status",
        "has both expect.status and http.expect.status",
    ),
]


@pytest.mark.parametrize(("does", "expect", "path", "message"), BAD)
def test_what_is_wrong_is_said_at_its_place(does: object, expect: object, path: str, message: str) -> None:
    faults = defined(does, expect)
    assert isinstance(faults, list)
    assert [(".".join(map(str, one.path)), one.message) for one in faults] == [(path, message)]


def test_a_pattern_that_is_none_is_pointed_at() -> None:
    faults = defined(plain, {"output": "rows: (\\d+"})
    assert isinstance(faults, list)
    (fault,) = faults
    assert fault.message == "expect.output is no regular expression: missing ), unterminated subpattern"
    assert (fault.path, fault.span, fault.text) == (("expect", "output"), (6, 7), "rows: (\\d+")


def test_what_is_expected_is_part_of_the_definition_and_reads_the_same_in_every_process() -> None:
    texts = [definition_of(made(plain, expect)) for expect in ({}, {"output": "a"}, {"output": "b"}, has_rows)]
    assert len(set(texts)) == 4
    assert '"ref":"has_rows"' in texts[3]
    assert " at 0x" not in texts[3]


REPEATS: Mapping[str, bool] = {
    "done": False,
    "^ok$|^fine$": False,
    r"1\+1": False,
    r"\\+": True,
    "a+": True,
    "(a|b)*": True,
    "a{2,}": True,
    "colou?r": True,
    "(?i)done": False,
    r"done\?": False,
}


@pytest.mark.parametrize(("pattern", "expected"), REPEATS.items())
def test_which_patterns_repeat_something(pattern: str, expected: bool) -> None:
    assert repeats(pattern) is expected
