"""The instances: who runs on this ledger, and who did."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from asched.core.record import InstanceRecord
from asched.ledger import statements as sql
from asched.ledger.rows import micros

if TYPE_CHECKING:
    from sqlite3 import Connection


def enter(instance: InstanceRecord, least: int, connection: Connection) -> int:
    """`least`: no smaller number, even if the ledger no longer knows that it was given."""
    incarnation = {
        "host": instance.host,
        "boot_id": instance.boot_id,
        "pid": instance.pid,
        "pid_started": instance.pid_started,
        "started_at": micros(instance.started_at),
        "token": instance.token,
    }
    connection.execute(sql.ENTER, {**incarnation, "least": least, "seen_at": micros(instance.seen_at)})
    number: int = connection.execute(sql.ENTERED, incarnation).fetchone()[0]
    return number


def renew(number: int, at: datetime, connection: Connection) -> None:
    connection.execute(sql.RENEW, {"number": number, "at": micros(at)})


def take_over(number: int, at: datetime, connection: Connection) -> None:
    connection.execute(sql.TAKE_OVER, {"number": number, "at": micros(at)})


def leave(number: int, at: datetime, connection: Connection) -> None:
    connection.execute(sql.RENEW, {"number": number, "at": micros(at)})
    connection.execute(sql.LEAVE, {"number": number, "at": micros(at)})
