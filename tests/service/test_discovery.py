"""Jobs are found where they were declared, and one broken file costs its own jobs only."""

from __future__ import annotations

import builtins
import itertools
import sys
import threading
from pathlib import Path

import pytest

from asched.declaration.problems import format_problems
from asched.service import discovery
from asched.service.discovery import Found, discover_file, discover_folder, discover_module

JOB = "from asched import job\n"
_unique = itertools.count()


@pytest.fixture
def folder(here: Path) -> Path:
    """A folder under the current one."""
    made = here / "jobs"
    made.mkdir()
    return made


def stem() -> str:
    """A module name that no other test has used."""
    return f"jobfile{next(_unique)}"


def write(folder: Path, text: str, name: str = "") -> str:
    name = name or stem()
    (folder / f"{name}.py").write_text(text)
    return name


def names(found: Found) -> list[str]:
    return [declared.name for declared in found.declarations]


def test_files_in_order_of_name_and_jobs_in_order_of_source(folder: Path) -> None:
    write(folder, JOB + '@job("@daily")\ndef b(): ...\n@job("@daily")\ndef a(): ...\n', "zz_" + stem())
    write(folder, JOB + '@job("@daily")\ndef c(): ...\n', "aa_" + stem())
    write(folder, "1/0", "_private")
    (folder / "notes.txt").write_text("no Python")
    (folder / "sub").mkdir()
    (folder / "sub" / "deeper.py").write_text("1/0")
    assert names(discover_folder(folder)) == ["c", "b", "a"]


def test_files_import_each_other_by_plain_name_and_jobs_are_counted_once(folder: Path) -> None:
    upstream = write(folder, JOB + '@job("@daily")\ndef ingest(): ...\n', "zz_" + stem())
    write(folder, "BASE = 3\n", "_settings")
    write(
        folder,
        JOB + f"from {upstream} import ingest\nfrom _settings import BASE\n@job(after=ingest)\ndef load(): ...\n",
    )
    found = discover_folder(folder)
    assert found.problems == ()
    assert names(found) == ["load", "ingest"]


def test_a_function_of_another_module_is_declared_where_it_is_decorated(folder: Path) -> None:
    write(
        folder, JOB + 'import shutil\nimport functools\nclean = job("@daily", name="clean")(functools.partial(print))\n'
    )
    assert names(discover_folder(folder)) == ["clean"]


def test_a_name_that_means_something_else_is_not_shadowed(folder: Path) -> None:
    write(folder, JOB + '@job("@daily")\ndef mail(): ...\n', "email")
    write(folder, JOB + '@job("@daily")\ndef dash(): ...\n', "with-dash")
    found = discover_folder(folder)
    assert names(found) == ["mail", "dash"]
    assert found.declarations[0].function.__module__ == "asched_jobs.jobs.email"
    import email

    assert "jobs" not in Path(email.__file__).parts


BROKEN: list[tuple[str, str]] = [
    ("\nimport jinja3\n", '2  error  job "digest": cannot import "jinja3" (No module named \'jinja3\')'),
    ("from json import nothing\n", '1  error  job "digest": cannot import "json" (cannot import name'),
    (
        "\n\ndef f():\n    1 / 0\nf()\n",
        '4  error  job "digest": ZeroDivisionError when it is imported: division by zero',
    ),
    ("raise SystemExit(3)\n", '1  error  job "digest": the file exits when it is imported (SystemExit: 3)'),
    ("raise GeneratorExit\n", '1  error  job "digest": GeneratorExit when it is imported'),
    ("\nx = = 3\n", '2:5  error  job "digest": not valid Python: invalid syntax'),
    ("\nif x:\ny = 1\n", '3:1  error  job "digest": not valid Python: expected an indented block'),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=[message for _, message in BROKEN])
def test_a_broken_file_is_reported_at_its_own_line_and_stops_no_other(folder: Path, text: str, message: str) -> None:
    broken = write(folder, text + JOB + '@job("@daily")\nasync def digest(): ...\n', "aa_" + stem())
    write(folder, JOB + '@job("@daily")\ndef fine(): ...\n')
    found = discover_folder(folder)
    assert names(found) == ["fine"]
    assert format_problems(found.problems).startswith(f"jobs/{broken}.py:{message}")
    assert found.lost == {"digest"}
    assert broken not in sys.modules


def test_the_caret_of_a_syntax_error(folder: Path) -> None:
    name = write(folder, "def f():\n    x = = 3\n")
    assert format_problems(discover_folder(folder).problems).splitlines() == [
        f"jobs/{name}.py:2:9  error  not valid Python: invalid syntax",
        "    2 |     x = = 3",
        "      |         ^",
    ]


def test_an_error_in_an_imported_helper_is_shown_at_the_line_that_imports_it(folder: Path) -> None:
    write(folder, "\n\n\nimport jinja3\n", "_helper" + stem())
    helper = next(file.stem for file in folder.iterdir() if file.stem.startswith("_helper"))
    name = write(folder, f"\nimport {helper}\n")
    assert format_problems(discover_folder(folder).problems) == (
        f"jobs/{name}.py:2  error  cannot import \"jinja3\" (No module named 'jinja3')"
    )


def test_all_lost_names_are_known_also_those_given_in_the_decorator(folder: Path) -> None:
    jobs = '@asched.job("@daily", name="weekly-digest")\ndef digest(): ...\n'
    jobs += '@job("@daily")\nasync def b(): ...\ndef no(): ...\n'
    write(folder, "import jinja3\n" + jobs)
    write(folder, "x = = 3\n" + jobs)
    assert discover_folder(folder).lost == {"weekly-digest", "b"}


def test_a_file_that_others_may_write_to_is_not_run(folder: Path) -> None:
    name = write(folder, JOB + '@job("@daily")\ndef open_to_all(): ...\n1/0')
    (folder / f"{name}.py").chmod(0o666)
    found = discover_folder(folder)
    assert format_problems(found.problems).splitlines() == [
        f'jobs/{name}.py  error  job "open_to_all": the file is writable by others',
        f"      = help: chmod go-w {folder / name}.py",
    ]


def test_an_interrupt_from_the_keyboard_is_the_users(folder: Path) -> None:
    write(folder, "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        discover_folder(folder)


def test_nothing_is_imported_twice_until_a_file_changes(folder: Path) -> None:
    name = write(folder, JOB + '@job("@daily")\ndef one(): ...\n')
    first = discover_folder(folder).declarations[0].function
    assert discover_folder(folder).declarations[0].function is first
    (folder / f"{name}.py").write_text(JOB + '@job("@daily")\ndef two(): ...\n')
    assert names(discover_folder(folder)) == ["two"]
    (folder / f"{name}.py").unlink()
    assert names(discover_folder(folder)) == []


def test_a_changed_helper_reaches_the_files_that_import_it(folder: Path) -> None:
    helper = write(folder, "WHEN = '@daily'\n", "_" + stem())
    write(folder, JOB + f"from {helper} import WHEN\n@job(WHEN)\ndef it(): ...\n")
    assert discover_folder(folder).declarations[0].schedule == "@daily"
    write(folder, "WHEN = '@hourly'\n", helper)
    assert discover_folder(folder).declarations[0].schedule == "@hourly"


def test_a_mended_file_is_loaded_and_leaves_no_bytecode(folder: Path) -> None:
    name = write(folder, "1/0")
    assert discover_folder(folder).problems
    write(folder, JOB + '@job("@daily")\ndef mended(): ...\n', name)
    assert names(discover_folder(folder)) == ["mended"]
    assert not (folder / "__pycache__").exists()


def test_one_file(folder: Path) -> None:
    name = write(folder, JOB + '@job("@daily")\ndef one(): ...\n')
    write(folder, "1/0")
    assert names(discover_file(folder / f"{name}.py")) == ["one"]


def test_a_module_is_that_module_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = stem()
    monkeypatch.syspath_prepend(folder)
    (folder / package).mkdir()
    write(folder / package, JOB + '@job("@daily")\ndef top(): ...\n', "__init__")
    write(folder / package, JOB + f'from {package} import top\n@job("@daily")\ndef inner(): ...\n', "jobs")
    assert names(discover_module(package)) == ["top"]
    assert names(discover_module(f"{package}.jobs")) == ["inner"]
    write(folder / package, JOB + '@job("@daily")\ndef changed_inner(): ...\n', "jobs")
    assert names(discover_module(f"{package}.jobs")) == ["changed_inner"]


def test_a_module_that_is_not_there_and_one_that_breaks_are_two_things(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(folder)
    for absent in ("nosuchpackage", "nosuchpackage.jobs", "json.nosuch"):
        with pytest.raises(ModuleNotFoundError):
            discover_module(absent)
    name = write(folder, "\nimport jinja3\n" + JOB + '@job("@daily")\ndef digest(): ...\n')
    found = discover_module(name)
    assert format_problems(found.problems).startswith(f'jobs/{name}.py:2  error  job "digest": cannot import "jinja3"')


def test_the_folder_is_looked_up_last(folder: Path) -> None:
    write(folder, JOB)
    discover_folder(folder)
    assert sys.path[-1] == str(folder)
    assert discovery.discover_folder(folder) == Found()


def test_half_of_a_file_whose_import_hangs_is_not_taken_for_all_of_it(folder: Path) -> None:
    """A reload that was given up still imports it, in a thread that nobody waits for."""
    hold, begun = threading.Event(), threading.Event()
    builtins.hang_of_discovery = lambda: (begun.set(), hold.wait(10))  # type: ignore[attr-defined]
    text = JOB + '@job("@daily")\ndef early(): ...\nhang_of_discovery()\n@job("@daily")\ndef late(): ...\n'
    name = write(folder, text)
    hanging = threading.Thread(target=discover_folder, args=(folder,))
    hanging.start()
    try:
        assert begun.wait(10)
        found = discover_folder(folder)
        assert (names(found), sorted(found.lost)) == ([], ["early", "late"])
        assert "an earlier import of it has not come back" in format_problems(found.problems)
        write(folder, text.replace("hang_of_discovery()", ""), name)
        assert names(discover_folder(folder)) == ["early", "late"]
        hold.set()
        hanging.join()
        assert names(discover_folder(folder)) == ["early", "late"]
    finally:
        hold.set()
        hanging.join()
        del builtins.hang_of_discovery  # type: ignore[attr-defined]
