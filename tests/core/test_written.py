"""A definition in pieces says exactly what its text says, wherever it was cut."""

import itertools
from dataclasses import replace

import pytest
from boards import NOON
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import ACTION, S

from asched.core import version
from asched.core.action import Command
from asched.core.model import Job
from asched.core.triggers.interval import Every
from asched.core.version import definition_of, written
from asched.core.written import cut, whole

TEXTS = st.one_of(
    st.text(),
    st.builds(
        lambda before, args, between, name, after: f'{before}"args":{args}{between}"name":"{name}"{after}',
        st.text(),
        st.sampled_from(["{}", '{"a":1}', '{"name":"job"}', "{", "", '{"args":{}}']),
        st.text(),
        st.sampled_from(["job", "other", ""]),
        st.text(),
    ),
)


@given(TEXTS, st.sampled_from(["job", "other", ""]))
def test_every_text_comes_back_as_it_was(text, name):
    assert cut(text, name).of(name) == text


ARGS = [{}, {"index": 1}, {"name": "job"}, {"args": {}}, {"text": '"args":{},"name":"job"'}, {"at": NOON}]


@pytest.mark.parametrize("args", ARGS, ids=str)
def test_what_is_written_and_what_is_read_back_are_cut_at_the_same_places(args):
    job = Job("job", ACTION, Every(10 * S), args=args)
    assert cut(definition_of(job), "job") == written(job)


def test_it_says_what_its_text_says_however_that_is_cut():
    jobs = [Job("job", action, Every(10 * S), args=args) for action in (ACTION, Command(("x",))) for args in ARGS]
    for one, other in itertools.product(jobs, jobs):
        text = definition_of(other)
        for held in (written(other), cut(text, "job"), whole(text)):
            assert written(one).says(held, "job") == held.says(written(one), "job") == (definition_of(one) == text)


def test_jobs_that_differ_by_name_alone_share_it_and_those_with_other_arguments_the_rest():
    one, other = (Job(name, ACTION, Every(10 * S)) for name in ("a", "b"))
    version._around.cache_clear()  # what is remembered of other tests may have no shape any more
    version._last.clear()
    assert written(one) is written(other)
    assert cut(definition_of(other), "b") is written(one)
    assert written(replace(one, args={"index": 1})).shape is written(other).shape
