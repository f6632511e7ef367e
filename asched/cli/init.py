"""`asched init`: something to start from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import click

from asched.cli import show
from asched.cli.desk import Desk
from asched.cli.verb import verb
from asched.errors import Refused

CONFIG = """\
# What `asched serve` reads. `asched check` says what is wrong with it, `asched list` what it comes to.

[service]
timezone = "local"              # of every schedule; a job's own tz wins
ledger   = "state/asched.db"    # what was due, what was decided, how it ended
jobs     = ["jobs"]             # folders or modules with @job functions

[defaults]                      # inherited by every job
timeout         = "5m"
catch_up        = "latest"      # after sleep or downtime: one run, for the latest missed instant
catch_up_window = "24h"

# A job may also be a command or a request:
#
# [[job]]
# name     = "disk"
# schedule = "daily at 08:00"
# command  = ["df", "-h"]
"""

HELLO = '''\
"""A first job. `asched serve` runs it every ten seconds, `asched run hello` right now."""

from asched import Run, job


@job("every 10s")
async def hello(run: Run, name: str = "world") -> dict[str, str]:
    print(f"Hello, {name}! This is the fire of {run.scheduled_at:%H:%M:%S}.")
    return {"greeted": name}
'''


@verb("init")
@click.argument("folder", default=".", type=click.Path(path_type=Path))
def init_command(desk: Desk, folder: Path) -> None:
    """Write config.toml and jobs/hello.py into a folder. Overwrites nothing."""
    files = {folder / "config.toml": CONFIG, folder / "jobs" / "hello.py": HELLO}
    there = [str(path) for path in files if path.exists()]
    if there:
        raise Refused(f"{' and '.join(there)} {'is' if len(there) == 1 else 'are'} there already: nothing was written")
    _write(files)
    if desk.as_json:
        show.as_json({"written": [str(path) for path in files]})
        return
    for path in files:
        click.echo(f"wrote {path}")
    desk.talk("next: " + ("asched serve" if folder == Path() else f"cd {shlex.quote(str(folder))} && asched serve"))


def _write(files: Mapping[Path, str]) -> None:
    """All of them or none: the folders come first, and they are what may not be there to be made."""
    path = Path()
    try:
        for path in files:
            path.parent.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    except (FileExistsError, NotADirectoryError):
        raise Refused(f"cannot write {path}: part of that path is a file, not a folder") from None
    except OSError as error:
        raise Refused(f"cannot write {path}: {error.strerror}") from None
