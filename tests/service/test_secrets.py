"""Secrets are references, and their values are found in nothing that leaves us."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.action import Command, Request
from asched.core.model import Job
from asched.declaration.faults import Fault
from asched.service.secrets import Masker, Reference, Secrets, read_reference, resolve, secret_values

CANARY = "c4nary/+ s€cret"


def test_a_variable_or_a_file_gives_the_value(tmp_path: Path) -> None:
    for content, value in ((b"x", "x"), (b"x\n", "x"), (b"x\r\n", "x"), (b"x\n\n", "x\n"), (b" x ", " x ")):
        (tmp_path / "secret").write_bytes(content)
        assert resolve(Reference(file="secret"), env={}, folder=tmp_path) == value
    assert resolve(Reference(env="A"), env={"A": "x\n"}, folder=tmp_path) == "x\n"


ABSENT: list[tuple[Reference, bytes | None, str]] = [
    (Reference(env="A"), None, "secret A is not set: export it in the environment"),
    (Reference(env="EMPTY"), None, "secret EMPTY is not set: export it in the environment"),
    (Reference(file="no"), None, "secret file {}/no cannot be read: No such file or directory"),
    (Reference(file="f"), b"", "secret file {}/f is empty"),
    (Reference(file="f"), b"\n", "secret file {}/f is empty"),
    (Reference(file="f"), b"a\0b", "secret file {}/f holds a NUL"),
    (Reference(file="f"), b"\xff", "secret file {}/f is not UTF-8 text"),
    (Reference(file="f"), b"x" * 70_000, "secret file {}/f is larger than 64 kB"),
]


@pytest.mark.parametrize(("reference", "content", "message"), ABSENT)
def test_what_is_not_there_says_so(tmp_path: Path, reference: Reference, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    with pytest.raises(LookupError) as caught:
        resolve(reference, env={"EMPTY": ""}, folder=tmp_path)
    assert caught.value.args == (message.format(tmp_path),)


REFERENCES: list[tuple[object, Reference | str]] = [
    ({"env": "A"}, Reference(env="A")),
    ({"file": "/a"}, Reference(file="/a")),
    (CANARY, '"TOKEN" must be a reference: secrets are references, never values'),
    ({}, '"TOKEN" needs one of env and file'),
    ({"env": "A", "file": "b"}, '"TOKEN" needs one of env and file'),
    ({"env": 3}, '"TOKEN" needs one of env and file'),
    ({"envv": "A"}, 'unknown key "envv" of a secret'),
]


@pytest.mark.parametrize(("value", "expected"), REFERENCES)
def test_references(value: object, expected: Reference | str) -> None:
    faults: list[Fault] = []
    reference = read_reference(value, ("TOKEN",), faults)
    assert (reference or faults[0].message) == expected
    assert CANARY not in repr(faults)
    assert all(fault.of_key for fault in faults)  # the line, which may hold the value, is not shown


def test_named_references_win_over_the_environment() -> None:
    secrets = Secrets({"A": Reference(env="B"), "C": Reference(env="NO")}, env={"A": "a", "B": "b", "D": "d", "E": ""})
    assert (secrets("A"), secrets("D"), secrets("E"), secrets("X")) == ("b", "d", None, None)
    with pytest.raises(LookupError, match="secret NO is not set"):
        secrets("C")


FORMS = [
    CANARY,
    quote(CANARY),
    quote(CANARY, safe=""),
    quote_plus(CANARY),
    json.dumps(CANARY),
    json.dumps(CANARY, ensure_ascii=False),
    repr(CANARY),
]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_value_is_masked(form: str) -> None:
    masked = Masker([CANARY]).mask(f"before {form} after")
    assert masked.replace('"', "").replace("'", "") == "before *** after"


@given(st.text(max_size=9), st.text(st.characters(codec="utf-8"), min_size=8, max_size=20), st.text(max_size=9))
def test_base64_is_masked_wherever_the_value_begins(before: str, value: str, after: str) -> None:
    raw = (before + value + after).encode("utf-8", "replace")
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        masked = Masker([value]).mask(encode(raw).decode())
        assert "***" in masked
        assert len(masked.replace("***", "")) <= -(-4 * (len(raw) - len(value.encode())) // 3) + 8


def test_longer_values_go_first_and_short_ones_stay() -> None:
    assert Masker(["hunter", "hunter22"]).mask("hunter22 hunter") == "*** ***"
    assert Masker(["abc", ""]).mask("abc") == "abc"
    assert Masker().mask("abc") == "abc"


def test_lines_of_a_key_are_masked_one_by_one() -> None:
    masker = Masker(["-----BEGIN KEY-----\nMIIabcdefgh\n-----END KEY-----"])
    assert masker.mask("line: MIIabcdefgh") == "line: ***"


@given(st.text(min_size=4), st.text())
def test_a_masked_value_is_found_nowhere(value: str, around: str) -> None:
    masked = Masker([value]).mask(around + value + around)
    assert value not in masked.replace("***", "\0")


def test_the_values_that_jobs_were_given() -> None:
    jobs = [
        Job("a", Command(("ls",), secrets={"X": "1"}), secrets={"Y": "2"}),
        Job("b", Request("GET", "http://x", secret_headers={"Z": "Bearer 3"})),
    ]
    assert secret_values(jobs) == {"1", "2", "Bearer 3", "3"}
