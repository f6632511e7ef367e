"""The empty mapping that all share is never anything but empty."""

import copy
import json
import pickle

import pytest

from asched.core.action import Function
from asched.core.model import Job
from asched.core.nothing import NOTHING


@pytest.mark.parametrize(
    "fill",
    [
        lambda mapping: mapping.__setitem__("a", 1),
        lambda mapping: mapping.setdefault("a", 1),
        lambda mapping: mapping.update(a=1),
        lambda mapping: mapping.__ior__({"a": 1}),
    ],
)
def test_nobody_puts_anything_in(fill):
    with pytest.raises(TypeError, match="shared"):
        fill(NOTHING)
    assert NOTHING == {}


def test_it_reads_as_any_empty_dict_does():
    assert (repr(NOTHING), json.dumps(NOTHING), NOTHING | {"a": 1}, {**NOTHING}) == ("{}", "{}", {"a": 1}, {})


def test_a_copy_of_it_is_itself():
    assert [copy.deepcopy(NOTHING), pickle.loads(pickle.dumps(NOTHING))] == [NOTHING, NOTHING]
    assert copy.deepcopy(NOTHING) is NOTHING


def test_two_jobs_without_arguments_share_it():
    one, other = (Job(name, Function(print, "builtins:print", "thread")) for name in ("one", "other"))
    assert one.args is other.args is one.secrets is NOTHING
