"""config.toml: what it gives, and every error in it, at its place, all at once."""
# ruff: noqa: E501 (a row of a table is one line)

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import textwrap
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asched.core.action import Command, Function, Request
from asched.core.grammar.phrases import parse_schedule
from asched.core.recovery import Recovery, RecoveryOrder
from asched.errors import ConfigurationError, Problem
from asched.service.config import Configuration, format_problems, load, load_file

_unique = itertools.count()


pytestmark = pytest.mark.usefixtures("here")


def loaded(text: str, **env: str) -> Configuration:
    Path("config.toml").write_text(textwrap.dedent(text))
    return load("config.toml", env=env)


def refused(text: str, **env: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        loaded(text, **env)
    return format_problems(caught.value.problems)


def python_file(text: str, name: str = "") -> str:
    Path("jobs").mkdir(exist_ok=True)
    name = name or f"configjobs{next(_unique)}"
    Path("jobs", f"{name}.py").write_text(textwrap.dedent(text))
    return name


# What it gives.


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("", Recovery()),
        ('order = "oldest"\nat_once = 3\npace = "2s"', Recovery(RecoveryOrder.OLDEST, 3, timedelta(seconds=2))),
        ("ask = true\nexpires = '1h'\nlimit = 500", Recovery(limit=500, ask_above=0, expires=timedelta(hours=1))),
        ("ask = 50", Recovery(ask_above=50)),
        ("ask = false\nlimit = 'none'", Recovery()),
    ],
)
def test_how_an_absence_is_made_up_for(written: str, expected: Recovery) -> None:
    assert loaded(f"[service.recovery]\n{written}\n").limits.recovery == expected


def test_everything_that_is_wrong_with_a_recovery_is_said_at_its_place() -> None:
    said = refused("""
        [service.recovery]
        order = "latest"
        at_once = 0
        pace = "fast"
        ask = "yes"
        expire = "1h"
    """)
    for what in (
        'service.recovery.order must be "newest", "oldest" or "priority", not "latest"',
        "service.recovery.at_once must be at least 1, not 0",
        "service.recovery.pace: ",
        'service.recovery.ask must be true, false, or a number of fires above which to ask, not "yes"',
        'unknown option "expire"',
        'did you mean "expires"?',
    ):
        assert what in said
    assert [line.split()[0] for line in said.splitlines() if "  error  " in line] == [
        f"config.toml:{place}" for place in ("3:9", "4:11", "5:8", "6:7", "7:1")
    ]


def test_the_environment_may_say_how_an_absence_is_made_up_for() -> None:
    assert loaded("", ASCHED_SERVICE__RECOVERY__ASK="true").limits.recovery.ask_above == 0


def test_an_empty_file_is_the_defaults(here: Path) -> None:
    found = loaded("")
    assert (found.timezone, found.ledger, found.drain) == ("UTC", str(here / "state/asched.db"), timedelta(seconds=30))
    assert (found.retention_days, found.runs_per_job, found.jobs, found.problems) == (30, 1000, (), ())
    assert found.failures_kept is None
    assert (found.log.format, found.log.level, found.log.output) == ("auto", "info", True)
    assert found.path == here / "config.toml"


def test_everything_under_service(here: Path) -> None:
    found = loaded("""
        [service]
        timezone = "Europe/Berlin"
        ledger = ":memory:"
        drain = 5
        retention = { days = 7, runs_per_job = 10, failures = "180d" }
        state_dir = "var"
        log = { format = "json", level = "debug", output = false }
    """)
    assert (found.timezone, found.ledger, found.drain) == ("Europe/Berlin", ":memory:", timedelta(seconds=5))
    assert (found.retention_days, found.runs_per_job, found.state_dir) == (7, 10, here / "var")
    assert found.failures_kept == timedelta(days=180)
    assert (found.log.format, found.log.level, found.log.output) == ("json", "debug", False)


def test_the_folder_beside_the_file_is_where_jobs_are() -> None:
    python_file('from asched import job\n@job("@daily")\ndef found(): ...\n')
    assert [job.name for job in loaded("").jobs] == ["found"]
    assert [job.name for job in loaded("[service]\ntimezone = 'UTC'").jobs] == ["found"]
    assert loaded("[service]\njobs = []").jobs == ()


def test_a_folder_that_nobody_named_is_refused_where_others_may_write_to_it(here: Path) -> None:
    (here / "jobs").mkdir(mode=0o777)
    (here / "jobs").chmod(0o777)
    assert refused("[service]\ntimezone = 'UTC'").startswith("config.toml:1:2  error  the folder jobs is writable by")


def test_local_is_this_machines_zone() -> None:
    assert loaded('[service]\ntimezone = "local"').timezone != "local"


def test_paths_are_relative_to_the_files_folder(here: Path) -> None:
    (here / "etc" / "jobs").mkdir(parents=True)
    (here / "etc" / "config.toml").write_text('[service]\njobs = ["jobs"]\nledger = "../x.db"')
    (here / "etc" / "jobs" / "broken_relative.py").write_text("1/0")
    found = load("etc/config.toml", env={})
    assert found.ledger == str(here / "x.db")
    assert found.problems[0].path == "etc/jobs/broken_relative.py"


def test_a_command_with_everything(here: Path) -> None:
    (here / "pgpassword").write_text("hunter2\n")
    (job,) = loaded("""
        [service]
        timezone = "Europe/Berlin"
        [[job]]
        name     = "db-backup"
        schedule = "daily at 02:30"
        command  = ["pg_dump", "-Fc", "-f", "/backups/{scheduled_at:%Y-%m-%d}.dump", "app"]
        timeout  = "20m"
        retry    = { attempts = 3, delay = "1m" }
        cwd      = "/tmp"
        env      = { PGUSER = "app", PGPASSWORD = { file = "pgpassword" } }
        inherit_env = true
        success_codes = [0, 3]
        stdin    = "yes"
    """).jobs
    assert job.action == Command(
        ("pg_dump", "-Fc", "-f", "/backups/{scheduled_at:%Y-%m-%d}.dump", "app"),
        cwd="/tmp",
        env={"PGUSER": "app"},
        secrets={"PGPASSWORD": "hunter2"},
        inherit_env=True,
        success_codes=(0, 3),
        stdin="yes",
    )
    assert job.trigger == parse_schedule("daily at 02:30", tz="Europe/Berlin")
    assert (job.policies.timeout, job.policies.retry.attempts) == (timedelta(minutes=20), 3)
    assert (job.timezone, job.disabled, job.source) == ("Europe/Berlin", "", "config.toml:4")
    assert "hunter2" not in repr(job)


def test_a_shell_command_a_request_and_a_function() -> None:
    shell, http, python = loaded("""
        [[job]]
        name = "shell"
        schedule = ["@hourly", "every 10m"]
        command = "ls | wc"
        shell = true
        [[job]]
        name = "warm-cache"
        schedule = "*/10 8-18 * * mon-fri"
        [job.http]
        method = "post"
        url = "https://app.example/warm"
        headers = { Accept = "text/plain", Authorization = { env = "TOKEN" } }
        json = { a = [1] }
        expect = { status = [200, 202], body = "ok" }
        max_body = 10
        [[job]]
        name = "report"
        after = ["shell"]
        python = "json:dumps"
        args = { obj = "EUR" }
    """, TOKEN="hunter2").jobs  # fmt: skip
    assert shell.action == Command(("ls | wc",), shell=True)
    assert http.action == Request(
        "POST",
        "https://app.example/warm",
        headers={"Accept": "text/plain"},
        secret_headers={"Authorization": "hunter2"},
        json={"a": [1]},
        expect_status=(200, 202),
        expect_body="ok",
        max_body=10,
    )
    assert isinstance(python.action, Function)
    assert (python.action.ref, python.after, python.args, python.trigger) == (
        "json:dumps",
        ("shell",),
        {"obj": "EUR"},
        None,
    )


def test_a_secret_that_is_not_there_disables_its_job() -> None:
    python_file('from asched import job\n@job("@daily", secrets=["OPENWEATHER_API_KEY"])\ndef sms(): ...\n')
    text = """
        [service]
        jobs = ["jobs"]
        [[job]]
        name = "a"
        schedule = "@daily"
        command = ["true"]
        env = { A = { env = "NOPE" }, B = { file = "nope" } }
    """
    sms, command = loaded(text).jobs
    assert sms.disabled.startswith(
        "secret OPENWEATHER_API_KEY is not set: export it in the environment, or name a file"
    )
    assert command.disabled == (
        "secret NOPE is not set: export it in the environment; secret file nope cannot be read: No such file or directory"
    )
    assert loaded(text, OPENWEATHER_API_KEY="k").jobs[0].secrets == {"OPENWEATHER_API_KEY": "k"}


def test_named_secrets_reach_their_jobs(here: Path) -> None:
    (here / "key").write_text("hunter2\n")
    python_file('from asched import job\n@job("@daily", secrets=["API_KEY", "OTHER"])\ndef keyed(): ...\n')
    text = '[service]\njobs = ["jobs"]\n[secrets]\nAPI_KEY = { file = "key" }\nOTHER = { env = "REAL_NAME" }\n'
    (job,) = loaded(text, REAL_NAME="r").jobs
    assert job.secrets == {"API_KEY": "hunter2", "OTHER": "r"}
    assert loaded(text).jobs[0].disabled == "secret REAL_NAME is not set: export it in the environment"


def test_an_override_wins_over_the_decorator_and_that_over_defaults() -> None:
    python_file("""
        from asched import job
        @job("@daily", timeout="1m", grace="1m")
        def nightly(): ...
    """)
    (job,) = loaded("""
        [service]
        jobs = ["jobs"]
        [defaults]
        timeout = "9m"
        grace = "9m"
        priority = 9
        [override.nightly]
        schedule = "@hourly"
        timeout = "2m"
    """).jobs
    assert job.trigger == parse_schedule("@hourly")
    limits = (job.policies.timeout, job.policies.grace, job.policies.priority)
    assert limits == (timedelta(minutes=2), timedelta(minutes=1), 9)


def test_precedence_and_origins(here: Path) -> None:
    text = '[service]\nledger = "file.db"\ndrain = "1s"\n[service.log]\nlevel = "error"\n[defaults]\ntimeout = "5m"\n'
    (here / "config.toml").write_text(text)
    env = {
        "ASCHED_SERVICE__DRAIN": "2s",
        "ASCHED_SERVICE__RETENTION__DAYS": "7",
        "ASCHED_SERVICE__LEDGER": "env.db",
        "ASCHED_DEFAULTS__PRIORITY": "3",
        "ASCHED_STATE_DIR": "/state",
        "ASCHED_TOKEN": "no path",
    }
    found = load("config.toml", env=env, overrides={"service.ledger": "flag.db", "service.drain": None})
    assert (found.ledger, found.drain, found.retention_days) == (str(here / "flag.db"), timedelta(seconds=2), 7)
    assert (found.state_dir, found.defaults) == (Path("/state"), {"timeout": "5m", "priority": 3})
    assert found.origins == {
        "service.timezone": "default",
        "service.ledger": "flag",
        "service.jobs": "default",
        "service.drain": "environment ASCHED_SERVICE__DRAIN",
        "service.retention.days": "environment ASCHED_SERVICE__RETENTION__DAYS",
        "service.retention.runs_per_job": "default",
        "service.max_running": "default",
        "service.retention.failures": "default",
        "service.state_dir": "environment ASCHED_STATE_DIR",
        "service.watch": "default",
        "service.log.format": "default",
        "service.log.level": "config.toml:5",
        "service.log.output": "default",
        "defaults.timeout": "config.toml:7",
        "defaults.priority": "environment ASCHED_DEFAULTS__PRIORITY",
    }


def test_the_flag_for_the_state_directory_wins_over_the_environment(here: Path) -> None:
    (here / "config.toml").write_text('[service]\nstate_dir = "file"\n')
    env = {"ASCHED_STATE_DIR": "/env", "STATE_DIRECTORY": "/systemd"}
    found = load("config.toml", env=env, overrides={"service.state_dir": "/flag"})
    assert (found.state_dir, found.origins["service.state_dir"]) == (Path("/flag"), "flag")


def test_of_the_environment_our_own_word_for_the_state_directory_comes_first(here: Path) -> None:
    text = '[service]\nstate_dir = "file"\n'
    env = {"ASCHED_SERVICE__STATE_DIR": "/ours", "ASCHED_STATE_DIR": "/short", "STATE_DIRECTORY": "/systemd"}
    found = loaded(text, **env)
    assert found.state_dir == Path("/ours")
    assert found.origins["service.state_dir"] == "environment ASCHED_SERVICE__STATE_DIR"
    assert loaded(text, STATE_DIRECTORY="/systemd").state_dir == Path("/systemd")
    assert loaded(text).state_dir == here / "file"


def test_a_python_file_is_a_configuration(here: Path) -> None:
    (here / "hello_served.py").write_text('from asched import job\n@job("every 10s")\nasync def hello(): ...\n')
    found = load_file("hello_served.py", env={"ASCHED_SERVICE__TIMEZONE": "Europe/Berlin"})
    assert [job.name for job in found.jobs] == ["hello"]
    assert (found.ledger, found.timezone) == (str(here / "state/hello_served.db"), "Europe/Berlin")
    assert found.jobs[0].source == "hello_served.py:2"


def test_a_python_file_without_a_job_that_runs_is_refused(here: Path) -> None:
    (here / "hello_empty.py").write_text("x = 3\n")
    with pytest.raises(ConfigurationError, match="no @job functions in it"):
        load_file("hello_empty.py", env={})
    (here / "hello_broken.py").write_text("import jinja3\n")
    with pytest.raises(ConfigurationError, match="cannot import"):
        load_file("hello_broken.py", env={})


# What is wrong: rendered exactly as docs and INTERFACE.md show it.


def test_the_errors_of_the_interface() -> None:
    Path("jobs").mkdir()
    Path("jobs/mail.py").write_text(
        'from asched import job\n\n# 3\n# 4\n# 5\n# 6\n# 7\nimport jinja3\n\n@job("@daily")\ndef digest(): ...\n'
    )
    assert refused("""\
        [service]
        jobs = ["jobs"]
        # 3
        # 4
        # 5
        # 6
        # 7
        # 8
        # 9
        # 10
        [[job]]
        name     = "db-backup"
        command  = ["true"]
        schedule = "61 3 * * *"
        [[job]]
        name     = "rates"
        schedule = "@daily"
        command  = ["true"]
        max_instance = 1
    """) == textwrap.dedent("""\
        config.toml:14:12  error  job "db-backup": minute 61 is out of range 0-59
           14 | schedule = "61 3 * * *"
              |             ^^
              = help: did you mean "1 3 * * *" (every day at 03:01)?
        config.toml:19:1   error  job "rates": unknown option "max_instance"
              = help: did you mean "max_instances"?
        jobs/mail.py:8     error  job "digest": cannot import "jinja3" (No module named 'jinja3')""")


GOOD = '[[job]]\nname = "x"\nschedule = "@daily"\ncommand = ["true"]\n'
BARE = '[[job]]\nname = "x"\nschedule = "@daily"\n'

SERVICE: list[tuple[str, str]] = [
    ("[servce]", '1:2  error  unknown section [servce]\n = did you mean "service"?'),
    ("colour = 3", "1:1  error  unknown section [colour]\n = known: calendars, defaults, job, override, pools, secrets, service"),
    ("service = 3", "1:11  error  service must be a table, not 3\n1 | 3\n = write [service]"),
    ("[service]\ntimzone = 'UTC'", '2:1  error  unknown option "timzone" in [service]\n = did you mean "timezone"?'),
    ("[service]\ntimezone = 'Mars'", "2:12  error  unknown time zone \"Mars\"\n2 | 'Mars'\n = *"),
    ("[service]\ntimezone = 3", "2:12  error  service.timezone must be a text, not 3\n2 | 3"),
    ('[service]\njobs = "jobs"', '2:8  error  service.jobs must be a list, not "jobs"\n2 | "jobs"\n = write ["jobs"]'),
    ('[service]\njobs = ["x"]', '2:9  error  there is no folder, Python file or module "x"\n2 | "x"\n = *'),
    ('[service]\ndrain = "5q"', '2:9  error  service.drain: "q" is not a unit of time\n2 | 5q\n = *'),
    ("[service]\nretention = { failures = \"180\" }", "2:26  error  service.retention.failures: a duration needs a unit\n2 | 180\n = did you mean \"180s\"?"),
    ("[service]\nretention = { days = 0 }", "2:22  error  service.retention.days must be at least 1, not 0\n2 | 0"),
    (
        "[service.log]\nformat = 'xml'",
        '2:10  error  service.log.format must be "auto", "console" or "json", not "xml"\n2 | \'xml\'',
    ),
    (
        'service.ledger = "postgresql://db/x"',
        '1:9  error  postgresql ledgers are not in this version yet\n = name a file, as in "state/asched.db"',
    ),
    ('service.ledger = "state/"', '1:18  error  "state/" is no file\n1 | "state/"\n = as in "state/asched.db"'),
    ("[service.http]", "1:10  error  [service.http] is not in this version yet\n = take it out"),
    ("[notify.ops]\n[notify.dev]", "1:2  error  [notify] is not in this version yet\n = take it out"),
    ("[defaults]\ntimeot = 3", '2:1  error  unknown option "timeot"\n = did you mean "timeout"?'),
    ('[defaults]\ntimeout = "5q"', '2:11  error  timeout: "q" is not a unit of time\n2 | 5q\n = *'),
    ("defaults = []", "1:12  error  defaults must be a table, not []\n1 | []\n = write [defaults]"),
    (
        '[secrets]\nA = "hunter2"',
        '2:1  error  "A" must be a reference: secrets are references, never values\n'
        ' = write { env = "NAME" } or { file = "/path" }',
    ),
    ("[override.x]\ntimeout = 3", '1:11  error  override of an unknown job "x"'),
    ("[override]\nx = 3", '2:5  error  override.x must be a table, not 3\n2 | 3\n = write [override.x]'),
    ("[job]\nname = 'x'", "1:2  error  jobs are a list of tables\n = write [[job]]"),
]  # fmt: skip

ONE_FAULT: list[tuple[str, str]] = [
    ("[service]\njobs = ['jobs']\ndrain = 'soon'\n[override.known]\ntimeout = '1s'", "3:9  error  service.drain: not a duration\n3 | 'soon'\n = *"),
    ("[service]\njobs = ['jobs']\ncolour = 1\n[override.known]\ntimeout = '1s'", '3:1  error  unknown option "colour" in [service]\n = *'),
    ("[service]\njobs = ['jobs', 'jbs']\n[override.far]\ntimeout = '1s'", '2:17  error  there is no folder, Python file or module "jbs"\n2 | \'jbs\'\n = *'),
    ("[service]\njobs = 'jobs'\n[override.known]\ntimeout = '1s'", '2:8  error  service.jobs must be a list, not "jobs"\n2 | \'jobs\'\n = write ["jobs"]'),
    ("[service]\njobs = 'jobs'\n" + GOOD.replace("schedule = \"@daily\"", "after = 'known'"), '2:8  error  service.jobs must be a list, not "jobs"\n2 | \'jobs\'\n = write ["jobs"]'),
]  # fmt: skip
OTHERS: list[tuple[str, str]] = [  # that one fault used to hide
    (GOOD + "timeot = 1\n[[job]]\nname = 'y'\nafter = ['nobody']\ncommand = ['true']", 'job "y": comes after an unknown job "nobody"'),
    (GOOD.replace('schedule = "@daily"', "after = 'nobody'") + "timeot = 1", 'job "x": comes after an unknown job "nobody"'),
    (GOOD + "timeot = 1\nneeds = 'nobody'", 'job "x": needs an unknown job "nobody"'),
    (GOOD + "timeot = 1\npool = 'db'", 'job "x": takes a place in an unknown pool "db"'),
    (BARE + "pool = 'db'", 'job "x": takes a place in an unknown pool "db"'),
    (GOOD + "timeot = 1\n" + GOOD, "two jobs have this name: config.toml:1 and config.toml:6"),
    (GOOD + GOOD + "timeot = 1\n", "two jobs have this name: "),
    ("[[job]]\nname = 'a'\nafter = 'b'\ntimeot = 1\ncommand = ['true']\n[[job]]\nname = 'b'\nafter = 'a'\ncommand = ['true']", "after goes in a circle: a -> b -> a"),
    ("[service]\njobs = ['jobs']\ndrain = 'soon'\n[override.knwn]\ntimeout = '1s'", 'override of an unknown job "knwn"'),
    ("[service]\njobs = ['jobs']\ntimezone = 'Mars'\ndrain = 'soon'", 'unknown time zone "Mars"'),
    ("[service]\njobs = ['jobs']\ndrain = 'soon'\n[override.known]\nschedule = '61 * * * *'", "minute 61"),
    ("[service]\njobs = 'jobs'\n[[job]]\nname = 'a'\nafter = 'a'\ncommand = ['true']", "after goes in a circle"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), ONE_FAULT, ids=[text for text, _ in ONE_FAULT])
def test_one_fault_looks_like_no_other(text: str, expected: str) -> None:
    python_file('from asched import job\n@job("@daily")\ndef known(): ...\n')
    with pytest.raises(ConfigurationError) as caught:
        loaded(text)
    assert_same(caught.value.problems, f"config.toml:{expected}", text.split("\n"))


@pytest.mark.parametrize(("text", "expected"), OTHERS, ids=[text for text, _ in OTHERS])
def test_one_fault_hides_no_other(text: str, expected: str) -> None:
    python_file('from asched import job\n@job("@daily")\ndef known(): ...\n')
    assert expected in refused(text)


def test_a_fault_of_a_python_job_hides_nothing_between_jobs() -> None:
    python_file('from asched import job\n@job("@daily", timeout="x", needs="nobody")\ndef known(): ...\n')
    found = [problem.message for problem in loaded("[service]\njobs = ['jobs']\n").problems]
    assert 'job "known": needs an unknown job "nobody"' in found


def test_what_comes_after_a_job_with_faults_is_told_once() -> None:
    said = refused(GOOD + "timeot = 1\n[[job]]\nname = 'y'\nafter = ['x']\ntimeot = 1\ncommand = ['true']")
    assert "comes after" not in said
    assert said.count("unknown option") == 2


@pytest.mark.parametrize("written", ["by hand", "only by hand", " By  Hand "])
def test_a_job_may_be_run_by_hand_only(written: str) -> None:
    (job,) = loaded(GOOD.replace("@daily", written)).jobs
    assert job.trigger is None
    assert job.after == ()


def test_an_override_takes_a_job_its_schedule() -> None:
    python_file('from asched import job\n@job("@daily")\ndef known(): ...\n')
    (job,) = loaded("[service]\njobs = ['jobs']\n[override.known]\nschedule = 'by hand'\n").jobs
    assert job.trigger is None


JOBS: list[tuple[str, str]] = [
    (GOOD.replace("@daily", "never"), '3:12  error  job "x": this schedule is not understood\n3 | "never"\n = did you mean "by hand"?'),
    (GOOD.replace('"@daily"', "['@daily', 'by hand']"), '3:23  error  job "x": "by hand" has no instants\n3 | \'by hand\'\n = it stands alone, as the schedule of a job'),
    (GOOD.replace("@daily", "by hand") + "after = 'y'", '5:9  error  job "x": has both a schedule and after\n5 | \'y\'\n = it runs at its own times, or by hand, or after others\nconfig.toml:5:9  error  job "x": comes after an unknown job "y"\n5 | \'y\''),
    ("[[job]]\nschedule = '@daily'\ncommand = ['true']", '1:1  error  a [[job]] needs a name\n = as in name = "db-backup"'),
    ("[[job]]\nname = 'a b'\nschedule = '@daily'\ncommand = ['true']", '2:8  error  job "a b": "a b" cannot be the name of a job\n2 | \'a b\'\n = 1 to 100 letters, digits, _, . and -'),
    ("[[job]]\nname = 'x'\ncommand = ['true']", '1:1  error  job "x": has neither schedule nor after\n = as in schedule = "daily at 02:30", or schedule = "by hand"'),
    (GOOD + "after = 'y'", '5:9  error  job "x": has both a schedule and after\n5 | \'y\'\n = it runs at its own times, or by hand, or after others\nconfig.toml:5:9  error  job "x": comes after an unknown job "y"\n5 | \'y\''),
    (BARE, '1:1  error  job "x": says nothing to do\n = give it one of command, http and python'),
    (GOOD + "python = 'json:loads'", '5:1  error  job "x": has both command and python: a job does one thing\n = make it two jobs'),
    (GOOD + "notify = ['ops']", '5:1  error  job "x": option "notify" is not in this version yet\n = take it out'),
    (GOOD + "pool = 'db'", '5:8  error  job "x": takes a place in an unknown pool "db"\n5 | \'db\'\n = give it its places: db = 2 in [pools]'),
    (GOOD + "[pools]\ndb = 0", '6:6  error  pools.db must be a number of places, at least 1, not 0\n6 | 0'),
    (GOOD + "comand = 'x'", '5:1  error  job "x": unknown option "comand"\n = did you mean "command"?'),
    (GOOD + "overlap = 'skp'", '5:11  error  job "x": overlap must be "skip", "queue_one", "queue", "replace", "terminate" or "allow", not "skp"\n5 | \'skp\'\n = did you mean "skip"?'),
    (GOOD + "retry = { attempts = 0 }", '5:22  error  job "x": retry.attempts must be at least 1, not 0\n5 | 0'),
    (GOOD + "expect = { exit = [0, 300] }", '5:19  error  job "x": expect.exit must be a number from 0 to 255, or a list of them, not [0, 300]\n5 | [0, 300]'),
    (GOOD + "expect = { output = 'a(b' }", '5:21  error  job "x": expect.output is no regular expression: missing ), unterminated subpattern\n5 | ('),
    (GOOD + "expect = { status = 200 }", '5:12  error  job "x": "status" in expect belongs to an HTTP request\n = take it out'),
    (GOOD + "success_codes = [1]\nexpect = { exit = 0 }", '6:12  error  job "x": has both expect.exit and success_codes\n = keep one of them'),
    (BARE + "command = []\nexpect = { exit = 0, output = '(' }", '4:11  error  job "x": command must be a list of texts, not []\n4 | []\n = as in ["pg_dump", "-Fc", "app"]\nconfig.toml:5:31  error  job "x": expect.output is no regular expression: missing ), unterminated subpattern\n5 | ('),
    (GOOD + "tz = 'Mars'", "5:6  error  job \"x\": unknown time zone \"Mars\"\n5 | 'Mars'\n = *"),
    (GOOD + "args = { a = 1 }", '5:1  error  job "x": args go to Python functions only\n = take them out'),
    (GOOD + "cwd = 3", '5:7  error  job "x": cwd must be a text, not 3\n5 | 3'),
    (GOOD + "env = { A = 3 }", '5:13  error  job "x": "A" must be a text or a reference to a secret, not 3\n5 | 3\n = write "3"'),
    (GOOD + "env = { A = { envv = 'B' } }", '5:15  error  job "x": unknown key "envv" of a secret\n = did you mean "env"?'),
    (GOOD + "success_codes = [0, 256]", '5:21  error  job "x": success_codes[1] must be at most 255, not 256\n5 | 256'),
    (GOOD + "shell = true", '5:9  error  job "x": with shell = true, command is one text\n5 | true\n = write it as one, or take shell out'),
    (BARE + "command = 'true; ls'", '4:11  error  job "x": command must be a list, or a text with shell = true\n4 | \'true; ls\'\n = add shell = true, for it has characters that only a shell reads'),
    (BARE + "command = 'ls -l'", '4:11  error  job "x": command must be a list, or a text with shell = true\n4 | \'ls -l\'\n = write ["ls", "-l"]'),
    (BARE + "command = []", '4:11  error  job "x": command must be a list of texts, not []\n4 | []\n = as in ["pg_dump", "-Fc", "app"]'),
    (BARE + "command = ['']", '4:11  error  job "x": command names no program, or holds a NUL\n4 | [\'\']'),
    (BARE + "command = ['a', '{when}']", '4:17  error  job "x": unknown field {when} in \'{when}\'\n4 | \'{when}\'\n = *'),
    (BARE + "http = 3", '4:8  error  job "x": http must be a table, not 3\n4 | 3'),
    (BARE + "http = {}", '4:8  error  job "x": http needs "url"\n4 | {}'),
    (BARE + "http = { url = 'ftp://x' }", '4:16  error  job "x": http.url must be a URL such as https://app.example/warm\n4 | \'ftp://x\''),
    (BARE + "http = { url = 'http://x', methud = 'GET' }", '4:28  error  job "x": unknown option "methud" in http\n = did you mean "method"?'),
    (BARE + "http = { url = 'http://x', expect = { status = 'ok' } }", '4:48  error  job "x": http.expect.status must be a list, not "ok"\n4 | \'ok\'\n = write ["ok"]'),
    (BARE + "http = { url = 'http://x', body = '', json = 1 }", '4:39  error  job "x": http has both body and json\n = keep one'),
    (BARE + "cwd = '/'\nhttp = { url = 'http://x' }", '4:1  error  job "x": "cwd" belongs to a command\n = take it out'),
    (BARE + "python = 'json'", '4:10  error  job "x": "json" names no function\n4 | \'json\'\n = write "module:function"'),
    (BARE + "python = 'nosuch:f'", "4:10  error  job \"x\": cannot import \"nosuch\" (ModuleNotFoundError: No module named 'nosuch')\n4 | 'nosuch:f'"),
    (BARE + "python = 'json:lods'", '4:10  error  job "x": "json" has no "lods"\n4 | lods\n = did you mean "loads"?'),
    (BARE + "python = 'json:loads'", '1:1  error  job "x": missing argument "s" of json:loads\n = give it in args = { s = … }, or a default'),
    (BARE + "python = 'textwrap:dedent'\nargs = { txt = '' }", '5:8  error  job "x": missing argument "text" of textwrap:dedent\n5 | { txt = \'\' }\n = *\nconfig.toml:5:10  error  job "x": textwrap:dedent has no argument "txt"\n = did you mean "text"?'),
    (GOOD.replace("@daily", "0 0 30 2 *"), '3:12  error  job "x": this can never fire: there is no day 30 in February\n3 | 30 2\n = *'),
    (GOOD.replace('"@daily"', '["@daily", "61 3 * * *"]'), '3:23  error  job "x": minute 61 is out of range 0-59\n3 | 61\n = *'),
    (GOOD.replace("@daily", "every 10m between 8 and 18"), '3:12  error  job "x": "8" is not a time of day\n3 | 8\n = did you mean "every 10m between 08:00 and 18:00"?'),
    (GOOD.replace('"@daily"', "['@daily', '@hourly untill 2027-01-01']"), '3:23  error  job "x": "untill" is not understood\n3 | untill\n = did you mean "until"?'),
    (GOOD.replace('"@daily"', "2026-12-24T17:30:00"), '3:12  error  job "x": schedule must be a text such as "daily at 02:30", not datetime.datetime(2026, 12, 24, 17, 30)\n3 | 2026-12-24T17:30:00\n = write it as a text: "2026-12-24T17:30:00"'),
    (GOOD + GOOD, '6:8  error  job "x": two jobs have this name: config.toml:1 and config.toml:5\n6 | "x"\n = a name belongs to one job: rename one of them'),
    (GOOD + "[[job]]\nname = 'y'\nafter = ['z']\ncommand = ['true']", '7:10  error  job "y": comes after an unknown job "z"\n7 | \'z\'\n = known: x'),
    ("[[job]]\nname = 'a'\nafter = 'b'\ncommand = ['true']\n[[job]]\nname = 'b'\nafter = 'a'\ncommand = ['true']", '3:9  error  job "a": after goes in a circle: a -> b -> a\n3 | \'b\'\n = no job would ever start\nconfig.toml:7:9  error  job "b": comes after job "a", which could not be loaded\n7 | \'a\''),
    (GOOD + "[override.x]\npriority = 1", '5:11  error  job "x" stands in this file: it needs no override\n = change its [[job]]'),
]  # fmt: skip

SYNTAX: list[tuple[str, str]] = [
    ("x = @daily", '1:5  error  not valid TOML: invalid value\n1 | @\n = a text needs quotes: x = "@daily"'),
    ("a = 1\na = 2", "2:6  error  not valid TOML: cannot overwrite a value\n2 | \n = the key is there twice: keep one"),
    ("[service", "1:9  error  not valid TOML: expected ']' at the end of a table declaration\n1 | "),
    ('a = "x\n', "1:7  error  not valid TOML: illegal character '\\n'\n1 | "),
]


@pytest.mark.parametrize(
    ("text", "expected"), SERVICE + JOBS + SYNTAX, ids=[want for _, want in SERVICE + JOBS + SYNTAX]
)
def test_every_error_stands_at_its_place(text: str, expected: str) -> None:
    """Expected: line:column, message; then the underlined characters, and the help (* for any)."""
    with pytest.raises(ConfigurationError) as caught:
        loaded(text)
    assert_same(caught.value.problems, f"config.toml:{expected}", text.split("\n"))


def assert_same(problems: tuple[Problem, ...], expected: str, lines: list[str]) -> None:
    found, wanted = _summary(problems), expected.split("\n")
    assert len(found) == len(wanted), found
    assert [
        " = *" if want == " = *" and line.startswith(" = ") else line for line, want in zip(found, wanted, strict=True)
    ] == wanted
    assert all(problem.source in ("", *lines) for problem in problems)


def _summary(problems: tuple[Problem, ...]) -> list[str]:
    """Each problem as the tables above write it, from what would be printed."""
    found = []
    for block in (format_problems([problem]).split("\n") for problem in problems):
        found.append(block[0])
        if len(block) > 2 and "|" in block[2]:
            number, source = block[1].split(" | ", 1)
            carets = block[2].split("| ", 1)[1]
            found.append(f"{number.strip()} | {source[len(carets) - len(carets.strip()) : len(carets)]}")
        found += [" = " + line.partition("help: ")[2] for line in block if line.startswith("      = help: ")]
    return found


def test_the_environment_is_checked_too() -> None:
    assert refused("", ASCHED_SERVICE__DRAIN="soon", ASCHED_SERVCE__LEDGER="x", ASCHED_SERVICE__TIMZONE="UTC") == (
        textwrap.dedent("""\
        ASCHED_SERVCE__LEDGER    error  unknown section [servce]: the environment may set service and defaults
              = help: did you mean "service"?
        ASCHED_SERVICE__DRAIN    error  service.drain: not a duration
              = help: write a number and a unit (ms, s, m, h, d, w), as in "90s", "1h30m" or "250ms"
        ASCHED_SERVICE__TIMZONE  error  unknown option "timzone" in [service]
              = help: did you mean "timezone"?""")
    )


def test_secrets_written_into_the_file_are_refused_and_not_repeated() -> None:
    said = refused("""
        [secrets]
        A = "hunter2"
        [[job]]
        name = "x"
        schedule = "@daily"
        http = { url = "http://ada:hunter2@app.example/" }
    """)
    assert "never values" in said
    assert "must not hold a password" in said
    assert "hunter2" not in said


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load("nowhere.toml", env={})
    assert format_problems(caught.value.problems) == (
        "nowhere.toml  error  no such file\n      = help: `asched init` writes one to start from"
    )


def test_what_others_may_write_to_is_refused(here: Path) -> None:
    python_file("x = 1")
    (here / "config.toml").write_text('[service]\njobs = ["jobs"]\n')
    (here / "config.toml").chmod(0o646)
    with pytest.raises(ConfigurationError) as caught:
        load("config.toml", env={})
    assert caught.value.problems[0].help == "chmod go-w config.toml"
    (here / "config.toml").chmod(0o644)
    (here / "jobs").chmod(0o777)
    with pytest.raises(ConfigurationError) as caught:
        load("config.toml", env={})
    assert caught.value.problems[0].help == "chmod go-w jobs"


def test_a_file_that_is_no_text(here: Path) -> None:
    (here / "config.toml").write_bytes(b"a = '\xff'")
    with pytest.raises(ConfigurationError, match="not UTF-8 text"):
        load("config.toml", env={})


SEED = """\
[service]
timezone = "Europe/Berlin"
retention = { days = 30, runs_per_job = 1000 }
[defaults]
timeout = "5m"
[secrets]
KEY = { env = "KEY" }
[[job]]
name = "a"
schedule = ["61 3 * * *", "@daily"]
command = ["echo", "{scheduled_at:%F}"]
env = { A = { file = "x" }, B = "b" }
retry = { attempts = 3, delay = "1m" }
[[job]]
name = "b"
after = "a"
http = { url = "https://x/", expect = { status = [200] } }
"""
PIECES = [
    "",
    "3",
    '""',
    "[]",
    "{}",
    "[[job]]",
    "[job]",
    '"x"',
    "\n",
    ".",
    "=",
    "true",
    "nan",
    "-1",
    "'",
    "\\",
    "\0",
    "é",
]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(SEED)), st.integers(0, 12), st.sampled_from(PIECES) | st.text(max_size=5))
def test_garbage_is_a_problem_and_never_another_exception(start: int, length: int, piece: str) -> None:
    Path("config.toml").write_bytes((SEED[:start] + piece + SEED[start + length :]).encode("utf-8", "replace"))
    with contextlib.suppress(ConfigurationError):
        found = load("config.toml", env={})
        assert format_problems(found.problems) == ""
        return
    with pytest.raises(ConfigurationError) as caught:
        load("config.toml", env={})
    assert format_problems(caught.value.problems)


# What costs single jobs.


def test_a_broken_file_costs_its_jobs_and_what_comes_after_them() -> None:
    broken = python_file(
        'import jinja3\nfrom asched import job\n@job("@daily")\ndef digest(): ...\n', "aa_config_broken"
    )
    fine = python_file("""
        from asched import job
        @job("@daily")
        def fine(): ...
        @job(after="digest")
        def follows(): ...
        @job(after=follows)
        def follows_that(): ...
        @job("@dayly")
        def misspelt(): ...
    """)
    found = loaded("""
        [service]
        jobs = ["jobs"]
        [override.digest]
        timeout = "5m"
        [[job]]
        name = "mine"
        after = "digest"
        command = ["true"]
        [[job]]
        name = "other"
        schedule = "@daily"
        command = ["true"]
    """)
    assert [job.name for job in found.jobs] == ["fine", "other"]
    assert [line for line in _summary(found.problems) if "error" in line] == [
        'config.toml:8:9  error  job "mine": comes after job "digest", which could not be loaded',
        f'jobs/{broken}.py:1  error  job "digest": cannot import "jinja3" (No module named \'jinja3\')',
        f'jobs/{fine}.py:5  error  job "follows": comes after job "digest", which could not be loaded',
        f'jobs/{fine}.py:7  error  job "follows_that": comes after job "follows", which could not be loaded',
        f'jobs/{fine}.py:9:6  error  job "misspelt": this schedule is not understood',
    ]


def test_a_module_that_raises_costs_the_job_that_names_it() -> None:
    name = python_file("1/0")
    found = loaded(f"""
        [service]
        jobs = []
        [[job]]
        name = "x"
        schedule = "@daily"
        python = "jobs.{name}:f"
        [[job]]
        name = "y"
        schedule = "@daily"
        command = ["true"]
    """)
    assert [job.name for job in found.jobs] == ["y"]
    assert [problem.message for problem in found.problems] == [
        f'job "x": cannot import "jobs.{name}" (ZeroDivisionError: division by zero)'
    ]


def test_a_fault_in_an_override_or_in_defaults_stands_there_and_refuses() -> None:
    python_file('from asched import job\n@job("@daily")\ndef nightly(): ...\n')
    said = refused("""
        [service]
        jobs = ["jobs"]
        [defaults]
        args = { base = "EUR" }
        [override.nightly]
        schedule = "61 3 * * *"
    """)
    assert said.splitlines()[0].startswith('config.toml:5:10  error  job "nightly": ')
    assert 'config.toml:7:12  error  job "nightly": minute 61 is out of range 0-59' in said


def test_a_name_taken_by_a_python_job_is_the_files_mistake() -> None:
    name = python_file('from asched import job\n@job("@daily")\ndef x(): ...\n')
    said = refused('[service]\njobs = ["jobs"]\n' + GOOD)
    assert said.startswith(
        f'config.toml:4:8  error  job "x": two jobs have this name: jobs/{name}.py:2 and config.toml:3'
    )


def test_a_configuration_is_a_value() -> None:
    found = loaded(GOOD)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.timezone = "UTC"  # type: ignore[misc]
    assert loaded(GOOD) == found
