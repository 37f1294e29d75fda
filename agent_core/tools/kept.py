"""What tools keep open from one call to the next, because opening it costs more than using it: stores, connections.

It lives as long as its assistant. Each thing is lent to one call at a time, so nothing here has to be safe to share;
calls that run side by side get one each. What failed in a call's hands is closed, and so is what nobody has asked for
longest, where there is too much.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

_log = logging.getLogger(__name__)


class Closable(Protocol):
    """What can be kept open."""

    def close(self) -> object:
        """Let go of it; from any thread."""
        ...


T = TypeVar("T", bound=Closable)


@dataclass(frozen=True)
class _Idle:
    name: Hashable
    state: object
    thing: Closable


class KeptOpen:
    """The open things of one assistant; used from many threads."""

    def __init__(self, most: int = 4) -> None:
        """Nothing is open yet.

        Args:
            most: How many may lie open unused.
        """
        self._most = most
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        """The one that was used last stands last."""
        self._closed = False
        self._process = os.getpid()

    @contextmanager
    def lent(self, name: Hashable, open: Callable[[], T], state: object = None) -> Generator[T]:
        """One that lies open under this name, else a new one; kept afterwards, unless the block raises.

        Args:
            name: What it is. The same name always stands for things of one type.
            open: Makes one.
            state: What it was opened on, as far as that can change (which file is there, which password holds): what
                was opened on another state is closed.
        """
        ours = os.getpid() == self._process  # else a fork: what its parent has open is the parent's
        found = self._take(name, state) if ours else None
        thing = open() if found is None else cast("T", found)
        try:
            yield thing
        except BaseException:
            thing.close()
            raise
        if ours:
            self._put(_Idle(name, state, thing))
        else:
            thing.close()

    def close(self) -> None:
        """Close what nobody uses now, and the rest when it is given back. May be called again."""
        with self._lock:
            self._closed = True
            closing, self._idle = self._idle, []
        _close(closing)

    def _take(self, name: Hashable, state: object) -> Closable | None:
        with self._lock:
            named = [idle for idle in self._idle if idle.name == name]
            found = next((idle for idle in reversed(named) if idle.state == state), None)
            stale = [idle for idle in named if idle.state != state]
            gone = {id(found), *map(id, stale)}
            self._idle = [idle for idle in self._idle if id(idle) not in gone]
        _close(stale)
        return found.thing if found else None

    def _put(self, idle: _Idle) -> None:
        with self._lock:
            self._idle.append(idle)
            spare = max(0, len(self._idle) - (0 if self._closed else self._most))
            closing, self._idle = self._idle[:spare], self._idle[spare:]
        _close(closing)


def _close(closing: Sequence[_Idle]) -> None:
    for idle in closing:
        try:
            idle.thing.close()
        except Exception as error:  # whoever is being served meanwhile has no part in it
            _log.warning("%r could not be closed: %s", idle.name, error)
