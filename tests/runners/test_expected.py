"""A run that went well and is not what its job expects has failed, and says what was expected and what came."""
# ruff: noqa: E501 (a row of a table is one line)

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from asched.core.action import Action, Command, Function
from asched.core.expectation import Expectation, Predicate
from asched.core.outcome import ErrorNote, Failed, Outcome, Succeeded
from asched.engine.capture import HEAD, TAIL
from asched.runners import searching
from asched.runners.context import Run
from asched.runners.registry import Runners
from asched.testing.runner_contract import Sink, attempt_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def runners() -> AsyncIterator[Runners]:
    made = Runners()
    yield made
    await made.close()


async def ended(runners: Runners, action: Action, sink: Sink | None = None, **expected: Any) -> Outcome:
    attempt = attempt_of(action)
    job = replace(attempt.job, expect=Expectation(**expected))
    return await runners.run(replace(attempt, job=job), sink or Sink())


async def error_of(runners: Runners, action: Action, **expected: Any) -> ErrorNote:
    outcome = await ended(runners, action, **expected)
    assert isinstance(outcome, Failed), outcome
    return outcome.error


def sh(script: str, **more: Any) -> Command:
    return Command((script,), shell=True, **more)


def says(*lines: str) -> Function:
    async def say(run: Run) -> None:
        for line in lines:
            run.log.info(line)

    return Function(say, "jobs:say", "coroutine", run_parameter="run")


def returns(result: object, mode: str = "coroutine") -> Function:
    return Function(lambda: result, "jobs:give", mode)


MET: list[tuple[Action, dict[str, Any]]] = [
    (sh("echo done"), {"output": "done"}),
    (sh("echo one; echo two"), {"output": "^two$"}),
    (sh("echo 17 rows"), {"output": r"^\d+ rows$"}),
    (sh("echo fine"), {"not_output": "ERROR", "some_output": True}),
    (sh("echo on stderr >&2"), {"output": "stderr"}),
    (says("17 rows"), {"output": "17 rows"}),
    (sh("true"), {"not_output": "."}),
]


@pytest.mark.parametrize(("action", "expected"), MET)
async def test_what_is_as_expected_succeeds(runners: Runners, action: Action, expected: dict[str, Any]) -> None:
    assert await ended(runners, action, **expected) == Succeeded()


UNMET: list[tuple[Action, dict[str, Any], str]] = [
    (sh("echo 0 rows; echo bye"), {"output": "done"}, 'expected output that matches "done", got "bye" as its last line'),
    (sh("true"), {"output": r"\d+"}, 'expected output that matches "\\d+", got none'),
    (sh("echo x; echo ERROR 5; echo y"), {"not_output": "^ERROR .*"}, 'expected no output that matches "^ERROR .*", got "ERROR 5"'),
    (sh("echo; echo"), {"some_output": True}, "expected some output, got none"),
    (says("ERROR: no"), {"not_output": "ERROR"}, 'expected no output that matches "ERROR", got "ERROR"'),
]  # fmt: skip


@pytest.mark.parametrize(("action", "expected", "message"), UNMET)
async def test_what_is_not_says_what_was_expected_and_what_came(
    runners: Runners, action: Action, expected: dict[str, Any], message: str
) -> None:
    error = await error_of(runners, action, **expected)
    assert (error.type, error.types, error.message) == ("UnexpectedOutput", ("UnexpectedOutput",), message)


async def test_a_run_that_failed_by_itself_keeps_its_own_error(runners: Runners) -> None:
    assert (await error_of(runners, sh("echo done; exit 3"), output="nothing")).exit_code == 3


async def test_all_that_is_heard_is_handed_on(runners: Runners) -> None:
    sink = Sink()
    await ended(runners, sh("echo done"), sink, output="done")
    assert sink.text() == "done\n"
    assert len(sink.children) == 1


async def test_of_a_long_output_the_head_and_the_tail_are_looked_at(runners: Runners) -> None:
    script = f"echo first; head -c {HEAD} /dev/zero | tr '\\0' a; echo; echo middle; " + (
        f"head -c {2 * TAIL} /dev/zero | tr '\\0' b; echo; echo last"
    )
    assert await ended(runners, sh(script), output="^first$") == Succeeded()
    assert await ended(runners, sh(script), output="^last$") == Succeeded()
    assert (await error_of(runners, sh(script), output="^middle$")).type == "UnexpectedOutput"


async def test_our_own_remark_on_what_was_left_out_is_not_its_output(runners: Runners) -> None:
    script = f"head -c {HEAD + 2 * TAIL} /dev/zero | tr '\\0' a"
    assert await ended(runners, sh(script), not_output="left out") == Succeeded()


async def test_a_secret_is_not_searched_for_nor_shown(runners: Runners) -> None:
    command = sh('echo "token $TOKEN"', secrets={"TOKEN": "hunter22"})
    error = await error_of(runners, command, output="nothing")
    assert error.message.endswith('got "token ***" as its last line')


async def test_a_pattern_that_would_search_for_ever_is_given_up(
    runners: Runners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LONGEST", 0.3)
    error = await error_of(runners, sh(f"echo {'a' * 60}b"), output="^(a+)+$")
    assert error.message == 'its output could not be searched for "^(a+)+$": not done within 0.3 s'


EXITS = [
    ((0, 3), "exit 3", None),
    ((0, 3), "exit 1", "expected exit 0 or 3, got 1"),
    ((3,), "exit 0", "expected exit 3, got 0"),
    ((0, 3), "kill -9 $$", "expected exit 0 or 3: killed by SIGKILL"),
    ((0,), "exit 1", "exit code 1"),
]


@pytest.mark.parametrize(("codes", "script", "message"), EXITS)
async def test_which_exit_codes_are_expected(
    runners: Runners, codes: tuple[int, ...], script: str, message: str | None
) -> None:
    outcome = await ended(runners, sh(script, success_codes=codes))
    assert (outcome.error.message if isinstance(outcome, Failed) else None) == message


def is_whole(result: Any) -> bool:
    return result["rows"] > 0  # type: ignore[no-any-return]


RESULTS: list[tuple[Any, object, str | None]] = [
    (is_whole, {"rows": 1}, None),
    (is_whole, {"rows": 0}, 'UnexpectedResult: expected a result for which is_whole holds, got {"rows": 0}'),
    (lambda result: "no rows" if not result else "", [], "UnexpectedResult: no rows; got []"),
    (lambda result: "no rows" if not result else "", [1], None),
    (lambda result: result is None, None, None),
    (lambda result: False, None, "UnexpectedResult: expected a result for which <lambda> holds, got null"),
    (is_whole, {}, "KeyError: 'rows'"),
    (lambda result: None, 1, "UnexpectedResult: <lambda>, which is to judge the result, returned None: "
                             "return True, False or what is wrong"),
]  # fmt: skip


@pytest.mark.parametrize("mode", ["coroutine", "thread"])
@pytest.mark.parametrize(("judge", "result", "message"), RESULTS)
async def test_a_function_of_its_own_judges_the_result(
    runners: Runners, mode: str, judge: Any, result: object, message: str | None
) -> None:
    predicate = Predicate(judge, judge.__name__)
    outcome = await ended(runners, returns(result, mode), result=predicate)
    said = f"{outcome.error.type}: {outcome.error.message}" if isinstance(outcome, Failed) else None
    assert said == message
