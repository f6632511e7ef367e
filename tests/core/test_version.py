"""A job's definition: the same text for the same job in every process, another one for every change that counts."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from boards import NOON
from jobdoubles import ACTION, S

from asched.core.action import Command, Function, Request
from asched.core.localtime.cron import Cron
from asched.core.model import Job, Policies, Retry
from asched.core.triggers.interval import AfterFinish, Every
from asched.core.triggers.startup import Startup
from asched.core.triggers.union import AnyOf
from asched.core.version import definition_of, same_trigger

JOB = Job("backup", ACTION, Every(10 * S))

CHANGES = [
    {"trigger": Every(11 * S)},
    {"trigger": None},
    {"policies": Policies(max_instances=2)},
    {"policies": Policies(retry=Retry(attempts=3))},
    {"policies": Policies(timeout=5 * S)},
    {"after": ("rates",)},
    {"args": {"base": "EUR"}},
    {"tags": ("night",)},
    {"description": "what it is for"},
    {"action": Function(print, "builtins:print", "thread")},
    {"action": Command(("true",))},
    {"action": Request("GET", "https://example.org")},
    {"secrets": {"TOKEN": "x"}},
    {"timezone": "Europe/Berlin"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_change_of_what_a_job_is_makes_another_definition(change):
    assert definition_of(replace(JOB, **change)) != definition_of(JOB)


def test_where_it_stands_in_a_file_and_which_object_is_called_is_no_part_of_it():
    moved = replace(JOB, source="jobs/backup.py:99", action=Function(repr, "builtins:print", "coroutine"))
    assert definition_of(moved) == definition_of(JOB)


def test_the_values_of_secrets_are_not_in_it():
    one = replace(JOB, secrets={"TOKEN": "hunter2"}, action=Command(("x",), secrets={"PASSWORD": "swordfish"}))
    said = definition_of(one)
    assert ("hunter2" in said, "swordfish" in said, "TOKEN" in said, "PASSWORD" in said) == (False, False, True, True)
    assert definition_of(replace(one, secrets={"TOKEN": "another"})) == said
    web = replace(JOB, action=Request("GET", "https://e.org", secret_headers={"Authorization": "Bearer hunter2"}))
    assert "hunter2" not in definition_of(web)


def test_an_object_without_a_json_form_reads_the_same_in_every_process():
    class Thing:
        pass

    said = definition_of(replace(JOB, args={"thing": Thing(), "when": NOON, "raw": b"x"}))
    assert " at 0x" not in said
    assert definition_of(replace(JOB, args={"thing": Thing(), "when": NOON, "raw": b"x"})) == said


def test_a_set_reads_the_same_whatever_the_hash_seed():
    code = (
        "from asched.core.model import Job; from asched.core.action import Command;"
        "from asched.core.version import definition_of;"
        "print(definition_of(Job('a', Command(('x',)), args={'hosts': {'db1', 'db2', 'db3', 'db4', 'db5'}})))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(told) == 1


def test_it_is_canonical_json_with_the_trigger_as_declared():
    said = json.loads(definition_of(JOB))
    assert said["trigger"] == {"kind": "every", "period": "10s", "anchor": None}
    assert said["action"]["ref"] == "builtins:print"
    assert definition_of(replace(JOB, args={"b": 1, "a": 2})) == definition_of(replace(JOB, args={"a": 2, "b": 1}))


TRIGGERS = [Every(10 * S), Every(10 * S, NOON), AfterFinish(10 * S), Cron("0 9 * * *"), Cron("0 9 * * *", "Asia/Tokyo"),
            AnyOf((Startup(), Every(10 * S))), None]  # fmt: skip


def test_two_definitions_have_the_same_trigger_only_when_it_is_the_same():
    for one in TRIGGERS:
        for other in TRIGGERS:
            same = same_trigger(
                definition_of(replace(JOB, trigger=one)),
                definition_of(replace(JOB, trigger=other, description="else")),
            )
            assert same == (one == other)


@pytest.mark.parametrize("change", [{}, *CHANGES, {"args": {"b": {"y": (), "x": {}}, "a": [S]}}], ids=str)
def test_it_is_written_in_one_way_only(change):
    said = definition_of(replace(JOB, **change))
    assert json.dumps(json.loads(said), sort_keys=True, separators=(",", ":")) == said


def test_what_a_ledger_holds_of_a_job_that_says_little_is_this():
    assert definition_of(JOB) == (
        '{"action":{"kind":"function","mode":"coroutine","ref":"builtins:print","run_parameter":null},"after":[],"args":{},'
        '"conditions":[],"description":"","disabled":"",'
        '"expect":{"not_output":"","output":"","result":null,"some_output":false},"name":"backup","needs":[],'
        '"policies":{"catch_up":"latest","catch_up_max":100,"catch_up_window":null,"cooldown":0.0,"exclusive":[],'
        '"grace":10.0,"idempotent":false,"jitter":0.0,"key":[],"kill_after":10.0,"max_instances":1,"on_resume":"skip",'
        '"overlap":"skip","pause_after":null,"poll":30.0,"pool":[],"priority":0,"probe_after":3600.0,"quarantine":true,'
        '"queue_max":100,"retry":{"attempts":1,"delay":10.0,"factor":2.0,"jitter":0.1,"max_delay":900.0,"on":[]},'
        '"run_timeout":null,"timeout":null,"wait":null},"secrets":[],"tags":[],"timezone":"UTC",'
        '"trigger":{"anchor":null,"kind":"every","period":"10s"},"wished":{}}'
    )


def test_a_text_that_looks_like_a_piece_of_it_stays_a_text():
    said = json.loads(definition_of(replace(JOB, name='"name":""', description='"name":""', disabled='{"name":""}')))
    assert (said["name"], said["description"], said["disabled"]) == ('"name":""', '"name":""', '{"name":""}')


def test_what_is_called_need_have_no_hash():
    class Called(dict):
        def __call__(self):
            return None

    action = Function(Called(), "builtins:print", "coroutine")
    assert definition_of(replace(JOB, action=action)) == definition_of(JOB)
