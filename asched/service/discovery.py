"""Finds @job functions: in a folder of Python files, in one file, in an installed module.

A folder is put at the end of sys.path while it is served, so that its files can import each other by plain name
and shadow nothing. Each file is imported under that name, `ingest`, or, where that means something else already,
as `asched_jobs.<folder>.<name>`. Files that begin with "_" are for the others to import. When any file of a
folder has changed since it was last looked at, all of them are imported afresh.

One file's trouble, whatever it raises, is reported and costs only that file's jobs.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from asched.core.dataclass import dataclass
from asched.declaration.definition import Declaration
from asched.declaration.problems import Finding, shown_path
from asched.declaration.sources import declarations_in
from asched.host.permissions import remedy, writable_by_others
from asched.service.importerrors import ImportFault, import_fault, lost_names


@dataclass(frozen=True, slots=True)
class Found:
    """The declarations, what could not be loaded, and the names of the jobs that are lost with it."""

    declarations: tuple[Declaration, ...] = ()
    problems: tuple[Finding, ...] = ()
    lost: frozenset[str] = frozenset()

    def __or__(self, other: Found) -> Found:
        return Found(self.declarations + other.declarations, self.problems + other.problems, self.lost | other.lost)


Prints = dict[str, tuple[int, int]]
_looked_at: dict[Path, Prints] = {}
_importing: dict[Path, int] = {}  # by which thread: one may have been given up


def discover_folder(folder: Path) -> Found:
    """The jobs of a folder's own *.py files, in the order of the files' names. Raises OSError if it is none."""
    folder = folder.resolve()
    files = sorted(file for file in folder.iterdir() if file.suffix == ".py" and file.is_file())
    _forget_if_changed(folder, files)
    found = Found()
    for file in files:
        if not file.name.startswith("_"):
            found |= _discover(file)
    return found


def discover_file(file: Path) -> Found:
    """The jobs of one Python file."""
    file = file.resolve()
    _forget_if_changed(file.parent, [file])
    return _discover(file)


def discover_module(name: str) -> Found:
    """The jobs of an importable module, and of that module only. Raises ModuleNotFoundError if there is none."""
    known = _file_of(sys.modules.get(name))
    if known is not None and name != "__main__":
        _forget_if_changed(known, [known])
    try:
        module = importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise
        spec = _spec_of(name)
        return _lost(Path(spec.origin if spec and spec.origin else name), error)
    if (file := _file_of(module)) is not None:
        _looked_at[file] = _prints([file])
    return Found(tuple(declarations_in(module)))


def _discover(file: Path) -> Found:
    if writable_by_others(file):
        names = lost_names(file)
        problem = _problem(file, ImportFault("the file is writable by others", help=remedy(file)), names)
        return Found(problems=(problem,), lost=frozenset(names))
    try:
        return Found(tuple(declarations_in(import_file(file))))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit too: a job's file must not stop the service
        return _lost(file, error)


def _lost(file: Path, error: BaseException) -> Found:
    names = lost_names(file)
    return Found(problems=(_problem(file, import_fault(error, file), names),), lost=frozenset(names))


def _problem(file: Path, fault: ImportFault, names: list[str]) -> Finding:
    quoted = ", ".join(f'"{name}"' for name in names)
    jobs = f"job{'s' if len(names) > 1 else ''} {quoted}: " if names else ""
    return Finding(
        message=jobs + fault.message,
        path=shown_path(fault.file or file),
        line=fault.line,
        column=fault.column,
        point=fault.column,
        source=fault.source,
        help=fault.help,
        job=names[0] if len(names) == 1 else "",
    )


def import_file(file: Path) -> ModuleType:
    """The module of a file: the one already imported, or a new one. Raises whatever its code raises."""
    file = file.resolve()
    for name, known in list(sys.modules.items()):
        if name != "__main__" and _file_of(known) == file:
            if _importing.get(file, threading.get_ident()) != threading.get_ident():
                raise ImportError("an earlier import of it has not come back; change it, or start asched anew")
            return known
    if str(file.parent) not in sys.path:
        sys.path.append(str(file.parent))
    name = _module_name(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    _importing[file] = threading.get_ident()
    try:
        with _no_bytecode():
            spec.loader.exec_module(module)
    except BaseException:
        if sys.modules.get(name) is module:
            del sys.modules[name]
        raise
    finally:
        if _importing.get(file) == threading.get_ident():
            del _importing[file]
    return sys.modules.get(name, module)


def _module_name(file: Path) -> str:
    if file.stem.isidentifier() and file.stem not in sys.modules:
        spec = _spec_of(file.stem)
        if spec is None or (spec.origin and Path(spec.origin).resolve() == file):
            return file.stem
    name = f"asched_jobs.{file.parent.name}.{file.stem}"
    while name in sys.modules:  # two folders of one name
        name += "_"
    return name


def _spec_of(name: str) -> importlib.machinery.ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except Exception:  # looking for a submodule imports its package
        return None


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """A cached file is trusted by size and whole second: too coarse for a file that is being edited."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _forget_if_changed(place: Path, files: Iterable[Path], only: str = "") -> None:
    prints = _prints(files)
    if _looked_at.get(place, prints) != prints:
        gone = set(files) | {place / name for name in _looked_at[place]}
        for name, module in list(sys.modules.items()):
            if name != "__main__" and (name == only or _file_of(module) in gone):
                del sys.modules[name]
        importlib.invalidate_caches()
    _looked_at[place] = prints


def _prints(files: Iterable[Path]) -> Prints:
    stats = {file.name: file.stat() for file in files}
    return {name: (stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()}


def _file_of(module: ModuleType | None) -> Path | None:
    file = getattr(module, "__dict__", {}).get("__file__")  # getattr would wake modules that load themselves lazily
    return Path(file).resolve() if isinstance(file, str) else None
