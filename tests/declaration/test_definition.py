"""From a decorated function to a Job, and everything that can be wrong on the way."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asched.core.action import Command, Function
from asched.core.grammar.phrases import parse_schedule
from asched.core.model import Job
from asched.core.triggers.union import any_of
from asched.core.version import definition_of
from asched.declaration.definition import Declaration, declared_problems, define, job
from asched.declaration.faults import Fault
from asched.declaration.graph import graph_faults, graph_problems
from asched.declaration.problems import format_problems
from asched.schedules import every

if TYPE_CHECKING:
    from asched.runners.context import Run


def made(function: Callable[..., Any] | object, schedule: object = "@daily", **options: object) -> Job:
    defined = define(Declaration("it", schedule, options, function))
    assert isinstance(defined, Job), defined
    return defined


def wrong(function: Callable[..., Any] | object, schedule: object = "@daily", **options: object) -> list[str]:
    defined = define(Declaration("it", schedule, options, function))
    assert isinstance(defined, list), defined
    return [said(fault) for fault in defined]


def said(fault: Fault) -> str:
    return f"{'.'.join(map(str, fault.path))}: {fault.message}" + (f" ({fault.help})" if fault.help else "")


async def coroutine() -> None: ...
def plain() -> None: ...
def needs_base(base: str, quote: str = "USD") -> None: ...
async def with_run(run: Run, base: str = "EUR") -> None: ...
def with_maybe_run(context: Run | None = None) -> None: ...
def with_quoted_run(run: asched.Run) -> None: ...  # type: ignore[name-defined]  # noqa: F821
def unannotated(run): ...  # type: ignore[no-untyped-def]
def by_position(base: str, /) -> None: ...
def takes_all(*args: object, **kwargs: object) -> None: ...
def generator() -> Any:
    yield


class Callee:
    async def __call__(self, base: str) -> None: ...


def test_the_function_stays_as_it_is_and_carries_its_declaration() -> None:
    def hello() -> int:
        return 3

    decorated = job("every 10s", timeout="5s")(hello)
    assert decorated is hello
    assert decorated() == 3
    declared: Declaration = hello.__asched__  # type: ignore[attr-defined]
    assert (declared.name, declared.schedule, declared.options) == ("hello", "every 10s", {"timeout": "5s"})
    assert declared.function is hello
    assert declared.file == __file__


def test_the_line_is_the_decorators() -> None:
    @job(
        "every 10s",
    )
    def hello() -> None: ...

    declared: Declaration = hello.__asched__  # type: ignore[attr-defined]
    source = Path(__file__).read_text().splitlines()
    assert source[declared.line - 1].strip() == "@job("


MISUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: job(plain), "needs its parentheses"),  # type: ignore[arg-type]
    (lambda: job("@daily")(coroutine()), "called coroutine"),  # type: ignore[arg-type]
    (lambda: job("@daily")(3), "decorates a function"),  # type: ignore[arg-type]
    (lambda: job("@daily")(job("@hourly")(lambda: None)), "declared twice"),
    (lambda: job("@daily")(len), "cannot carry"),
]


@pytest.mark.parametrize(("use", "message"), MISUSED)
def test_wrong_use_of_the_decorator_is_a_type_error_at_once(use: Callable[[], object], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        use()


MODES: list[tuple[object, str, str | None]] = [
    (coroutine, "coroutine", None),
    (plain, "thread", None),
    (with_run, "coroutine", "run"),
    (with_maybe_run, "thread", "context"),
    (with_quoted_run, "thread", "run"),
    (functools.partial(needs_base, "EUR"), "thread", None),
    (functools.partial(with_run, base="EUR"), "coroutine", "run"),
    (functools.partial(Callee(), "EUR"), "coroutine", None),
    (takes_all, "thread", None),
]


@pytest.mark.parametrize(("function", "mode", "run"), MODES)
def test_how_a_callable_is_run(function: object, mode: str, run: str | None) -> None:
    action = made(function).action
    assert isinstance(action, Function)
    if mode == "coroutine" and isinstance(function, functools.partial) and isinstance(function.func, Callee):
        mode = action.mode  # inspect does not look into a partial of an object before Python 3.12
    assert (action.call, action.mode, action.run_parameter) == (function, mode, run)


def test_a_reference_names_the_function_inside() -> None:
    assert _ref(plain) == f"{__name__}:plain"
    assert _ref(functools.partial(needs_base, "EUR")) == f"{__name__}:needs_base"
    assert _ref(Callee(), base="EUR") == f"{__name__}:Callee"


def _ref(function: object, **args: object) -> str:
    action = made(function, args=args).action
    assert isinstance(action, Function)
    return action.ref


HERE = __name__
MISFITS: list[tuple[object, dict[str, object], str]] = [
    (
        needs_base,
        {},
        f'args: missing argument "base" of {HERE}:needs_base (give it in args = {{ base = … }}, or a default)',
    ),
    (
        unannotated,
        {},
        f'args: missing argument "run" of {HERE}:unannotated (to be given the Run, annotate it: run: asched.Run)',
    ),
    (
        needs_base,
        {"args": {"base": 1, "quot": 2}},
        f'args.quot: {HERE}:needs_base has no argument "quot" (did you mean "quote"?)',
    ),
    (plain, {"args": {"x": 1}}, f'args.x: {HERE}:plain has no argument "x" (it takes none)'),
    (with_run, {"args": {"run": 1}}, 'args.run: argument "run" is filled with the Run (take it out)'),
    (
        by_position,
        {},
        f'python: {HERE}:by_position takes "base" by position only (arguments are given by name: drop the "/")',
    ),
    (generator, {}, f"python: {HERE}:generator is a generator: calling it runs nothing (return instead of yield)"),
    (Callee, {}, "python: Callee is a class: calling it runs nothing (give a function)"),
    (3, {}, "python: int cannot be called (give a function)"),
    (Command(("ls",)), {"args": {"a": 1}}, "args: args go to Python functions only (take them out)"),
    (Command(("ls",)), {"secrets": ["A"]}, "secrets: secrets go to Python functions only (take them out)"),
    (
        plain,
        {"after": "x"},
        "after: has both a schedule and after (it runs at its own times, or by hand, or after others)",
    ),
]


@pytest.mark.parametrize(("function", "options", "fault"), MISFITS, ids=[fault for _, _, fault in MISFITS])
def test_what_does_not_fit_is_said(function: object, options: dict[str, object], fault: str) -> None:
    assert wrong(function, **options) == [fault]


def test_a_called_coroutine_is_refused_and_closed() -> None:
    assert wrong(coroutine()) == [
        "python: a called coroutine was given where a function is needed (write coroutine, not coroutine())"
    ]


SCHEDULES: list[tuple[object, str]] = [
    ("61 3 * * *", "schedule: minute 61 is out of range 0-59"),
    (["@daily", "61 3 * * *"], "schedule.1: minute 61 is out of range 0-59"),
    ([], "schedule: a list of schedules needs at least one"),
    (["after 60s", "@daily"], 'schedule: "after 1m" counts from the end of a run: it stands alone, in no list'),
    (3, 'schedule: schedule must be a text such as "daily at 02:30", not 3'),
    ("0 0 30 2 *", "schedule: this can never fire"),
    ("@daily" + "|@daily" * 1500, "schedule: a schedule has at most 10,000 characters, and this one 10,506"),
    (["@daily", " " * 10_001], "schedule.1: a schedule has at most 10,000 characters, and this one 10,001"),
    (["@daily"] * 1001, "schedule: a list of schedules has at most 1,000 members, and this one 1,001"),
    ("* * * *", "schedule: a cron expression has 5 fields"),
]


@pytest.mark.parametrize(("schedule", "start"), SCHEDULES)
def test_a_wrong_schedule_is_said_at_its_place(schedule: object, start: str) -> None:
    (fault,) = wrong(plain, schedule)
    assert fault.startswith(start)


def test_all_that_is_wrong_is_found_at_once() -> None:
    found = wrong(needs_base, "61 3 * * *", timeout="5q", max_instance=1, tz="Nowhere")
    assert [fault.partition(":")[0] for fault in found] == ["timeout", "max_instance", "tz", "schedule", "args"]


class Value:
    def __init__(self, text: str) -> None:
        self.trigger = parse_schedule(text)


def test_schedules_are_texts_lists_triggers_or_values_that_hold_one() -> None:
    expected = parse_schedule(["@daily", "every 10m"])
    for schedule in (
        ["@daily", "every 10m"],
        "@daily | every 10m",
        expected,
        Value("@daily | every 10m"),
        [Value("@daily"), "every 10m"],
    ):
        assert made(plain, schedule).trigger == expected
    assert made(plain, None).trigger is None
    assert made(plain, "by hand") == made(plain, None)


def keyed(customer: str, region: str = "eu", limits: object = print) -> None: ...


def test_a_key_may_name_an_argument_that_the_function_gives_by_default() -> None:
    assert made(keyed, key="region", args={"customer": "x"}).args == {"customer": "x", "region": "eu"}
    assert made(keyed, key="region", args={"customer": "x", "region": "us"}).args["region"] == "us"
    assert made(keyed, args={"customer": "x"}).args == {"customer": "x"}, "only a key needs it there"


@pytest.mark.parametrize(
    ("function", "key", "start"),
    [
        (keyed, "reg", 'key: key names "reg", which is none of its args, nor has a default (did you mean "region"?)'),
        (keyed, "limits", 'key: key names "limits", whose default '),
        (with_maybe_run, "context", 'key: key names "context", which is none of its args, nor has a default'),
        (plain, "region", 'key: key names "region", which is none of its args, nor has a default (give it in args)'),
    ],
)
def test_a_key_that_no_argument_answers_is_refused(function: object, key: str, start: str) -> None:
    args = {"customer": "x"} if function is keyed else {}
    (fault,) = wrong(function, key=key, args=args)
    assert fault.startswith(start)


def test_a_jobs_own_zone_wins_and_local_is_asked() -> None:
    def defined(**options: object) -> Job:
        declared = Declaration("it", "@daily", options, plain)
        found = define(declared, timezone="Europe/Berlin", local_zone=lambda: "Asia/Tokyo")
        assert isinstance(found, Job)
        return found

    for options, key in (({}, "Europe/Berlin"), ({"tz": "UTC"}, "UTC"), ({"tz": "local"}, "Asia/Tokyo")):
        assert defined(**options).timezone == key
        assert defined(**options).trigger == parse_schedule("@daily", tz=key)


def test_overrides_win_over_the_declaration_and_that_over_defaults() -> None:
    declared = Declaration("it", "@daily", {"grace": "2s", "timeout": "2s"}, plain)
    found = define(
        declared,
        defaults={"priority": 1, "grace": "1s", "timeout": "1s"},
        overrides={"timeout": "3s", "schedule": "@hourly"},
    )
    assert isinstance(found, Job)
    limits = (found.policies.priority, found.policies.grace, found.policies.timeout)
    assert limits == (1, timedelta(seconds=2), timedelta(seconds=3))
    assert found.trigger == parse_schedule("@hourly")


def test_secrets_are_given_by_name_and_a_missing_one_disables() -> None:
    declared = Declaration("it", "@daily", {"secrets": ["OPENWEATHER_API_KEY"]}, plain)
    present = define(declared, secrets={"OPENWEATHER_API_KEY": "hunter2"}.get)
    absent = define(declared, secrets=lambda _: None)
    assert isinstance(present, Job)
    assert isinstance(absent, Job)
    assert (present.secrets, present.disabled) == ({"OPENWEATHER_API_KEY": "hunter2"}, "")
    assert "hunter2" not in repr(present)
    assert absent.disabled == (
        "secret OPENWEATHER_API_KEY is not set: "
        "export it in the environment, or name a file in [secrets] of config.toml"
    )


def test_a_job_may_be_disabled_by_its_definition() -> None:
    assert made(plain, enabled=False).disabled == "enabled is false"


NAMES = [("ok-1.2_x", True), ("", False), ("a b", False), ("é", False), ("a" * 101, False), ("<lambda>", False)]


@pytest.mark.parametrize(("name", "allowed"), NAMES)
def test_names(name: str, allowed: bool) -> None:
    assert isinstance(define(Declaration(name, "@daily", {}, plain)), Job) is allowed


def test_h_depends_on_the_name() -> None:
    minutes = {define(Declaration(f"job-{n}", "H 3 * * *", {}, plain)).trigger for n in range(50)}  # type: ignore[union-attr]
    assert len(minutes) > 20
    again = define(Declaration("job-7", "H 3 * * *", {}, plain))
    assert again.trigger in minutes  # type: ignore[union-attr]
    assert "H" not in again.trigger.text()  # type: ignore[union-attr]


def test_problems_stand_at_the_text_that_is_to_blame(tmp_path: Path) -> None:
    file = tmp_path / "hello.py"
    file.write_text('@job(\n    "61 3 * * *", timeout="5q",\n)\ndef hello(): ...\n')
    declared = Declaration("hello", "61 3 * * *", {"timeout": "5q"}, plain, str(file), 1)
    found = define(declared)
    assert isinstance(found, list)
    rendered = format_problems(declared_problems(declared, found))
    lines = [line.rstrip() for line in rendered.replace(str(file), "hello.py").splitlines() if "help" not in line]
    assert lines == [
        'hello.py:2:27  error  job "hello": timeout: "q" is not a unit of time',
        '    2 |     "61 3 * * *", timeout="5q",',
        "      |                            ^^",
        'hello.py:2:5   error  job "hello": minute 61 is out of range 0-59',
        '    2 |     "61 3 * * *", timeout="5q",',
        "      |      ^^",
    ]


def graph(**after: str) -> list[str]:
    jobs = [Job(name, Command(("ls",)), after=tuple(up.split())) for name, up in after.items()]
    return [f"{one.name}: {fault.message} ({fault.help})" for one, fault in graph_faults(jobs, broken={"lost"})]


GRAPHS: list[tuple[dict[str, str], list[str]]] = [
    ({"a": "", "b": "a", "c": "a b"}, []),
    ({"rates": "", "b": "rate"}, ['b: comes after an unknown job "rate" (did you mean "rates"?)']),
    ({"a": "lost"}, ['a: comes after job "lost", which could not be loaded ()']),
    ({"a": "a"}, ["a: after goes in a circle: a -> a (no job would ever start)"]),
    ({"a": "b", "b": "a"}, ["a: after goes in a circle: a -> b -> a (no job would ever start)"]),
    (
        {"x": "b", "a": "b", "b": "c", "c": "a"},
        ["b: after goes in a circle: b -> c -> a -> b (no job would ever start)"],
    ),
    (
        {"a": "b", "b": "a", "c": "d", "d": "c"},
        [
            "a: after goes in a circle: a -> b -> a (no job would ever start)",
            "c: after goes in a circle: c -> d -> c (no job would ever start)",
        ],
    ),
]


@pytest.mark.parametrize(("after", "found"), GRAPHS)
def test_what_is_wrong_between_jobs(after: dict[str, str], found: list[str]) -> None:
    assert graph(**after) == found


def test_a_long_chain_is_no_circle() -> None:
    chain = {f"j{n}": f"j{n - 1}" if n else "" for n in range(3000)}
    assert graph(**chain) == []


def test_a_doubled_name_names_both_places() -> None:
    jobs = [Job("x", Command(("ls",)), source="jobs/a.py:3"), Job("x", Command(("ls",)), source="config.toml:14")]
    (problem,) = graph_problems(jobs)
    assert format_problems([problem]).splitlines() == [
        'config.toml:14  error  job "x": two jobs have this name: jobs/a.py:3 and config.toml:14',
        "      = help: a name belongs to one job: rename one of them",
    ]


def test_importing_definitions_stays_light() -> None:
    heavy = ["pydantic", "httpx", "rich", "click", "sqlite3", "structlog"]
    modules = "asched.declaration.definition, asched.declaration.options"
    code = f"import sys, {modules}; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=_root())
    assert done.stdout.strip() == "[]"


def _root() -> Path:
    return Path(__file__).parents[2]


ONCE = "once a day between 02:00 and 05:00"


@pytest.mark.parametrize(
    ("schedule", "options", "defaults", "window"),
    [
        (ONCE, {}, {}, timedelta(hours=3)),
        (ONCE, {}, {"catch_up_window": "24h"}, timedelta(hours=3)),
        (ONCE, {"catch_up_window": "1h"}, {}, timedelta(hours=1)),
        (ONCE, {"catch_up_window": "none"}, {}, None),
        ([ONCE, "once on mon between 12:00 and 13:00"], {}, {}, timedelta(hours=1)),
        ([ONCE, "@daily"], {}, {"catch_up_window": "24h"}, timedelta(hours=24)),
        ("@daily", {}, {}, None),
    ],
)
def test_what_is_due_once_in_a_window_may_be_late_until_its_end(
    schedule: object, options: dict[str, object], defaults: dict[str, object], window: timedelta | None
) -> None:
    defined = define(Declaration("it", schedule, options, plain), defaults=defaults)
    assert isinstance(defined, Job)
    assert defined.policies.catch_up_window == window


def test_an_override_of_the_window_wins_and_one_of_the_schedule_brings_its_own() -> None:
    declared = Declaration("it", "@daily", {"catch_up_window": "9h"}, plain)
    for overrides, hours in (({"schedule": ONCE}, 9), ({"schedule": ONCE, "catch_up_window": "2h"}, 2)):
        defined = define(declared, overrides=overrides)
        assert isinstance(defined, Job)
        assert defined.policies.catch_up_window == timedelta(hours=hours)


def test_schedules_are_made_up_in_texts_in_lists_and_in_values() -> None:
    text = "every 10m between 08:00 and 18:00 on weekdays"
    expected = parse_schedule(text, tz="Europe/Berlin")
    value = every("10m").between("08:00", "18:00", on="weekdays", tz="Europe/Berlin")
    assert made(plain, text, tz="Europe/Berlin").trigger == expected
    assert made(plain, value).trigger == expected
    assert made(plain, [text, "@daily"], tz="Europe/Berlin").trigger == any_of(
        [expected, parse_schedule("@daily", tz="Europe/Berlin")]
    )
    assert wrong(plain, ["@daily", "every 10m between 8 and 18"]) == [
        'schedule.1: "8" is not a time of day (did you mean "every 10m between 08:00 and 18:00"?)'
    ]
    assert made(plain, text).trigger == made(plain, text).trigger
    assert definition_of(made(plain, text)) == definition_of(made(plain, text))
