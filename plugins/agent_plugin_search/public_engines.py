"""Public search engines, by way of `ddgs`: no account, no key, and no promise that they answer a program."""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING, Any

from agent_core.errors import ConfigurationError, ToolError
from agent_core.gate.sanitise import sanitise_line
from agent_plugin_search.attempts import AttemptFailed, attempted

if TYPE_CHECKING:
    from agent_plugin_search.settings import SearchSettings

ENGINES_AT_ONCE = 2
"""ddgs waits up to its whole time-out for every further engine, so more of them in one attempt have no bound."""


_REASONS = {
    "DNSError": "the host names cannot be looked up",
    "DNSTimeoutError": "the host names cannot be looked up",
    "ConnectError": "no connection",
    "TimeoutError": "no answer in time",
}


async def ask_public_engines(query: str, max_results: int, settings: SearchSettings) -> list[dict[str, object]]:
    """Search with the engines in the settings, two per attempt, going round.

    Raises:
        TransientToolError: none could be reached, or none answered in time.
        ToolError: they answered, but none with results.
        ConfigurationError: no engine in the settings exists.
    """
    engines = _known(settings.engines)[: ENGINES_AT_ONCE * settings.attempts]
    silent = 0

    async def attempt(number: int) -> list[dict[str, object]]:
        nonlocal silent
        try:
            return await asyncio.to_thread(_search, query, max_results, _turn(engines, number), settings)
        except _NoResults as nothing:
            silent += 1
            raise AttemptFailed(str(nothing)) from None

    try:
        return await attempted(
            attempt,
            settings,
            service=f"engines {', '.join(engines)}",
            advice="Check the network connection, or set plugins.search.provider to searxng with a server of your own.",
        )
    except ToolError:
        if silent < settings.attempts:
            raise
        # ddgs says "no results" for a refusal (403, 429) too, so the message names both.
        raise ToolError(
            f"None of {', '.join(engines)} returned results for {query!r} in {silent} attempts: nothing "
            "matches, or they refuse automated searches for now. Reword it, try later, or use a SearXNG server."
        ) from None


class _NoResults(Exception):
    """The engines answered without results."""


def _known(engines: list[str]) -> list[str]:
    """Those that this version of ddgs has: it would ask all of its engines, one by one, for a name it does not know."""
    from ddgs.engines import ENGINES

    known = [engine for engine in engines if engine in ENGINES["text"]]
    if not known:
        available = ", ".join(sorted(ENGINES["text"]))
        raise ConfigurationError(f"plugins.search.engines is {engines!r}; choose from {available}.")
    return known


def _turn(engines: list[str], number: int) -> str:
    start = number * ENGINES_AT_ONCE
    chosen = {engines[(start + offset) % len(engines)]: None for offset in range(ENGINES_AT_ONCE)}
    return ",".join(chosen)


def _reason(error: Exception) -> str:
    # ddgs wraps what its HTTP client raised, whose text is a chain of causes that begins with a long URL.
    kind = type(error.__cause__ or error).__name__
    return _REASONS.get(kind) or sanitise_line(str(error).rsplit(" > ", 1)[-1], 200)


def _search(query: str, max_results: int, engines: str, settings: SearchSettings) -> list[dict[str, object]]:
    from ddgs import DDGS
    from ddgs.exceptions import DDGSException

    client = DDGS(
        proxy=settings.proxy or None,
        timeout=max(1, ceil(settings.timeout_s / settings.attempts)),
        verify=settings.ca_file or True,
    )
    try:
        found: list[dict[str, Any]] = client.text(
            query, region=settings.region, safesearch=settings.safesearch, max_results=max_results, backend=engines
        )
    except DDGSException as error:
        cause = error.args[0] if error.args else error
        if not isinstance(cause, Exception):
            raise _NoResults(f"no results from {engines}") from None
        raise AttemptFailed(f"{engines}: {_reason(cause)}") from None
    except Exception as error:  # it scrapes pages that change under it: anything can come out
        raise AttemptFailed(f"{engines}: {sanitise_line(repr(error), 200)}") from None
    return [{"title": item.get("title"), "url": item.get("href"), "snippet": item.get("body")} for item in found]
