"""What a tool function gets beside its arguments, when its first parameter is a `ToolContext`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agent_core.errors import ConfigurationError, ToolArgumentError
from agent_core.tools.kept import Closable, KeptOpen

_T = TypeVar("_T", bound=Closable)


def _silent(text: str, fraction: float | None) -> None:
    """Progress that nobody listens to."""


def _unmarked(labels: Iterable[str]) -> None:
    """Labels of results matter only in a run."""


def _nothing_saved(value: Any) -> None:
    """Undo information outside a journaled run is not kept."""


@dataclass(frozen=True)
class ToolContext:
    """The surroundings of one call. Tools use nothing else: no global state, no environment, no current folder."""

    workspace: Path
    """The folder that the user works in; file tools never leave it."""
    data_dir: Path
    """A folder of this plugin's own under AGENT_CORE_HOME, made on first use by `own_file`."""
    settings: Any = None
    """The plugin's settings: an instance of the dataclass that its `agent_core_settings` hook returned."""
    user: str = "local"
    """Whom the call is for; state that one user must not see of another's is kept apart by it."""
    conversation_id: str = ""
    call_key: str = ""
    """Names this call in the journal; the same when a crashed run resumes, so it serves as idempotency key."""
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Secrets that the user stored for this plugin, by name; read with `secret`."""
    labels: frozenset[str] = frozenset()
    """What the call's context has seen ("untrusted", "private"): what a tool stores under a label keeps it."""
    report: Callable[[str, float | None], None] = _silent
    save: Callable[[Any], None] = _nothing_saved
    mark: Callable[[Iterable[str]], None] = _unmarked
    kept: KeptOpen | None = field(default=None, repr=False)
    """What this plugin's tools have open, in an assistant; used by `keep_open`."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    """Set when the user cancels: long work checks it between pieces and stops."""

    def progress(self, text: str, fraction: float | None = None) -> None:
        """Say what is happening; `fraction` done, 0 to 1, where it is known."""
        self.report(text, fraction)

    def save_for_undo(self, value: Any) -> None:
        """Keep what `undo` will need (a JSON value; bytes as base64). Call it *before* the effect."""
        self.save(value)

    def mark_result(self, labels: Iterable[str]) -> None:
        """Label the result `untrusted` or `private` beyond what the traits say: what was stored so keeps it."""
        self.mark(labels)

    def secret(self, name: str) -> str:
        """The secret called `name`.

        Raises:
            ConfigurationError: it was never stored; the message says how to.
        """
        try:
            return self.secrets[name]
        except KeyError:
            raise ConfigurationError(f"No secret {name!r} is stored; set it with: agent-core keys set {name}") from None

    def keep_open(
        self, name: Hashable, open: Callable[[], _T], state: object = None
    ) -> AbstractContextManager[_T, bool | None]:
        """For a `with` block: what `open` makes, which an assistant keeps for the plugin's next call of that name.

        Elsewhere it is closed at the end. No two calls get the same one at a time.

        Args:
            name: What it is. The same name always stands for things of one type.
            open: Makes one; it has a method `close` that may be called from any thread.
            state: What it was opened on, as far as that can change (which file is there, which password holds): what
                was opened on another state is closed.
        """
        return (self.kept or KeptOpen(most=0)).lent(name, open, state)

    def own_file(self, name: str) -> Path:
        """Path of a file in this plugin's own folder, which is made if need be (mode 0700)."""
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        return self.data_dir / name

    def in_workspace(self, path: str) -> Path:
        """Resolve `path` inside the workspace, symbolic links followed.

        Raises:
            ToolArgumentError: the path is empty, holds a NUL, or leads outside the workspace.
        """
        root = self.workspace.resolve()
        if not path or "\0" in path:
            raise ToolArgumentError(f"{path!r} is not a file name.")
        resolved = (root / path).resolve()
        if resolved != root and root not in resolved.parents:
            raise ToolArgumentError(f"{path!r} leads outside the workspace {str(root)!r}; name a file inside it.")
        return resolved
