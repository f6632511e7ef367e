"""Where the ledger and the service are, found without a look at any job: the same as the service has it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from clifolder import ROOT, Folder

from asched.cli.place import Place, find_place
from asched.service.config import load, load_file


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[service]\nledger = "../x.db"\ntimezone = "Europe/Berlin"\nstate_dir = "var"\n',
        '[service]\nledger = ":memory:"\ntimezone = "local"\n',
    ],
)
@pytest.mark.parametrize("flags", [{}, {"service.ledger": "/tmp/y.db"}, {"service.state_dir": "/tmp/there"}])
@pytest.mark.parametrize("state_dir", ["", "/tmp/elsewhere"])
@pytest.mark.parametrize("variable", ["ASCHED_STATE_DIR", "ASCHED_SERVICE__STATE_DIR"])
def test_it_is_where_the_service_has_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, text: str, flags: dict[str, object], state_dir: str, variable: str
) -> None:
    """Two ways to read one file must not come to differ."""
    monkeypatch.setenv("STATE_DIRECTORY", "/tmp/systemd")
    monkeypatch.setenv(variable, state_dir)
    folder.config.write_text(text)
    known = load("config.toml", overrides=flags)
    place = find_place("config.toml", flags)
    assert place == Place(known.ledger, known.state_dir, known.timezone)
    if "service.state_dir" in flags:
        assert str(place.state_dir) == flags["service.state_dir"], "a flag wins"


def test_the_environment_has_its_say(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCHED_SERVICE__LEDGER", "elsewhere.db")
    monkeypatch.setenv("ASCHED_SERVICE__TIMEZONE", "Asia/Tokyo")
    known = load("config.toml")
    assert find_place("config.toml", {}) == Place(known.ledger, known.state_dir, known.timezone)


def test_a_python_file_has_a_ledger_of_its_own(folder: Folder) -> None:
    known = load_file(folder.jobs)
    assert find_place(str(folder.jobs), {}) == Place(known.ledger, known.state_dir, known.timezone)


@pytest.mark.parametrize("text", ["service = 7\n", "[service]\nledger = 7\n", '[service]\ntimezone = "Nowhere"\n'])
def test_what_is_wrong_with_it_is_told_by_who_knows_how(folder: Folder, text: str) -> None:
    folder.config.write_text(text)
    assert find_place("config.toml", {}) is None
    assert folder.asched("runs").code == 4


def test_the_configuration_may_be_named_by_the_environment(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.config.rename(folder.path / "other.toml")
    monkeypatch.setenv("ASCHED_CONFIG", "other.toml")
    assert folder.asched("list").code == 0
    assert folder.asched("-c", "nowhere.toml", "list").code == 4


@pytest.mark.parametrize("verb", ["runs", "logs", "audit", "status", "healthcheck", "cancel"])
def test_who_asks_the_service_or_the_ledger_imports_no_job(filled: Folder, verb: str) -> None:
    """A container's healthcheck must not depend on what somebody is just typing into a job."""
    filled.jobs.write_text("raise SystemExit('imported')\n")
    arguments = {"logs": ["tick"], "cancel": ["1-1"]}.get(verb, [])
    heavy = "{'pydantic', 'httpx', 'rich', 'structlog'}"
    program = (
        f"import sys\nsys.argv = {['asched', verb, *arguments]!r}\nfrom asched.cli import main\n"
        f"try:\n    main()\nfinally:\n    print(sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=filled.path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "[]"
    assert "imported" not in done.stdout + done.stderr


def test_flags_of_serve_are_settings(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []
    monkeypatch.setattr("asched.service.serve.serve_forever", lambda file, overrides: given.append(overrides) or 0)
    folder.asched("serve")
    folder.asched("serve", "--watch", "--log-level", "debug")
    assert given == [{}, {"service.log.level": "debug", "service.watch": True}]
