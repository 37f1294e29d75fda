"""In place of `by_libraries` in the child process: a reader with a fault, by the name of the file that it reads."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from agent_plugin_graph.ingest import reading
from agent_plugin_graph.ingest.reading import Content


def read_files(paths: list[str]) -> list[Content | str]:
    """As the real one, for files that are called after no fault."""
    for path in paths:
        match Path(path).stem:
            case "spins":
                while True:
                    pass
            case "sleeps":
                time.sleep(3600)
            case "eats":
                hoard = [bytearray(2**20)]
                while True:
                    hoard.append(bytearray(len(hoard) * 2**20))
            case "floods":
                return [Content("0", (), "x" * 2**25)]
            case "crashes":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "exits":
                os._exit(3)
            case "recurses":
                return read_files(paths)
            case "raises":
                raise KeyboardInterrupt
            case _:
                pass
    return reading.read_files(paths)
