"""Why a user's Python file did not import, at the user's own line, and which jobs are lost with it."""

from __future__ import annotations

import ast
import re
import traceback
from pathlib import Path

from asched.core.dataclass import dataclass
from asched.core.text.pattern import pattern

_BROKEN_JOB = pattern(
    r"^@(?:\w+\.)*job\b.*?(?:\bname\s*=\s*[\"'](?P<given>[^\"']+)[\"'].*?)?^(?:async\s+)?def\s+(?P<name>\w+)",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class ImportFault:
    message: str
    line: int = 0
    column: int = 0
    source: str = ""
    help: str = ""
    file: Path | None = None


def import_fault(error: BaseException, file: Path) -> ImportFault:
    """What an import of `file` ended with, in words."""
    if isinstance(error, SyntaxError) and error.filename:
        return _syntax(error)
    line = _own_line(error, file)
    if isinstance(error, ImportError):
        return ImportFault(f'cannot import "{error.name or "a module"}" ({error})', line)
    if isinstance(error, SystemExit):
        help = 'what a file does as a program belongs under if __name__ == "__main__":'
        return ImportFault(f"the file exits when it is imported (SystemExit: {error.code})", line, help=help)
    said = f": {error}" if str(error) else ""
    return ImportFault(f"{type(error).__name__} when it is imported{said}"[:500], line)


def lost_names(file: Path) -> list[str]:
    """The names of the jobs that a file would have declared, as far as reading it tells."""
    try:
        source = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return [match["given"] or match["name"] for match in _BROKEN_JOB.finditer(source)]
    return [name for node in tree.body if (name := _job_name(node))]


def _syntax(error: SyntaxError) -> ImportFault:
    source = (error.text or "").rstrip("\n")
    # Python's carets count in the text with its indentation.
    return ImportFault(
        f"not valid Python: {error.msg}", error.lineno or 0, error.offset or 0, source, file=Path(error.filename or "")
    )


def _own_line(error: BaseException, file: Path) -> int:
    """The last line of the file itself that was running."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == str(file) and frame.lineno]
    return own[-1] if own else 0


def _job_name(node: ast.stmt) -> str:
    """The name of the job that this statement declares with a decorator, "" if it does not."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return ""
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        if (isinstance(call, ast.Name) and call.id == "job") or (
            isinstance(call, ast.Attribute) and call.attr == "job"
        ):
            return _given_name(decorator) or node.name
    return ""


def _given_name(decorator: ast.expr) -> str:
    for keyword in decorator.keywords if isinstance(decorator, ast.Call) else []:
        if keyword.arg == "name" and isinstance(keyword.value, ast.Constant):
            return str(keyword.value.value)
    return ""
