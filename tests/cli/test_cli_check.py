"""`asched check` warns of what is odd, each where it was written; warnings are no errors, unless --strict."""

from __future__ import annotations

import pytest
from clifolder import Folder

SERVICE = '[service]\ntimezone = "UTC"\n'
HEAD = "[service]\njobs = []\n"  # only those that are written below it


def warnings(folder: Folder, text: str, head: str = HEAD) -> list[tuple[str, int, int, str | None]]:
    folder.config.write_text(head + text)
    said = folder.asched("check", "--json")
    assert (said.code, said.json["ok"], said.json["problems"]) == (0, True, [])
    assert {one["severity"] for one in said.json["warnings"]} <= {"warning"}
    return [(one["path"], one["line"], one["column"], one["job"]) for one in said.json["warnings"]]


def a_job(schedule: str, more: str = "", name: str = "x") -> str:
    return f'[[job]]\nname = "{name}"\nschedule = {schedule}\ncommand = ["true"]\n{more}'


@pytest.mark.parametrize(
    ("text", "source", "caret"),
    [
        (a_job('"*/7 * * * *"'), 'schedule = "*/7 * * * *"', "^^^"),
        (a_job('"@daily | 5  */5 * * *"'), 'schedule = "@daily | 5  */5 * * *"', "^^^"),
        (a_job('"(5 */5 * * *) between 08:00 and 18:00"'), 'schedule = "(5 */5 * * *) between 08:00 and 18:00"', "^^^"),
        (a_job('["@daily", "5 */5 * * *"]'), 'schedule = ["@daily", "5 */5 * * *"]', "^^^"),
        (a_job('"2020-01-01T00:00"'), 'schedule = "2020-01-01T00:00"', '^^^^^^^^^^^^^^^^^^'),
        (a_job('"@daily"', 'grace = "0s"\ncatch_up = "none"\n'), 'grace = "0s"', "^^^^"),
    ],
)  # fmt: skip
def test_a_warning_points_at_what_is_odd(folder: Folder, text: str, source: str, caret: str) -> None:
    folder.config.write_text(HEAD + text)
    said = folder.asched("check")
    assert said.code == 0
    first, shown, pointed, *_ = said.out.splitlines()
    assert '  warning  job "x": ' in first
    assert shown.endswith(f"| {source}")
    assert pointed.strip("| ") == caret
    at = pointed.index("^") - shown.index("|") - 2
    assert source[at:].startswith({"^^^": "*/"}.get(caret, source[at:][:1]))
    assert said.out.endswith("config.toml: ok, 1 job, 1 warning\n")


def test_of_a_default_the_place_is_where_it_stands(folder: Folder) -> None:
    found = warnings(folder, '[defaults]\ncatch_up_window = "5s"\n' + a_job('"@daily"'))
    assert found == [("config.toml", 4, 19, "x")]


def test_what_nobody_wrote_is_placed_at_the_job(folder: Folder) -> None:
    """Two thirds of it are defaults of asched itself."""
    found = warnings(folder, a_job('"@daily"', 'catch_up_window = "1m"\njitter = "1m"\n'))
    assert found == [("config.toml", 7, 19, "x")]


POOLS = "[pools]\ndb = 2\nmail = 1\n"


def test_a_pool_that_nobody_uses_is_named_where_it_is_defined(folder: Folder) -> None:
    assert warnings(folder, POOLS + a_job('"@daily"', 'pool = "db"\n')) == [("config.toml", 5, 1, None)]
    said = folder.asched("check").out
    assert 'warning  no job takes a place in pool "mail"' in said
    assert 'a job takes a place in it with pool = "mail"; or take it out' in said
    assert warnings(folder, POOLS + a_job('"@daily"', 'pool = ["db", "mail"]\nenabled = false\n')) == []


def test_while_a_job_cannot_be_loaded_nobody_knows_which_pools_are_used(folder: Folder) -> None:
    folder.jobs.write_text("import nonesuch\n")
    folder.config.write_text('[service]\njobs = ["jobs"]\n' + POOLS)
    said = folder.asched("check", "--json")
    assert (said.code, said.json["warnings"]) == (4, [])


def test_jobs_in_python_and_their_overrides(folder: Folder) -> None:
    folder.jobs.write_text(
        'from asched import job\n\n\n@job("*/7 * * * *")\ndef a(): ...\n\n\n@job("@daily")\ndef b(): ...\n'
    )
    name = f"jobs/{folder.jobs.name}"
    both = 'jobs = ["jobs"]\n[override.b]\nschedule = "*/9 0 * * *"\n'
    assert warnings(folder, both, SERVICE) == [(name, 4, 6, "a"), ("config.toml", 5, 12, "b")]


def test_strict_takes_warnings_for_errors(folder: Folder) -> None:
    folder.config.write_text(HEAD + a_job('"*/7 * * * *"'))
    said = folder.asched("check", "--strict")
    assert said.code == 4
    assert '  error  job "x": "*/7" starts again every hour' in said.out
    assert ": ok" not in said.out
    as_json = folder.asched("check", "--strict", "--json")
    assert (as_json.code, as_json.json["ok"], as_json.json["warnings"]) == (4, False, [])
    assert [one["severity"] for one in as_json.json["problems"]] == ["error"]


def test_a_clean_configuration_is_clean_when_strict(folder: Folder) -> None:
    folder.config.write_text(HEAD + a_job('"@daily"'))
    said = folder.asched("check", "--strict")
    assert (said.code, said.out) == (0, "config.toml: ok, 1 job\n")


def test_errors_come_first_and_warnings_with_them(folder: Folder) -> None:
    (folder.jobs.parent / "clibroken.py").write_text("import nothing_of_that_name\n")
    folder.config.write_text(SERVICE + 'jobs = ["jobs"]\n' + a_job('"*/7 * * * *"'))
    said = folder.asched("check")
    assert said.code == 4
    assert said.out.index("  error  ") < said.out.index("  warning  ")
