"""Requests with known calls: the public development half where it is found, and those written for this project."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import yaml

from agent_plugin_offline.calls import ToolSpec
from agent_plugin_offline.learning import Case

_HERE = Path(__file__).parent
_KINDS = {"string", "integer", "number", "boolean", "array"}
_OTHERS = 7


def data_folder() -> Path | None:
    """Where the public data lies: AGENT_CORE_DATA, or ../shared/data beside the checkout."""
    roots = [os.environ.get("AGENT_CORE_DATA"), str(_HERE.parents[2] / "shared" / "data")]
    folders = (Path(root) / "function_calling" for root in roots if root)
    return next((folder for folder in folders if (folder / "dev.jsonl").is_file()), None)


def public_cases(folder: Path) -> list[tuple[dict[str, Any], Case]]:
    """The development half, as it is written and as the engine learns from it."""
    rows = [json.loads(line) for line in (folder / "dev.jsonl").read_text("utf-8").splitlines()]
    return [(row, Case(row["request"], tuple(map(_spec, row["tools"])), _calls(row["truth"]))) for row in rows]


def chatty_cases() -> list[tuple[dict[str, Any], Case]]:
    """The requests of chatty_requests.yaml, which nothing is learned from."""
    return own_cases(file="chatty_requests.yaml", others=3)


def own_cases(
    seed: int = 5, file: str = "assistant_requests.yaml", others: int = _OTHERS
) -> list[tuple[dict[str, Any], Case]]:
    """The requests of a file of ours, each among its own tool and a few others."""
    entries: list[dict[str, Any]] = yaml.safe_load((_HERE / "data" / file).read_text("utf-8"))
    tools = {entry["tool"]: _tool(entry) for entry in entries if "tool" in entry}
    chance = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for entry in entries:
        for request, wanted in entry.get("requests", []):
            strange = [tools[name] for name in chance.sample(sorted(tools), others) if name != entry["tool"]]
            calls = wanted if isinstance(wanted, list) else [wanted]
            truth = [{entry["tool"]: _accepted(tools[entry["tool"]], call)} for call in calls]
            rows.append(_row("own", request, [tools[entry["tool"]], *strange], truth))
        for request in entry.get("nothing", []):
            some = [tools[name] for name in chance.sample(sorted(tools), others)]
            rows.append(_row("own irrelevance", request, some, []))
    for number, row in enumerate(rows):
        row["id"] = f"own_{number}"
    return [(row, Case(row["request"], tuple(map(_spec, row["tools"])), _calls(row["truth"]))) for row in rows]


def _row(category: str, request: str, tools: list[dict[str, Any]], truth: list[dict[str, Any]]) -> dict[str, Any]:
    return {"category": category, "request": request, "tools": tools, "truth": truth}


def _spec(tool: dict[str, Any]) -> ToolSpec:
    return ToolSpec(tool["name"], tool["description"], tool["parameters"])


def _calls(truth: list[dict[str, Any]]) -> tuple[tuple[str, dict[str, list[Any]]], ...]:
    return tuple(next(iter(call.items())) for call in truth)


def _tool(entry: dict[str, Any]) -> dict[str, Any]:
    properties, required = {}, []
    for name, text in entry["parameters"].items():
        kind, _, description = text.partition(" ")
        if kind.endswith("!"):
            required.append(name)
        properties[name] = {**_type(kind.rstrip("!")), "description": description}
    parameters = {"type": "object", "properties": properties, "required": required}
    return {"name": entry["tool"], "description": entry["description"], "parameters": parameters}


def _type(kind: str) -> dict[str, Any]:
    if kind.startswith("enum("):
        return {"type": "string", "enum": kind[5:-1].split("|")}
    if kind.startswith("array:"):
        return {"type": "array", "items": {"type": kind.removeprefix("array:")}}
    assert kind in _KINDS, kind
    return {"type": kind}


def _accepted(tool: dict[str, Any], call: dict[str, Any]) -> dict[str, list[Any]]:
    properties = tool["parameters"]["properties"]
    accepted: dict[str, list[Any]] = {name: [""] for name in properties if name not in tool["parameters"]["required"]}
    for name, value in call.items():
        options = value if isinstance(value, list) else [value]
        accepted[name] = [str(v) if properties[name]["type"] == "string" and v != "" else v for v in options]
    return accepted
