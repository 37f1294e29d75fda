"""What one plugin brings: its hooks called once, and what they returned checked, before anybody else sees any of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

import pluggy

from agent_core.errors import ConfigurationError
from agent_core.personas import Persona, load_persona
from agent_core.settings.typed_table import without_default
from agent_core.tools import hookspecs
from agent_core.tools.tool import Limits, Tool, Traits

_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what every provider accepts as a function's name
_COMMAND = re.compile(r"[a-z][a-z0-9-]*")
_LONGEST_TEXT = 100_000
_LONGEST_TIMEOUT_S = 7 * 24 * 3600
_MOST_ITEMS = 5_000
"""What one hook may return; one that never ends would fill the memory."""
CORE_COMMANDS = frozenset(
    {
        "ask", "plan", "workflow", "runs", "approvals", "rules", "tools", "models", "keys", "config", "plugins", "mcp",
        "doctor",
    }
)  # fmt: skip
"""They cannot be replaced."""
_COMMAND_TARGET = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class Command:
    """A plugin's CLI command, known before its module is imported."""

    name: str
    target: str
    """`module:typer_app`."""
    help: str
    plugin: str


@dataclass(frozen=True)
class Contribution:
    """Everything that one plugin brings, checked by itself."""

    plugin: str
    tools: Mapping[str, Tool] = field(default_factory=dict[str, Tool])
    settings_class: type[Any] | None = None
    models: Mapping[str, Callable[[str], Any]] = field(default_factory=dict[str, Callable[[str], Any]])
    personas: Mapping[str, Persona] = field(default_factory=dict[str, Persona])
    document_loaders: Mapping[str, Callable[[Path], str]] = field(default_factory=dict[str, Callable[[Path], str]])
    commands: Mapping[str, Command] = field(default_factory=dict[str, Command])
    on_event: Callable[..., Any] | None = None


def contribution(plugin: str, module: object) -> Contribution:
    """Call the hooks of one plugin.

    Each plugin gets a pluggy manager of its own, so that a hook wrapper in one cannot change what another returns.

    Raises:
        ConfigurationError: the plugin is for a newer hook API, or a hook returned what the contract does not know.
        Exception: whatever pluggy finds wrong with the hooks, or a hook itself raises.
    """
    _check_api(module)
    manager = pluggy.PluginManager("agent_core")
    manager.add_hookspecs(hookspecs)
    manager.register(module, plugin)
    manager.check_pending()
    listens = bool(manager.hook.agent_core_event.get_hookimpls())
    return Contribution(
        plugin,
        tools=_tools(plugin, manager.hook.agent_core_tools()),
        settings_class=_settings(manager.hook.agent_core_settings()),
        models=_callables("agent_core_models", manager.hook.agent_core_models()),
        personas=_personas(manager.hook.agent_core_personas()),
        document_loaders=_loaders(manager.hook.agent_core_document_loaders()),
        commands=_commands(plugin, manager.hook.agent_core_commands()),
        on_event=manager.hook.agent_core_event if listens else None,
    )


def _check_api(module: object) -> None:
    wanted = getattr(module, "AGENT_CORE_HOOK_API", hookspecs.HOOK_API)
    if type(wanted) is not int or wanted < 1:
        raise ConfigurationError(f"AGENT_CORE_HOOK_API is {wanted!r}, but must be a whole number of 1 or more")
    if wanted > hookspecs.HOOK_API:
        raise ConfigurationError(
            f"it needs hook API {wanted}, and this agent-core has {hookspecs.HOOK_API}: upgrade agent-core"
        )


def _tools(plugin: str, results: list[Iterable[Any]]) -> dict[str, Tool]:
    found: dict[str, Tool] = {}
    for item in _items("agent_core_tools", results):
        _check_tool(item)
        if item.name in found:
            raise ConfigurationError(f"it has two tools called {item.name!r}")
        found[item.name] = item.provided_by(plugin)
    return found


def _check_tool(item: object) -> None:
    if not isinstance(item, Tool):
        raise ConfigurationError(f"agent_core_tools returned {_shown(item)}, which is not a Tool: make one with @tool")
    if not isinstance(item.name, str) or not _TOOL_NAME.fullmatch(item.name):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"the tool name {_shown(item.name)} must be 1 to 64 letters, digits, '_' or '-'")
    texts: list[Any] = [item.description, item.undo_note, *item.examples]
    if not all(isinstance(text, str) and len(text) <= _LONGEST_TEXT for text in texts):
        raise ConfigurationError(f"the tool {item.name!r} has a description or example that is no text, or too long")
    if not isinstance(item.traits, Traits) or not isinstance(item.limits, Limits):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"the tool {item.name!r} has traits or limits that are none")
    if not (isinstance(item.timeout_s, int | float) and 0 < item.timeout_s <= _LONGEST_TIMEOUT_S):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ConfigurationError(f"the tool {item.name!r} has a timeout_s of {_shown(item.timeout_s)}")
    if item.schema is not None and not _is_object_schema(item.schema):
        raise ConfigurationError(f"the tool {item.name!r} has a schema that is not a JSON schema of an object")


def _is_object_schema(schema: object) -> bool:
    """Whether this is JSON, and what a tool's parameters look like. What is wrong inside it fails its own calls."""
    try:
        written = json.dumps(schema, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    read = json.loads(written)
    if not isinstance(read, dict) or read.get("type", "object") != "object" or len(written) > _LONGEST_TEXT:
        return False
    properties = read.get("properties", {})
    return isinstance(properties, dict) and all(isinstance(declared, dict | bool) for declared in properties.values())


def _settings(results: list[Any]) -> type[Any] | None:
    for cls in results:
        if not (isinstance(cls, type) and is_dataclass(cls)):
            raise ConfigurationError(f"agent_core_settings returned {_shown(cls)}, which is not a dataclass")
        if missing := without_default(cls):
            raise ConfigurationError(f"the settings {cls.__name__} need a default for {', '.join(missing)}")
        get_type_hints(cls)
        cls()  # its defaults can be made
        return cls
    return None


def _personas(results: list[Iterable[Any]]) -> dict[str, Persona]:
    found: dict[str, Persona] = {}
    for item in _items("agent_core_personas", results):
        if not isinstance(item, Path) or not (item / "PERSONA.md").is_file():
            raise ConfigurationError(f"agent_core_personas returned {_shown(item)}, which holds no PERSONA.md")
        persona = load_persona(item)
        if persona.name in found:
            raise ConfigurationError(f"it has two personas called {persona.name!r}")
        found[persona.name] = persona
    return found


def _loaders(results: list[Any]) -> dict[str, Callable[[Path], str]]:
    found = _callables("agent_core_document_loaders", results)
    for suffix in found:
        if not suffix.startswith(".") or suffix != suffix.lower():
            raise ConfigurationError(f"the suffix {suffix!r} must start with a dot and be lower-case, like '.odt'")
    return found


def _commands(plugin: str, results: list[Any]) -> dict[str, Command]:
    found: dict[str, Command] = {}
    for name, declared in _entries("agent_core_commands", results):
        match declared:
            case _ if name in CORE_COMMANDS:
                raise ConfigurationError(f"its command {name!r} is one of agent-core's own")
            case (str(target), str(text)) if _COMMAND.fullmatch(name) and _COMMAND_TARGET.fullmatch(target):
                found[name] = Command(name, target, text, plugin)
            case _:
                raise ConfigurationError(f'the command {name!r} must be lower-case and map to ("module:app", "help")')
    return found


def _callables(hook: str, results: list[Any]) -> dict[str, Any]:
    found = dict(_entries(hook, results))
    for name, value in found.items():
        if not callable(value):
            raise ConfigurationError(f"{hook} maps {name!r} to {_shown(value)}, which cannot be called")
    return found


def _items(hook: str, results: list[Any]) -> Iterable[Any]:
    for result in results:
        if isinstance(result, str | bytes | Mapping) or not isinstance(result, Iterable):
            raise ConfigurationError(f"{hook} returned {_shown(result)}, not a list")
        for number, item in enumerate(result):
            if number == _MOST_ITEMS:
                raise ConfigurationError(f"{hook} returned more than {_MOST_ITEMS:,} things")
            yield item


def _entries(hook: str, results: list[Any]) -> Iterable[tuple[str, Any]]:
    for result in results:
        if not isinstance(result, Mapping):
            raise ConfigurationError(f"{hook} returned {_shown(result)}, not a mapping")
        for name, value in result.items():
            if not isinstance(name, str) or not name:
                raise ConfigurationError(f"{hook} returned the name {_shown(name)}, which is not text")
            yield name, value


def _shown(value: object) -> str:
    try:
        return repr(value)[:80]
    except Exception:  # its own repr may fail too
        return f"something of type {type(value).__name__}"
