"""Long conversations are shortened before the model's context is full. The harness does it; this says when and how.

All strategies keep tool calls and their results together, and none touches the stream hooks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestContext, ModelRequestParameters
from pydantic_ai.tools import RunContext

from agent_core.models.tokens import MESSAGE_TOKENS, whole_text_tokens

if TYPE_CHECKING:
    from pydantic_ai_harness.compaction import FallbackCompaction, SlidingWindowCompaction

UNKNOWN_CONTEXT_TOKENS = 32_000
"""Assumed where nobody knows the context length: compacting early costs a summary, too late costs the request."""

_START = 0.75
"""Part of the context at which compaction starts; the rest is for the reply and for what a turn adds."""
_TARGET = 0.5
_KEEP = 0.3
"""Part of the context that the newest messages keep word for word."""
_LEAST_ROOM_TOKENS = 512
_KEPT_RESULTS = 3


def compaction(context_tokens: int | None, *, model: Model[Any] | None = None) -> list[AbstractCapability[Any]]:
    """The capabilities that keep an agent's history within `context_tokens`.

    Args:
        context_tokens: Prompt and reply together; None where it is not known.
        model: A language model to write summaries with. None (for `offline`): the oldest messages are dropped.
    """
    return [CompactBeforeLimit(context_tokens or UNKNOWN_CONTEXT_TOKENS, model)]


@dataclass
class CompactBeforeLimit(AbstractCapability[Any]):
    """Compacts when history and tool definitions together near the context of the model that is asked."""

    context_tokens: int
    writer: Model[Any] | None = None

    async def before_model_request(
        self, ctx: RunContext[Any], request_context: ModelRequestContext
    ) -> ModelRequestContext:
        """Let the harness compact, with limits for this model and these tools."""
        # A server may have turned out to grant less than was asked for.
        context = min(self.context_tokens, request_context.model.context_window or self.context_tokens)
        # The harness counts by estimate; a tokenizer that makes more of the same text leaves less room for it.
        context = int(context / max(getattr(request_context.model, "tokens_per_estimate", 1.0), 1.0))
        overhead = definitions_tokens(request_context.model_request_parameters)
        room = max(context - overhead, _LEAST_ROOM_TOKENS)
        # Once a response says how long its whole prompt was, the harness counts from there, definitions included.
        counted_with_definitions = _is_measured(ctx.messages)
        start = int(context * _START) if counted_with_definitions else int(room * _START)
        target = int(context * _TARGET) if counted_with_definitions else int(room * _TARGET)
        strategy = _strategy(start, max(target, overhead), int(room * _KEEP), self.writer)
        return await strategy.before_model_request(ctx, request_context)


def definitions_tokens(parameters: ModelRequestParameters) -> int:
    """About how many tokens the tool and output definitions of a request have."""
    return sum(
        MESSAGE_TOKENS
        + whole_text_tokens(tool.description or "")
        + whole_text_tokens(json.dumps(tool.parameters_json_schema, ensure_ascii=False))
        for tool in parameters.declared_tool_defs.values()
    )


def _strategy(
    start_tokens: int, target_tokens: int, keep_tokens: int, writer: Model[Any] | None
) -> FallbackCompaction[Any] | SlidingWindowCompaction[Any]:
    from pydantic_ai_harness.compaction import (
        ClampOversizedMessages,
        ClearToolResults,
        FallbackCompaction,
        SlidingWindowCompaction,
        SummarizingCompaction,
        TieredCompaction,
    )

    window: SlidingWindowCompaction[Any] = SlidingWindowCompaction(
        max_tokens=start_tokens, keep_tokens=keep_tokens, tokenizer=whole_text_tokens
    )
    if writer is None:
        return window
    tiers: TieredCompaction[Any] = TieredCompaction(
        tiers=[
            ClampOversizedMessages(max_part_tokens=target_tokens),
            ClearToolResults(max_tokens=1, keep_pairs=_KEPT_RESULTS, tokenizer=whole_text_tokens),
            SummarizingCompaction(model=writer, max_messages=1, keep_tokens=keep_tokens, tokenizer=whole_text_tokens),
        ],
        target_tokens=target_tokens,
        tokenizer=whole_text_tokens,
    )
    # A summary that fails (or is itself too long to ask for) must not end the run: then the oldest messages go.
    return FallbackCompaction(fallback_chain=[tiers, window], max_tokens=start_tokens, tokenizer=whole_text_tokens)


def _is_measured(messages: list[ModelMessage]) -> bool:
    return any(isinstance(message, ModelResponse) and message.usage.input_tokens for message in messages)
