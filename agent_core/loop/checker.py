"""Is the answer carried by what happened? Its sources and figures are among the results; what was not done is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agent_core.errors import shortened
from agent_core.json_values import texts
from agent_core.loop.figures import unsupported
from agent_core.planning.planner import sent_back

if TYPE_CHECKING:
    from agent_core.loop.state import Run

_MOST_NAMED = 5
_LONGEST_NAMED = 60
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`]+")


def checked(text: str, run: Run) -> str:
    """The answer, with a sentence for what no result carries of its sources and figures, and every action not done."""
    known = [run.row.request, [ended.result for ended in run.results.values()], *_said(run)]
    invented = sorted(_urls(text) - _urls(" ".join(texts(known))))
    notes = [f"(No result contains {url}: do not rely on it.)" for url in invented]
    if run.tools and (figures := unsupported(text, known)):
        named = ", ".join(shortened(figure, _LONGEST_NAMED) for figure in figures[:_MOST_NAMED])
        notes.append(f"(No result contains {named}: nothing was looked up or computed for it.)")
    notes += [f"(Not done: {name}. {error})" for name, error in _undone(run) if error not in text]
    return "\n".join([text, *notes]) if notes else text


def _undone(run: Run) -> Iterator[tuple[str, str]]:
    """Actions that were meant to happen and did not, and why, unless the same tool has succeeded since."""
    done = [step.tool for step in run.plan.steps if (end := run.results.get(step.id)) and end.status == "done"]
    for step in run.plan.steps:
        ended = run.results.get(step.id)
        tool = run.tools.get(step.tool or "")
        if ended is None or not ended.error:
            continue
        lost = ended.status in ("failed", "skipped") and tool is not None and not tool.traits.read_only
        if ended.status == "denied" or (lost and step.tool not in done):
            yield step.title or step.tool or step.id, ended.error
    begun = {step.tool for step in run.plan.steps if step.id in run.results}
    for name in sorted(sent_back(run.planner.conversation) - begun):
        if name in run.tools and not run.tools[name].traits.read_only:
            yield name, "Its arguments were not valid."


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


def _said(run: Run) -> list[Any]:
    """The request with its attachments, and what was said to the planner and returned to it in the conversation."""
    from pydantic_ai.messages import ModelRequest, ToolReturnPart, UserPromptPart

    parts: list[Any] = [] if isinstance(run.prompt, str) else list(run.prompt)
    for message in run.planner.conversation.messages:
        if isinstance(message, ModelRequest):
            parts += [part.content for part in message.parts if isinstance(part, UserPromptPart | ToolReturnPart)]
    return parts
