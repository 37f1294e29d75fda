"""How long runs and their secrets are kept: what goes by itself, and what somebody asks to be deleted.

A run goes when nothing has happened in it for `journal.keep_days`; the secrets of a conversation go when all of its
runs have ended and `journal.undo_days` are over. Both are looked after at most once a day, by whichever process
begins a run first, a bounded number at a time. A run that waits or is at work goes only if somebody names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from agent_core.errors import AgentCoreError, UsageError
from agent_core.gate.vault import Vault
from agent_core.journal.purge import delete_run, delete_unshown_tools, empty_log, ended_conversation, ended_runs, shrink
from agent_core.journal.store import Journal, now
from agent_core.settings.sections import JournalSettings

DAY_S = 24 * 3600.0
AT_ONCE = 100
"""Runs that go by themselves before a request is worked on; the rest with the next ones."""


@dataclass(frozen=True)
class Purged:
    """What was deleted, and whether its bytes are gone from the write-ahead log too."""

    runs: tuple[str, ...]
    secrets: int
    log_emptied: bool


class Retention:
    """Deletes from a journal and its vault."""

    def __init__(self, journal: Journal, vault: Vault, settings: JournalSettings) -> None:
        self._journal = journal
        self._vault = vault
        self._settings = settings
        self._looked_at = 0.0

    def purge(self, run_ids: Sequence[str]) -> Purged:
        """Delete these runs, whatever state they are in, and leave no bytes of them behind.

        Raises:
            UsageError: a process works on one of them; those before it are gone.
        """
        secrets = sum(self._delete(run_id) for run_id in run_ids)
        delete_unshown_tools(self._journal)
        with suppress(AgentCoreError):  # no room for a copy: the rows are overwritten all the same
            shrink(self._journal)
        return Purged(tuple(run_ids), secrets, empty_log(self._journal))

    def overdue(self, keep_days: float | None = None) -> list[str]:
        """Ids of the runs that have been kept for longer than `keep_days`, or than the settings say."""
        days = self._settings.keep_days if keep_days is None else keep_days
        if keep_days is None and not days:
            return []
        return ended_runs(self._journal, before=now() - days * DAY_S)

    @property
    def due(self) -> bool:
        """Whether this process has not looked yet today."""
        return not 0 <= now() - self._looked_at < DAY_S

    def look_after(self) -> None:
        """Do what is due today, if nobody has done it yet. Whatever goes wrong with it, the request goes on."""
        self._looked_at = now()
        with suppress(AgentCoreError):
            if self._is_due():
                self.forget_strays()
                self.forget_secrets()
                self._delete_overdue()

    def forget_secrets(self) -> int:
        """Delete the secrets of conversations that nobody can undo any more; returns how many there were."""
        if not self._settings.undo_days:
            return 0
        moment = now() - self._settings.undo_days * DAY_S
        count = 0
        for conversation_id in self._vault.scopes(before=moment):
            if ended_conversation(self._journal, conversation_id, moment):
                count += self._vault.forget(conversation_id)
                self._journal.execute(
                    "UPDATE runs SET forgotten_at = ? WHERE conversation_id = ?", now(), conversation_id
                )
        return count

    def strays(self) -> list[str]:
        """Conversations that secrets are kept of and that no run is left of: a crash came between the two."""
        # A secret enters the vault before its run enters the journal: what came in today is left alone.
        return [
            conversation_id
            for conversation_id in self._vault.scopes(before=now() - DAY_S)
            if self._journal.row("SELECT 1 FROM runs WHERE conversation_id = ? LIMIT 1", conversation_id) is None
        ]

    def forget_strays(self) -> int:
        """Delete the secrets of conversations that no run is left of; returns how many there were."""
        return sum(map(self._vault.forget, self.strays()))

    def _is_due(self) -> bool:
        """Whether this process is today's first; a clock that was set back makes it due again."""
        return bool(
            self._journal.execute(
                "INSERT INTO upkeep (task, at) VALUES ('retention', ?1) "
                "ON CONFLICT (task) DO UPDATE SET at = ?1 WHERE at <= ?1 - ?2 OR at > ?1",
                now(),
                DAY_S,
            )
        )

    def _delete_overdue(self) -> None:
        if not self._settings.keep_days:
            return
        overdue = ended_runs(self._journal, before=now() - self._settings.keep_days * DAY_S, limit=AT_ONCE)
        for run_id in overdue:
            with suppress(UsageError):  # somebody works on it again, or has deleted it
                self._delete(run_id)
        if len(overdue) == AT_ONCE:
            self._looked_at = 0.0
            self._journal.execute("DELETE FROM upkeep WHERE task = 'retention'")
        if overdue:
            delete_unshown_tools(self._journal)
            empty_log(self._journal)

    def _delete(self, run_id: str) -> int:
        ended = delete_run(self._journal, run_id)
        return self._vault.forget(ended) if ended is not None else 0
