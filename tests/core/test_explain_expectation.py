"""What a job expects, in words."""

from dataclasses import replace

import pytest
from jobdoubles import a_job

from asched.core.action import Command, Request
from asched.core.english.expectation import explain_expectation
from asched.core.expectation import Expectation, Predicate

COMMAND, REQUEST = Command(("true",), success_codes=(0, 3)), Request("GET", "http://x", expect_status=(404,))
PHRASES = [
    (a_job(), ""),
    (replace(a_job(), action=COMMAND), "exit 0 or 3"),
    (replace(a_job(), action=REQUEST), "status 404"),
    (replace(a_job(), expect=Expectation(some_output=True)), "some output"),
    (
        replace(a_job(), action=COMMAND, expect=Expectation("ok", "ERR", some_output=True)),
        'exit 0 or 3, output that matches "ok" and no output that matches "ERR"',
    ),
    (replace(a_job(), expect=Expectation(result=Predicate(bool, "bool"))), "a result for which bool holds"),
]


@pytest.mark.parametrize(("job", "phrase"), PHRASES)
def test_what_a_job_expects_in_words(job, phrase):
    assert explain_expectation(job) == phrase
