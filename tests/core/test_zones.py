"""Zones are found by name, and their offset changes by looking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones
from zoneinfo._zoneinfo import ZoneInfo as ReadableZone  # type: ignore[import-not-found] # the one in Python

import pytest

from asched.core.localtime.zones import Offsets, after_gap, instant_of, instants_of, offset_changes, offsets, zone
from asched.errors import ScheduleError

SINCE, UNTIL = datetime(1970, 1, 1, tzinfo=UTC), datetime(2037, 1, 1, tzinfo=UTC)


def tabled_changes(key: str) -> list[int]:
    """From the zone's own transition table, those that change the offset."""
    table = ReadableZone.no_cache(key)
    at, offset = table._trans_utc, table._ttinfos
    before = [table._tti_before, *offset]
    found = [t for t, old, new in zip(at, before, offset, strict=False) if old.utcoff != new.utcoff]
    return [t for t in found if SINCE.timestamp() < t <= UNTIL.timestamp()]


def looked_up(key: str) -> list[int]:
    return [int(at.timestamp()) for at in offset_changes(key, SINCE, UNTIL)]


def ends_with_a_rule(key: str, changes: list[int]) -> list[int]:
    """The table may end where a rule takes over; compare as far as it goes."""
    last = max(tabled_changes(key), default=0)
    return [at for at in changes if at <= last]


@pytest.mark.parametrize("key", ["Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC"])
def test_offset_changes_are_those_of_the_transition_table(key: str) -> None:
    assert ends_with_a_rule(key, looked_up(key)) == tabled_changes(key)


@pytest.mark.soak
def test_offset_changes_of_all_zones_are_those_of_their_tables() -> None:
    keys = sorted(available_timezones())
    assert [key for key in keys if ends_with_a_rule(key, looked_up(key)) != tabled_changes(key)] == []


def test_stretches_follow_each_other_without_a_hole() -> None:
    berlin = offsets("Europe/Berlin")
    at = 0
    for _ in range(200):
        stretch = berlin.stretch(at)
        assert stretch.start <= at < stretch.end
        assert berlin.stretch(stretch.end).before == stretch.offset
        at = stretch.end


@pytest.mark.parametrize(
    ("key", "help"),
    [
        ("Europe/Berlni", 'did you mean "Europe/Berlin"'),
        ("europe/berlin", 'did you mean "Europe/Berlin"?'),
        ("W. Europe Standard Time", 'that is a name of Windows: write an IANA key such as "Europe/Berlin"'),
        ("berlin", 'did you mean "Europe/Berlin"?'),
        ("New York", 'did you mean "America/New_York"?'),
        ("local", "resolved when a configuration is loaded"),
        ("", "IANA key"),
        ("../etc/passwd", ""),
        ("Europe", ""),
        ("a\0b", ""),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest(key: str, help: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        zone(key)
    assert help in caught.value.help


def test_a_known_zone_is_found() -> None:
    assert zone("Europe/Berlin") == ZoneInfo("Europe/Berlin")


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_skipped_wall_time_has_no_instant() -> None:
    assert instants_of(wall("2026-03-29T02:30"), "Europe/Berlin") == ()
    assert after_gap(wall("2026-03-29T02:30"), "Europe/Berlin") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert after_gap(wall("2026-03-29T02:00"), "Europe/Berlin") == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert after_gap(wall("2011-12-30T12:00"), "Pacific/Apia") == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_a_repeated_wall_time_has_two_instants() -> None:
    assert instants_of(wall("2026-10-25T02:30"), "Europe/Berlin") == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize("text", ["2026-03-29T01:59:59", "2026-03-29T03:00", "2026-10-25T01:59", "2026-10-25T03:00"])
def test_the_wall_times_beside_a_change_are_ordinary(text: str) -> None:
    assert len(instants_of(wall(text), "Europe/Berlin")) == 1


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-03-29T01:30", "2026-03-29T00:30+00:00"),
        ("2026-03-29T02:30", "2026-03-29T01:00+00:00"),
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),
    ],
)
def test_a_wall_time_stands_for_its_first_pass_or_for_the_end_of_its_gap(text: str, instant: str) -> None:
    assert instant_of(wall(text), "Europe/Berlin") == datetime.fromisoformat(instant)


class OneChange(tzinfo):
    """Two hours east of UTC, and one hour from `at` on."""

    def __init__(self, at: int) -> None:
        self.at = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)

    def fromutc(self, dt: datetime) -> datetime:
        return dt + self._offset(dt.replace(tzinfo=None))

    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        if dt is None:
            return None
        return self._offset(dt.replace(tzinfo=None) - timedelta(hours=2))

    def _offset(self, utc: datetime) -> timedelta:
        return timedelta(hours=1 if utc >= self.at else 2)


def test_a_stretch_that_ends_before_a_fold_leaves_all_of_its_first_pass_to_the_next() -> None:
    """Wherever the change lies beside the blocks in which offsets are read."""
    for change in range((3 << 25) - 5400, (3 << 25) + 5401, 1800):
        end = Offsets(OneChange(change)).stretch((1 << 25) + 5).end
        assert end == change or end <= change - 3600
