"""Writing the page of a picture to a file, never over one that is something else."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from agent_core.errors import UsageError
from agent_plugin_graph.view.page import SIGNATURE, page
from agent_plugin_graph.view.picture import Picture


def write_page(picture: Picture, output: Path) -> None:
    """Write the file at once as a whole, readable by its owner only: it holds the text of documents.

    Raises:
        UsageError: there is another kind of file, or nothing can be written there.
    """
    try:
        if output.exists() and not output.read_bytes().startswith(SIGNATURE.encode()):
            raise UsageError(f"{str(output)!r} is there and is no such drawing: choose another file with -o.")
        made, name = tempfile.mkstemp(dir=output.parent, prefix=".graph-view-")
        with os.fdopen(made, "w", encoding="utf-8") as opened:
            opened.write(page(picture))
        os.replace(name, output)
    except OSError as error:
        raise UsageError(f"{str(output)!r} cannot be written: {error.strerror}.") from error
