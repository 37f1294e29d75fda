"""Readers in child processes: a file or page that hangs, crashes or fills the memory costs itself, and nothing else."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import TypeAdapter

from agent_core import Tool
from agent_core.errors import ToolError
from agent_core.tools.isolation import IsolatedRunner, LimitError
from agent_core.tools.tool import Limits
from agent_plugin_graph.ingest import by_libraries, reading, web_page
from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.reading import PLAIN_SUFFIXES, Content
from agent_plugin_graph.ingest.web_page import PageContent

LIMITS = Limits(cpu_s=120.0, memory_bytes=1536 * 1024**2, output_bytes=256 * 1024**2)
TIMEOUT_S = 240.0
_T = TypeVar("_T")


class Reader:
    """Reads for one ingest. A context manager: it holds an event loop, and the server that children are forked from."""

    def __init__(self) -> None:
        """Nothing is started before it is entered."""
        self._open = ExitStack()

    def __enter__(self) -> Self:
        from anyio.from_thread import start_blocking_portal

        self._runner = IsolatedRunner(parallel=2)
        self._portal = self._open.enter_context(start_blocking_portal())
        self._open.callback(self._portal.call, self._runner.aclose)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def files(self, paths: Sequence[Path]) -> Future[list[Content | str]]:
        """Begin to read files, in one process if all goes well: each with its passages, or why it cannot be read."""
        return self._portal.start_task_soon(self._files, [str(path) for path in paths])

    def page(self, url: str, content_type: str, data: bytes) -> PageContent:
        """What a server sent, as passages and links.

        Raises:
            UnreadableError: there is no text in it, or it cannot be read.
        """
        sent = {"url": url, "content_type": content_type, "data": b64encode(data).decode()}
        return self._portal.call(self._read, web_page.read_page, PageContent, sent)

    def wait_for(self, function: Callable[..., Awaitable[_T]], *args: Any) -> _T:
        """What an async function returns."""
        return self._portal.call(function, *args)

    async def _files(self, paths: list[str]) -> list[Content | str]:
        plain = all(path.lower().endswith(PLAIN_SUFFIXES) for path in paths)
        read = (reading if plain else by_libraries).read_files
        try:
            return await self._read(read, list[Content | str], {"paths": paths})
        except UnreadableError as error:
            if len(paths) == 1:
                return [str(error)]
            return [found for path in paths for found in await self._files([path])]  # which of them was it?

    async def _read(self, function: Callable[..., Any], kind: type[_T], args: dict[str, Any]) -> _T:
        # Its name begins the sentences in which the runner tells what became of it.
        tool = Tool("reading it", "", function, isolated=True, limits=LIMITS, timeout_s=TIMEOUT_S)
        try:
            return _adapter(kind).validate_python(await self._runner.run(tool, args))
        except LimitError as error:
            raise UnreadableError(_stopped(error)) from error
        except ToolError as error:
            raise UnreadableError(str(error).rstrip(".")) from error


def _stopped(error: LimitError) -> str:
    return {
        "cpu_s": f"reading it took more than {LIMITS.cpu_s:g} s of processor time",
        "timeout_s": f"reading it took more than {TIMEOUT_S:g} s",
        "memory_bytes": f"reading it needs more than {LIMITS.memory_bytes // 1024**2} MB of memory",
        "output_bytes": f"it holds more than {LIMITS.output_bytes // 1024**2} MB of text",
    }[error.limit]


@cache
def _adapter(kind: type[_T]) -> TypeAdapter[_T]:
    return TypeAdapter(kind)
