"""Files that libraries read: `reading.read_files` in a child process that has imported those libraries already."""

from __future__ import annotations

from importlib.util import find_spec

from agent_plugin_graph.ingest import reading
from agent_plugin_graph.ingest.reading import Content

_READERS = (
    "agent_plugin_graph.ingest.markup",
    "agent_plugin_graph.ingest.office",
    "agent_plugin_graph.ingest.pdf",
    "agent_plugin_graph.ingest.records",
)
_LIBRARIES = ("lxml.html", "pypdf", "docx", "openpyxl")
AGENT_CORE_PRELOAD = (*_READERS, *(name for name in _LIBRARIES if find_spec(name)))


def read_files(paths: list[str]) -> list[Content | str]:
    """The passages of each file, or why it cannot be read."""
    return reading.read_files(paths)
