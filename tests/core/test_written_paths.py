"""Paths in a schedule: in quotes where something in them would be read as a part of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.core.grammar.phrases import parse_schedule
from asched.core.triggers.union import AnyOf
from asched.core.triggers.watch import Watch


@pytest.mark.parametrize(
    ("text", "path", "canonical"),
    [
        ("when '/data/a|b' changes", "/data/a|b", "when '/data/a|b' changes"),
        ('when "/data/a&b" changes', "/data/a&b", "when '/data/a&b' changes"),
        ("WHEN  '/data/in'  CHANGES", "/data/in", "when /data/in changes"),
        ("when '/data/it''s a|b' changes", "/data/it's a|b", "when '/data/it''s a|b' changes"),
        ('when "/data/it\'s a|b" changes', "/data/it's a|b", "when '/data/it''s a|b' changes"),
        ("when /data/it's changes", "/data/it's", "when /data/it's changes"),
        ("when /data/my files/*.csv changes", "/data/my files/*.csv", "when /data/my files/*.csv changes"),
        ("when '/data/on call' changes", "/data/on call", "when /data/on call changes"),
        ("when '/data/be on call' changes", "/data/be on call", "when '/data/be on call' changes"),
        ("when '/data/a except b' changes", "/data/a except b", "when '/data/a except b' changes"),
        ("when '/data/in (' changes", "/data/in (", "when '/data/in (' changes"),
        ("when '/data/in ' changes", "/data/in ", "when '/data/in ' changes"),
        ("when '~/a changes' changes", "~/a changes", "when '~/a changes' changes"),
    ],
)
def test_quotes_are_read_and_written_where_they_are_needed(text: str, path: str, canonical: str) -> None:
    made = parse_schedule(text)
    assert made == Watch(path)
    assert made.text() == canonical
    assert parse_schedule(canonical) == made


PIECES = [
    *"|&()'\" ",
    "/",
    "a",
    "on",
    "from",
    "5 times",
    "changes",
    "has files",
    "when",
    "except",
    "until",
    " between ",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=9).map(lambda pieces: "/d" + "".join(pieces)),
    st.sampled_from(["changes", "has files"]),
)
def test_whatever_is_in_a_path_it_reads_back(path: str, event: str) -> None:
    made = Watch(path, event)  # type: ignore[arg-type]
    assert parse_schedule(made.text()) == made
    both = AnyOf((made, Watch("/other|one")))
    assert parse_schedule(both.text()) == both


def test_what_is_quoted_stands_beside_others() -> None:
    made = parse_schedule("@daily | (while '/data/a) | (b' has files)")
    assert made == AnyOf((parse_schedule("@daily"), Watch("/data/a) | (b", "has files")))
