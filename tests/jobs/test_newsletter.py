"""The newsletter: sent once, or a person is asked."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from anyio import to_thread
from fake_run import FakeRun
from service_double import Reply, ServiceDouble, free_port, reply_json

from jobs import newsletter as module
from jobs.newsletter import InDoubt, NoDatabase, NotAccepted, newsletter, sort_addresses

pytestmark = pytest.mark.anyio

MESSAGES = "/v3/mg.example.org/messages"
QUEUED = reply_json({"id": "<1@mg.example.org>", "message": "Queued. Thank you."})


@pytest.fixture
def run(run: FakeRun) -> FakeRun:
    run.secrets = {"MAILGUN_API_KEY": "key-1", "MAILGUN_DOMAIN": "mg.example.org"}
    return run


@pytest.fixture
def blog(tmp_path: Path) -> Path:
    """Two readers; two posts, both unsent, the newer with the smaller id."""
    path = tmp_path / "blog.db"
    execute(path, *module.SCHEMA.split("\n\n"))
    execute(
        path,
        "INSERT INTO users (email) VALUES ('ann@example.org'), ('bob@example.org')",
        "INSERT INTO blogpost VALUES (1, 'New', 'Hello & welcome', '2026-11-20', 0)",
        "INSERT INTO blogpost VALUES (2, 'Old', 'Long ago', '2026-10-01', 0)",
    )
    return path


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.executescript(statement)


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(query).fetchall()


def sent(path: Path) -> list[object]:
    return [post for (post,) in rows(path, "SELECT id FROM blogpost WHERE sent ORDER BY id")]


def deliveries(path: Path) -> list[tuple[object, ...]]:
    return rows(path, "SELECT post_id, key, state FROM newsletter_delivery")


async def send(run: FakeRun, blog: Path, service: ServiceDouble, **knobs: object) -> dict[str, object]:
    return await newsletter(run, database=str(blog), api=service.url, **knobs)


async def test_the_newest_post_goes_to_all_readers_in_one_documented_request(
    run: FakeRun, blog: Path, service: ServiceDouble
) -> None:
    service.on("POST", MESSAGES, QUEUED)
    result = await send(run, blog, service)
    assert result == {"sent": True, "post": 1, "recipients": 2, "message": "<1@mg.example.org>"}
    [request] = service.requests
    assert request.basic_auth == "api:key-1"
    assert request.form == {
        "from": "newsletter@mg.example.org",
        "to": "ann@example.org,bob@example.org",
        "subject": "New",
        "text": "Hello & welcome",
    }
    assert request.headers["idempotency-key"] == run.key
    assert sent(blog) == [1]
    assert deliveries(blog) == [(1, run.key, "sent")]


async def test_a_post_that_was_sent_is_not_sent_again(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, QUEUED)
    await send(run, blog, service)
    assert await send(run, blog, service) == {"sent": False, "reason": "no unsent post"}
    assert len(service.requests) == 1


async def test_with_backlog_an_older_unsent_post_follows(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, QUEUED)
    assert [(await send(run, blog, service, backlog=True)).get("post") for _ in range(3)] == [1, 2, None]
    assert sent(blog) == [1, 2]


async def test_individually_hides_the_readers_from_each_other(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, QUEUED)
    await send(run, blog, service, individually=True, sender="me@example.org")
    form = service.requests[0].form
    assert form["recipient-variables"] == '{"ann@example.org": {}, "bob@example.org": {}}'
    assert form["from"] == "me@example.org"


@pytest.mark.parametrize("status", [400, 401, 402, 429, 500, 503])
async def test_a_rejection_clears_the_record_and_the_next_try_sends(
    run: FakeRun, blog: Path, service: ServiceDouble, status: int
) -> None:
    service.on("POST", MESSAGES, reply_json({"message": "not now"}, status), QUEUED)
    with pytest.raises(NotAccepted, match=f"{status}.*not now"):
        await send(run, blog, service)
    assert (sent(blog), deliveries(blog)) == ([], [])
    assert (await send(run, blog, service))["sent"] is True


async def test_a_refused_connection_clears_the_record(run: FakeRun, blog: Path) -> None:
    with pytest.raises(NotAccepted, match=r"cannot reach 127\.0\.0\.1"):
        await newsletter(run, database=str(blog), api=f"http://127.0.0.1:{free_port()}")
    assert (sent(blog), deliveries(blog)) == ([], [])


IN_DOUBT = {
    "reset after the request was read": Reply(fault="reset"),
    "no answer in time": Reply(fault="hang"),
    "half an answer": Reply(200, b'{"id": "<1@mg.example.org>"}', fault="cut"),
    "accepted, but not with 200": reply_json({}, 202),
    "a redirect": Reply(303, headers={"Location": "/elsewhere"}),
}


@pytest.mark.parametrize("fault", IN_DOUBT)
async def test_an_unknown_end_is_never_repeated(run: FakeRun, blog: Path, service: ServiceDouble, fault: str) -> None:
    """The server may have taken the mail: no second one, whatever the service says by then."""
    service.on("POST", MESSAGES, IN_DOUBT[fault], QUEUED)
    for _ in range(3):
        with pytest.raises(InDoubt, match="may or may not have been sent"):
            await send(run, blog, service, answer_timeout=0.1)
    assert service.paths() == [MESSAGES]
    assert (sent(blog), deliveries(blog)) == ([], [(1, run.key, "sending")])


async def test_unsure_statuses_are_in_doubt_too(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, reply_json({}, 504))
    with pytest.raises(InDoubt):
        await send(run, blog, service)
    assert deliveries(blog) == [(1, run.key, "sending")]


async def test_a_crash_between_the_answer_and_the_mark_sends_no_second_mail(
    run: FakeRun, blog: Path, service: ServiceDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(path: Path, post_id: int) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    service.on("POST", MESSAGES, QUEUED)
    with monkeypatch.context() as patch:
        patch.setattr(module, "mark_sent", crash)
        with pytest.raises(sqlite3.OperationalError):
            await send(run, blog, service)
    with pytest.raises(InDoubt, match="end unknown"):
        await send(run, blog, service)
    assert len(service.requests) == 1


async def test_a_run_cancelled_while_waiting_for_the_answer_leaves_the_record(
    run: FakeRun, blog: Path, service: ServiceDouble
) -> None:
    service.on("POST", MESSAGES, Reply(fault="hang"))
    task = asyncio.ensure_future(send(run, blog, service))
    assert await to_thread.run_sync(service.asked.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert deliveries(blog) == [(1, run.key, "sending")]


async def statement_after(run: FakeRun, blog: Path, service: ServiceDouble, words: str) -> str:
    """Send in doubt; return the SQL that the failure gives under `words`."""
    service.on("POST", MESSAGES, Reply(fault="reset"), QUEUED)
    with pytest.raises(InDoubt) as failure:
        await send(run, blog, service)
    found = re.search(rf'{words}.*?:\n    sqlite3 \S+ "([^"]+)"', str(failure.value), re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_failure_says_how_to_release_a_post_that_was_not_sent(
    run: FakeRun, blog: Path, service: ServiceDouble
) -> None:
    execute(blog, await statement_after(run, blog, service, "if it is not there"))
    assert (await send(run, blog, service))["sent"] is True


async def test_the_failure_says_how_to_settle_a_post_that_was_sent(
    run: FakeRun, blog: Path, service: ServiceDouble
) -> None:
    execute(blog, await statement_after(run, blog, service, "if it is there"))
    assert (await send(run, blog, service))["sent"] is False
    assert sent(blog) == [1]


async def test_two_runs_at_once_send_one_mail(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, Reply(200, QUEUED.body, fault="slow"))
    ends = await asyncio.gather(*(send(run, blog, service) for _ in range(3)), return_exceptions=True)
    assert len(service.requests) == 1
    assert sum(isinstance(end, dict) and end["sent"] is True for end in ends) == 1


async def test_a_missing_database_says_how_to_get_one_and_creates_nothing(
    run: FakeRun, tmp_path: Path, service: ServiceDouble
) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(NoDatabase, match=r"no such file(.|\n)*CREATE TABLE users") as failure:
        await send(run, path, service)
    assert "[override.newsletter]" in str(failure.value)
    assert not path.exists()


async def test_a_database_without_posts_says_so(run: FakeRun, tmp_path: Path, service: ServiceDouble) -> None:
    path = tmp_path / "empty.db"
    execute(path, "CREATE TABLE users (id INTEGER, email TEXT)")
    with pytest.raises(NoDatabase, match="no such table: blogpost"):
        await send(run, path, service)


async def test_without_readers_nothing_is_sent_or_marked(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    execute(blog, "DELETE FROM users")
    assert (await send(run, blog, service))["reason"] == "no recipients"
    assert (service.requests, sent(blog)) == ([], [])


async def test_a_bad_address_costs_only_its_reader_the_mail(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    execute(blog, "INSERT INTO users (email) VALUES ('eve@x.org,all@y.org')")
    service.on("POST", MESSAGES, QUEUED)
    assert (await send(run, blog, service))["recipients"] == 2
    assert ("warning", "newsletter.addresses_skipped", {"addresses": ["eve@x.org,all@y.org"]}) in run.log.lines


async def test_a_missing_secret_leaves_nothing_in_doubt(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    run.secrets = {"MAILGUN_DOMAIN": "mg.example.org"}
    with pytest.raises(KeyError):
        await send(run, blog, service)
    assert rows(blog, "SELECT name FROM sqlite_master WHERE name = 'newsletter_delivery'") == []


async def test_the_key_is_in_no_message(run: FakeRun, blog: Path, service: ServiceDouble) -> None:
    service.on("POST", MESSAGES, reply_json({"message": "Invalid private key"}, 401))
    with pytest.raises(NotAccepted) as failure:
        await send(run, blog, service)
    assert "key-1" not in f"{failure.value} {run.log.lines}"


async def test_addresses_are_trimmed_and_each_kept_once() -> None:
    addresses = [" a@x.org ", "a@x.org", "b@x.org", "nobody", "", "c@x.org\nBcc: d@x.org"]
    assert sort_addresses(addresses) == (("a@x.org", "b@x.org"), ("nobody", "", "c@x.org\nBcc: d@x.org"))
