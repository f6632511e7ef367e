"""Public holidays from the `holidays` package, which is an extra."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from asched.declaration.faults import did_you_mean
from asched.errors import ScheduleError

INSTALL = 'install it with the extra: pip install "asched[holidays]"'


def public_holidays(place: str, years: Iterable[int]) -> list[tuple[date, str]]:
    """Those of a country or a part of it, "DE" or "DE-BE", or of a market, "XNYS". Raises ScheduleError."""
    try:
        import holidays
    except ImportError:
        raise ScheduleError(f'the holidays of "{place}" need the package holidays', help=INSTALL) from None
    country, _, part = place.partition("-")
    countries, markets = holidays.list_supported_countries(), holidays.list_supported_financial()
    if country in countries:
        if part and part not in countries[country]:
            raise ScheduleError(f'"{country}" has no part "{part}"', help=did_you_mean(part, countries[country]))
        found = holidays.country_holidays(country, subdiv=part or None, years=years)
    elif place in markets:
        found = holidays.financial_holidays(place, years=years)
    else:
        help = 'a country, or a part of one, or a market: as in "DE", "DE-BE" or "XNYS"'
        raise ScheduleError(f'nobody knows the holidays of "{place}"', help=help)
    return sorted(found.items())
