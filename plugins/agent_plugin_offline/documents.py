"""A question that no tool's words fit may still be answered by the user's own documents: there it goes, as it stands.

Which tools take such questions is said by their shape (`Tool.answers_questions`), so those of any plugin may.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from agent_plugin_offline.clauses import is_question
from agent_plugin_offline.compound import Draft
from agent_plugin_offline.text import identifier_words

if TYPE_CHECKING:
    from pydantic_ai.tools import ToolDefinition

    from agent_plugin_offline.conversation import Returned

_PARAMETER = "question"


def put_to_documents(request: str, definitions: Sequence[ToolDefinition]) -> tuple[str, dict[str, Any]] | None:
    """The call (tool, arguments) that asks the documents; None for what is no question, or where nothing takes one."""
    if not is_question(request) and not request.rstrip().endswith("?"):
        return None
    taking = _taking(definitions)
    return (taking[0], {_PARAMETER: request}) if taking else None


def in_full(plan: Draft, request: str, definitions: Sequence[ToolDefinition]) -> Draft:
    """A plan whose one step asks the documents asks them the request as it stands: no word of a question is idle.

    What only says whom to ask ("what do my documents say about ...") stays out: it names the tool.
    """
    if len(plan.steps) != 1 or not is_question(request):
        return plan
    only = plan.steps[0]
    if only.spec.name not in _taking(definitions):
        return plan
    cut = set(identifier_words(request)) - set(identifier_words(str(only.args.get(_PARAMETER))))
    if cut.intersection(identifier_words(only.spec.name)):
        return plan
    return replace(plan, steps=(replace(only, args={**only.args, _PARAMETER: request}),))


def asked_next(
    request: str, returned: Sequence[Returned], lookups: frozenset[str], definitions: Sequence[ToolDefinition]
) -> tuple[str, dict[str, Any]] | None:
    """The documents are asked where one look elsewhere - at the notes, in the calendar - found nothing."""
    if len(returned) != 1 or returned[0].tool not in lookups or not _is_empty(returned[0]):
        return None
    there = put_to_documents(request, definitions)
    return None if there is None or there[0] == returned[0].tool else there


def without_empty(returned: Sequence[Returned], definitions: Sequence[ToolDefinition]) -> Sequence[Returned]:
    """What came back, without the look elsewhere that found nothing where the documents then answered."""
    answered = len(returned) == 2 and returned[1].tool in _taking(definitions) and not _is_empty(returned[1])
    return returned[1:] if answered and _is_empty(returned[0]) else returned


def found_nothing(request: str, returned: Sequence[Returned]) -> bool:
    """Whether all that was done for a request was to ask the documents, and they do not answer it."""
    return len(returned) == 1 and returned[0].args.get(_PARAMETER) == request and _is_empty(returned[0])


def _is_empty(returned: Returned) -> bool:
    return isinstance(returned.content, Mapping) and returned.content.get("count") == 0


def _taking(definitions: Sequence[ToolDefinition]) -> list[str]:
    """The tools that answer questions from the user's documents."""
    return [
        definition.name
        for definition in definitions
        if ((definition.metadata or {}).get("agent_core") or {}).get("answers_questions")
    ]
