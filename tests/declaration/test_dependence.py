"""What a job needs, and its conditions, as people write them: read, or said to be wrong at its place."""

import sys
from collections.abc import Mapping
from datetime import timedelta

import pytest

from asched.core.action import Function
from asched.core.condition import MainsPower, Network, PathExists, Term
from asched.core.model import Job
from asched.core.need import Need
from asched.core.wait import Wait
from asched.declaration.definition import Declaration, define
from asched.declaration.faults import Fault
from asched.declaration.graph import graph_faults
from asched.declaration.options import read_options

DAY = timedelta(hours=24)


async def work() -> None: ...


def open_today() -> bool:
    return True


def read(**options: object) -> object:
    (value,), faults = [*read_options(options)[0].values()], read_options(options)[1]
    assert faults == ()
    return value


NEEDS = [
    ("a", (Need("a"),)),
    (work, (Need("work"),)),
    (["a", work], (Need("a"), Need("work"))),
    ({"job": "a"}, (Need("a"),)),
    ({"job": work, "within": "24h"}, (Need("work", DAY),)),
    ([{"job": "a", "within": "today"}, {"job": "b", "within": DAY}], (Need("a"), Need("b", DAY))),
]


@pytest.mark.parametrize(("written", "needs"), NEEDS)
def test_needs_are_names_functions_and_tables_with_a_window(written: object, needs: object) -> None:
    assert read(needs=written) == needs


def test_conditions_are_texts_functions_and_names_of_functions() -> None:
    found = read(only_if=["network", open_today, f"{__name__}:open_today"])
    assert isinstance(found, tuple)
    network, given, named = found
    assert network == Network()
    assert isinstance(given, Function)
    assert (given.call, given.mode) == (open_today, "thread")
    assert isinstance(named, Function)
    assert named.call is open_today


@pytest.mark.parametrize(
    ("written", "wait"),
    [("90m", Wait(limit=90 * timedelta(minutes=1))), (5, Wait(limit=timedelta(seconds=5))),
     ("until 10:00", Wait(until=36_000)), (None, None), ("none", None)],
)  # fmt: skip
def test_a_wait_is_a_duration_or_a_time_of_day(written: object, wait: object) -> None:
    assert read(wait=written) == wait


BAD: list[tuple[Mapping[str, object], str]] = [
    ({"needs": 3}, "needs  needs must be the name of a job, or its decorated function, not 3"),
    ({"needs": {"within": "1h"}}, "needs  needs needs a job"),
    ({"needs": {"job": "a", "in": "1h"}}, 'needs.in  unknown option "in"'),
    ({"needs": {"job": "a", "within": "1x"}}, 'needs.within  needs.within: "1x": "x" is not a unit of time'),
    ({"needs": {"job": "a", "within": ["1h"]}}, 'needs.within  needs.within: ["1h"]: not a duration'),
    ({"only_if": "wifi"}, 'only_if  only_if: "wifi" is not a condition that asched knows'),
    ({"only_if": ["network", 3]}, "only_if[1]  only_if[1] must be a condition, not 3"),
    ({"unless": "path /{day} exists"}, "unless  unless: unknown field {day} in '/{day}'"),
    ({"only_if": "nowhere_at_all:x"}, 'only_if  cannot import "nowhere_at_all" (ModuleNotFoundError: No module named'),
    ({"only_if": "json:dump_it"}, 'only_if  "json" has no "dump_it"'),
    ({"only_if": lambda path: True}, 'only_if  only_if: missing argument "path"'),
    ({"wait": "until later"}, 'wait  wait: "until later": "later" is not a time of day'),
    ({"wait": [5]}, "wait  wait: [5]: not a duration"),
    ({"poll": 0}, "poll  poll must be at least 1s, not 0"),
]


@pytest.mark.parametrize(("options", "fault"), BAD, ids=[fault for _, fault in BAD])
def test_what_is_wrong_is_said_at_its_place(options: Mapping[str, object], fault: str) -> None:
    _, (found,) = read_options(options)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.path).lstrip(".")
    assert f"{path}  {found.message}".startswith(fault)


def defined(**options: object) -> Job:
    job = define(Declaration("b", options.pop("schedule", None), options, work))
    assert isinstance(job, Job), job
    return job


def test_a_job_holds_what_it_needs_and_its_conditions_in_the_order_of_only_if_and_unless() -> None:
    job = defined(schedule="daily at 08:30", needs="a", unless="ac power", only_if=["network"], wait="1h", poll="1m")
    assert job.needs == (Need("a"),)
    assert job.conditions == (Term(Network()), Term(MainsPower(), holds=False))
    assert (job.policies.wait, job.policies.poll) == (Wait(limit=timedelta(hours=1)), timedelta(minutes=1))


def test_a_job_may_come_after_others_and_need_others_besides() -> None:
    job = defined(after={"a": "ended"}, needs="b", unless="path /x exists")
    assert (job.after, dict(job.wished), job.needs) == (("a",), {"a": "ended"}, (Need("b"),))
    assert job.conditions == (Term(PathExists("/x"), holds=False),)


def test_a_need_that_names_nobody() -> None:
    jobs = [defined(needs=["rates", "lost"]), Job("rate", defined().action)]
    assert [(job.name, fault) for job, fault in graph_faults(jobs, broken={"lost"})] == [
        ("b", Fault(("needs", 0), 'needs an unknown job "rates"', 'did you mean "rate"?')),
        ("b", Fault(("needs", 1), 'needs job "lost", which could not be loaded')),
    ]


def test_a_module_of_conditions_that_does_not_import_says_so(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "sick_conditions.py").write_text("1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    _, (fault,) = read_options({"only_if": "sick_conditions:ok"})
    assert fault.message == 'cannot import "sick_conditions" (ZeroDivisionError: division by zero)'
    assert "sick_conditions" not in sys.modules
