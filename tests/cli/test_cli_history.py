"""runs, logs, audit: what the ledger holds, without a service."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from clifolder import JOBS, Folder


def test_runs_is_a_table_newest_first(filled: Folder) -> None:
    said = filled.asched("runs", "tick")
    head, *rows = said.out.splitlines()
    assert head.split() == ["RUN", "JOB", "SCHEDULED", "LATE", "TOOK", "OUTCOME", "REMARK"]
    assert len(rows) == 4
    assert all(" tick " in row and "succeeded" in row for row in rows)
    scheduled = [row.split()[3] for row in rows]
    assert scheduled == sorted(scheduled, reverse=True)


def test_instants_are_in_the_configured_zone(filled: Folder) -> None:
    assert "+01:00" in filled.asched("runs", "-n", "1").out or "+02:00" in filled.asched("runs", "-n", "1").out


def test_failed_runs_say_why(filled: Folder) -> None:
    rows = filled.asched("runs", "--failed").out.splitlines()[1:]
    assert len(rows) == 2
    assert all(row.endswith("it failed: ValueError: no such luck") for row in rows)


def test_skipped_fires_come_with_their_reason_as_a_sentence(filled: Folder) -> None:
    assert "skipped" not in filled.asched("runs", "long").out
    out = filled.asched("runs", "long", "--skipped").out
    assert "was still running, and max_instances is reached" in out


def test_what_was_skipped_in_a_gap_is_said_in_one_line(folder: Folder) -> None:
    folder.config.write_text(folder.config.read_text() + '[defaults]\ncatch_up_window = "1s"\ncatch_up = "none"\n')
    folder.fill(["tick"], seconds=20)
    with closing(sqlite3.connect(folder.ledger)) as connection, connection:
        connection.execute(
            "INSERT INTO gaps (job, version, at, after, until, reason, count, facts)"
            " SELECT job, version, watermark, watermark, watermark + 50000000, 'removed', 5, '{}' FROM watermarks"
        )
    said = folder.asched("runs", "tick", "--skipped")
    assert said.out.splitlines()[-1].endswith("5 fires together: removed: the definition that owed it is gone")
    assert folder.asched("runs", "tick", "--skipped", "--json").json[-1]["count"] == 5


def test_since_and_n_restrict(filled: Folder) -> None:
    assert len(filled.asched("runs", "-n", "3", "--json").json) == 3
    assert filled.asched("runs", "--since", "10s", "--json").json == []
    assert filled.asched("runs", "--since", "1d", "--json").json != []
    assert "nothing to show" in filled.asched("runs", "--since", "10s").err


def test_runs_of_a_job_that_is_gone_can_still_be_read(filled: Folder) -> None:
    filled.jobs.write_text("")
    assert len(filled.asched("runs", "tick", "--json").json) == 4
    assert filled.asched("logs", "tick").out == "hello world\n"


def test_history_is_read_while_the_configuration_of_jobs_is_broken(filled: Folder) -> None:
    filled.config.write_text(filled.config.read_text() + "[[job]]\nnam = 1\n")
    assert filled.asched("runs", "tick").code == 0
    assert filled.asched("logs", "tick").code == 0
    assert filled.asched("audit").code == 0
    assert filled.asched("list").code == 4


def test_logs_of_a_job_are_those_of_its_latest_run(filled: Folder) -> None:
    said = filled.asched("logs", "tick")
    latest = filled.asched("runs", "tick", "-n", "1", "--json").json[0]["run"]
    assert said.out == "hello world\n"
    assert f"run {latest} of tick" in said.err
    assert filled.asched("logs", latest).out == said.out


def test_logs_of_a_failed_run_end_with_the_traceback(filled: Folder) -> None:
    said = filled.asched("logs", "broken")
    assert said.out == "before the fall\n"
    assert 'raise ValueError("no such luck")' in said.err
    assert "it failed: ValueError: no such luck, after " in said.err


def test_what_a_job_raised_is_one_line_that_moves_no_terminal(folder: Folder) -> None:
    error = r'ValueError("one\x9b2J\ntwo\x1b[2J\u2028")'
    folder.jobs.write_text(f"from asched import job\n@job()\ndef nasty() -> None:\n    raise {error}\n")
    ran = folder.asched("run", "nasty")
    assert ran.code == 1
    assert r"it failed: ValueError: one\x9b2J\ntwo\x1b[2J\u2028, after" in ran.err.splitlines()[-1]
    row = folder.asched("runs", "nasty").out.splitlines()[1]
    assert row.endswith(r"it failed: ValueError: one\x9b2J")
    for said in (ran.err, row, folder.asched("logs", "nasty").err.splitlines()[-1]):
        assert not {"\x1b", "\x9b", "\u2028"} & set(said)


def test_quiet_logs_are_the_output_alone(filled: Folder) -> None:
    said = filled.asched("logs", "broken", "-q")
    assert (said.out, said.err) == ("before the fall\n", "")


def test_following_what_is_over_ends_at_once(filled: Folder) -> None:
    assert filled.asched("logs", "-f", "tick").out == "hello world\n"


def test_a_job_without_runs_says_how_to_make_one(filled: Folder) -> None:
    said = filled.asched("logs", "chatty")
    assert (said.code, said.err) == (3, 'asched: job "chatty" has no run yet: `asched run chatty` makes one\n')


def test_following_a_run_whose_asched_is_gone_does_not_wait_for_ever(filled: Folder) -> None:
    run = leave_open(filled)
    said = filled.asched("logs", "-f", run)
    assert said.code == 5
    assert f"is gone, and run {run} is open: the next `asched serve` settles it" in said.err


def test_audit_is_balanced_after_a_real_run(filled: Folder) -> None:
    said = filled.asched("audit")
    assert said.code == 0
    assert said.out == "balanced: 4 jobs, 14 fires, 0 gaps, 0 open\n"


def test_audit_names_each_imbalance(filled: Folder) -> None:
    with closing(sqlite3.connect(filled.ledger)) as connection, connection:
        connection.execute(
            "DELETE FROM fires WHERE job = 'tick' AND id IN (SELECT id FROM fires WHERE job = 'tick' "
            "ORDER BY scheduled_at LIMIT 1 OFFSET 1)"
        )
    said = filled.asched("audit")
    assert said.code == 1
    head, line = said.out.splitlines()
    assert head.startswith("NOT balanced: 1 fault in 4 jobs")
    assert line.startswith("  tick (version 1) at ")
    assert line.endswith(": no fire and no gap")
    assert filled.asched("audit", "--json").json["imbalances"][0]["job"] == "tick"


def test_what_a_dead_service_left_open_is_left_to_the_next(filled: Folder) -> None:
    leave_open(filled)
    said = filled.asched("audit")
    assert said.code == 0
    assert "1 open" in said.out
    assert "the next `asched serve` settles it" in said.err


def test_reading_changes_nothing(filled: Folder) -> None:
    before = filled.ledger.read_bytes()
    for arguments in (["runs"], ["logs", "tick"], ["audit"], ["list"], ["show", "tick"], ["next"]):
        filled.asched(*arguments)
    assert filled.ledger.read_bytes() == before


def leave_open(folder: Folder) -> str:
    """The latest run of tick, as if its asched had been killed: open, and its instance never left."""
    run: str = folder.asched("runs", "tick", "-n", "1", "--json").json[0]["run"]
    instance, counter = map(int, run.split("-"))
    with closing(sqlite3.connect(folder.ledger)) as connection, connection:
        connection.execute(
            "UPDATE fires SET outcome = NULL, finished_at = NULL, duration = NULL, result = NULL, detail = NULL"
            " WHERE id = ?",
            (instance << 32 | counter,),
        )
        connection.execute("UPDATE instances SET left_at = NULL, pid = 4194304")
    return run


def test_a_run_that_died_with_its_asched_is_called_lost_everywhere(filled: Folder) -> None:
    run = leave_open(filled)
    then = "was killed or lost: the next start records it as abandoned"
    row = filled.asched("runs", "tick", "-n", "1").out.splitlines()[1]
    assert row.split()[0] == run
    assert "  lost  " in row
    assert then in row
    said = filled.asched("why", run).out.splitlines()[0]
    assert "it was started; it was running when asched 1 (pid 4194304 on " in said
    assert said.endswith(then)
    for asked in (["runs", "-n", "1"], ["logs"], ["show"], ["list"]):
        told = filled.asched(asked[0], *(["tick"] if asked != ["list"] else []), *asked[1:], "--json").json
        assert '"lost"' in json.dumps(told), asked
    assert filled.asched("why", run, "--json").json[0]["fires"][0]["state"] == "lost"
    assert then in filled.asched("logs", run).err
    (tick,) = [one for one in filled.asched("history", "--json").json["jobs"] if one["job"] == "tick"]
    assert (tick["outcomes"]["lost"], tick["strip"][-1]) == (1, "!")
    assert "1 lost" in filled.asched("history").out
    assert " lost 20" in filled.asched("list").out


def test_the_loss_of_an_idempotent_job_is_no_end(folder: Folder) -> None:
    folder.jobs.write_text(JOBS.replace('"greets somebody"', '"greets somebody", idempotent=True'))
    folder.fill(["tick"])
    run = leave_open(folder)
    said = folder.asched("why", run).out.splitlines()[0]
    assert said.endswith("the next start runs it once more, for its job is idempotent")


@pytest.mark.parametrize("arguments", [["runs"], ["logs", "tick"], ["audit"], ["resume", "tick"], ["cancel", "1-1"]])
def test_without_a_ledger_it_says_so_and_how_one_is_made(folder: Folder, arguments: list[str]) -> None:
    said = folder.asched(*arguments)
    assert said.code == 3
    assert f"no ledger yet at {folder.ledger}: `asched serve` makes it, or `asched run JOB`" in said.err
    assert not folder.ledger.exists()


# history: at a glance.


def test_history_has_a_strip_and_a_row_for_each_job(filled: Folder) -> None:
    lines = filled.asched("history").out.splitlines()
    strips = {line.split()[0]: line.split()[-1] for line in lines[1:5]}
    assert strips["tick"].strip("|") == "===="
    assert strips["broken"].strip("|") == "FF"
    assert "x" in strips["long"]
    row = next(line for line in lines if line.startswith("broken") and "FF" not in line)
    assert row.split()[:6] == ["broken", "2", "2", "0", "2", "0"]


def test_history_of_one_job_and_of_a_time(filled: Folder) -> None:
    assert [one["job"] for one in filled.asched("history", "tick", "--json").json["jobs"]] == ["tick"]
    assert filled.asched("history", "--since", "5m").err == "nothing to show: a longer time is --days\n"
    assert filled.asched("history", "--since", "1h", "--days", "1").code == 2
    assert filled.asched("history", "tik").code == 3


def test_history_counts_what_happened(filled: Folder) -> None:
    (tick,) = filled.asched("history", "tick", "--json").json["jobs"]
    assert (tick["fires"], tick["started"], tick["outcomes"], tick["strip"]) == (4, 4, {"succeeded": 4}, "====")
    assert tick["duration_p50_s"] <= tick["duration_p95_s"]
    (long,) = filled.asched("history", "long", "--json").json["jobs"]
    assert long["skipped"]["overlapped"] == long["strip"].count("x")


def test_absences_and_acts_are_listed(filled: Folder) -> None:
    assert filled.asched("history", "--absences").err == "nobody was absent\n"
    filled.asched("pause", "tick", "--reason", "holiday")
    head, row = filled.asched("history", "--acts").out.splitlines()
    assert head.split() == ["WHEN", "ACT", "JOB", "RUN", "BY", "REMARK"]
    assert row.split()[2:4] == ["pause", "tick"]
    assert row.endswith("holiday")
    assert filled.asched("history", "broken", "--acts", "--json").json == []
    with closing(sqlite3.connect(filled.ledger)) as connection, connection:
        connection.execute(
            "INSERT INTO absences SELECT min(scheduled_at), max(scheduled_at), 'stopped', '{}' FROM fires"
        )
    (absence,) = filled.asched("history", "--absences", "--json").json
    assert (absence["cause"], set(absence)) == ("stopped", {"since", "until", "cause", "facts"})
    assert "nobody was deciding 1 time" in filled.asched("history").out
