"""What a job does: function, command or HTTP request, as values. The runners give them hands and feet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, ClassVar

from asched.core.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A Python callable. `mode` is "coroutine" (on the loop) or "thread". `ref` is "module:qualname", for people
    and for the ledger. `run_parameter` is the name of the parameter that takes the Run, or None.
    """

    call: Callable[..., Any]
    ref: str
    mode: str
    run_parameter: str | None = None
    kind: ClassVar[str] = "function"


@dataclass(frozen=True, slots=True)
class Command:
    """A child process. `argv` items and `env` values may hold {scheduled_at:%Y-%m-%d}, {job}, {run} and {attempt}.

    With `shell` the one item of argv goes to /bin/sh -c as it is: what the fire knows is in $ASCHED_SCHEDULED_AT and
    the like. `env` is what is declared; `secrets` maps variables
    to values that must never be shown. `inherit_env` adds the service's whole environment.
    `success_codes` are the exit codes that count as success. `stdin` is text given to it, "" for closed.
    """

    argv: tuple[str, ...]
    shell: bool = False
    cwd: str | None = None
    env: Mapping[str, str] = field(default_factory=dict, hash=False)
    secrets: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    inherit_env: bool = False
    success_codes: tuple[int, ...] = (0,)
    stdin: str = ""
    kind: ClassVar[str] = "command"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. `expect_status` are the statuses that count as success (empty: any 2xx); `expect_body`, when
    not "", must occur in the answer. `max_body` bounds what is read (bytes). Redirects are not followed
    unless `follow_redirects`. `secret_headers` are sent and never shown.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    secret_headers: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    params: Mapping[str, str] = field(default_factory=dict, hash=False)
    body: str | None = None
    json: object = field(default=None, hash=False)
    expect_status: tuple[int, ...] = ()
    expect_body: str = ""
    max_body: int = 1 << 20
    follow_redirects: bool = False
    kind: ClassVar[str] = "http"


Action = Function | Command | Request
