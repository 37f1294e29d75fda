"""High and low water from the mean lunar tide: one reference high water per harbour, and the period of M2."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from agent_core import ToolArgumentError

PERIOD = timedelta(hours=12.4206012)
"""Of the principal lunar semidiurnal constituent M2 (Doodson 1921)."""

_REFERENCE = {
    "Brest": datetime(2027, 1, 1, 9, 47, tzinfo=UTC),
    "Dover": datetime(2027, 1, 1, 4, 51, tzinfo=UTC),
    "Falmouth": datetime(2027, 1, 1, 10, 58, tzinfo=UTC),
}


def high_waters(harbour: str, day: date, zone: tzinfo = UTC) -> list[datetime]:
    """Times of high water on a day of that zone: one or two.

    Raises:
        ToolArgumentError: the harbour is not known.
    """
    return list(_times(_reference(harbour), day, zone))


def low_waters(harbour: str, day: date, zone: tzinfo = UTC) -> list[datetime]:
    """Times of low water on a day of that zone: one or two.

    Raises:
        ToolArgumentError: the harbour is not known.
    """
    return list(_times(_reference(harbour) + PERIOD / 2, day, zone))


def _reference(harbour: str) -> datetime:
    for name, high_water in _REFERENCE.items():
        if name.casefold() == harbour.strip().casefold():
            return high_water
    raise ToolArgumentError(f"No tides are known for {harbour!r}; known are {', '.join(_REFERENCE)}.")


def _times(reference: datetime, day: date, zone: tzinfo) -> Iterator[datetime]:
    start = datetime.combine(day, time(), zone)
    moment = (reference - ((reference - start) // PERIOD) * PERIOD).astimezone(zone)
    while moment < start + timedelta(days=1):
        yield moment
        moment += PERIOD
