"""What each server said of its tools when they were last read, and what the user trusted: one private file per server.

A tool is what its definition says. When a server changes one after it was first seen (a *rug pull*), that is noted
here, and the server is not trusted any more until the user has looked at it again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from agent_core.errors import ConfigurationError
from agent_core.mcp.definitions import digest_of
from agent_core.settings.home import write_private
from agent_core.settings.mcp_servers import McpServer

_FORMAT = 1
MAX_PINNED = 500
"""Tools of one server that are remembered; one that invents names for ever is not followed."""


@dataclass(frozen=True)
class Pinned:
    """A tool as it was last seen."""

    raw: dict[str, Any]
    seen_at: float
    """Since when it has this definition, in seconds since the epoch."""
    listed: bool = True
    """Whether the server still has it."""


@dataclass(frozen=True)
class Change:
    """A tool that became another one under its old name."""

    tool: str
    before: dict[str, Any]
    after: dict[str, Any]
    at: float


@dataclass(frozen=True)
class Pins:
    """All that is known of one server without asking it."""

    server: str = ""
    """Which program or address it was; another one under the same name begins anew."""
    read_at: float = 0.0
    tools: Mapping[str, Pinned] = field(default_factory=dict[str, Pinned])
    trusted: Mapping[str, str] = field(default_factory=dict[str, str])
    """The definitions that the user trusted, by tool: their hashes."""
    changes: Sequence[Change] = ()
    """What has changed since the user last looked. While there is any, the server is not trusted."""
    ambiguous: Sequence[str] = ()
    """Names that the server gave to more than one tool: none of them is taken."""

    @property
    def listed(self) -> list[dict[str, Any]]:
        """The definitions that the server has now."""
        return [pinned.raw for pinned in self.tools.values() if pinned.listed]

    def trusts(self, tool: str) -> bool:
        """Whether the user trusted this tool as it is now."""
        pinned = self.tools.get(tool)
        return not self.changes and pinned is not None and self.trusted.get(tool) == digest_of(pinned.raw)

    def seeing(self, raws: Sequence[Mapping[str, Any]], at: float) -> Pins:
        """The same after the server listed its tools: what is new is pinned, and what changed is noted."""
        tools = {name: replace(pinned, listed=False) for name, pinned in self.tools.items()}
        changes = {change.tool: change for change in self.changes}
        counts = Counter(str(raw.get("name")) for raw in raws)
        for raw in raws:
            name = str(raw.get("name"))
            if counts[name] > 1:
                continue
            before = self.tools.get(name)
            if before is None:
                if len(tools) < MAX_PINNED:
                    tools[name] = Pinned(dict(raw), at)
            elif digest_of(before.raw) == digest_of(raw):
                tools[name] = replace(before, listed=True)
            else:
                tools[name] = Pinned(dict(raw), at)
                # Against what the user last saw, however often it has changed since.
                first = changes[name].before if name in changes else before.raw
                changes[name] = Change(name, first, dict(raw), at)
        ambiguous = tuple(sorted(name for name, count in counts.items() if count > 1)[:MAX_PINNED])
        return replace(self, tools=tools, changes=tuple(changes.values()), ambiguous=ambiguous, read_at=at)

    def trusting(self, at_hand: Sequence[Mapping[str, Any]]) -> Pins:
        """The same after the user looked at these definitions and trusted them."""
        trusted = {str(raw.get("name")): digest_of(raw) for raw in at_hand}
        return replace(self, trusted=trusted, changes=())


class PinFile:
    """The file of one server under `<home>/mcp/`."""

    def __init__(self, home: Path, name: str, server: McpServer) -> None:
        self.path = home / "mcp" / f"{name}.json"
        self._name = name
        self._server = identity(server)

    @property
    def stamp(self) -> tuple[int, int]:
        """Changes when another process writes the file."""
        try:
            stat = self.path.stat()
        except OSError:
            return (0, 0)
        return (stat.st_mtime_ns, stat.st_ino)

    def load(self) -> Pins:
        """What is known; nothing where the file is missing, or speaks of another server of this name.

        Raises:
            ConfigurationError: the file is damaged.
        """
        try:
            found = json.loads(self.path.read_text("utf-8"))
            if found["format"] != _FORMAT:
                raise ValueError("it was written by another version")
            pins = Pins(
                server=found["server"],
                read_at=float(found["read_at"]),
                tools={name: Pinned(**pinned) for name, pinned in found["tools"].items()},
                trusted=found["trusted"],
                changes=tuple(Change(**change) for change in found["changes"]),
                ambiguous=tuple(found["ambiguous"]),
            )
        except FileNotFoundError:
            return Pins(self._server)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ConfigurationError(
                f"{str(self.path)!r} cannot be read ({error}); delete it to read the MCP server {self._name!r} anew."
            ) from None
        return pins if pins.server == self._server else Pins(self._server)

    def change(self, change: Callable[[Pins], Pins]) -> Pins:
        """Replace the file in one step by what `change` makes of it; processes wait for each other."""
        from filelock import FileLock

        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with FileLock(self.path.with_suffix(".lock"), timeout=30):
            pins = change(self.load())
            content = {"format": _FORMAT, **asdict(pins)}
            write_private(self.path, json.dumps(content, ensure_ascii=True, indent=1).encode())
        return pins

    def remove(self) -> None:
        """Forget the server."""
        for path in (self.path, self.path.with_suffix(".lock")):
            path.unlink(missing_ok=True)


def identity(server: McpServer) -> str:
    """Names the program or address behind a server's name: what is trusted is it, and not the name."""
    return digest_of({"command": server.command, "args": server.args, "env": server.env, "url": server.url})
