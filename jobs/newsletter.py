"""The newsletter: every morning at seven the newest post goes to all readers, once.

Whose job     somebody with a blog in a database, who began with a sleep loop, then nohup, then cron.
Needs         MAILGUN_API_KEY and MAILGUN_DOMAIN, and a SQLite database that holds

                  CREATE TABLE users    (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
                  CREATE TABLE blogpost (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL,
                                         published_date TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0);

              The job adds a table of its own, newsletter_delivery: one row for each post that it began to send.
Try it        asched run newsletter --arg database=copy-of-the-blog.db --arg api=http://127.0.0.1:8025

Guarantees    A post is sent at most once. The intention ("sending") is committed before the request, and the post
              is marked sent only after a 200. Whatever happens in between (a crash, a lost answer, a time-out)
              leaves "sending" behind, and a later run that finds it refuses to send: it fails and says what to
              look at and how to go on.
The price     A crash just before the request looks the same as one just after, so now and then a person must look
              at Mailgun's log for a mail that never left. The other choice (send again when in doubt) mails every
              reader twice. What is known not to have been accepted clears the row, and the next try sends:
                  a 4xx or 5xx answer; no connection (refused, unknown host, TLS, proxy, time-out connecting).
              Not known, and so never repeated by itself: a time-out or a broken connection while writing the
              request or reading the answer, and any other answer than 200, 4xx and 5xx.

Readers see each other's addresses in "To" unless `individually` is set, which makes Mailgun send one mail a reader
(its recipient-variables). Mailgun takes 1000 recipients in one request and rejects more.
"""

from __future__ import annotations

import json
import shlex
import sqlite3
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from anyio import to_thread

from asched import Run, job

SCHEMA = """\
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL);
CREATE TABLE blogpost (id INTEGER PRIMARY KEY, title TEXT NOT NULL, body TEXT NOT NULL,
                       published_date TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0);"""

DELIVERY = """\
CREATE TABLE IF NOT EXISTS newsletter_delivery (
    post_id      INTEGER PRIMARY KEY,
    key          TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('sending', 'sent')),
    scheduled_at TEXT NOT NULL,
    started_at   TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""

# Raised before a byte of the request has left: the mail cannot have been accepted.
NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


class NoDatabase(RuntimeError):
    """There is nothing to read posts from."""


class NotAccepted(RuntimeError):
    """Mailgun certainly did not take the mail: it may be tried again."""


class InDoubt(RuntimeError):
    """Nobody knows whether Mailgun took the mail: a person must look before it is tried again."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A post and whom it goes to; `skipped` are addresses that cannot stand in a comma-separated list."""

    post_id: int
    title: str
    body: str
    recipients: tuple[str, ...]
    skipped: tuple[str, ...]


@job(
    "daily at 07:00",
    secrets=("MAILGUN_API_KEY", "MAILGUN_DOMAIN"),
    timeout="2m",
    retry={"attempts": 3, "delay": "1m", "on": [NotAccepted, sqlite3.OperationalError]},  # never when in doubt
    description="Send the newest post to all readers, at most once",
)
async def newsletter(
    run: Run,
    database: str = "state/newsletter.db",
    api: str = "https://api.mailgun.net",
    sender: str = "",
    individually: bool = False,
    backlog: bool = False,
    unsure_statuses: Sequence[int] = (502, 504),
    answer_timeout: float = 30.0,
) -> dict[str, object]:
    """Send the newest post unless it was sent before.

    `sender` is "newsletter@<MAILGUN_DOMAIN>" when empty. `backlog` also sends older posts that were never sent,
    newest first, one a day. `unsure_statuses` are answers that leave the end open after all: by default those
    of a gateway, which may have passed the request on. `answer_timeout` is in seconds, for each phase of the request.
    """
    path = Path(database)
    draft = await to_thread.run_sync(read_draft, path, backlog)
    if draft is None:
        run.log.info("newsletter.nothing_new")
        return {"sent": False, "reason": "no unsent post"}
    if draft.skipped:
        run.log.warning("newsletter.addresses_skipped", addresses=list(draft.skipped))
    if not draft.recipients:
        run.log.warning("newsletter.no_recipients", post=draft.post_id)
        return {"sent": False, "reason": "no recipients", "post": draft.post_id}

    # Whatever can go wrong before the request goes wrong here, while nothing is in doubt.
    domain, auth = run.secret("MAILGUN_DOMAIN"), httpx.BasicAuth("api", run.secret("MAILGUN_API_KEY"))
    request = run.http.build_request(
        "POST",
        f"{api.rstrip('/')}/v3/{domain}/messages",
        data=compose(draft, sender or f"newsletter@{domain}", individually),
        headers={"Idempotency-Key": run.key},
        timeout=answer_timeout,
    )
    if not await to_thread.run_sync(begin, path, draft.post_id, run.key, run.scheduled_at.isoformat()):
        run.log.info("newsletter.already_sent", post=draft.post_id)
        return {"sent": False, "reason": "already sent", "post": draft.post_id}
    message_id = await deliver(path, draft, send(run, request, auth, unsure_statuses))
    run.log.info("newsletter.sent", post=draft.post_id, recipients=len(draft.recipients), message=message_id)
    return {"sent": True, "post": draft.post_id, "recipients": len(draft.recipients), "message": message_id}


async def deliver(path: Path, draft: Draft, sending: Awaitable[str]) -> str:
    """Send what `begin` recorded and record the end; every way out knows the end or leaves the row "sending"."""
    try:
        message_id = await sending
    except NotAccepted:
        await to_thread.run_sync(clear, path, draft.post_id)
        raise
    except InDoubt as doubt:
        raise InDoubt(in_doubt(path, draft.post_id, draft.title, str(doubt))) from doubt
    await to_thread.run_sync(mark_sent, path, draft.post_id)
    return message_id


async def send(run: Run, request: httpx.Request, auth: httpx.Auth, unsure_statuses: Sequence[int]) -> str:
    """Make the request; return Mailgun's message id, or raise NotAccepted or InDoubt."""
    try:
        # A redirect is not followed: its second request could fail "to connect" after the first was accepted.
        response = await run.http.send(request, auth=auth, follow_redirects=False)
    except NEVER_SENT as error:
        raise NotAccepted(f"cannot reach {request.url.host}: {describe(error)}") from error
    except httpx.HTTPError as error:
        raise InDoubt(f"no complete answer: {describe(error)}") from error
    if response.status_code == 200:
        return message_id_of(response.text)
    answer = f"Mailgun answered {response.status_code}: {response.text.strip()[:300]}"
    if response.is_error and response.status_code not in unsure_statuses:
        raise NotAccepted(answer)
    raise InDoubt(answer)


# What is said and to whom: pure.


def compose(draft: Draft, sender: str, individually: bool) -> dict[str, str]:
    """The form fields of one request for all recipients."""
    form = {
        "from": sender,
        "to": ",".join(draft.recipients),
        "subject": draft.title,
        "text": draft.body,
    }
    if individually:
        form["recipient-variables"] = json.dumps({address: {} for address in draft.recipients})
    return form


def sort_addresses(addresses: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(usable, not usable), each once and in order: one bad row must not cost everyone the newsletter."""
    seen = dict.fromkeys(address.strip() for address in addresses)
    usable = tuple(a for a in seen if "@" in a and not any(c in ",;" or c.isspace() for c in a))
    return usable, tuple(a for a in seen if a not in usable)


def message_id_of(body: str) -> str:
    """Mailgun's id of what it accepted; a 200 with an odd body is still a 200."""
    try:
        return str(json.loads(body)["id"])
    except (ValueError, KeyError, TypeError):
        return ""


def describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".rstrip(": ")


def no_database(path: Path, found: str) -> str:
    command = f"sqlite3 {shlex.quote(str(path))} {shlex.quote(SCHEMA)}"
    return (
        f"{path}: {found}. Point the job at your blog's database in config.toml,\n"
        '    [override.newsletter]\n    args = { database = "/path/to/blog.db" }\n'
        f"or create an empty one:\n{command}"
    )


def in_doubt(path: Path, post_id: int, title: str, found: str) -> str:
    database = shlex.quote(str(path))
    sent = (
        f"UPDATE newsletter_delivery SET state = 'sent' WHERE post_id = {post_id}; "
        f"UPDATE blogpost SET sent = 1 WHERE id = {post_id};"
    )
    release = f"DELETE FROM newsletter_delivery WHERE post_id = {post_id} AND state = 'sending';"
    return (
        f'post {post_id} "{title}" may or may not have been sent ({found}), so it is not sent again.\n'
        f"Look for its subject in Mailgun's log (Sending > Logs). Then, if it is there:\n"
        f'    sqlite3 {database} "{sent}"\n'
        f"if it is not there, release it and the next run sends it:\n"
        f'    sqlite3 {database} "{release}"'
    )


# The database: each function is one transaction, called in a thread.


@contextmanager
def transaction(path: Path) -> Iterator[sqlite3.Connection]:
    """A write transaction from its first statement on, so that what was read still holds when we write."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        # The row must survive a power cut, whatever this SQLite was built to default to.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        with db:
            yield db


def read_draft(path: Path, backlog: bool) -> Draft | None:
    """The newest post if it is unsent (with `backlog`: the newest of the unsent), with everyone's address."""
    if not path.is_file():
        raise NoDatabase(no_database(path, "no such file"))
    with closing(sqlite3.connect(path, timeout=30)) as db:
        try:
            post = newest_unsent(db, backlog)
            users = db.execute("SELECT email FROM users WHERE email IS NOT NULL ORDER BY id").fetchall()
        except sqlite3.OperationalError as error:
            if "no such" not in str(error):
                raise
            raise NoDatabase(no_database(path, str(error))) from error
    if post is None:
        return None
    recipients, skipped = sort_addresses(str(email) for (email,) in users)
    post_id, title, body = post
    return Draft(int(post_id), str(title), str(body), recipients, skipped)


def newest_unsent(db: sqlite3.Connection, backlog: bool) -> tuple[int, str, str] | None:
    row: tuple[int, str, str, int] | None = db.execute(
        "SELECT id, title, body, coalesce(sent, 0) FROM blogpost WHERE coalesce(sent, 0) = 0 OR NOT ?"
        " ORDER BY published_date DESC, id DESC LIMIT 1",
        (backlog,),
    ).fetchone()
    return None if row is None or row[3] else row[:3]


def begin(path: Path, post_id: int, key: str, scheduled_at: str) -> bool:
    """Commit the intention to send. False: it was sent already. Raises InDoubt when an earlier end is unknown."""
    with transaction(path) as db:
        db.execute(DELIVERY)
        title, sent = db.execute("SELECT title, sent FROM blogpost WHERE id = ?", (post_id,)).fetchone()
        row = db.execute(
            "SELECT state, key, started_at FROM newsletter_delivery WHERE post_id = ?", (post_id,)
        ).fetchone()
        if sent or (row is not None and row[0] == "sent"):
            return False
        if row is not None:
            raise InDoubt(in_doubt(path, post_id, title, f"begun {row[2]} UTC by {row[1]}, end unknown"))
        db.execute(
            "INSERT INTO newsletter_delivery (post_id, key, state, scheduled_at) VALUES (?, ?, 'sending', ?)",
            (post_id, key, scheduled_at),
        )
        return True


def clear(path: Path, post_id: int) -> None:
    with transaction(path) as db:
        db.execute("DELETE FROM newsletter_delivery WHERE post_id = ? AND state = 'sending'", (post_id,))


def mark_sent(path: Path, post_id: int) -> None:
    with transaction(path) as db:
        db.execute("UPDATE newsletter_delivery SET state = 'sent' WHERE post_id = ?", (post_id,))
        db.execute("UPDATE blogpost SET sent = 1 WHERE id = ?", (post_id,))
