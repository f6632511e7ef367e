"""A definition in pieces says exactly what its text says, wherever it was cut."""

import pytest
from boards import NOON
from hypothesis import given
from hypothesis import strategies as st
from jobdoubles import ACTION, S

from asched.core.model import Job
from asched.core.triggers.interval import Every
from asched.core.version import definition_of, written
from asched.core.written import Written, cut

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
    assert str(cut(text, name)) == text


ARGS = [{}, {"index": 1}, {"name": "job"}, {"args": {}}, {"text": '"args":{},"name":"job"'}, {"at": NOON}]


@pytest.mark.parametrize("args", ARGS, ids=str)
def test_what_is_written_and_what_is_read_back_are_cut_at_the_same_places(args):
    job = Job("job", ACTION, Every(10 * S), args=args)
    read = cut(definition_of(job), "job")
    assert (read.shape, read.args, read.name) == (written(job).shape, written(job).args, "job")


def test_it_equals_what_says_the_same_and_nothing_else():
    all_of_it = [Job(name, ACTION, Every(10 * S), args=args) for name in ("job", "other") for args in ARGS]
    texts = [definition_of(job) for job in all_of_it]
    assert len(set(texts)) == len(texts)
    for job, text in zip(all_of_it, texts, strict=True):
        whole = Written((text, "", ""))
        for other in [held for one in all_of_it for held in (written(one), cut(definition_of(one), one.name))]:
            same = str(other) == text
            assert (written(job) == other, whole == other, other == text, text == other) == (same,) * 4
            assert not same or hash(whole) == hash(other) == hash(text)
    assert written(all_of_it[0]) != 1


def test_jobs_that_differ_by_name_and_arguments_share_the_rest():
    one, other = (written(Job(name, ACTION, Every(10 * S), args={"name": name})) for name in ("a", "b"))
    assert one.shape is other.shape
    assert cut(str(other), "b").shape is one.shape
