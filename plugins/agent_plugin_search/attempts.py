"""Several attempts at a search service, within one time limit, and one clear sentence when all of them failed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from agent_core.errors import TransientToolError

if TYPE_CHECKING:
    from tenacity import RetryCallState

    from agent_plugin_search.settings import SearchSettings

T = TypeVar("T")


class AttemptFailed(Exception):
    """This attempt failed in a way that another one may not."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


async def attempted(
    attempt: Callable[[int], Awaitable[T]], settings: SearchSettings, *, service: str, advice: str
) -> T:
    """Await `attempt(0)`, `attempt(1)`, ... until one returns; between them back off, or wait as long as asked to.

    Args:
        attempt: One attempt, given its number; raises `AttemptFailed` where another one makes sense.
        settings: How many attempts, and how long all of them together may take.
        service: Who is asked, for the message.
        advice: What the user can check or change, for the message.

    Raises:
        TransientToolError: no attempt succeeded in time; says how many there were and why the last one failed.
    """
    from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, stop_before_delay

    outcomes: list[str] = []
    retrying = AsyncRetrying(
        stop=stop_after_attempt(settings.attempts) | stop_before_delay(settings.timeout_s),
        wait=_pause(settings.backoff_s),
        retry=retry_if_exception_type(AttemptFailed),
        reraise=True,
    )

    async def once() -> T:
        outcomes.append("it did not answer in time")
        try:
            return await attempt(len(outcomes) - 1)
        except AttemptFailed as failure:
            outcomes[-1] = str(failure)
            raise

    try:
        async with asyncio.timeout(settings.timeout_s):
            return await retrying(once)
    except (AttemptFailed, TimeoutError):
        count = f"{len(outcomes)} attempt{'s' if len(outcomes) > 1 else ''}"
        raise TransientToolError(f"The web search failed: {service}, {count}: {outcomes[-1]}. {advice}") from None


def _pause(backoff_s: float) -> Callable[[RetryCallState], float]:
    from tenacity import wait_random_exponential

    backoff = wait_random_exponential(multiplier=backoff_s, max=8 * backoff_s)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after_s if isinstance(error, AttemptFailed) else None
        return max(asked or 0.0, backoff(state))

    return pause
