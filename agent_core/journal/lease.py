"""Who works on a run: a lease that only one process can hold, taken by compare-and-swap.

A process that was killed leaves its lease behind. Its owner string names the machine's boot, the process id and
when the process started, so that a dead owner is recognised at once and a reused process id is not mistaken for it.
Of an owner on another machine or in another container only the heartbeat is known: it is believed until that lapses.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from agent_core.errors import JournalError, UsageError
from agent_core.journal.store import Journal, now

LEASE_S = 60.0
HEARTBEAT_S = 15.0


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "unknown-boot"


def _started(pid: int) -> str:
    """When the process started, in the kernel's ticks; empty where the system does not say or it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


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
    """Whether the process named by `owner` may still be working; elsewhere, only its heartbeat can tell."""
    place, pid, started, _ = owner.split(":")
    if place != _place():
        return lease_until > now()
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not started or _started(int(pid)) == started


@asynccontextmanager
async def lease(journal: Journal, run_id: str, owner: str) -> AsyncGenerator[None]:
    """Hold the run while the body works on it.

    Raises:
        UsageError: another live process holds it.
    """
    _take(journal, run_id, owner)
    heartbeat = asyncio.create_task(_heartbeat(journal, run_id, owner))
    try:
        yield
    finally:
        heartbeat.cancel()
        with suppress(asyncio.CancelledError):
            await heartbeat
        journal.execute("UPDATE runs SET owner = NULL, lease_until = NULL WHERE id = ? AND owner = ?", run_id, owner)


def _take(journal: Journal, run_id: str, owner: str) -> None:
    with journal.transaction():
        row = journal.row("SELECT owner, lease_until FROM runs WHERE id = ?", run_id)
        if row is None:
            raise UsageError(f"There is no run {run_id!r}; see: agent-core runs list")
        holder = row["owner"]
        # A live owner is believed even past its lease: a laptop that slept must not have its run taken over.
        if holder and holder != owner and is_alive(holder, row["lease_until"] or 0.0):
            raise UsageError(
                f"Run {run_id!r} is being worked on by process {holder.split(':')[1]}; wait for it or stop it."
            )
        journal.execute("UPDATE runs SET owner = ?, lease_until = ? WHERE id = ?", owner, now() + LEASE_S, run_id)


async def _heartbeat(journal: Journal, run_id: str, owner: str) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        with suppress(JournalError):  # a full disk, a busy journal: the work will say so, the next beat tries again
            journal.execute(
                "UPDATE runs SET lease_until = ? WHERE id = ? AND owner = ?", now() + LEASE_S, run_id, owner
            )
