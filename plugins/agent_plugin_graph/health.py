"""Is the index sound, and does it still say what its sources say?"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from agent_plugin_graph.graph import Graph
from agent_plugin_graph.ingest.folder import files_in
from agent_plugin_graph.ingest.passages import is_address
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
    new: list[str]
    """Files in folders that were added, which are no sources: new ones, or such as cannot be read."""
    pages: int
    """Sources on the web: only `sync` asks whether they have changed."""
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
    # Others are a program's, or a table's.
    ingested = [source for source in graph.store.sources() if source.content_hash]
    files = [source for source in ingested if not is_address(source.uri)]
    for source in files:
        try:
            with open(source.uri, "rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError:
            missing.append(source.uri)
        else:
            if digest != source.content_hash:
                changed.append(source.uri)
    probes = _sample(graph)
    found = sum(any(hit.text == probe.text for hit in graph.search(_lead(probe), _WITHIN)) for probe in probes)
    folders = {Path(source.root) for source in files if source.root != source.uri}
    known = {source.uri for source in files}
    new = sorted({str(file) for folder in folders for file in files_in(folder)} - known)
    return Health(changed, missing, new, len(ingested) - len(files), len(probes), found)


def _sample(graph: Graph) -> list[Passage]:
    """Passages spread evenly over the graph."""
    apart = max(1, graph.store.passage_count() // _PROBES)
    return [passage for place, (_, passage) in enumerate(graph.store.all_passages()) if place % apart == 0][:_PROBES]


def _lead(passage: Passage) -> str:
    match = _LEAD.match(passage.text.strip())
    return match.group() if match else passage.text
