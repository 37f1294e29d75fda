"""Is the answer carried by what happened? Its sources, statements and figures are among the results, or are named.

The words of the answer stay as they are: what nothing carries, and what was not done, is said in notes below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from agent_core.errors import shortened
from agent_core.json_values import texts
from agent_core.loop.figures import unsupported
from agent_core.loop.sources import CITATION, citations, numbered, sources_of
from agent_core.loop.statements import Unsupported, unsupported_in
from agent_core.planning.planner import sent_back

if TYPE_CHECKING:
    from agent_core.loop.state import Run

_MOST_NAMED = 5
_LONGEST_NAMED = 60
_LONGEST_SENTENCE = 100
_MOST_KNOWN = 40_000
_NOTE = "(Not supported:"
_URL = re.compile(r"https?://[^\s<>()\[\]\"'`]+")


def checked(text: str, run: Run) -> str:
    """The answer, with a sentence for what no result carries of its sources and figures, and every action not done."""
    known = [run.row.request, [ended.result for ended in run.results.values()], *_said(run)]
    invented = sorted(_urls(text) - _urls(" ".join(texts(known))))
    notes = [f"(No result contains {url}: do not rely on it.)" for url in invented]
    notes += _statement_notes(text, run)
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


def cited(text: str, run: Run) -> list[dict[str, Any]]:
    """Sources that the answer names and that a result of this run holds: [{n, source, locator, quote}].

    One that does not carry what it is cited for has `unsupported` too: [{sentence, why}].
    """
    sources = sources_of(run)
    found = citations(text, sources)
    for one in _unsupported(_without_notes(text), run) if found else ():
        told = {"sentence": one.sentence, "why": "; ".join(one.reasons)}
        for entry in found:
            if any((entry["source"], entry["locator"]) == (source.source, source.locator) for source in one.cited):
                entry.setdefault("unsupported", []).append(told)
    return found


def _unsupported(text: str, run: Run) -> list[Unsupported]:
    sources = sources_of(run)
    if not sources:
        return []
    known = " ".join(texts([run.row.request, [ended.result for ended in run.results.values()]]))
    return unsupported_in(text, sources, known[:_MOST_KNOWN])


def _statement_notes(text: str, run: Run) -> list[str]:
    """A note for every statement that its sources do not carry, and for numbers that stand for no source."""
    sources = sources_of(run)
    numbers = numbered(text, sources)
    notes: list[str] = []
    if any(one.n is not None for one in sources):
        unknown = sorted({int(n) for n in CITATION.findall(text)} - numbers.keys())
        notes += [f"{_NOTE} there is no source [{n}].)" for n in unknown[:_MOST_NAMED]]
    for one in _unsupported(text, run):
        named = [n for n, source in sorted(numbers.items()) if source in one.cited]
        where = "".join(f"[{n}]" for n in named if f"[{n}]" in text) or ", ".join(s.source for s in one.cited)
        why = f" {'; '.join(one.reasons)}" if one.reasons else ""
        whose = f"{where} does not support" if one.cited else "no source is named for, and none supports,"
        notes.append(f"{_NOTE} {whose} “{shortened(one.sentence, _LONGEST_SENTENCE)}”{':' if why else ''}{why}.)")
    return notes


def _without_notes(text: str) -> str:
    """The answer without what was noted below it."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(_NOTE))


def _said(run: Run) -> list[Any]:
    """The request with its attachments, and what was said to the planner and returned to it in the conversation."""
    from pydantic_ai.messages import ModelRequest, ToolReturnPart, UserPromptPart

    parts: list[Any] = [] if isinstance(run.prompt, str) else list(run.prompt)
    for message in run.planner.conversation.messages:
        if isinstance(message, ModelRequest):
            parts += [part.content for part in message.parts if isinstance(part, UserPromptPart | ToolReturnPart)]
    return parts
