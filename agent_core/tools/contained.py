"""Code of a plugin, run so that it can hang, leave or raise anything at all, and only the plugin is the worse for it.

It runs in a thread. So a wait can be given up, `sys.exit` ends nothing, and a KeyboardInterrupt that comes out is the
plugin's own: a real one arrives at the main thread. A thread that hangs cannot be stopped, and is left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from agent_core.errors import ConfigurationError, ToolError, UsageError

T = TypeVar("T")

_OURS = (ConfigurationError, UsageError, ToolError)
_LONGEST = 500


class PluginHung(Exception):
    """It was not done in time."""


class PluginFailed(Exception):
    """It raised something, SystemExit and KeyboardInterrupt included; the message says what, in its words."""


def told(error: BaseException) -> str:
    """An error of somebody else's code: its type and its words, which come from code of theirs too, and may fail."""
    try:
        words = " ".join(str(error).split())[:_LONGEST]
    except BaseException:
        words = "(its message cannot be read)"
    return f"{type(error).__name__}: {words}".removesuffix(": ")


class _Work(Generic[T]):
    """Something to do, and how it ended."""

    def __init__(self, function: Callable[[], T]) -> None:
        self.function = function
        self.done = threading.Event()
        self.value: T | None = None
        self.error: Exception | None = None


class Contained:
    """One thread for one plugin's code; what is given to it is done one after the other."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: SimpleQueue[_Work[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def call(self, function: Callable[[], T], seconds: float) -> T:
        """Call `function` there and wait for it, no longer than so many seconds.

        Raises:
            PluginHung: it is not done. Nothing more can be done in this thread.
            AgentCoreError: one of ours that it raised on purpose.
            PluginFailed: it raised anything else.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=f"plugin-{self._name}", daemon=True)
            self._thread.start()
        work = _Work(function)
        self._queue.put(work)
        if not work.done.wait(seconds):
            self.close()
            raise PluginHung(f"it was not done after {seconds:g} s")
        if work.error is not None:
            raise work.error
        return work.value  # type: ignore[return-value]  # set, where there is no error

    def close(self) -> None:
        """Let the thread end, once it has nothing left to do."""
        self._queue.put(None)

    def _work(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work.value = work.function()
            except BaseException as error:
                # Put into words here: an error of a plugin's own is code of the plugin's as well.
                words = told(error)
                kind = next((kind for kind in _OURS if type(error) is kind), None)
                work.error = kind(words.partition(": ")[2]) if kind else PluginFailed(words)
            finally:
                work.done.set()
