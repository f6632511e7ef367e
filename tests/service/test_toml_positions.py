"""The scanner finds every key and value where tomllib read them."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asched.service.toml_positions import Place, Positions, _Scan

TEXT = """\
title = "a"
[service]
  "quoted key".'other' = 1   # a comment
retention = { days = 30, "runs" = [1,
  2] }
[[job]]
name = 'one'
[job.env]
A = "\\u0041b\\tc"
[[job]]
name = \"\"\"
long \\
   line\"\"\"
at = 2026-12-24 17:30:00
"""

PLACES: list[tuple[tuple[str | int, ...], str, str]] = [
    (("title",), "1:1 title", '1:9 "a"'),
    (("service",), "2:2 service", "2:1 [service]"),
    (("service", "quoted key"), '3:3 "quoted key"', '3:3 "quoted key"'),
    (("service", "quoted key", "other"), "3:16 'other'", "3:26 1"),
    (("service", "retention", "days"), "4:15 days", "4:22 30"),
    (("service", "retention", "runs"), '4:26 "runs"', "4:35 [1,"),
    (("service", "retention", "runs", 1), "5:3 2", "5:3 2"),
    (("job",), "6:1 [[job]]", "6:1 [[job]]"),
    (("job", 0, "name"), "7:1 name", "7:8 'one'"),
    (("job", 0, "env"), "8:6 env", "8:1 [job.env]"),
    (("job", 0, "env", "A"), "9:1 A", '9:5 "\\u0041b\\tc"'),
    (("job", 1), "10:1 [[job]]", "10:1 [[job]]"),
    (("job", 1, "at"), "14:1 at", "14:6 2026-12-24 17:30:00"),
    (("job", 1, "nothing", "there"), "10:1 [[job]]", "10:1 [[job]]"),
]


@pytest.mark.parametrize(("path", "key", "value"), PLACES)
def test_keys_and_values_have_their_places(path: tuple[str | int, ...], key: str, value: str) -> None:
    positions = Positions(TEXT)
    assert (shown(positions.key(path)), shown(positions.value(path))) == (key, value)


SPANS: list[tuple[str, tuple[int, int], str]] = [
    ('x = "61 3"', (0, 2), "1:6 61"),
    ("x = '61 3'", (3, 4), "1:9 3"),
    ('x = "\\u0041\\tb"', (2, 3), "1:14 b"),
    ('x = "\\u0041\\tb"', (0, 1), "1:6 \\u0041"),
    ('x = """\nab\ncd"""', (3, 5), "3:1 cd"),
    ("x = '''a'b'''", (2, 3), "1:10 b"),
    ('x = "ab"', (2, 4), '1:8 "'),
    ("x = 31", (0, 1), "1:5 31"),
    ('x = ["a", "bc"]', (0, 1), '1:5 ["a", "bc"]'),
]


@pytest.mark.parametrize(("text", "span", "found"), SPANS)
def test_a_span_within_a_string_counts_escapes_as_one(text: str, span: tuple[int, int], found: str) -> None:
    assert shown(Positions(text).within(("x",), span)) == found


def test_windows_line_ends_do_not_shift_anything() -> None:
    assert shown(Positions(TEXT.replace("\n", "\r\n")).value(("job", 0, "name"))) == "7:8 'one'"


def test_an_empty_text_has_a_place_for_everything() -> None:
    assert Positions("").value(("a", "b")) == Place(1, 1, 1, "")


def shown(place: Place) -> str:
    return f"{place.line}:{place.column} {place.source[place.column - 1 : place.column - 1 + place.length]}"


keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=5) | st.sampled_from(
    ["a", "b-1"]
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\x7f"), max_size=8)
scalars = texts | st.integers(-99, 99) | st.booleans() | st.floats(-9, 9)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))
tables = st.dictionaries(keys, values, max_size=4)
blanks = st.sampled_from(["", " ", "\t "])


@given(st.data(), tables, st.dictionaries(keys, tables, max_size=2), st.lists(tables, min_size=0, max_size=3))
def test_every_value_stands_where_the_scanner_says(
    data: st.DataObject, root: dict[str, Any], named: dict[str, dict[str, Any]], listed: list[dict[str, Any]]
) -> None:
    named = {name: table for name, table in named.items() if name not in root}
    lines = pairs(data, root)
    for name, table in named.items():
        lines += [f"[ {key_text(data, name)} ] # a comment", *pairs(data, table)]
    for table in listed if "job" not in root | named else []:
        lines += ["[[job]]", *pairs(data, table)]
    text = data.draw(st.sampled_from(["\n", "\n\n", "\n# [x] = 'y'\n"])).join(lines) + "\n"
    loaded = tomllib.loads(text)

    scan = _Scan(text)
    scan.document()
    wanted = dict(walk(loaded))
    assert set(scan.values) | set(scan.keys) == set(wanted)
    for path, (start, end) in scan.values.items():
        if not text[start:end].startswith("[") or isinstance(wanted[path], list):
            assert tomllib.loads(f"v = {text[start:end]}")["v"] == wanted[path]
    for path, (start, end) in scan.keys.items():
        if not text[start:end].startswith("[["):
            assert tomllib.loads(f"{text[start:end]} = 1") == {path[-1]: 1}


@given(st.data(), texts)
def test_every_character_of_a_string_has_its_place(data: st.DataObject, text: str) -> None:
    written = string_text(data, text)
    positions = Positions(f"x = {written}\n")
    for at, letter in enumerate(text):
        place = positions.within(("x",), (at, at + 1))
        found = place.source[place.column - 1 : place.column - 1 + place.length]
        if letter != "\n" and found and written.startswith("'"):
            assert found == letter  # a literal string has no escapes
        elif letter != "\n" and found:
            assert tomllib.loads(f'v = """{found}"""' if found != '"' else "v = '\"'")["v"] == letter


def walk(value: object, path: tuple[str | int, ...] = ()) -> Any:
    if path:
        yield path, value
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from walk(inner, (*path, key))


def pairs(data: st.DataObject, table: dict[str, Any]) -> list[str]:
    gap = data.draw(blanks)
    return [f"{gap}{key_text(data, key)}{gap}={gap}{value_text(data, value)}" for key, value in table.items()]


def key_text(data: st.DataObject, key: str) -> str:
    is_bare = key != "" and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in key)
    return (
        key
        if is_bare and data.draw(st.booleans())
        else json.dumps(key, ensure_ascii=data.draw(st.booleans()) and key.isascii())
    )


def value_text(data: st.DataObject, value: object) -> str:
    match value:
        case str():
            return string_text(data, value)
        case list():
            gap = data.draw(st.sampled_from(["", " ", "\n  ", " # no ] here\n"]))
            comma = "," if value and data.draw(st.booleans()) else ""
            return f"[{gap}" + f"{gap},{gap}".join(value_text(data, item) for item in value) + f"{comma}{gap}]"
        case dict():
            inner = ", ".join(f"{key_text(data, key)} = {value_text(data, item)}" for key, item in value.items())
            return f"{{ {inner} }}"
        case _:
            return json.dumps(value)


def string_text(data: st.DataObject, text: str) -> str:
    """In one of the kinds of strings that can hold it."""
    kinds = [json.dumps(text, ensure_ascii=text.isascii())]
    is_printable = all(letter.isprintable() for letter in text)
    if is_printable and "'" not in text:
        kinds += [f"'{text}'", f"'''{text}'''", f"'''\n{text}'''"]
    if is_printable and "\\" not in text and '"' not in text:
        kinds += [
            f'"""{text}"""',
            f'"""\n{text}"""',
            f'"""\\\n   {text}"""' if not text.startswith((" ", "\t")) else f'"{text}"',
        ]
    return data.draw(st.sampled_from(kinds))
