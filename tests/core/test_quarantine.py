"""Who took asched down: only who was there each time, started by the one that died, and only where it is plain."""

import pytest
from boards import at

from asched.core.record import InstanceRecord
from asched.core.rules.quarantine import Death, LostAttempt, culprit, deaths, reason, suspects


def server(number, *, left=False, boot="b", host="h"):
    """It lived for ten seconds, from number x 10 seconds after noon."""
    started, seen = at(number * 10).wall, at(number * 10 + 5).wall
    return InstanceRecord(number, host, boot, 1, 1, started, seen, seen if left else None)


FOUR = server(4)
KILLED = [server(1), server(2), server(3)]

LINES = [
    ("three were killed", KILLED, 3),
    ("only the last three count", [server(0, left=True), *KILLED], 3),
    ("whatever the order in which they are read", KILLED[::-1], 3),
    ("only two", KILLED[1:], 0),
    ("one of them left", [server(1), server(2, left=True), server(3)], 0),
    ("the machine was booted between them", [server(1, boot="a"), server(2), server(3)], 0),
    ("the machine was booted since", [server(n, boot="a") for n in (1, 2, 3)], 0),
    ("on another host", [server(n, host="other") for n in (1, 2, 3)], 0),
]


@pytest.mark.parametrize(("why", "servers", "count"), LINES, ids=[why for why, *_ in LINES])
def test_three_in_a_row_that_were_killed(why, servers, count):
    found = deaths(servers, FOUR)
    assert [death.server.number for death in found] == [1, 2, 3][:count]


DIED = deaths(KILLED, FOUR)


def lost(job, *seconds):
    return [LostAttempt(job, at(second).wall) for second in seconds]


SUSPECTS = [
    ("there each time", lost("a", 12, 22, 32), {"a": (12, 22, 32)}),
    ("there twice", lost("a", 12, 22), {}),
    ("started by another one than died", lost("a", 9, 22, 32), {}),
    ("the last attempt of each counts", lost("a", 12, 14, 22, 32), {"a": (14, 22, 32)}),
    ("several", lost("a", 12, 22, 32) + lost("b", 11, 21, 31), {"a": (12, 22, 32), "b": (11, 21, 31)}),
]


@pytest.mark.parametrize(("why", "attempts", "found"), SUSPECTS, ids=[why for why, *_ in SUSPECTS])
def test_who_was_there_each_time(why, attempts, found):
    expected = {job: tuple(at(second).wall for second in seconds) for job, seconds in found.items()}
    assert suspects(DIED, attempts) == expected


CULPRITS = [
    ("nobody", {}, {}, None),
    ("the only one", {"a": (12, 22, 32)}, {}, "a"),
    ("who was always started last", {"a": (12, 22, 32), "b": (11, 21, 31)}, {}, "a"),
    ("not always the same", {"a": (12, 22, 30), "b": (11, 21, 31)}, {}, None),
    ("started together", {"a": (12, 22, 32), "b": (12, 22, 32)}, {}, None),
    ("released since it began", {"a": (12, 22, 32)}, {"a": 15}, None),
    ("released before", {"a": (12, 22, 32)}, {"a": 5}, "a"),
    ("the culprit is released, and nobody else is blamed", {"a": (12, 22, 32), "b": (11, 21, 31)}, {"a": 15}, None),
    ("another one is released", {"a": (12, 22, 32), "b": (11, 21, 31)}, {"b": 15}, "a"),
]


@pytest.mark.parametrize(("why", "found", "released", "guilty"), CULPRITS, ids=[why for why, *_ in CULPRITS])
def test_who_is_held(why, found, released, guilty):
    starts = {job: tuple(at(second).wall for second in seconds) for job, seconds in found.items()}
    assert culprit(starts, {job: at(second).wall for job, second in released.items()}) == guilty


def test_the_reason_names_who_died_and_when_it_was_last_seen_alive():
    starts = [at(second).wall for second in (12, 22, 39)]
    assert reason(DIED, starts) == (
        "quarantined: asched died three times while it ran: asched 1 at 2026-01-01T12:00:15Z, "
        "asched 2 at 2026-01-01T12:00:25Z, asched 3 at 2026-01-01T12:00:39Z"
    )
    assert isinstance(DIED[0], Death)
