"""check, list, show, next, explain: what there is, and when it is due."""

from __future__ import annotations

from datetime import datetime

import pytest
from clifolder import Folder

NAMES = ["tick", "broken", "long", "rates", "report", "rested", "locked", "late", "hopeless", "chatty", "greet"]


def test_check_says_what_was_found(folder: Folder) -> None:
    said = folder.asched("check")
    assert (said.code, said.out) == (0, "config.toml: ok, 11 jobs, 1 of them disabled\n")
    assert "locked: secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set" in said.err


def test_check_names_every_job_when_asked_to_say_more(folder: Folder) -> None:
    assert "  tick: jobs/clijobs" in folder.asched("check", "-v").err


def test_check_prints_all_problems_as_they_are_formatted_everywhere(folder: Folder) -> None:
    from asched.errors import ConfigurationError
    from asched.service.config import format_problems, load

    folder.config.write_text('[service]\ndrian = "5s"\n[[job]]\nname = "x"\nschedule = "61 * * * *"\ncommand = ["a"]\n')
    with pytest.raises(ConfigurationError) as caught:
        load("config.toml")
    said = folder.asched("check")
    assert (said.code, said.out) == (4, format_problems(caught.value.problems) + "\n")
    assert "did you mean" in said.out
    assert len(folder.asched("check", "--json").json["problems"]) == 2


def test_check_warns_where_there_is_nothing_to_run(folder: Folder) -> None:
    folder.jobs.unlink()
    folder.config.write_text("[service]\n")
    said = folder.asched("check")
    help = "write a @job function into jobs, or a [[job]] into config.toml"
    warning = f"config.toml  warning  there is no job: nothing will ever run\n      = help: {help}\n"
    assert (said.code, said.out) == (0, f"{warning}config.toml: ok, 0 jobs, 1 warning\n")


def test_check_takes_a_python_file(folder: Folder) -> None:
    assert folder.asched("check", str(folder.jobs)).out.endswith(": ok, 10 jobs, 1 of them disabled\n")


def test_one_bad_file_of_jobs_fails_the_check_and_is_mentioned_in_the_list(folder: Folder) -> None:
    (folder.jobs.parent / "clibroken.py").write_text("import nothing_of_that_name\n")
    assert folder.asched("check").code == 4
    said = folder.asched("list")
    assert said.code == 0
    assert "1 problem costs jobs: `asched check` names it" in said.err


def test_list_without_a_ledger(folder: Folder) -> None:
    said = folder.asched("list")
    rows = {line.split()[0]: line for line in said.out.splitlines()}
    assert list(rows) == ["JOB", *NAMES]
    assert "every 10 seconds" in rows["tick"]
    assert "disabled" in rows["locked"]
    assert "after tick" in rows["report"]
    assert "1 minute after the end of the previous run" in rows["rested"]


def test_list_with_a_ledger_says_how_it_last_went(filled: Folder) -> None:
    rows = {line.split()[0]: line for line in filled.asched("list").out.splitlines()}
    assert "succeeded 20" in rows["tick"]
    assert "failed 20" in rows["broken"]
    assert "succeeded 20" in rows["long"]
    assert rows["chatty"].endswith("-")


def test_list_names_the_pause_and_forgets_one_whose_time_is_up(filled: Folder) -> None:
    filled.asched("pause", "tick", "--for", "1h")
    filled.asched("pause", "broken", "--for", "1us")
    states = {one["name"]: one["state"] for one in filled.asched("list", "--json").json}
    assert (states["tick"], states["broken"], states["locked"]) == ("paused", "enabled", "disabled")
    rows = {line.split()[0]: line for line in filled.asched("list").out.splitlines()}
    assert "(paused)" in rows["tick"], "what is due next is not started"
    assert "(paused)" not in rows["broken"] + rows["locked"]


def test_intervals_are_due_where_the_ledger_anchored_them(filled: Folder) -> None:
    """Not ten seconds from now, which would be another instant at every look."""
    first, second = (filled.asched("next", "tick", "--json").json[0]["at"] for _ in range(2))
    assert datetime.fromisoformat(first).second % 10 == datetime.fromisoformat(second).second % 10
    latest = filled.asched("runs", "tick", "--json").json[0]["scheduled_at"]
    passed = datetime.fromisoformat(first) - datetime.fromisoformat(latest)
    assert passed.total_seconds() % 10 == 0


def test_show_says_everything(filled: Folder) -> None:
    out = filled.asched("show", "rates").out
    for line in (
        "schedule         at 09:00 on Monday to Friday (America/New_York)",
        "written          0 9 * * MON-FRI",
        "time zone        America/New_York",
        "tags             money",
        "arguments        base='EUR'",
        "jitter           5m",
        "retry            3 attempts",
    ):
        assert line in out
    assert f"defined in       jobs/{filled.jobs.name}:" in out
    assert out.count(" 09:00:00-0") == 5


def test_show_has_the_five_latest_runs(filled: Folder) -> None:
    out = filled.asched("show", "tick").out
    assert out.partition("latest runs\n")[2].count("succeeded, took ") == 4


def test_show_says_why_a_job_is_disabled_or_paused(folder: Folder) -> None:
    assert "disabled: secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set" in folder.asched("show", "locked").out
    folder.asched("pause", "tick", "--reason", "on holiday")
    assert ": on holiday" in folder.asched("show", "tick").out


def test_a_job_that_is_switched_off_says_by_what(folder: Folder) -> None:
    folder.jobs.write_text("from asched import job\n@job(enabled=False)\ndef off() -> None: ...\n")
    assert "off: enabled is false" in folder.asched("check").err
    assert "off is disabled: enabled is false" in folder.asched("list").err
    assert "disabled: enabled is false" in folder.asched("show", "off").out


def test_show_does_not_show_secrets(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLI_TEST_SECRET_THAT_IS_NOT_THERE", "canary-4711")
    for arguments in (("show", "locked"), ("show", "locked", "--json"), ("list", "--json")):
        assert "canary-4711" not in folder.asched(*arguments).out
    assert folder.asched("show", "locked", "--json").json["secrets"] == ["CLI_TEST_SECRET_THAT_IS_NOT_THERE"]


def test_next_merges_all_jobs_in_order(folder: Folder) -> None:
    found = folder.asched("next", "-n", "30", "--json").json
    assert len(found) == 30
    instants = [datetime.fromisoformat(one["at"]) for one in found]
    assert instants == sorted(instants)
    assert {"tick", "broken", "long"} <= {one["job"] for one in found}


def test_next_shows_each_job_in_its_zone_and_its_jitter(folder: Folder) -> None:
    out = folder.asched("next", "rates", "-n", "2").out
    assert "09:00:00-0" in out
    assert "and up to 5m00s later" in out


def test_next_says_which_fires_a_pause_will_skip(folder: Folder) -> None:
    folder.asched("pause", "tick", "--for", "15s")
    assert [one["paused"] for one in folder.asched("next", "tick", "-n", "3", "--json").json] == [True, False, False]


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ("report", "report: due after tick"),
        ("rested", "rested: due 1 minute after the end of the previous run"),
        ("chatty", "chatty: only by hand: `asched run chatty` runs it"),
        ("locked", "locked: secret CLI_TEST_SECRET_THAT_IS_NOT_THERE is not set"),
    ],
)
def test_next_says_why_nothing_is_due(folder: Folder, job: str, said: str) -> None:
    answer = folder.asched("next", job)
    assert (answer.code, answer.out) == (0, "")
    assert said in answer.err


def test_explain_says_it_in_english_and_the_next_five(folder: Folder) -> None:
    said = folder.asched("explain", "0 9 * * mon-fri", "--tz", "Europe/Berlin")
    first, *rest = said.out.splitlines()
    assert first == "at 09:00 on Monday to Friday (Europe/Berlin)"
    assert len(rest) == 5
    assert all(" 09:00:00+0" in line for line in rest)


def test_explain_of_what_is_made_of_others(folder: Folder) -> None:
    text = "(every 10m | daily at 12:05) between 12:00 and 13:00 on weekdays until 2100-01-01"
    said = folder.asched("explain", text, "--tz", "Europe/Berlin", "-n", "8")
    first, *rest = said.out.splitlines()
    assert first.startswith(
        "(every day at 12:05 (Europe/Berlin); and every 10 minutes), between 12:00 and 13:00 on Mon"
    )
    assert len(rest) == 8
    assert all(" 12:" in line for line in rest)
    wrong = folder.asched("explain", "every 10m between 8 and 18")
    assert (wrong.code, wrong.out) == (4, "")
    assert '"8" is not a time of day\n    every 10m between 8 and 18\n                      ^\n' in wrong.err


def test_what_is_made_of_others_is_listed_shown_and_due(folder: Folder) -> None:
    text = "once on mon-sun between 02:00 and 05:00 except 0 2 1 1 *"
    folder.config.write_text(
        f'{folder.config.read_text()}[[job]]\nname = "nightly"\nschedule = "{text}"\ncommand = ["true"]\n'
    )
    assert "once a day between 02:00 and 05:00" in folder.asched("list").out
    assert "catch up window  3h" in folder.asched("show", "nightly").out.replace("_", " ")
    assert folder.asched("next", "nightly").out.count(" 02:00:00+0") == 5


def test_explain_of_what_depends_on_the_name(folder: Folder) -> None:
    nameless = folder.asched("explain", "H 3 * * *")
    assert nameless.code == 4
    assert "--name" in nameless.err
    said = {folder.asched("explain", "H 3 * * *", "--name", name).out.splitlines()[0] for name in ("a", "b", "c")}
    assert len(said) > 1


def test_explain_needs_no_configuration(folder: Folder) -> None:
    folder.config.unlink()
    assert folder.asched("explain", "every 10m").code == 0


def test_explain_points_at_what_is_wrong(folder: Folder) -> None:
    said = folder.asched("explain", "61 3 * * *")
    assert (said.code, said.out) == (4, "")
    assert "minute 61 is out of range 0-59\n    61 3 * * *\n    ^^\n" in said.err
    assert 'did you mean "1 3 * * *"' in said.err


def test_explain_of_what_is_over(folder: Folder) -> None:
    said = folder.asched("explain", "2020-01-01T00:00")
    assert (said.code, said.err) == (0, "it has no instant ahead\n")
