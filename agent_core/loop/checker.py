"""Is the answer carried by what happened? Its sources are among the results, and what was not done is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent_core.loop.state import Run

_URL = re.compile(r"https?://[^\s<>()\[\]\"'`]+")


def checked(text: str, run: Run) -> str:
    """The answer, with a sentence for every source in it that no result carries, and every action not done."""
    known = run.row.request + " " + " ".join(_strings([ended.result for ended in run.results.values()]))
    known += " " + " ".join(_strings(_prompt(run)))
    invented = sorted(_urls(text) - _urls(known))
    notes = [f"(No result contains {url}: do not rely on it.)" for url in invented]
    for step in run.plan.steps:
        ended = run.results.get(step.id)
        if ended is not None and ended.status == "denied" and ended.error and ended.error not in text:
            notes.append(f"(Not done: {step.title or step.tool}. {ended.error})")
    return "\n".join([text, *notes]) if notes else text


def _urls(text: str) -> set[str]:
    return {url.rstrip(".,;:!?") for url in _URL.findall(text)}


def citations(text: str, run: Run) -> list[dict[str, Any]]:
    """Sources that the answer names and that a result of this run holds: [{n, source, locator, quote}]."""
    found: list[dict[str, Any]] = []
    for source, locator, quote in _sources([ended.result for ended in run.results.values()]):
        if source in text and source not in {known["source"] for known in found}:
            found.append({"n": len(found) + 1, "source": source, "locator": locator, "quote": quote[:300]})
    return found


def _sources(value: Any) -> Iterator[tuple[str, str, str]]:
    """(source, locator, quote) of everything in a result that says where it is from."""
    if isinstance(value, dict):
        source = value.get("url") or value.get("source") or value.get("path")
        quote = next((value[k] for k in ("quote", "snippet", "content", "text") if isinstance(value.get(k), str)), None)
        if isinstance(source, str) and quote is not None:
            yield source, str(value.get("locator") or value.get("line") or ""), quote
        for inner in value.values():
            yield from _sources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sources(inner)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _prompt(run: Run) -> list[Any]:
    """The request with its attachments, and what was said earlier in the conversation."""
    from pydantic_ai.messages import ModelRequest, UserPromptPart

    parts: list[Any] = [] if isinstance(run.prompt, str) else list(run.prompt)
    for message in run.planner.conversation.messages:
        if isinstance(message, ModelRequest):
            parts += [part.content for part in message.parts if isinstance(part, UserPromptPart)]
    return parts
