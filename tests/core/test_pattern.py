"""A pattern of ours is a compiled pattern, that is not compiled before it is asked."""

import copy
import re
from importlib import import_module
from pathlib import Path

import pytest

import asched
from asched.core.text.pattern import pattern

HOME = Path(asched.__file__).parent
FILES = sorted(file for file in HOME.rglob("*.py") if re.search(r"= pattern\(", file.read_text(encoding="utf-8")))


def patterns_in(file):
    name = ".".join(["asched", *file.relative_to(HOME).with_suffix("").parts])
    return [one for one in vars(import_module(name)).values() if type(one) is type(pattern(""))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOME)))
def test_those_of_each_file_can_be_compiled(file):
    found = patterns_in(file)
    assert found
    assert all(isinstance(one.groups, int) for one in found)


def test_it_finds_what_the_compiled_one_finds():
    ours, theirs = pattern("(?P<word>[a-z]+)", re.IGNORECASE), re.compile("(?P<word>[a-z]+)", re.IGNORECASE)
    for method in ("match", "fullmatch", "search", "findall", "split"):
        for text in ("Ab", "1 ab", ""):
            assert repr(getattr(ours, method)(text)) == repr(getattr(theirs, method)(text))
    assert (ours.pattern, ours.flags, ours.groupindex) == (theirs.pattern, theirs.flags, theirs.groupindex)


def test_it_is_compiled_when_it_is_first_asked(monkeypatch):
    compiled = []
    monkeypatch.setattr(re, "compile", lambda *given: compiled.append(given) or re._compile(*given))
    ours = pattern("[0-9]+")
    assert not compiled
    assert [bool(ours.fullmatch(text)) for text in ("12", "13", "x")] == [True, True, False]
    assert compiled == [("[0-9]+", 0)]


def test_it_can_be_copied():
    assert copy.deepcopy(pattern("a+")).fullmatch("aa")
