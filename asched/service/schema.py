"""The shape of config.toml, as pydantic models; the options of jobs are checked by asched.declaration.options.

Whatever pydantic finds wrong becomes a Fault in our own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeVar, get_args
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails

from asched.core.text.durations import as_duration
from asched.declaration.faults import Fault, Path, did_you_mean, dotted, shown, unknown_option
from asched.errors import ScheduleError

LATER_SECTIONS = frozenset({"notify"})
SECTIONS = ("service", "pools", "defaults", "secrets", "calendars", "override", "job")

Duration = Annotated[
    timedelta, BeforeValidator(as_duration), WithJsonSchema({"type": ["string", "number"], "examples": ["30s", 30]})
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Retention(_Table):
    """How long what happened is kept: what is older, or beyond the newest so many of a job, is pruned. `failures`: how
    long what failed, timed out or was abandoned is kept, if that is longer."""

    days: Annotated[int, Field(ge=1)] = 30
    runs_per_job: Annotated[int, Field(ge=1)] = 1000
    failures: Duration | None = None


class Log(_Table):
    """`auto`: console on a terminal, JSON Lines elsewhere. `output`: whether what jobs print is logged, too."""

    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    output: bool = True


class Service(_Table):
    """[service]. Paths are relative to the file's folder."""

    timezone: str = "UTC"
    ledger: str = "state/asched.db"
    jobs: list[str] = Field(default_factory=lambda: ["jobs"])
    drain: Duration = timedelta(seconds=30)
    retention: Retention = Retention()
    max_running: Annotated[int, Field(ge=1)] | None = None
    recovery: dict[str, Any] = Field(default_factory=dict)
    state_dir: str | None = None
    watch: bool = False
    log: Log = Log()


class _HoldsSecret(ScheduleError):
    """The text must not be shown again: a part of it should never have been written down."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, int) else value


def _texts(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _dates(value: object) -> object:
    if isinstance(value, list | dict):
        return value
    said = str(value) if isinstance(value, date) else value
    help = f"write [{shown(said)}]" if isinstance(said, str) else 'as in ["2026-12-24"]'
    raise ScheduleError(f"must be a list of dates, or a table of dates and labels, not {shown(said)}", help=help)


def _checked_url(url: object) -> object:
    if not isinstance(url, str):
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ScheduleError("must be a URL such as https://app.example/warm", text=url)
    if parts.password is not None:
        raise _HoldsSecret("must not hold a password", help="send it in a header: { env = … } or { file = … }")
    return url


def _checked_method(method: object) -> object:
    if isinstance(method, str) and not re.fullmatch(r"[A-Za-z]+", method):
        raise ScheduleError("must be a method such as GET or POST", text=method)
    return method.upper() if isinstance(method, str) else method


class Expect(_Table):
    """What counts as success."""

    status: Annotated[list[Annotated[int, Field(ge=100, le=599)]], BeforeValidator(_listed)] = Field(
        default_factory=list
    )
    body: str = ""


class Http(_Table):
    """A request. The values of `headers` are texts or references to secrets."""

    method: Annotated[str, BeforeValidator(_checked_method)] = "GET"
    url: Annotated[str, BeforeValidator(_checked_url)]
    headers: dict[str, Any] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    body: str | None = None
    json_: Any = Field(default=None, alias="json")
    expect: Expect = Expect()
    max_body: Annotated[int, Field(ge=1)] = 1 << 20
    follow_redirects: bool = False


class JobTable(_Table):
    """[[job]], besides the options of jobs. The values of `env` are texts or references to secrets."""

    name: str
    schedule: Any = None
    command: Any = None
    http: Http | None = None
    python: str | None = None
    cwd: str | None = None
    env: dict[str, Any] = Field(default_factory=dict)
    inherit_env: bool = False
    success_codes: list[Annotated[int, Field(ge=0, le=255)]] = Field(default_factory=lambda: [0])
    stdin: str = ""
    shell: bool = False


class CalendarTable(_Table):
    """[calendars.NAME]: the days of all that is given. Paths are relative to the file's folder."""

    dates: Annotated[list[Any] | dict[str, Any], BeforeValidator(_dates)] = Field(default_factory=list)
    weekdays: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    ics: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    holidays: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)
    python: str | None = None
    calendars: Annotated[list[str], BeforeValidator(_texts)] = Field(default_factory=list)


Model = TypeVar("Model", bound=BaseModel)

_EXPECTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}


def read_table(model: type[Model], table: object, path: Path, faults: list[Fault]) -> Model | None:
    """The table as a model, or None with what is wrong added to `faults`."""
    try:
        return model.model_validate(table)
    except ValidationError as error:
        faults += [_fault(model, details, path) for details in error.errors(include_url=False)]
        return None


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys as they are written."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _fault(model: type[BaseModel], details: ErrorDetails, above: Path) -> Fault:
    path = (*above, *details["loc"])
    name, value, context = dotted(path), details["input"], details.get("ctx", {})
    match details["type"]:
        case "extra_forbidden":
            return _unknown(path, keys_of(_model_at(model, details["loc"][:-1])))
        case "missing":
            return Fault(path[:-1], f'{dotted(path[:-1])} needs "{path[-1]}"')
        case "literal_error":
            return Fault(path, f"{name} must be {context['expected']}, not {shown(value)}".replace("'", '"'))
        case "greater_than_equal" | "less_than_equal":
            bound = f"at least {context['ge']}" if "ge" in context else f"at most {context['le']}"
            return Fault(path, f"{name} must be {bound}, not {shown(value)}")
        case "value_error" if isinstance(context.get("error"), ScheduleError):
            return _from_schedule_error(path, context["error"])
        case kind if kind in _EXPECTED:
            help = f"write [{shown(value)}]" if kind == "list_type" and isinstance(value, str) else ""
            return Fault(path, f"{name} must be {_EXPECTED[kind]}, not {shown(value)}", help)
        case _:
            return Fault(path, f"{name}: {details['msg']}")


def _unknown(path: Path, known: list[str]) -> Fault:
    if path == ("service", "http"):
        return Fault(path, "[service.http] is not in this version yet", "take it out", of_key=True)
    fault = unknown_option(path, known)
    where = f" in [{dotted(path[:-1])}]" if path[0] == "service" else f" in {path[-2]}" if len(path) > 1 else ""
    return Fault(path, fault.message + where, fault.help, of_key=True)


def _from_schedule_error(path: Path, error: ScheduleError) -> Fault:
    joint = " " if error.message.startswith("must") else ": "
    return Fault(path, f"{dotted(path)}{joint}{error.message}", error.help, error.span, isinstance(error, _HoldsSecret))


def _model_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the table at that place."""
    for part in loc:
        field = next((f for name, f in model.model_fields.items() if (f.alias or name) == part), None)
        kinds = (field.annotation, *get_args(field.annotation)) if field else ()
        model = next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), model)
    return model


def unknown_section(name: str) -> Fault:
    """A table at the top that nobody reads."""
    if name in LATER_SECTIONS:
        return Fault((name,), f"[{name}] is not in this version yet", "take it out", of_key=True)
    return Fault((name,), f"unknown section [{name}]", did_you_mean(name, SECTIONS), of_key=True)


def as_table(value: object, path: Path, faults: list[Fault]) -> Mapping[str, Any]:
    """The value if it is a table; else an empty one and a fault."""
    if isinstance(value, Mapping):
        return value
    faults.append(Fault(path, f"{dotted(path)} must be a table, not {shown(value)}", f"write [{dotted(path)}]"))
    return {}
