"""Is the index sound, and does it still say what its sources say?"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agent_plugin_graph.graph import Graph
from agent_plugin_graph.passage import Passage

_PROBES = 50
_LEAD = re.compile(r".{20,200}?(?:[.!?](?=\s)|$)|.{1,200}", re.DOTALL)
_WITHIN = 5


@dataclass(frozen=True)
class Health:
    """What an examination found."""

    changed: list[str]
    """Sources whose files hold something else now."""
    missing: list[str]
    """Sources whose files are gone."""
    probes: int
    found: int
    """Of the probes: passages that come up among the first five for their own lead sentence."""

    @property
    def sound(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changed and not self.missing


def examine(graph: Graph) -> Health:
    """Compare the graph with its files, and look for a sample of its passages."""
    changed: list[str] = []
    missing: list[str] = []
    for source in graph.store.sources():
        if not source.content_hash:  # a program's, or a table's
            continue
        try:
            digest = hashlib.sha256(Path(source.uri).read_bytes()).hexdigest()
        except OSError:
            missing.append(source.uri)
        else:
            if digest != source.content_hash:
                changed.append(source.uri)
    probes = _sample(graph)
    found = sum(any(hit.text == probe.text for hit in graph.search(_lead(probe), _WITHIN)) for probe in probes)
    return Health(changed, missing, len(probes), found)


def _sample(graph: Graph) -> list[Passage]:
    """Passages spread evenly over the graph."""
    apart = max(1, graph.store.passage_count() // _PROBES)
    return [passage for place, (_, passage) in enumerate(graph.store.all_passages()) if place % apart == 0][:_PROBES]


def _lead(passage: Passage) -> str:
    match = _LEAD.match(passage.text.strip())
    return match.group() if match else passage.text
