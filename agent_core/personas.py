"""Personas: how a profession works, read from a folder with a PERSONA.md.

Front matter (YAML) says who it is and what it may use; the body is how it works. A persona narrows what its agents
may do and never widens it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from agent_core.errors import ConfigurationError, UsageError
from agent_core.suggest import did_you_mean


@dataclass(frozen=True)
class Persona:
    """A way of working."""

    name: str
    description: str
    instructions: str
    tools: tuple[str, ...] = ("*",)
    """Patterns of tools that it may use."""
    denied: tuple[str, ...] = ()
    """Patterns of tools that it may not use; they win."""
    folder: Path | None = None

    def may_use(self, tool: str) -> bool:
        """Whether a tool of this name is among those that the persona works with."""
        wanted = any(fnmatchcase(tool, pattern) for pattern in self.tools)
        return wanted and not any(fnmatchcase(tool, pattern) for pattern in self.denied)


def load_persona(folder: Path) -> Persona:
    """Read a persona from its folder.

    Raises:
        ConfigurationError: there is no readable PERSONA.md with a name and a description.
    """
    import yaml

    path = folder / "PERSONA.md"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"No persona can be read from {str(folder)!r}: {error}") from None
    head, separator, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not separator:
        raise ConfigurationError(f"{str(path)!r} must begin with YAML front matter between two lines of ---.")
    try:
        front: Any = yaml.safe_load(head)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The front matter of {str(path)!r} is not YAML: {error}") from None
    name, description = (front.get("name"), front.get("description")) if isinstance(front, dict) else (None, None)
    if not (isinstance(name, str) and name and isinstance(description, str) and description):
        raise ConfigurationError(f"The front matter of {str(path)!r} needs a name and a description, as texts.")
    return Persona(
        name=name,
        description=description,
        instructions=body.strip(),
        tools=_patterns(front.get("tools", ["*"]), path),
        denied=_patterns(front.get("denied", []), path),
        folder=folder,
    )


def persona_named(name: str, personas: Mapping[str, Persona]) -> Persona:
    """A persona by its name, or by the folder that it lies in.

    Raises:
        UsageError: there is none.
    """
    if name in personas:
        return personas[name]
    if "/" in name or name.startswith("."):
        return load_persona(Path(name).expanduser())
    raise UsageError(f"There is no persona {name!r}.{did_you_mean(name, personas)}")


def _patterns(value: Any, path: Path) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(pattern, str) for pattern in value):
        return tuple(value)
    raise ConfigurationError(
        f"tools and denied in {str(path)!r} must be lists of tool names or patterns, not {value!r}."
    )
