"""docs/reference/cli.md is the promise: its verbs, flags, exit codes and JSON keys are the real ones."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import Any

import click
import pytest
from clifolder import ROOT, Folder

from asched.cli.app import VERBS, app
from asched.service import exitcodes

TEXT = (ROOT / "docs" / "reference" / "cli.md").read_text()
SECTIONS = dict(re.findall(r"^##+ ([^\n]+)\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
SHARED = {"-c", "--config", "--ledger", "--state-dir", "--json", "-q", "--quiet", "-v", "--verbose"}


def keys(section: str) -> set[str]:
    """Those that a section lists, and those of the objects that it names."""
    text = SECTIONS[section]
    said = re.search(r"(?:K|k)eys?:?((?:\s+`\w+`)+)", text)
    found = set(re.findall(r"\w+", said[1])) if said else set()
    kinds = re.findall(r"a \[(\w+)\]\(#a-", text.partition("JSON: ")[2])
    return found.union(*(keys(f"A {kind}") for kind in kinds[:1]))


def flags(verb: str) -> set[str]:
    command = app.get_command(click.Context(app), verb)
    assert command is not None
    members = command.commands.values() if isinstance(command, click.Group) else ()
    return {name for one in (command, *members) for option in one.params if isinstance(option, click.Option)
            for name in (*option.opts, *option.secondary_opts)}  # fmt: skip


def test_every_verb_is_documented_and_no_other() -> None:
    assert re.findall(r"^### (\w+)$", TEXT.partition("## Verbs")[2], re.MULTILINE) == list(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_flags_of_a_verb_are_those_in_its_table(verb: str) -> None:
    rows = re.findall(r"^\| (`-.*?) \|", SECTIONS[verb], re.MULTILINE)
    assert set(re.findall(r"`(-[\w-]+)`", " ".join(rows))) == flags(verb) - SHARED


@pytest.mark.parametrize("verb", VERBS)
def test_the_flags_of_every_verb_are_those_of_every_verb(verb: str) -> None:
    rows = re.findall(r"^\| (`-.*?) \|", SECTIONS["Flags of every verb"], re.MULTILINE)
    assert set(re.findall(r"`(-[\w-]+)`", " ".join(rows))) - {"-h", "--help"} == SHARED
    assert flags(verb) >= SHARED


def test_the_exit_codes_are_all_of_them() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", SECTIONS["Exit codes"], re.MULTILINE)}
    assert documented == {value for name, value in vars(exitcodes).items() if name.isupper()}


# `--json`, verb by verb; where a service is needed, in test_cli_service.py.


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [
        ("check", ["check"]),
        ("list", ["list"]),
        ("show", ["show", "tick"]),
        ("next", ["next"]),
        ("explain", ["explain", "every 10m"]),
        ("compare", ["compare", "@daily", "@weekly"]),
        ("simulate", ["simulate", "--days", "1"]),
        ("plan", ["plan", "--days", "1"]),
        ("run", ["run", "tick"]),
        ("why", ["why", "tick"]),
        ("history", ["history"]),
        ("runs", ["runs"]),
        ("runs", ["runs", "--skipped"]),
        ("logs", ["logs", "tick"]),
        ("pause", ["pause", "tick"]),
        ("healthcheck", ["healthcheck"]),
        ("audit", ["audit"]),
        ("init", ["init", "new"]),
        ("version", ["version"]),
    ],
)
def test_json_has_the_documented_keys(filled: Folder, verb: str, arguments: list[str]) -> None:
    for typed in (["--json", *arguments], [*arguments, "--json"]) if verb != "init" else ([*arguments, "--json"],):
        said = filled.asched(*typed)
        assert said.err == ""
        assert_keys(said.json, keys(verb))


def test_json_of_resume_and_cancel(filled: Folder) -> None:
    from test_cli_history import leave_open

    filled.asched("pause", "tick")
    assert_keys(filled.asched("resume", "tick", "--json").json, keys("resume"))
    assert_keys(filled.asched("cancel", leave_open(filled), "--json").json, keys("cancel"))


def test_json_of_a_gap(filled: Folder) -> None:
    with closing(sqlite3.connect(filled.ledger)) as connection, connection:
        connection.execute(
            "INSERT INTO gaps (job, version, at, after, until, reason, count, facts)"
            " SELECT job, version, watermark, watermark, watermark + 50000000, 'removed', 5, '{}' FROM watermarks"
        )
    found = filled.asched("runs", "--skipped", "--json").json
    assert_keys([one for one in found if "count" in one], keys("A gap"))


def test_json_of_each_command_of_db(filled: Folder) -> None:
    for command, arguments in (("backup", ["copy.db"]), ("check", []), ("prune", ["--dry-run"])):
        said = re.search(rf"`db {command}`: ((?:`\w+` ?)+)", SECTIONS["db"])
        assert said is not None
        assert_keys(filled.asched("db", command, *arguments, "--json").json, set(re.findall(r"\w+", said[1])))


def test_json_of_problems_and_pieces(filled: Folder) -> None:
    piece = filled.asched("logs", "tick", "--json").json["output"][0]
    filled.config.write_text("[service]\nledgre = 1\n")
    said = filled.asched("check", "--json")
    assert said.code == 4
    named = set(re.findall(r"`(\w+)`", SECTIONS["check"].partition("A problem has")[2]))
    assert_keys(said.json["problems"], named)
    assert_keys(piece, set(re.findall(r"`(\w+)`", SECTIONS["logs"].partition("a list of")[2])))


def assert_keys(value: Any, expected: set[str]) -> None:
    assert value != []
    for one in value if isinstance(value, list) else [value]:
        assert set(one) == expected
