"""Where the calendar is and how dates are read: the values under `plugins.calendar` in the config file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from agent_core.errors import ConfigurationError


@dataclass(frozen=True)
class CalendarSettings:
    """One .ics file, which other calendar programs may share."""

    path: str = ""
    """The .ics file; empty: `calendar.ics` in the plugin's own folder (one per user)."""
    timezone: str = ""
    """The zone that times are meant and shown in (Europe/Berlin); empty: this machine's."""
    date_order: Literal["", "day-first", "month-first"] = ""
    """What 03/04/2027 means; empty: such a date is refused as ambiguous."""

    @property
    def zone(self) -> tzinfo:
        """The zone that `timezone` names, or this machine's.

        Raises:
            ConfigurationError: there is no such zone.
        """
        from zoneinfo import ZoneInfo

        import tzlocal

        name = self.timezone
        try:
            return ZoneInfo(name) if name else tzlocal.get_localzone()
        except (LookupError, ValueError, OSError):
            wrong = (
                f"plugins.calendar.timezone {name!r} is not a time zone"
                if name
                else "This machine's time zone is unknown"
            )
            raise ConfigurationError(
                f"{wrong}; set one with: agent-core config set plugins.calendar.timezone Europe/Berlin"
            ) from None

    def now(self) -> datetime:
        """What the clock on the user's wall says: relative words ("tomorrow at 9") count from it."""
        return datetime.now(self.zone).replace(tzinfo=None)
