"""The `tides` plugin: when the water is high, and a sailing log that shows when somebody has altered it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

from agent_core import FinishedCall, Preview, Tool, ToolArgumentError, ToolContext, ToolError, hookimpl, tool

if TYPE_CHECKING:
    from agent_core.events import Event

AGENT_CORE_HOOK_API = 1

_MAX_DAYS = 366
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TideSettings:
    """Values under `plugins.tides` in the config file; every one has a default."""

    log_file: str = "sailings.csv"
    """The sailing log, inside the workspace."""
    utc_offset_h: float = 0.0
    """Hours ahead of UTC that times are shown in."""


@dataclass(frozen=True)
class Tides:
    """High and low water; times are ISO, with their offset from UTC."""

    harbour: str
    high_water: list[str]
    low_water: list[str]
    text: str
    """The same in one line: what is quoted, where nothing else is asked for."""


@dataclass(frozen=True)
class Sailing:
    """An entry of the sailing log."""

    entry: str
    file: str
    text: str


@tool(
    read_only=True,
    idempotent=True,
    examples=[
        "When is high water in Falmouth on 12 May 2027?",
        "Show the tides in Brest for 3 days from 1 June 2027",
        "What are the tide times in Dover on 2027-03-04?",
        "When is low tide in Brest on 9 August 2027?",
    ],
)
def tide_times(ctx: ToolContext, date: date, harbour: str, days: int = 1) -> Tides:
    """Tell when the tide is high and low in a harbour: times of high water and low water.

    Args:
        date: The day, or the first of several.
        harbour: The harbour's name.
        days: For how many days.
    """
    from agent_plugin_tides.prediction import high_waters, low_waters

    if not 1 <= days <= _MAX_DAYS:
        raise ToolArgumentError(f"days is {days}; it must be 1 to {_MAX_DAYS}.")
    zone = timezone(timedelta(hours=ctx.settings.utc_offset_h))
    highs: list[str] = []
    lows: list[str] = []
    for number in range(days):
        if ctx.cancelled.is_set():
            raise ToolError("Stopped.")
        day = date + timedelta(days=number)
        ctx.progress(f"Tides of {day}", number / days)
        highs += [time.isoformat(timespec="minutes") for time in high_waters(harbour, day, zone)]
        lows += [time.isoformat(timespec="minutes") for time in low_waters(harbour, day, zone)]
    text = f"High water in {harbour}: {', '.join(highs)}; low water: {', '.join(lows)}"
    return Tides(harbour, highs, lows, text)


def _preview_sailing(ctx: ToolContext, boat: str, departure: datetime, harbour: str) -> Preview:
    from agent_plugin_tides.logbook import entry_of

    entry = entry_of(boat, departure, harbour, ctx.secret("tides"))
    return Preview(f"Add to {ctx.settings.log_file}:\n{entry}")


def _undo_sailing(ctx: ToolContext, call: FinishedCall) -> str:
    from agent_plugin_tides.logbook import remove_entry

    if call.saved is None:
        return "Nothing was entered."
    remove_entry(ctx.in_workspace(call.saved["file"]), call.saved["entry"])
    return f"Removed the entry from {call.saved['file']}."


@tool(
    examples=[
        "Register that Lotta sails from Brest on 12 May 2027 at 9:30",
        "Log a sailing of the boat Meltemi from Dover, departure 2027-06-01 07:15",
        "Enter the sailing of 'Sea Thrift' on 3 July 2027 at 14:00 from Dover",
    ],
    preview=_preview_sailing,
    undo=_undo_sailing,
    rule_args=["harbour"],
)
def register_sailing(ctx: ToolContext, boat: str, departure: datetime, harbour: str) -> Sailing:
    """Register a sailing in the log: which boat leaves a harbour, and when.

    Args:
        boat: The boat's name.
        departure: Date and time when it leaves.
        harbour: The harbour that it leaves.
    """
    from agent_plugin_tides.logbook import add_entry, entry_of

    entry = entry_of(boat, departure, harbour, ctx.secret("tides"))
    file = ctx.settings.log_file
    # Before the effect: whatever happens after this line can be taken back.
    ctx.save_for_undo({"file": file, "entry": entry})
    add_entry(ctx.in_workspace(file), entry)
    return Sailing(entry, file, f"Registered in {file}: {entry}")


@hookimpl
def agent_core_tools() -> Iterable[Tool]:
    """Tide times and the sailing log."""
    return [tide_times, register_sailing]


@hookimpl
def agent_core_settings() -> type[TideSettings]:
    """The log's file, and the zone of times."""
    return TideSettings


@hookimpl
def agent_core_commands() -> Mapping[str, tuple[str, str]]:
    """`agent-core tides HARBOUR`."""
    return {"tides": ("agent_plugin_tides.command:app", "Show the tides of a harbour.")}


@hookimpl
def agent_core_event(event: Event) -> None:
    """Tell the operator's log about sailings that were entered, or were refused or failed."""
    from agent_core.events import CallEnded

    if isinstance(event, CallEnded) and event.tool == register_sailing.name:
        _log.info("a sailing was entered: %s", event.status)
