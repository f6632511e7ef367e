"""One set of options, every fault in it found at once, each at its place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from asched.core.model import CatchUp, Overlap, Policies, Retry
from asched.declaration.faults import Fault, did_you_mean
from asched.declaration.options import OPTIONS, JobOptions, policies_of, read_options
from asched.declaration.optionvalues import READERS


def test_every_option_has_a_reader_and_every_reader_an_option() -> None:
    assert set(READERS) == set(OPTIONS) == {name.rstrip("_") for name in JobOptions.__annotations__}


def policies_from(options: Mapping[str, object]) -> tuple[Policies, tuple[Fault, ...]]:
    values, faults = read_options(options)
    return policies_of(values), faults


def test_no_options_are_the_default_policies() -> None:
    assert policies_from({}) == (Policies(), ())


GOOD: list[tuple[str, object, object]] = [
    ("timeout", "1m30s", timedelta(seconds=90)),
    ("timeout", 90, timedelta(seconds=90)),
    ("timeout", 0.5, timedelta(milliseconds=500)),
    ("timeout", timedelta(minutes=2), timedelta(minutes=2)),
    ("timeout", None, None),
    ("timeout", "none", None),
    ("run_timeout", "2h", timedelta(hours=2)),
    ("run_timeout", "none", None),
    ("kill_after", "0s", timedelta(0)),
    ("grace", 0, timedelta(0)),
    ("catch_up_window", "24h", timedelta(hours=24)),
    ("catch_up", "all", CatchUp.ALL),
    ("catch_up", CatchUp.FIRST, CatchUp.FIRST),
    ("overlap", "queue_one", Overlap.QUEUE_ONE),
    ("retry", 3, Retry(attempts=3)),
    ("retry", Retry(attempts=2), Retry(attempts=2)),
    ("retry", {"attempts": 3, "delay": "1m"}, Retry(attempts=3, delay=timedelta(minutes=1))),
    ("retry", {"attempts": 2, "on": TimeoutError}, Retry(attempts=2, on=("builtins.TimeoutError",))),
    ("retry", {"attempts": 2, "on": ["OSError", ValueError]}, Retry(attempts=2, on=("OSError", "builtins.ValueError"))),
    ("priority", -3, -3),
    ("idempotent", True, True),
    ("max_instances", 4, 4),
]


@pytest.mark.parametrize(("option", "value", "read"), GOOD)
def test_an_option_becomes_its_policy(option: str, value: object, read: object) -> None:
    policies, faults = policies_from({option: value})
    assert faults == ()
    assert getattr(policies, option) == read


BAD: list[tuple[Mapping[str, object], str, str]] = [
    ({"max_instance": 1}, 'max_instance  unknown option "max_instance"', 'did you mean "max_instances"?'),
    ({"catch-up": "all"}, 'catch-up  unknown option "catch-up"', 'did you mean "catch_up"?'),
    ({"notify": ["ops"]}, 'notify  option "notify" is not in this version yet', "take it out"),
    ({"process": True}, 'process  option "process" is not in this version yet', "take it out"),
    ({"timeout": "5q"}, 'timeout[0:2]  timeout: "q" is not a unit of time', "*"),
    ({"timeout": "5 mintues"}, 'timeout[0:9]  timeout: "mintues" is not a unit of time', 'did you mean "minutes"?'),
    ({"timeout": "5"}, "timeout[0:1]  timeout: a duration needs a unit", 'did you mean "5s"?'),
    ({"timeout": "soon"}, 'timeout  timeout: "soon" is not a duration', "*"),
    ({"timeout": 0}, "timeout  timeout of 0 leaves no time at all", 'write "none" for no limit'),
    ({"jitter": -1}, "jitter  jitter cannot be negative", ""),
    ({"jitter": timedelta(-1)}, "jitter  jitter cannot be negative", ""),
    ({"jitter": float("nan")}, "jitter  jitter: nan is not a duration", "*"),
    ({"grace": True}, 'grace  grace must be a duration such as "30s" or a number of seconds, not true', ""),
    ({"grace": None}, 'grace  grace must be a duration such as "30s" or a number of seconds, not null', ""),
    (
        {"overlap": "skp"},
        'overlap  overlap must be "skip", "queue_one", "queue", "replace", "terminate" or "allow", not "skp"',
        'did you mean "skip"?',
    ),
    ({"catch_up": 3}, 'catch_up  catch_up must be "none", "latest", "first" or "all", not 3', ""),
    (
        {"dst": "frist"},
        'dst  dst must be "auto", "skip", "first", "last" or "both", not "frist"',
        'did you mean "first"?',
    ),
    ({"day_rule": "or"}, 'day_rule  day_rule must be "crontab" or "and", not "or"', ""),
    ({"tz": "Europe/Berln"}, 'tz  unknown time zone "Europe/Berln"', "*"),
    ({"tz": 3}, 'tz  tz must be a time zone such as "Europe/Berlin", not 3', ""),
    ({"max_instances": 0}, "max_instances  max_instances must be at least 1, not 0", ""),
    ({"max_instances": "2"}, 'max_instances  max_instances must be a whole number, not "2"', ""),
    ({"max_instances": True}, "max_instances  max_instances must be a whole number, not true", ""),
    ({"priority": 1.5}, "priority  priority must be a whole number, not 1.5", ""),
    ({"idempotent": "yes"}, 'idempotent  idempotent must be true or false, not "yes"', ""),
    ({"retry": 0}, "retry  retry must be at least 1, not 0", ""),
    ({"retry": "3"}, 'retry  retry must be a number of attempts or a table such as { attempts = 3 }, not "3"', ""),
    ({"retry": {}}, "retry  retry needs attempts", "as in { attempts = 3 }, the first included"),
    ({"retry": {"attempts": 2, "dely": 1}}, 'retry.dely  unknown option "dely"', 'did you mean "delay"?'),
    ({"retry": {"attempts": 2, "delay": "1x"}}, 'retry.delay[0:2]  retry.delay: "x" is not a unit of time', "*"),
    ({"retry": {"attempts": 2, "factor": 0}}, "retry.factor  retry.factor must be a number of 1 or more, not 0", ""),
    ({"retry": {"attempts": 2, "jitter": 2}}, "retry.jitter  retry.jitter must be a number from 0 to 1, not 2", ""),
    (
        {"retry": {"attempts": 2, "on": ["OSError", 3]}},
        'retry.on[1]  retry.on[1] must be an exception class, or its name such as "TimeoutError", not 3',
        "",
    ),
    ({"tags": "nightly"}, 'tags  tags must be a list of texts, not "nightly"', 'write ["nightly"]'),
    ({"tags": ["a", 1]}, "tags[1]  tags[1] must be a text, not 1", ""),
    (
        {"secrets": ["API-KEY"]},
        'secrets[0]  secrets[0] must be a name like an environment variable\'s, not "API-KEY"',
        "letters, digits and _ only",
    ),
    ({"after": 3}, "after  after must be the name of a job, or its decorated function, not 3", ""),
    (
        {"after": {"a": "fails"}},
        'after.a  after.a must be "succeeded", "failed" or "ended", not "fails"',
        'did you mean "failed"?',
    ),
    ({"after": {3: "failed"}}, "after  after must be the name of a job, or its decorated function, not 3", ""),
    ({"except": 3}, "except  except must be a list of calendars, not 3", 'as in ["de"]'),
    ({"except_": ["de", 3]}, 'except  except must be a list of calendars, not ["de", 3]', 'as in ["de"]'),
    ({"shift": "later"}, 'shift  shift must be "none", "previous" or "next", not "later"', ""),
    ({"blackout": 3}, "blackout  blackout must be a list of windows, not 3", "*"),
    ({"blackout": {"owed": True}}, "blackout  blackout needs its windows", "*"),
    ({"blackout": {"windows": [], "ow": 1}}, 'blackout.ow  unknown option "ow"', 'did you mean "owed"?'),
    (
        {"blackout": {"windows": "between 1:00 and 2:00", "owed": 1}},
        "blackout.owed  blackout.owed must be true or false, not 1",
        "",
    ),
    ({"args": ["EUR"]}, 'args  args must be a table of arguments such as { base = "EUR" }, not ["EUR"]', ""),
]


@pytest.mark.parametrize(("options", "fault", "help"), BAD, ids=[fault for _, fault, _ in BAD])
def test_what_is_wrong_is_said_at_its_place(options: Mapping[str, object], fault: str, help: str) -> None:
    policies, faults = policies_from(options)
    assert [_line(each) for each in faults] == [fault]
    assert help in ("*", faults[0].help)
    assert policies == Policies()


def test_everything_wrong_is_found_at_once_and_the_right_rest_is_kept() -> None:
    policies, faults = policies_from(
        {"max_instance": 1, "timeout": "x", "overlap": 3, "priority": 7, "retry": {"attempts": 0, "on": [1, 2]}}
    )
    assert [each.path for each in faults] == [
        ("max_instance",), ("timeout",), ("overlap",), ("retry", "attempts"), ("retry", "on", 0), ("retry", "on", 1),
    ]  # fmt: skip
    assert policies == Policies(priority=7)


def test_after_takes_names_functions_and_lists_of_them() -> None:
    def rates() -> None: ...

    read, faults = read_options({"after": ["a", rates, "a"]})
    assert (read["after"], faults) == ({"a": "succeeded", "rates": "succeeded"}, ())
    assert read_options({"after": rates})[0]["after"] == {"rates": "succeeded"}


def test_after_takes_how_each_has_to_end_by_name_or_function() -> None:
    def rates() -> None: ...

    read, faults = read_options({"after": {rates: "failed", "b": "ended"}})
    assert (read["after"], faults) == ({"rates": "failed", "b": "ended"}, ())


def test_help_names_the_nearest_or_else_everything() -> None:
    assert did_you_mean("Overlpa", ["overlap", "grace"]) == 'did you mean "overlap"?'
    assert did_you_mean("xyzzy", ["overlap", "grace"]) == "known: grace, overlap"
    assert did_you_mean("x", []) == ""


def _line(fault: Fault) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault.path).lstrip(".")
    span = "" if fault.span is None else f"[{fault.span[0]}:{fault.span[1]}]"
    return f"{path}{span}  {fault.message}"
