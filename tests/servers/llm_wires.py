"""Turns as three wire formats carry them: OpenAI chat completions, OpenAI responses, Ollama's native chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.servers.llm_script import Call, OllamaEntry, Turn, rough_tokens

Json = dict[str, Any]


def _call_id(call: Call, index: int, serial: int) -> str:
    return call.id or f"call_{serial}_{index}"


def _halves(text: str) -> Iterator[str]:
    """Arguments arrive in pieces that are no JSON by themselves."""
    middle = len(text) // 2
    yield from (piece for piece in (text[:middle], text[middle:]) if piece)


class ChatCompletions:
    """OpenAI's /v1/chat/completions."""

    def __init__(self, turn: Turn, body: Json, serial: int) -> None:
        self.turn, self.body, self.serial = turn, body, serial
        output = max(1, len(turn.text) // 4)
        prompt = turn.prompt_tokens or rough_tokens(body)
        self.usage = {"prompt_tokens": prompt, "completion_tokens": output, "total_tokens": prompt + output}
        self.finish = "length" if turn.cut_off else "tool_calls" if turn.calls else "stop"
        self.head = {"id": f"chatcmpl-{serial}", "created": 1, "model": body.get("model", "scripted")}

    def whole(self) -> Json:
        message: Json = {"role": "assistant", "content": self.turn.text or None}
        if self.turn.calls:
            message["tool_calls"] = [
                {
                    "id": _call_id(call, index, self.serial),
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments_text},
                }
                for index, call in enumerate(self.turn.calls)
            ]
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        return {**self.head, "object": "chat.completion", "choices": [choice], "usage": self.usage}

    def stream(self) -> Iterator[str]:
        yield self._chunk({"role": "assistant", "content": ""})
        for piece in self.turn.pieces():
            yield self._chunk({"content": piece})
        for index, call in enumerate(self.turn.calls):
            start = {"name": call.name, "arguments": ""}
            identity = {"id": _call_id(call, index, self.serial), "type": "function"}
            yield self._chunk({"tool_calls": [{"index": index, **identity, "function": start}]})
            for piece in _halves(call.arguments_text):
                yield self._chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
        yield self._chunk({}, finish=self.finish)
        yield self._line({**self.head, "object": "chat.completion.chunk", "choices": [], "usage": self.usage})
        yield "data: [DONE]\n\n"

    def _chunk(self, delta: Json, finish: str | None = None) -> str:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return self._line({**self.head, "object": "chat.completion.chunk", "choices": [choice]})

    @staticmethod
    def _line(value: Json) -> str:
        return f"data: {json.dumps(value)}\n\n"


class Responses:
    """OpenAI's /v1/responses."""

    def __init__(self, turn: Turn, body: Json, serial: int) -> None:
        self.turn, self.body, self.serial = turn, body, serial

    def _items(self) -> list[Json]:
        items: list[Json] = []
        if self.turn.text:
            content = {"type": "output_text", "text": self.turn.text, "annotations": []}
            items.append(
                {
                    "id": f"msg_{self.serial}",
                    "type": "message",
                    "role": "assistant",
                    "status": "completed",
                    "content": [content],
                }
            )
        for index, call in enumerate(self.turn.calls):
            items.append(
                {
                    "id": f"fc_{self.serial}_{index}",
                    "type": "function_call",
                    "call_id": _call_id(call, index, self.serial),
                    "name": call.name,
                    "arguments": call.arguments_text,
                    "status": "completed",
                }
            )
        return items

    def whole(self, *, status: str = "completed") -> Json:
        prompt, output = self.turn.prompt_tokens or rough_tokens(self.body), max(1, len(self.turn.text) // 4)
        usage = {
            "input_tokens": prompt,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": prompt + output,
        }
        done = status == "completed"
        return {
            "id": f"resp_{self.serial}",
            "object": "response",
            "created_at": 1,
            "status": status,
            "model": self.body.get("model", "scripted"),
            "output": self._items() if done else [],
            "usage": usage if done else None,
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "temperature": None,
            "top_p": None,
        }

    def stream(self) -> Iterator[str]:
        for number, event in enumerate(self._events()):
            yield f"event: {event['type']}\ndata: {json.dumps({**event, 'sequence_number': number})}\n\n"

    def _events(self) -> Iterator[Json]:
        yield {"type": "response.created", "response": self.whole(status="in_progress")}
        for index, item in enumerate(self._items()):
            place = {"output_index": index, "item_id": item["id"]}
            empty: Json = {"content": []} if item["type"] == "message" else {"arguments": ""}
            yield {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {**item, "status": "in_progress", **empty},
            }
            yield from self._text(item, place) if item["type"] == "message" else self._arguments(item, place)
            yield {"type": "response.output_item.done", "output_index": index, "item": item}
        yield {"type": "response.completed", "response": self.whole()}

    def _text(self, item: Json, place: Json) -> Iterator[Json]:
        part: Json = {"type": "output_text", "text": "", "annotations": []}
        place = {**place, "content_index": 0}
        yield {"type": "response.content_part.added", **place, "part": part}
        for piece in self.turn.pieces():
            yield {"type": "response.output_text.delta", **place, "delta": piece, "logprobs": []}
        yield {"type": "response.output_text.done", **place, "text": self.turn.text, "logprobs": []}
        yield {"type": "response.content_part.done", **place, "part": item["content"][0]}

    def _arguments(self, item: Json, place: Json) -> Iterator[Json]:
        for piece in _halves(item["arguments"]):
            yield {"type": "response.function_call_arguments.delta", **place, "delta": piece}
        done = {"arguments": item["arguments"], "name": item["name"]}
        yield {"type": "response.function_call_arguments.done", **place, **done}


class OllamaChat:
    """Ollama's /api/chat: one JSON object per line."""

    def __init__(self, turn: Turn, body: Json, entry: OllamaEntry) -> None:
        self.turn, self.body = turn, body
        context = entry.loaded_tokens or 4096
        # As Ollama does it: the oldest messages are dropped until the rest fits, and only the count betrays it.
        kept = list(body.get("messages") or [])
        while len(kept) > 1 and rough_tokens({**body, "messages": kept}) > context:
            oldest = next((index for index, message in enumerate(kept) if message["role"] != "system"), 0)
            del kept[oldest]
        self.prompt_tokens = min(turn.prompt_tokens or rough_tokens({**body, "messages": kept}), context)

    def _end(self) -> Json:
        return {
            "done": True,
            "done_reason": "length" if self.turn.cut_off else "stop",
            "total_duration": 1,
            "prompt_eval_count": self.prompt_tokens,
            "eval_count": max(1, len(self.turn.text) // 4),
        }

    def _line(self, message: Json, end: Json | None = None) -> Json:
        head = {"model": self.body.get("model"), "created_at": "2026-01-01T00:00:00Z"}
        return {**head, "message": {"role": "assistant", "content": "", **message}, **(end or {"done": False})}

    def _calls(self) -> list[Json]:
        return [{"function": {"name": call.name, "arguments": call.arguments_object}} for call in self.turn.calls]

    def whole(self) -> Json:
        message: Json = {"content": self.turn.text}
        if self.turn.thinking:
            message["thinking"] = self.turn.thinking
        if self.turn.calls:
            message["tool_calls"] = self._calls()
        return self._line(message, self._end())

    def stream(self) -> Iterator[str]:
        if self.turn.thinking:
            yield json.dumps(self._line({"thinking": self.turn.thinking})) + "\n"
        for piece in self.turn.pieces():
            yield json.dumps(self._line({"content": piece})) + "\n"
        for one in self._calls():
            yield json.dumps(self._line({"tool_calls": [one]})) + "\n"
        yield json.dumps(self._line({}, self._end())) + "\n"
