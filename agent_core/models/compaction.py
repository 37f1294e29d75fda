"""Long conversations are shortened before the model's context is full. The harness does it; this chooses how.

All strategies keep tool calls and their results together, and none touches the stream hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent_core.models.tokens import whole_text_tokens

if TYPE_CHECKING:
    from pydantic_ai.capabilities import AbstractCapability
    from pydantic_ai.models import Model

UNKNOWN_CONTEXT_TOKENS = 32_000
"""Assumed where nobody knows the context length: compacting early costs a summary, too late costs the request."""

_START = 0.75
"""Part of the context at which compaction starts; the rest is for the reply and for what a turn adds."""
_TARGET = 0.5
_KEEP = 0.3
"""Part of the context that the newest messages keep word for word."""
_KEPT_RESULTS = 3


def compaction(
    context_tokens: int | None, *, model: Model[Any] | None = None, overhead_tokens: int = 0
) -> list[AbstractCapability[Any]]:
    """The capabilities that keep an agent's history within `context_tokens`.

    Args:
        context_tokens: Prompt and reply together; None where it is not known.
        model: A language model to write summaries with. None (for `offline`): the oldest messages are dropped.
        overhead_tokens: What every request carries beside the history: tool definitions, output schema.
    """
    from pydantic_ai_harness.compaction import (
        ClampOversizedMessages,
        ClearToolResults,
        FallbackCompaction,
        SlidingWindowCompaction,
        SummarizingCompaction,
        TieredCompaction,
    )

    room = max((context_tokens or UNKNOWN_CONTEXT_TOKENS) - overhead_tokens, 512)
    keep = int(room * _KEEP)
    window: SlidingWindowCompaction[Any] = SlidingWindowCompaction(
        max_tokens=int(room * _START), keep_tokens=keep, tokenizer=whole_text_tokens
    )
    if model is None:
        return [window]
    tiers: TieredCompaction[Any] = TieredCompaction(
        tiers=[
            ClampOversizedMessages(max_part_tokens=int(room * _TARGET)),
            ClearToolResults(max_tokens=1, keep_pairs=_KEPT_RESULTS, tokenizer=whole_text_tokens),
            SummarizingCompaction(model=model, max_messages=1, keep_tokens=keep, tokenizer=whole_text_tokens),
        ],
        target_tokens=int(room * _TARGET),
        tokenizer=whole_text_tokens,
    )
    # A summary that fails (or is itself too long to ask for) must not end the run: then the oldest messages go.
    return [
        FallbackCompaction(fallback_chain=[tiers, window], max_tokens=int(room * _START), tokenizer=whole_text_tokens)
    ]
