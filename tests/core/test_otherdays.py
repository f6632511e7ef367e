"""Other days in a calendar: the schedule stays the same, with its anchors and with what it owes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from boards import NOON, a_board, decided, of_kind
from jobdoubles import S, a_job

from asched.core.change import Activate, Decide
from asched.core.grammar.phrases import parse_schedule
from asched.core.localtime.calendars import Calendar
from asched.core.localtime.cron import Cron
from asched.core.model import CatchUp
from asched.core.rules.board import Now, Turn
from asched.core.rules.deadlines import due
from asched.core.rules.roster import current, place
from asched.core.triggers.at import At
from asched.core.triggers.excluding import Excluding
from asched.core.triggers.onlyon import OnlyOn
from asched.core.triggers.otherdays import same_but_for_days, with_days_of
from asched.core.triggers.protocol import Trigger
from asched.core.triggers.union import any_of
from asched.core.version import definition_of

DAY = timedelta(days=1)


def holidays(*days: int, name: str = "de") -> Calendar:
    return Calendar(name, days=tuple((date(2026, 3, day), "free") for day in days))


def later(by: timedelta) -> Now:
    return Now(NOON + by, NOON + by)


@pytest.mark.parametrize("text", ["every 2 weeks on monday at 09:00", "every 7h", "in 2d", "daily at 09:00 3 times"])
def test_its_anchors_are_kept(text: str) -> None:
    declared = parse_schedule(text)
    board = a_board(a_job("x", Excluding(declared, (holidays(1),))))
    before = board.jobs["x"]
    turn = Turn()
    after = place(board, a_job("x", Excluding(declared, (holidays(1, 2),))), current(before), later(10 * S), turn)
    assert after.next_at == before.next_at
    assert after.version == before.version + 1
    assert after.watermark == before.watermark
    assert not of_kind(turn, Decide), "nothing that it owed is closed"
    (activated,) = of_kind(turn, Activate)
    assert activated.since == before.watermark


def test_what_was_missed_meanwhile_is_caught_up() -> None:
    nightly = Cron("0 0 * * *")
    board = a_board(a_job("x", Excluding(nightly, (holidays(20),)), catch_up=CatchUp.LATEST))
    place(
        board, a_job("x", Excluding(nightly, (holidays(21),))), current(board.jobs["x"]), later(3 * DAY), turn := Turn()
    )
    due(board, later(3 * DAY), 10, turn)
    assert [what for _, _, what in decided(turn)] == ["coalesced", "coalesced", "start"]


def test_what_it_goes_without_is_the_new_days() -> None:
    old = Excluding(Cron("0 9 * * *"), (holidays(1), holidays(5, name="fairs")))
    new = Excluding(Cron("0 9 * * *"), (holidays(2), holidays(5, name="fairs")))
    assert with_days_of(old.anchored(NOON), new) == new


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Excluding(Cron("0 9 * * *"), (holidays(1),)), Excluding(Cron("0 9 * * *"), (holidays(2),)), True),
        (Excluding(Cron("0 9 * * *"), (holidays(1),)), Excluding(Cron("1 9 * * *"), (holidays(1),)), False),
        (Excluding(Cron("0 9 * * *"), (holidays(1),)), Excluding(Cron("0 9 * * *"), (holidays(1, name="fr"),)), False),
        (OnlyOn(Cron("0 9 * * *"), (holidays(1),)), OnlyOn(Cron("0 9 * * *"), (holidays(3, 4),)), True),
        (OnlyOn(Cron("0 9 * * *"), (holidays(1),)), Excluding(Cron("0 9 * * *"), (holidays(1),)), False),
        (Cron("0 9 * * *"), Cron("0 9 * * *"), False),
    ],
)
def test_what_counts_as_the_same(one: Any, other: Any, same: bool) -> None:
    assert same_but_for_days(definition_of(a_job("x", one)), definition_of(a_job("x", other))) is same


def test_in_a_union_each_keeps_its_place() -> None:
    def made(*days: int) -> Trigger:
        return any_of(
            [
                At(NOON),
                Excluding(parse_schedule("every 7h"), (holidays(*days),)),
                OnlyOn(Cron("0 9 * * *"), (holidays(*days),)),
            ]
        )

    one, other = made(1), made(31)
    assert same_but_for_days(definition_of(a_job("x", one)), definition_of(a_job("x", other)))
    assert with_days_of(one.anchored(NOON), other) == other.anchored(NOON)
