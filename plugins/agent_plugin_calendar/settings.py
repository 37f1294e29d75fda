"""Where the calendar is and how dates are read: the values under `plugins.calendar` in the config file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class CalendarSettings:
    """One .ics file, which other calendar programs may share."""

    path: str = ""
    """The .ics file; empty: `calendar.ics` in the plugin's own folder (one per user)."""
    timezone: str = ""
    """The zone that times are meant and shown in (Europe/Berlin); empty: this machine's."""
    date_order: Literal["", "day-first", "month-first"] = ""
    """What 03/04/2027 means; empty: such a date is refused as ambiguous."""
