"""The best of what was found, ordered once more by something that reads question and passage together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from agent_core.errors import ConfigurationError, ToolError, UsageError
from agent_plugin_graph.index.embedding import content_of
from agent_plugin_graph.passage import Passage

Reranker: TypeAlias = Callable[[str, Sequence[str]], Sequence[float]]
"""From a question and texts to a score for each, higher for those that answer it better."""
CONSIDERED = 20
"""Passages that are ordered once more."""


def reranked(question: str, passages: Mapping[int, Passage], reranker: Reranker) -> dict[int, float]:
    """Passages with the reranker's scores, the best first.

    Raises:
        ToolError: it fails, or does not return a number for each.
    """
    try:
        scores = [float(score) for score in reranker(question, [content_of(passage) for passage in passages.values()])]
    except Exception as error:  # it may be anybody's
        raise ToolError(f"The reranker fails: {' '.join(str(error).split())[:200] or type(error).__name__}.") from error
    if len(scores) != len(passages) or any(score != score for score in scores):
        raise ToolError(f"The reranker returned {len(scores)} scores for {len(passages)} passages, or no numbers.")
    return dict(sorted(zip(passages, scores, strict=True), key=lambda item: -item[1]))


def reranker_called(name: str) -> Reranker:
    """The cross-encoder of a name; the same one each time, loaded when it is first used.

    Args:
        name: `path:FOLDER`, or `sentence-transformers:NAME`.

    Raises:
        UsageError: it is no such name, or the folder is not there.
        ConfigurationError: the package for it is missing.
    """
    from importlib.util import find_spec

    prefix, _, rest = name.partition(":")
    if prefix not in ("path", "sentence-transformers") or not rest:
        raise UsageError(f"{name!r} names no reranker; write path:FOLDER or sentence-transformers:NAME.")
    if prefix == "path" and not Path(rest).expanduser().is_dir():
        raise UsageError(f"There is no folder {rest!r} to take a reranker from.")
    if find_spec("sentence_transformers") is None:
        raise ConfigurationError(
            f"The reranker {name!r} needs a package: pip install 'agent-core[sentence-transformers]'."
        )
    model = str(Path(rest).expanduser()) if prefix == "path" else rest
    return lambda question, texts: _cross_encoder(model).predict([(question, text) for text in texts]).tolist()


@lru_cache(maxsize=2)
def _cross_encoder(model: str) -> Any:
    from sentence_transformers import CrossEncoder  # pyright: ignore[reportMissingImports] - behind an extra

    return CrossEncoder(model)
