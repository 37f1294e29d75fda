"""From what calls returned to the text of an answer: results are quoted, failures said plainly, nothing is added."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent_plugin_offline.clauses import is_question

SHOWN_CHARACTERS = 6_000
"""How much of one result an answer quotes; the whole of it stays in the journal."""

NO_TOOL_FITS = (
    "None of the tools that I have fits this request, and `offline` is a set of rules, not a language model: it can "
    "only call tools. To set a model: `agent-core models default NAME`, a running Ollama with a tool-capable model, "
    "or a key (`agent-core keys set PROVIDER`)."
)

Status = Literal["done", "failed", "denied"]


@dataclass(frozen=True)
class Outcome:
    """How one call or step ended, as an answer reports it."""

    title: str
    status: Status
    value: Any = None
    """What it returned; for a failed or denied one, the reason."""
    reads: bool = False
    """Whether it only looked something up: then its value is what was asked for."""


def answer(outcomes: Sequence[Outcome]) -> str:
    """The reply to a request from how its steps ended: what was asked for first, then what was done."""
    if not outcomes:
        return "There was nothing to do."
    if len(outcomes) == 1:
        only = outcomes[0]
        return render(only.value) if only.status == "done" else _problem(only)
    in_order = sorted(outcomes, key=lambda outcome: not (outcome.reads and outcome.status == "done"))
    return "\n".join(f"- {_line(outcome)}" for outcome in in_order)


def how_it_ended(outcome: str, content: Any) -> Status:
    """How a call ended: by pydantic-ai's word, or by the runtime's own report of one that was not carried out."""
    if outcome == "denied":
        return "denied"
    if outcome != "success":
        return "failed"
    if isinstance(content, Mapping) and set(content) == {"status", "error"} and content["status"] != "done":
        return "denied" if content["status"] == "denied" else "failed"
    return "done"


def steps_of_plan(content: Any, reading_tools: frozenset[str]) -> list[Outcome]:
    """The outcomes in what `submit_plan` returned; without any, its content as the only one."""
    steps = content.get("steps") if isinstance(content, Mapping) else None
    if not isinstance(steps, Sequence) or isinstance(steps, str):
        return [Outcome("The plan", "done", content)]
    return [_plan_step(step, reading_tools) for step in steps if isinstance(step, Mapping)]


def _plan_step(step: Mapping[str, Any], reading_tools: frozenset[str]) -> Outcome:
    status: Status = {"done": "done", "denied": "denied"}.get(str(step.get("status")), "failed")  # pyright: ignore[reportAssignmentType]
    value = step.get("result") if status == "done" else step.get("error") or step.get("reason") or step.get("status")
    title = str(step.get("title") or step.get("tool") or step.get("id") or "Step")
    return Outcome(title, status, value, reads=step.get("tool") in reading_tools)


def _line(outcome: Outcome) -> str:
    if outcome.status != "done":
        return _problem(outcome)
    text = render(outcome.value)
    if "\n" in text:
        indented = "\n".join(f"  {line}" for line in text.splitlines())
        return f"{outcome.title}:\n{indented}"
    return f"{outcome.title}: {text}" if text else f"{outcome.title}: done."


def _problem(outcome: Outcome) -> str:
    reason = _closed(render(_reason(outcome.value)))
    if outcome.status == "denied":
        return f"I did not {_deed(outcome.title)}, because it was denied. {reason}".rstrip()
    return f"I could not {_deed(outcome.title)}: {reason}" if reason else f"I could not {_deed(outcome.title)}."


def _deed(title: str) -> str:
    """A step's title as what was to be done: "search the web for ..."; a question is something to answer."""
    if is_question(title):
        return f'answer "{title}"'
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


def _reason(value: Any) -> Any:
    """What an error says, without the names of its fields."""
    if not isinstance(value, Mapping):
        return value
    return next((value[key] for key in ("error", "message", "reason", "detail") if value.get(key)), value)


def _closed(reason: str) -> str:
    return reason if not reason or reason.endswith((".", "!", "?")) else f"{reason}."


def render(value: Any) -> str:
    """A JSON value as text for a person: its own `text` where it has one, lists numbered, objects in one line."""
    text = _render(value).strip()
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"{text[:SHOWN_CHARACTERS].rstrip()}\n... ({len(text) - SHOWN_CHARACTERS:,} more characters)"


def _render(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case str() | int() | float():
            return str(value)
        case Mapping():
            return _object(value)
        case Sequence():
            return _numbered(value)
        case _:
            return json.dumps(value, default=str, ensure_ascii=False)


def _object(value: Mapping[str, Any]) -> str:
    text = value.get("text")
    if isinstance(text, str) and text:
        links = _links(value)
        return "\n".join([text, *links])
    if _url(value):
        return _linked(value)
    lists = [key for key, item in value.items() if isinstance(item, list) and any(isinstance(i, Mapping) for i in item)]
    if len(lists) == 1:
        rest = {key: item for key, item in value.items() if key != lists[0]}
        return "\n".join(part for part in (_pairs(rest), _numbered(value[lists[0]])) if part)
    return _pairs(value)


def _pairs(value: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{key.replace('_', ' ')}: {_inline(item)}" for key, item in value.items() if item not in (None, "", [])
    )


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"({_pairs(value)})"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(_inline(item) for item in value)
    return _render(value)


def _numbered(items: Sequence[Any]) -> str:
    if not items:
        return "nothing found"
    return "\n".join(f"{n}. {_item(item)}" for n, item in enumerate(items, start=1))


def _item(item: Any) -> str:
    if isinstance(item, Mapping):
        return _linked(item) if _url(item) else _pairs(item)
    return _inline(item)


def _linked(item: Mapping[str, Any]) -> str:
    """A search result or page: what it is called, where it stands, what it says."""
    url = _url(item)
    title = str(item.get("title") or "").strip()
    quote = next((str(item[key]).strip() for key in ("snippet", "body", "summary", "content") if item.get(key)), "")
    head = f"{title} <{url}>" if title else url
    return f"{head}\n   {quote}" if quote else head


def _links(value: Mapping[str, Any]) -> list[str]:
    """The address of what a text was read from, if the text does not say it."""
    url = _url(value)
    return [f"<{url}>"] if url and url not in str(value.get("text")) else []


def _url(item: Mapping[str, Any]) -> str:
    url = item.get("url") or item.get("href") or item.get("link")
    return url if isinstance(url, str) else ""
