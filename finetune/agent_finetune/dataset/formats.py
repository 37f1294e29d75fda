"""A row of a dataset in the forms that trainers take."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from agent_finetune.dataset.examples import Message
from agent_finetune.dataset.spool import compact

Row = Mapping[str, Any]
"""An example: messages, tools, kind, teacher, model, run."""


def trl(row: Row) -> dict[str, Any]:
    """TRL's `messages` and `tools`; the last message is what is taught."""
    return {key: row[key] for key in ("messages", "tools", "kind", "teacher", "model", "run")}


def openai(row: Row) -> dict[str, Any]:
    """OpenAI's fine-tuning form: arguments are text, and only the last message has weight."""
    *context, said = row["messages"]
    unweighted = [{**m, "weight": 0} if m["role"] == "assistant" else m for m in context]
    messages = [_openai_message(message) for message in (*unweighted, said)]
    return {"messages": messages, **({"tools": row["tools"]} if row["tools"] else {})}


def sharegpt(row: Row) -> dict[str, Any]:
    """ShareGPT's turns, with tools and calls as LLaMA-Factory, Axolotl and others read them."""
    turns: list[dict[str, str]] = []
    system = ""
    for message in row["messages"]:
        if message["role"] == "system":
            system = message["content"]
        elif calls := message.get("tool_calls"):
            made = [call["function"] for call in calls]
            turns.append({"from": "function_call", "value": compact(made[0] if len(made) == 1 else made)})
        else:
            turns.append({"from": _SHAREGPT[message["role"]], "value": message["content"]})
    tools = [tool["function"] for tool in row["tools"]]
    return {"conversations": turns, "system": system, "tools": compact(tools)}


def dolly(row: Row) -> dict[str, Any] | None:
    """Dolly's instruction, context and response; None for what is more than words."""
    *context, said = row["messages"]
    if said.get("tool_calls"):
        return None
    asked = [message["content"] for message in context if message["role"] == "user"]
    seen = [message["content"] for message in context if message["role"] == "tool"]
    category = {"answer": "closed_qa", "no_tool": "open_qa", "style": "closed_qa"}[row["kind"]]
    return {
        "instruction": asked[-1] if asked else "",
        "context": "\n\n".join(seen),
        "response": said["content"],
        "category": category,
    }


FORMATS: Mapping[str, Callable[[Row], dict[str, Any] | None]] = {
    "trl": trl,
    "openai": openai,
    "sharegpt": sharegpt,
    "dolly": dolly,
}


def dpo(prompt: list[Message], tools: list[Any], chosen: Message, rejected: Message) -> dict[str, Any]:
    """TRL's DPO form: what was better and what was worse after the same words."""
    return {"prompt": prompt, "chosen": [chosen], "rejected": [rejected], "tools": tools}


def kto(prompt: list[Message], tools: list[Any], said: Message, good: bool) -> dict[str, Any]:
    """TRL's KTO form: one completion, wanted or not."""
    return {"prompt": prompt, "completion": [said], "label": good, "tools": tools}


_SHAREGPT = {"user": "human", "assistant": "gpt", "tool": "observation"}


def _openai_message(message: Message) -> dict[str, Any]:
    if message["role"] == "tool":
        return {key: message[key] for key in ("role", "tool_call_id", "content")}
    if not (calls := message.get("tool_calls")):
        return message
    written = [
        {
            **call,
            "function": {
                **call["function"],
                "arguments": json.dumps(call["function"]["arguments"], ensure_ascii=False),
            },
        }
        for call in calls
    ]
    return {**message, "tool_calls": written}
