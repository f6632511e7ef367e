"""Reads config.toml: whether it may be read at all, and its data with their positions."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from asched.core.text.pattern import pattern
from asched.declaration.problems import Finding, shown_path
from asched.errors import ConfigurationError
from asched.host.permissions import remedy, writable_by_others
from asched.service.toml_positions import Positions

_AT = pattern(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_file(path: Path) -> tuple[dict[str, Any], Positions]:
    """Raises ConfigurationError when there is nothing that could be read further."""
    text = read_text(path)
    try:
        return tomllib.loads(text), Positions(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([_syntax_problem(str(error), text, shown_path(path))]) from None


def read_text(path: Path) -> str:
    """The text of a file that nobody but its owner may write."""
    name = shown_path(path)
    try:
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise _refused(name, "no such file", "`asched init` writes one to start from") from None
    except PermissionError:
        help = f"it belongs to {_owner(path)}: ask as that user, or let others read it"
        raise _refused(name, "cannot be read: Permission denied", help) from None
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}", "") from None
    except UnicodeDecodeError as error:
        raise _refused(name, f"not UTF-8 text (byte {error.start})", "save it as UTF-8") from None
    if writable_by_others(path):
        raise _refused(name, "writable by others: who may write it may run anything as this user", remedy(path))
    return text


def _owner(path: Path) -> str:
    """Of the file, or of the folder that hides it."""
    import pwd

    try:
        uid = path.stat().st_uid
    except OSError:
        return "somebody else"
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _refused(name: str, message: str, help: str) -> ConfigurationError:
    return ConfigurationError([Finding(message, name, help=help)])


def _syntax_problem(said: str, text: str, name: str) -> Finding:
    lines = text.replace("\r\n", "\n").split("\n")
    at = _AT.search(said)
    line, column = (int(at[1]), int(at[2])) if at and at[1] else (len(lines), len(lines[-1]) + 1)
    while line > 1 and not lines[line - 1].strip() and column <= 1:  # what is missing is missing on the line before
        line -= 1
        column = len(lines[line - 1]) + 1
    message = _AT.sub("", said)
    return Finding(
        f"not valid TOML: {message[:1].lower()}{message[1:]}",
        name,
        line,
        column,
        1,
        lines[line - 1],
        _help_for(lines[line - 1], message),
        point=column,
    )


def _help_for(source: str, message: str) -> str:
    """The mistakes that everybody makes."""
    key, equals, value = source.partition("=")
    bare = value.strip()
    if equals and message.startswith("Invalid value") and bare and bare[0] not in "\"'[{":
        return f'a text needs quotes: {key.strip()} = "{bare}"'
    if message.startswith("Cannot overwrite a value"):
        return "the key is there twice: keep one"
    return ""
