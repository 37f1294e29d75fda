"""Model names: which exist, and what to suggest when one does not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias

from agent_core.errors import UsageError
from agent_core.models.providers import PROVIDERS

ModelFactory: TypeAlias = Callable[[str], Any]
"""Makes a pydantic-ai `Model` from the full name; what plugins register under a name or a `prefix:`."""

_SUGGESTIONS = 4
_LONGEST_SHOWN = 100


def factory_for(name: str, factories: Mapping[str, ModelFactory]) -> ModelFactory | None:
    """The plugin's factory for `name`: one registered under the whole name, else under its `prefix:`."""
    prefix, colon, _ = name.partition(":")
    return factories.get(name) or (factories.get(prefix + colon) if colon else None)


def available_names(factories: Mapping[str, ModelFactory], ollama_models: Iterable[str] = ()) -> list[str]:
    """Every name that can be suggested: plugins' first, then the models of a running Ollama, then pydantic-ai's."""
    from pydantic_ai.models import known_model_names

    rank = {provider: number for number, provider in enumerate(PROVIDERS)}
    # The gateway repeats what the providers offer; as suggestions those names would crowd out all others.
    hosted = [name for name in known_model_names() if ":" in name and not name.startswith("gateway/")]
    hosted.sort(key=lambda name: (rank.get(name.partition(":")[0], len(rank)), name))
    return [*sorted(factories), *(f"ollama:{name}" for name in ollama_models), *hosted]


def near_matches(name: str, known: Iterable[str]) -> list[str]:
    """The names of `known` that `name` may have meant, best first; also found when the prefix was left out."""
    wanted = name.casefold()
    names = list(dict.fromkeys(known))
    by_tail = {candidate.partition(":")[2].casefold(): candidate for candidate in reversed(names) if ":" in candidate}
    whole = {candidate.casefold(): candidate for candidate in names}
    found = [by_tail[wanted]] if wanted in by_tail else []
    found += [whole[key] for key in get_close_matches(wanted, whole, n=_SUGGESTIONS, cutoff=0.6)]
    found += [by_tail[key] for key in get_close_matches(wanted, by_tail, n=_SUGGESTIONS, cutoff=0.6)]
    found += [candidate for candidate in names if len(wanted) >= 3 and wanted in candidate.casefold()]
    return list(dict.fromkeys(found))[:_SUGGESTIONS]


def unknown_model(name: str, known: Iterable[str]) -> UsageError:
    """The error for a name that nothing answers to, with what it may have meant."""
    shown = name if len(name) <= _LONGEST_SHOWN else name[:_LONGEST_SHOWN] + "…"
    matches = near_matches(shown, known)
    hint = f"did you mean {', '.join(map(repr, matches))}?" if matches else "list them with: agent-core models list"
    return UsageError(f"There is no model {shown!r}; {hint}")
