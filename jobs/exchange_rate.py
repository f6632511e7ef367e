"""The exchange rate: every day at 10:30 one line, date and rupees for a dollar.

Whose job     somebody whose script died whenever the laptop had no network, and ran only in an open terminal.
Needs         a network, sooner or later; no key and no account.
Try it        asched run exchange_rate && cat state/exchange_rate.csv

Guarantees    One line for each date: of `scheduled_at`, not of the moment when the network came back. A second run
              for a date adds nothing. The file is replaced whole and synced, so there is never half a line.
              Without a network it waits, longer each time, until `patience` is used up; only then it fails.
              A service that answers, and answers nonsense, is a failure at once: waiting does not help there.
"""

from __future__ import annotations

import csv
import fcntl
import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import httpx
from anyio import to_thread

import asched
from asched import Run, job

# No answer came back: the network, the host or the road to it is away. Asking again is harmless for a GET.
# The other TransportErrors (a misspelt address, say) would be the same after any wait.
NO_NETWORK = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


class NoNetwork(RuntimeError):
    """The network did not come back in time."""


class NoRate(RuntimeError):
    """The service answered without the rate."""


@job(
    "daily at 10:30",
    # Longer than `patience` by what the requests themselves may take: the job ends with its own words.
    timeout="6h",
    retry={"attempts": 3, "delay": "10m", "on": [NoRate]},  # NoNetwork has waited long enough
    description="Append the day's exchange rate to a CSV, once",
)
async def exchange_rate(
    run: Run,
    url: str = "https://open.er-api.com/v6/latest/USD",
    currency: str = "INR",
    file: str = "state/exchange_rate.csv",
    first_pause: float = 5.0,
    longest_pause: float = 300.0,
    patience: float = 5 * 3600.0,
    answer_timeout: float = 10.0,
) -> dict[str, object]:
    """Append (date, rate) unless the date is there. Pauses, `patience` and `answer_timeout` are in seconds."""
    day = run.scheduled_at.date()
    path = Path(file)
    if await to_thread.run_sync(has_date, path, day):
        run.log.info("exchange_rate.already_there", date=day.isoformat())
        return {"date": day.isoformat(), "appended": False}
    response = await get_when_there(run, url, pauses(first_pause, longest_pause, patience), answer_timeout)
    rate = parse_rate(response, currency)
    appended = await to_thread.run_sync(append_once, path, day, rate)
    run.log.info("exchange_rate.appended", date=day.isoformat(), rate=rate, appended=appended)
    return {"date": day.isoformat(), "rate": rate, "appended": appended}


async def get_when_there(run: Run, url: str, waits: Iterator[float], timeout: float) -> httpx.Response:
    """The answer, whatever it says, as soon as there is one."""
    host, waited = httpx.URL(url).host, 0.0
    while True:
        try:
            response: httpx.Response = await run.http.get(url, timeout=timeout)
            return response
        except NO_NETWORK as error:
            pause = next(waits, None)
            if pause is None:
                raise NoNetwork(f"no answer from {host} after {waited:.0f} s of waiting: {error!r}") from error
            run.log.info("exchange_rate.waiting", host=host, error=repr(error), seconds=pause, waited=waited)
        await asched.sleep(pause)
        waited += pause


# What to wait and what an answer means: pure.


def pauses(first: float, longest: float, patience: float) -> Iterator[float]:
    """first, twice that, ... each at most `longest`; all together exactly `patience`."""
    pause, left = first, patience
    while left > 0:
        yield min(pause, longest, left)
        left -= min(pause, longest, left)
        pause *= 2


def parse_rate(response: httpx.Response, currency: str) -> float:
    if response.status_code != 200:
        raise NoRate(f"the service answered {response.status_code}: {response.text.strip()[:200]}")
    try:
        answer: Any = response.json()
        rate = answer["rates"][currency]
    except (ValueError, KeyError, TypeError) as error:
        raise NoRate(f"no rates.{currency} in the answer: {response.text.strip()[:200]}") from error
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not math.isfinite(rate) or rate <= 0:
        raise NoRate(f"rates.{currency} is {rate!r}: expected a positive number")
    return float(rate)


def dates_in(text: str) -> set[str]:
    return {row[0] for row in csv.reader(io.StringIO(text)) if row}


def with_line(text: str, day: date, rate: float) -> str:
    """The text and one more line; an editor may have left the last one without its end."""
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    return f"{ended}{day.isoformat()},{rate}\n"


# The file: called in a thread.


def has_date(path: Path, day: date) -> bool:
    return path.is_file() and day.isoformat() in dates_in(path.read_text("utf-8"))


def append_once(path: Path, day: date, rate: float) -> bool:
    """Append the line and make it durable. False: the date was there already, nothing was changed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent) as folder:
        if has_date(path, day):
            return False
        text = path.read_text("utf-8") if path.is_file() else ""
        draft = path.with_name(f".{path.name}.tmp")
        try:
            with draft.open("w", encoding="utf-8", newline="") as file:
                file.write(with_line(text, day, rate))
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        os.fsync(folder)  # a rename is durable only when its folder is
        return True


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """The folder's handle, locked against another process that appends by hand at this moment."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)
