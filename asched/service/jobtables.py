"""[[job]]: from a table to what the job does. The kind is the key present: command, http or python."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from asched.core.action import Command, Request
from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern
from asched.declaration.faults import Fault, shown, unknown_option
from asched.declaration.options import OPTIONS
from asched.declaration.targets import NoTarget, find_target
from asched.runners.template import check_template
from asched.service.schema import Http, JobTable, keys_of, read_table
from asched.service.secrets import Secrets, read_reference

KINDS = ("command", "http", "python")
TABLE_KEYS = keys_of(JobTable)

_FOR_COMMANDS = ("cwd", "env", "inherit_env", "success_codes", "stdin", "shell")


@dataclass(slots=True)
class Read:
    """What a table says: what to do, the options, why it must not run now, and what is wrong.

    `faults` are the table's own; `mild` are those of the code it names, which cost only this job.
    """

    name: str
    schedule: object = None
    does: Callable[..., Any] | Command | Request | None = None
    options: dict[str, object] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    mild: list[Fault] = field(default_factory=list)


def read_job_table(table: Mapping[str, Any], secrets: Secrets) -> Read:
    """Never raises; whatever is wrong is in the answer."""
    name = table.get("name")
    read = Read(name if isinstance(name, str) else "", table.get("schedule"))
    read.options = {key: value for key, value in table.items() if key in OPTIONS}
    for key in table:
        if key not in OPTIONS and key not in TABLE_KEYS:
            read.faults.append(unknown_option((key,), [*OPTIONS, *TABLE_KEYS]))
    if "name" not in table:
        read.faults.append(Fault((), "a [[job]] needs a name", 'as in name = "db-backup"'))
    if "schedule" not in table and "after" not in table:
        read.faults.append(
            Fault((), "has neither schedule nor after", 'as in schedule = "daily at 02:30", or schedule = "by hand"')
        )
    own = {key: value for key, value in table.items() if key in TABLE_KEYS}
    checked = read_table(JobTable, {"name": "unnamed", **own}, (), read.faults)
    kinds = [key for key in table if key in KINDS]
    _check_kind(kinds, own, read.faults)
    if checked is not None and len(kinds) == 1:
        _read_action(kinds[0], checked, secrets, read)
    return read


def _check_kind(kinds: list[str], own: Mapping[str, object], faults: list[Fault]) -> None:
    if not kinds:
        faults.append(Fault((), "says nothing to do", "give it one of command, http and python"))
    elif len(kinds) > 1:
        message = f"has both {' and '.join(kinds)}: a job does one thing"
        faults.append(Fault((kinds[1],), message, "make it two jobs", of_key=True))
    elif kinds != ["command"]:
        for key in _FOR_COMMANDS:
            if key in own:
                faults.append(Fault((key,), f'"{key}" belongs to a command', "take it out", of_key=True))


def _read_action(kind: str, table: JobTable, secrets: Secrets, read: Read) -> None:
    if kind == "command":
        read.does = _command(table, secrets, read)
    elif kind == "http" and table.http is not None:
        read.does = _request(table.http, secrets, read)
    elif kind == "python" and table.python is not None:
        read.does = _python(table.python, read)


def _command(table: JobTable, secrets: Secrets, read: Read) -> Command | None:
    argv = _argv(table.command, table.shell, read.faults)
    plain, secret = _split(table.env, ("env",), secrets, read)
    if "\0" in table.stdin:
        read.faults.append(Fault(("stdin",), "stdin must not hold a NUL"))
    if argv is None:
        return None
    for place, text in enumerate(() if table.shell else argv):  # a shell has braces of its own
        path = ("command",) if isinstance(table.command, str) else ("command", place)
        read.faults += _template_faults(text, path)
    for name, text in plain.items():
        read.faults += _template_faults(text, ("env", name))
    return Command(
        argv=argv,
        shell=table.shell,
        cwd=table.cwd,
        env=plain,
        secrets=secret,
        inherit_env=table.inherit_env,
        success_codes=tuple(table.success_codes),
        stdin=table.stdin,
    )


def _argv(command: object, shell: bool, faults: list[Fault]) -> tuple[str, ...] | None:
    if isinstance(command, str):
        if shell and command.strip():
            return (command,)
        faults.append(Fault(("command",), "command must be a list, or a text with shell = true", _as_list(command)))
        return None
    if not isinstance(command, list) or not command or not all(isinstance(item, str) for item in command):
        help = 'as in ["pg_dump", "-Fc", "app"]'
        faults.append(Fault(("command",), f"command must be a list of texts, not {shown(command)}", help))
        return None
    if shell:
        faults.append(Fault(("shell",), "with shell = true, command is one text", "write it as one, or take shell out"))
        return None
    if not command[0] or any("\0" in item for item in command):
        faults.append(Fault(("command",), "command names no program, or holds a NUL"))
        return None
    return tuple(command)


_OF_A_SHELL = pattern(r"[;&|<>$`*?]")


def _as_list(command: str) -> str:
    if _OF_A_SHELL.search(command):
        return "add shell = true, for it has characters that only a shell reads"
    try:
        return f"write {shown(shlex.split(command))}"
    except ValueError:  # unbalanced quotes
        return 'write ["program", "argument"]'


def _template_faults(text: str, path: tuple[str | int, ...]) -> list[Fault]:
    """{scheduled_at:%Y} and the like are the command runner's: it knows what may stand there."""
    try:
        check_template(text)
    except ValueError as error:
        message, _, allowed = str(error).partition(": allowed are ")
        return [Fault(path, message, f"allowed are {allowed}" if allowed else "")]
    return []


def _request(http: Http, secrets: Secrets, read: Read) -> Request:
    plain, secret = _split(http.headers, ("http", "headers"), secrets, read)
    if http.body is not None and http.json_ is not None:
        read.faults.append(Fault(("http", "json"), "http has both body and json", "keep one", of_key=True))
    return Request(
        method=http.method,
        url=http.url,
        headers=plain,
        secret_headers=secret,
        params=http.params,
        body=http.body,
        json=http.json_,
        expect_status=tuple(http.expect.status),
        expect_body=http.expect.body,
        max_body=http.max_body,
        follow_redirects=http.follow_redirects,
    )


def _split(
    values: Mapping[str, object], path: tuple[str, ...], secrets: Secrets, read: Read
) -> tuple[dict[str, str], dict[str, str]]:
    """Texts apart from secrets. A secret that is not there is a reason not to run, no fault."""
    plain: dict[str, str] = {}
    secret: dict[str, str] = {}
    for name, value in values.items():
        if isinstance(value, str):
            plain[name] = value
        elif not isinstance(value, Mapping):
            help = f"write {shown(str(value))}" if isinstance(value, (int, float)) else ""
            message = f'"{name}" must be a text or a reference to a secret, not {shown(value)}'
            read.faults.append(Fault((*path, name), message, help))
        elif (reference := read_reference(value, (*path, name), read.faults)) is not None:
            try:
                secret[name] = secrets.resolve(reference)
            except LookupError as error:
                read.reasons.append(str(error.args[0]))
    return plain, secret


def _python(target: str, read: Read) -> Callable[..., Any] | None:
    try:
        return find_target(target, ("python",))  # type: ignore[no-any-return]
    except NoTarget as none:
        (read.mild if none.mild else read.faults).append(none.fault)
        return None
