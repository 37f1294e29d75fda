"""The tools by themselves, through the gate, and what they do with bad input."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise

import pytest
from agent_plugin_tides import TideSettings, register_sailing, tide_times
from agent_plugin_tides.prediction import PERIOD, high_waters, low_waters

from agent_core import ToolArgumentError
from agent_core.testing import Script, call, check_tool

SAILING = {"boat": "Lotta", "departure": "2027-05-12T09:30:00", "harbour": "Brest"}


@pytest.fixture
def context(tool_context):
    return replace(tool_context, settings=TideSettings(), secrets={"tides": "club-key"})


async def test_the_tools_keep_the_contract(context):
    tides = await check_tool(tide_times, {"date": "2027-05-12", "harbour": "Brest"}, context)
    assert 1 <= len(tides["high_water"]) <= 2
    sailing = await check_tool(register_sailing, SAILING, context)
    assert (context.workspace / "sailings.csv").read_text() == sailing["entry"] + "\n"


def test_low_water_lies_half_a_tide_after_high_water():
    (high, *_), lows = high_waters("dover", date(2027, 8, 9)), low_waters("Dover", date(2027, 8, 9))
    assert min(abs(abs(low - high) - PERIOD / 2).total_seconds() for low in lows) < 1


def test_every_high_water_is_counted_once():
    days = [date.fromordinal(date(2027, 1, 1).toordinal() + number) for number in range(365)]
    times = [time for day in days for time in high_waters("Falmouth", day)]
    gaps = {later - earlier for earlier, later in pairwise(times)}
    assert {round(gap / PERIOD, 6) for gap in gaps} == {1.0}


def test_an_unknown_harbour_is_named_with_those_that_are_known(context):
    with pytest.raises(ToolArgumentError, match=r"'Atlantis'.*Brest"):
        tide_times.function(context, date(2027, 1, 1), "Atlantis")


@pytest.mark.parametrize("boat", ["", "a,b", "two\nlines"])
def test_a_name_cannot_forge_a_line(context, boat):
    with pytest.raises(ToolArgumentError, match="not a name"):
        register_sailing.function(context, boat, datetime(2027, 5, 12, 9, 30), "Brest")


def test_another_zone_shows_the_same_moments(context):
    day = date(2027, 8, 9)
    shown = tide_times.function(replace(context, settings=TideSettings(utc_offset_h=5.5)), day, "Brest", 2)
    utc = tide_times.function(context, date(2027, 8, 8), "Brest", 4)
    assert all(time.endswith("+05:30") for time in shown.high_water)
    moments = [datetime.fromisoformat(time) for time in utc.high_water]
    for time in shown.high_water:
        assert min(abs(datetime.fromisoformat(time) - moment) for moment in moments).total_seconds() < 61


async def test_a_sailing_waits_is_entered_and_is_taken_back(assistants, monkeypatch, tmp_path):
    monkeypatch.setenv("TIDES_API_KEY", "club-key")
    script = Script(call("register_sailing", **SAILING), "Entered.")
    assistant = assistants(script, plugins=["tides"])
    log = tmp_path / "workspace" / "sailings.csv"

    answer = await assistant.ask("Lotta leaves Brest on 12 May 2027 at 9:30, register it")
    assert answer.status == "waiting"
    assert "2027-05-12 09:30,Lotta,Brest" in answer.pending[0].preview
    assert not log.exists()

    await assistant.approve(answer.pending[0].id)
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done"
    assert log.read_text().startswith("2027-05-12 09:30,Lotta,Brest,")
    (undone,) = await assistant.undo(answer.run_id)
    assert undone["status"] == "undone"
    assert log.read_text() == ""


async def test_without_its_key_it_says_how_to_set_one(assistants, monkeypatch):
    monkeypatch.delenv("TIDES_API_KEY", raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    assistant = assistants(
        Script(call("register_sailing", **SAILING), "No key."), plugins=["tides"], allow=["register_sailing"]
    )
    answer = await assistant.ask("register it")
    assert "agent-core keys set tides" in str([step.error for step in answer.steps.values()])
