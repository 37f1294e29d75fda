"""One stream of events per assistant: numbered per run, kept in the journal, passed to whoever listens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import replace

from agent_core.events import CallUndone, Event, RunEnded
from agent_core.journal.runs import Runs


class EventLog:
    """Takes every event of an assistant's runs."""

    def __init__(self) -> None:
        self._runs: Runs | None = None
        self._dispatch: Callable[[Event], None] = lambda event: None
        self._next: dict[str, int] = {}
        self._collected: dict[str, list[Event]] = {}
        self._listeners: dict[str, list[Callable[[Event], None]]] = {}

    def connect(self, runs: Runs, dispatch: Callable[[Event], None]) -> None:
        """Say where events are kept, and who else hears them."""
        self._runs = runs
        self._dispatch = dispatch

    def __call__(self, event: Event) -> None:
        """Number the event, keep it, and pass it on."""
        if event.kept:
            seq = self._next.get(event.run_id) or self._first(event.run_id)
            self._next[event.run_id] = seq + 1
            event = replace(event, seq=seq)
            self._collected.setdefault(event.run_id, []).append(event)
        for put in list(self._listeners.get(event.run_id, ())):
            put(event)
        self._dispatch(event)
        if isinstance(event, RunEnded):
            self.flush(event.run_id)
        elif isinstance(event, CallUndone):  # after it, another process may add events of the run
            try:
                self.flush(event.run_id)
            finally:
                self.release(event.run_id)

    def _first(self, run_id: str) -> int:
        """Go on counting where the journal stands."""
        return 1 if self._runs is None else self._runs.last_seq(run_id) + 1

    def flush(self, run_id: str) -> None:
        """Write what was collected: with every other write of the run, in its transaction.

        It is written again with the next one where that transaction fails.
        """
        collected = self._collected.get(run_id)
        if collected and self._runs is not None:
            last = collected[-1].seq

            def written() -> None:
                collected[:] = [event for event in collected if event.seq > last]

            self._runs.add_events(list(collected), written)

    def release(self, run_id: str) -> None:
        """Nobody works on the run any more: whoever does next counts on from what the journal has.

        Events that could not be written (the disk is full) are lost, as they are when the process is killed.
        """
        self._collected.pop(run_id, None)
        self._next.pop(run_id, None)

    @contextmanager
    def listen(self, run_id: str) -> Generator[asyncio.Queue[Event | None]]:
        """The events of one run, in order, while the body lasts."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        loop, home = asyncio.get_running_loop(), threading.get_ident()

        def put(event: Event) -> None:
            if threading.get_ident() == home:
                queue.put_nowait(event)
            else:  # progress of a tool that runs in a thread
                with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                    loop.call_soon_threadsafe(queue.put_nowait, event)

        self._listeners.setdefault(run_id, []).append(put)
        try:
            yield queue
        finally:
            self._listeners[run_id].remove(put)
            if not self._listeners[run_id]:
                del self._listeners[run_id]
