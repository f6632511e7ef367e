"""`asched why`: one sentence about an instant of a job, and the facts behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from clifolder import Folder

from asched.cli.asked import AtDay, AtEdge, AtInstant, read_time

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, 30, tzinfo=BERLIN)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


TIMES = [  # (TIME, what is meant at 2026-11-20 12:30 in Berlin)
    ("", AtEdge("last")),
    ("last", AtEdge("last")),
    ("Next", AtEdge("next")),
    ("03:00", AtInstant(berlin("2026-11-20T03:00"), MINUTE)),
    ("14:00", AtInstant(berlin("2026-11-19T14:00"), MINUTE)),
    ("03:00:30", AtInstant(berlin("2026-11-20T03:00:30"), SECOND)),
    ("yesterday 03:00", AtInstant(berlin("2026-11-19T03:00"), MINUTE)),
    ("tomorrow 03:00", AtInstant(berlin("2026-11-21T03:00"), MINUTE)),
    ("2026-11-20T03:00", AtInstant(berlin("2026-11-20T03:00"), MINUTE)),
    ("2026-11-20 03:00:00+00:00", AtInstant(berlin("2026-11-20T04:00"), SECOND)),
    ("2026-11-20T03:00:00.5Z", AtInstant(berlin("2026-11-20T04:00:00.5"), timedelta(microseconds=1))),
    ("2026-11-19", AtDay(berlin("2026-11-19"), berlin("2026-11-20"))),
    ("fri", AtDay(berlin("2026-11-20"), berlin("2026-11-21"))),
    ("yesterday", AtDay(berlin("2026-11-19"), berlin("2026-11-20"))),
    ("2026-03-29T02:30", AtInstant(berlin("2026-03-29T03:00"), MINUTE, datetime.fromisoformat("2026-03-29T02:30"))),
    ("2026-10-25T02:30", AtInstant(berlin("2026-10-25T02:30").astimezone(UTC), MINUTE)),
]


@pytest.mark.parametrize(("text", "meant"), TIMES)
def test_a_time_is_read_in_the_jobs_zone_and_backwards(text: str, meant: object) -> None:
    assert read_time(text, NOW, BERLIN) == meant


def test_the_sentence_stands_alone_and_the_facts_below_it(filled: Folder) -> None:
    said = filled.asched("why", "tick@last")
    sentence, *facts = said.out.splitlines()
    assert said.code == 0
    assert sentence.startswith("tick, 20")
    assert "nobody has decided on it yet" in sentence
    assert facts == []


def test_a_run_is_explained_by_its_name(filled: Folder) -> None:
    run = filled.asched("runs", "broken", "-n", "1", "--json").json[0]["run"]
    sentence, *facts = filled.asched("why", run).out.splitlines()
    assert sentence.endswith("it was started, and it failed: ValueError: no such luck")
    assert facts[0].split() == ["run", run, "(schedule)"]
    (one,) = filled.asched("why", run, "--json").json
    assert (one["verdict"], one["fires"][0]["run"]) == ("decided", run)


def test_an_overlapped_fire_names_what_ran_and_a_printed_instant_is_enough_to_ask(filled: Folder) -> None:
    records = filled.asched("runs", "long", "--skipped", "--json").json
    skipped = next(one for one in records if one["reason"] == "overlapped")
    printed = datetime.fromisoformat(skipped["scheduled_at"]).astimezone(BERLIN).isoformat(sep=" ", timespec="seconds")
    said = filled.asched("why", f"long@{printed}")
    assert "was still running, and max_instances is reached" in said.out
    assert "rests on" in said.out


def test_a_follower_is_told_with_the_run_that_it_came_after(filled: Folder) -> None:
    at = filled.asched("runs", "report", "-n", "1", "--json").json[0]["scheduled_at"]
    assert "of tick, scheduled" in filled.asched("why", f"report@{at}").out


def test_what_was_never_due_and_what_is_ahead_are_answers_too(filled: Folder) -> None:
    due = datetime.fromisoformat(filled.asched("runs", "tick", "-n", "1", "--json").json[0]["scheduled_at"])
    said = filled.asched("why", f"tick@{(due - timedelta(seconds=3)).isoformat()}")
    assert said.out.splitlines()[0].endswith("it was not due then")
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["before", "after"]
    ahead = filled.asched("why", "tick@next", "--json").json[0]
    assert (ahead["verdict"], ahead["fires"]) == ("ahead", None)
    assert "it is not due yet" in ahead["sentence"]


def test_a_whole_day_is_told_one_line_each_and_cut_where_it_is_long(filled: Folder) -> None:
    runs = filled.asched("runs", "tick", "-n", "1000", "--json").json
    days = {
        datetime.fromisoformat(run["scheduled_at"]).astimezone(BERLIN).date() for run in runs
    }  # midnight may be within
    answers = [filled.asched("why", f"tick@{day}") for day in days]
    said = max(answers, key=lambda one: len(one.out.splitlines()))
    assert len(said.out.splitlines()) == 20
    assert "only the first 20" in said.err


def test_every_answer_has_the_same_keys(filled: Folder) -> None:
    answers = [filled.asched("why", f"tick@{at}", "--json").json[0] for at in ("last", "next", "2020-01-01T00:00")]
    assert len({tuple(answer) for answer in answers}) == 1
    assert [answer["verdict"] for answer in answers] == ["undecided", "ahead", "unscheduled"]


@pytest.mark.parametrize(
    ("what", "code", "message"),
    [
        ("tik@03:00", 3, 'no job is called "tik": did you mean "tick"?'),
        ("9-9", 3, 'no run is called "9-9"'),
        ("tick@25:00", 2, '"25:00" is not a time of day'),
        ("tick@2026-02-30", 2, '"2026-02-30" is not a day'),
        ("tick@someday", 2, '"someday"'),
    ],
)
def test_what_is_not_understood_has_its_exit_code(filled: Folder, what: str, code: int, message: str) -> None:
    said = filled.asched("why", what)
    assert (said.code, said.out) == (code, "")
    assert message in said.err


def test_a_job_that_is_configured_and_has_never_run_is_no_mistake(filled: Folder) -> None:
    said = filled.asched("why", "greet")
    assert (said.code, said.err) == (0, "")
    assert "never been scheduled" in said.out


def test_a_job_that_was_only_run_by_hand_is_not_called_removed(folder: Folder) -> None:
    assert folder.asched("run", "greet").code == 0
    for time in ("next", "2020-01-01", "2100-01-01"):
        said = folder.asched("why", f"greet@{time}")
        assert "no asched has served the job yet: it was only run by hand, at 20" in said.out


def test_a_day_before_the_job_was_first_scheduled_is_told_by_what_it_would_have_had(folder: Folder) -> None:
    folder.fill(["rates"])
    for day, instant in (("2020-01-02", "2020-01-02 09:00:00-05:00"), ("2020-01-04", "2020-01-04 00:00:00-05:00")):
        said = folder.asched("why", f"rates@{day}")
        assert said.out.startswith(f"rates, {instant}: the job was first scheduled at 20")
        assert ("it would have been due" in said.out) == (day == "2020-01-02")  # the other is a Saturday


def test_without_a_ledger_there_is_nothing_to_ask(folder: Folder) -> None:
    assert folder.asched("why", "tick").code == 3
