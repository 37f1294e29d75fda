"""Who works on a run: a lease that only one process can hold, taken by compare-and-swap.

A process that was killed leaves its lease behind. Its owner string names the machine's boot, the process id and
when the process started, so that a dead owner is recognised at once and a reused process id is not mistaken for it.
An owner from before the last boot is dead: SQLite's WAL is shared memory, so whoever uses a journal is on one machine.
Of an owner in another container only the heartbeat is known: it is believed until that lapses. It is counted on the
clock since boot, which nobody sets: a wall clock that jumps neither takes a run from somebody nor keeps it for ever.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agent_core.errors import JournalError, UsageError
from agent_core.journal.store import Journal

LEASE_S = 60.0
HEARTBEAT_S = 15.0

_held_here: set[str] = set()
"""Owners in this process that are at work: a lease of this process that is not among them could not be given back."""


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown-boot"


def since_boot() -> float:
    """Seconds since the machine was started, its sleep included; leases are counted in them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks; empty where the system does not say or it is gone."""
    fields = _stat(pid)
    return fields[19] if len(fields) > 19 else ""


def _is_corpse(pid: int) -> bool:
    """Whether the process has ended and only waits for its parent to notice, which may be never."""
    return _stat(pid)[:1] in (["Z"], ["X"])


def _stat(pid: int) -> list[str]:
    """What the kernel tells of a process, after its name; nothing where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except (OSError, IndexError):
        return []


def new_owner() -> str:
    """A name for this process and this worker in it."""
    return f"{_place()}:{os.getpid()}:{_started(os.getpid())}:{secrets.token_hex(4)}"


def _place() -> str:
    """Where process ids mean something: this boot of this machine and, in a container, this container."""
    try:
        return f"{_boot_id()}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return _boot_id()


def is_alive(owner: str, lease_until: float = 0.0) -> bool:
    """Whether the process named by `owner` may still be working.

    Args:
        owner: As `new_owner` made it.
        lease_until: Its last heartbeat's promise, in seconds since boot; counts where its process cannot be seen.
    """
    place, pid, started, _ = owner.split(":")
    if place != _place():
        return place.split("/")[0] == _boot_id() and since_boot() < lease_until
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_corpse(int(pid)) and (not started or _started(int(pid)) == started)


def is_abandoned(owner: str, lease_until: float = 0.0) -> bool:
    """Whether nobody works under this lease any more: its process is gone, or is this one and has let go of it."""
    here = owner.startswith(f"{_place()}:{os.getpid()}:{_started(os.getpid())}:")
    return owner not in _held_here if here else not is_alive(owner, lease_until)


@asynccontextmanager
async def lease(journal: Journal, run_id: str, owner: str) -> AsyncGenerator[None]:
    """Hold the run while the body works on it.

    Raises:
        UsageError: another live process holds it.
    """
    _held_here.add(owner)
    try:
        _take(journal, run_id, owner)
        heartbeat = asyncio.create_task(_heartbeat(journal, run_id, owner))
        try:
            yield
        finally:
            heartbeat.cancel()
            with suppress(asyncio.CancelledError):
                await heartbeat
            _held_here.discard(owner)  # first: where the disk is full, the row keeps a lease that nobody holds
            _give_back(journal, run_id, owner)
    finally:
        _held_here.discard(owner)


def _take(journal: Journal, run_id: str, owner: str) -> None:
    with journal.transaction():
        row = journal.row("SELECT owner, lease_until FROM runs WHERE id = ?", run_id)
        if row is None:
            raise UsageError(f"There is no run {run_id!r}; see: agent-core runs list")
        holder = row["owner"]
        # A live owner is believed even past its lease: a laptop that slept must not have its run taken over.
        if holder and holder != owner and not is_abandoned(holder, row["lease_until"] or 0.0):
            raise UsageError(
                f"Run {run_id!r} is being worked on by process {holder.split(':')[1]}; wait for it or stop it."
            )
        journal.execute(
            "UPDATE runs SET owner = ?, lease_until = ? WHERE id = ?", owner, since_boot() + LEASE_S, run_id
        )


def _give_back(journal: Journal, run_id: str, owner: str) -> None:
    journal.execute("UPDATE runs SET owner = NULL, lease_until = NULL WHERE id = ? AND owner = ?", run_id, owner)


async def _heartbeat(journal: Journal, run_id: str, owner: str) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        with suppress(JournalError):  # a full disk, a busy journal: the work will say so, the next beat tries again
            journal.execute(
                "UPDATE runs SET lease_until = ? WHERE id = ? AND owner = ?", since_boot() + LEASE_S, run_id, owner
            )
