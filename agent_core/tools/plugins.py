"""The plugins that are installed: found by entry point, loaded one by one, each failure reported and contained.

There is no registry that the process shares: every `load_plugins` makes its own. A plugin is taken whole or not at
all: one that fails to import, raises in a hook or clashes in a name leaves nothing behind but its report.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agent_core.errors import ConfigurationError, UsageError
from agent_core.personas import Persona
from agent_core.suggest import did_you_mean
from agent_core.tools.contained import Contained, PluginFailed, PluginHung, told
from agent_core.tools.contribution import Command, Contribution, contribution
from agent_core.tools.tool import Tool

if TYPE_CHECKING:
    from agent_core.events import Event

GROUP = "agent_core"
_BUNDLED = "agent-core"
_RESERVED = frozenset({"disabled"})  # would read as a setting of core's own under [plugins]

LOAD_S = 15.0
"""How long a plugin may take to be imported and to answer its hooks; one that takes longer is left behind."""
LISTEN_S = 2.0
"""How long it may take over an event, while everything waits for it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PluginReport:
    """What became of one plugin; `agent-core plugins list` shows these."""

    name: str
    status: Literal["ok", "disabled", "failed"]
    reason: str = ""
    """Why it is disabled or failed, in one line."""
    distribution: str = ""
    version: str = ""
    module: str = ""
    origin: str = ""
    """The file that it was imported from; empty where it was not."""
    load_ms: float = 0.0
    tools: tuple[str, ...] = ()


@dataclass
class Plugins:
    """What the loaded plugins bring, together."""

    reports: list[PluginReport] = field(default_factory=list[PluginReport])
    """One per installed plugin, in name order, then those passed in."""
    tools: dict[str, Tool] = field(default_factory=dict[str, Tool])
    models: dict[str, Callable[[str], Any]] = field(default_factory=dict[str, Callable[[str], Any]])
    """Model names (or `prefix:`) to a function from the full name to a pydantic-ai `Model`."""
    personas: dict[str, Persona] = field(default_factory=dict[str, Persona])
    commands: dict[str, Command] = field(default_factory=dict[str, Command])
    document_loaders: dict[str, Callable[[Path], str]] = field(default_factory=dict[str, Callable[[Path], str]])
    settings_classes: dict[str, type[Any]] = field(default_factory=dict[str, type[Any]])
    """By plugin; read with `Settings.plugin_settings`."""
    _listeners: dict[str, Callable[..., Any]] = field(default_factory=dict[str, Callable[..., Any]])
    _contributions: dict[str, Contribution] = field(default_factory=dict[str, Contribution])
    _threads: dict[str, Contained] = field(default_factory=dict[str, Contained])
    """Where each plugin that listens hears its events."""

    def dispatch_event(self, event: Event) -> None:
        """Pass `event` to every plugin that listens; one that raises or hangs is reported once and hears no more."""
        for name, listener in list(self._listeners.items()):
            thread = self._threads.setdefault(name, Contained(name))
            try:
                thread.call(partial(listener, event=event), LISTEN_S)
            except Exception as error:
                if self._listeners.pop(name, None) is not None:
                    thread.close()
                    reason = f"its event listener was dropped: {_told(error)}"
                    _log.warning("Plugin %r: %s", name, reason)
                    self.reports = [
                        replace(report, reason=reason) if report.name == name and report.status == "ok" else report
                        for report in self.reports
                    ]

    def close(self) -> None:
        """Let the threads of listeners end."""
        for thread in self._threads.values():
            thread.close()
        self._threads.clear()

    def check_tools(self) -> None:
        """Make every tool's schema, which loading leaves until it is needed, and disable plugins that have none.

        Imports pydantic, so it is for those who are about to use the tools.
        """
        for tool in list(self.tools.values()):
            try:
                _ = tool.schema_hash, tool.returns  # made here, and kept by the tool
            except Exception as error:
                if tool.name in self.tools:
                    self._disable(tool.plugin, f"its tool {tool.name!r} has no usable schema: {_told(error)}")

    def _disable(self, plugin: str, reason: str) -> None:
        """Take back all that a plugin brought."""
        _log.warning("Plugin %r is disabled: %s", plugin, reason)
        report = next(report for report in self.reports if report.name == plugin)
        self.reports[self.reports.index(report)] = replace(report, status="failed", reason=reason, tools=())
        brought = self._contributions.pop(plugin)
        for taken, names in (
            (self.tools, brought.tools),
            (self.models, brought.models),
            (self.personas, brought.personas),
            (self.commands, brought.commands),
            (self.document_loaders, brought.document_loaders),
        ):
            for gone in names:
                del taken[gone]
        self.settings_classes.pop(plugin, None)
        self._listeners.pop(plugin, None)

    def command(self, name: str) -> Any:
        """Import and return the typer app of a plugin's command.

        Raises:
            UsageError: there is no such command.
            ConfigurationError: its module cannot be imported, or has no such app.
        """
        if name not in self.commands:
            raise UsageError(f"No plugin has a command {name!r}.{did_you_mean(name, self.commands)}")
        declared = self.commands[name]
        module, _, attribute = declared.target.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (Exception, SystemExit) as error:
            raise ConfigurationError(
                f"The command {name!r} of plugin {declared.plugin!r} does not load: {_told(error)}"
            ) from error

    def add(self, brought: Contribution) -> None:
        """Take all that a plugin brings, or nothing.

        Raises:
            ConfigurationError: a name that an earlier plugin has already taken.
        """
        self._refuse_clashes("tool", brought.tools, {name: tool.plugin for name, tool in self.tools.items()})
        self._refuse_clashes("command", brought.commands, {c.name: c.plugin for c in self.commands.values()})
        self._refuse_clashes("model", brought.models, self.models)
        self._refuse_clashes("document loader", brought.document_loaders, self.document_loaders)
        self._refuse_clashes("persona", brought.personas, self.personas)
        self._contributions[brought.plugin] = brought
        self.tools.update(brought.tools)
        self.commands.update(brought.commands)
        self.models.update(brought.models)
        self.document_loaders.update(brought.document_loaders)
        self.personas.update(brought.personas)
        if brought.settings_class is not None:
            self.settings_classes[brought.plugin] = brought.settings_class
        if brought.on_event is not None:
            self._listeners[brought.plugin] = brought.on_event

    @staticmethod
    def _refuse_clashes(kind: str, new: Iterable[str], taken: Mapping[str, object]) -> None:
        for name in new:
            if name in taken:
                owner = taken[name]
                whose = f"of plugin {owner!r}" if isinstance(owner, str) else "of an earlier plugin"
                raise ConfigurationError(f"its {kind} {name!r} clashes with that {whose}")


def installed_plugins() -> dict[str, EntryPoint]:
    """The plugins that are installed, by name, sorted; imports none of them.

    Where two distributions use one name, agent-core's own comes first and the other is not listed.
    """
    found: dict[str, EntryPoint] = {}
    for entry_point in _entry_points():
        found.setdefault(entry_point.name, entry_point)
    return found


def plugin_names() -> list[str]:
    """Names of the installed plugins, sorted; imports none of them."""
    return list(installed_plugins())


def load_plugins(
    select: Literal[False] | Sequence[str] | None = None,
    disabled: Iterable[str] = (),
    extra: Sequence[object] = (),
) -> Plugins:
    """Load the installed plugins in name order, then those passed in. Broken ones are reported, never raised.

    Args:
        select: None loads all that are installed, False none of them, a sequence those with these names.
        disabled: Names that are not to be loaded even if they are selected; unknown ones are ignored.
        extra: Modules (or objects with `@hookimpl` methods) that an embedding app or a test brings itself.

    Raises:
        UsageError: `select` names a plugin that is not installed.
    """
    found = _entry_points()
    wanted = _selected(select, {entry_point.name for entry_point in found})
    unwanted = set(disabled)
    plugins = Plugins()
    for entry_point in found:
        name = entry_point.name
        report = _described(entry_point)
        if name in unwanted:
            report = replace(report, status="disabled", reason="disabled in the settings")
        elif name not in wanted:
            report = replace(report, status="disabled", reason="not selected")
        else:
            report = _load(plugins, report, entry_point.load)
        plugins.reports.append(report)
    for module in extra:
        name = _name_of(module)
        report = PluginReport(name, "ok", module=str(getattr(module, "__name__", type(module).__qualname__)))
        plugins.reports.append(_load(plugins, report, lambda module=module: module))
    return plugins


def _load(plugins: Plugins, report: PluginReport, bring: Callable[[], object]) -> PluginReport:
    """Load one plugin into `plugins`; the report says how that went."""
    started = time.perf_counter()
    origin = ""
    tools: tuple[str, ...] = ()
    try:
        if report.name in _RESERVED:
            raise ConfigurationError(f"a plugin cannot be called {report.name!r}")
        if any(earlier.name == report.name for earlier in plugins.reports):
            raise ConfigurationError("another plugin has the same name")
        thread = Contained(report.name)
        origin, brought = thread.call(partial(_brought, report.name, bring), LOAD_S)
        thread.close()
        plugins.add(brought)
        tools = tuple(brought.tools)
        status, reason = "ok", ""
    except Exception as error:  # a plugin may do anything at all when it is imported
        _log.debug("Plugin %r failed to load", report.name, exc_info=True)
        status, reason = "failed", _told(error)
    load_ms = (time.perf_counter() - started) * 1000
    return replace(report, status=status, reason=reason, origin=origin, tools=tools, load_ms=load_ms)


def _brought(name: str, bring: Callable[[], object]) -> tuple[str, Contribution]:
    """The file that a plugin was imported from, and what it brings."""
    module = bring()
    return str(getattr(module, "__file__", None) or ""), contribution(name, module)


def _selected(select: Literal[False] | Sequence[str] | None, installed: set[str]) -> set[str]:
    if select is None:
        return installed
    if select is False:
        return set()
    names = [select] if isinstance(select, str) else list(select)
    for name in names:
        if name not in installed:
            raise UsageError(f"No plugin {name!r} is installed.{did_you_mean(name, installed)}")
    return set(names)


def _entry_points() -> list[EntryPoint]:
    """Sorted, with our own first where a name is taken twice, so that nobody can pose as a bundled plugin."""
    return sorted(
        entry_points(group=GROUP),
        key=lambda found: (found.name, found.dist is None or found.dist.name != _BUNDLED, found.value),
    )


def _described(entry_point: EntryPoint) -> PluginReport:
    distribution = entry_point.dist
    try:
        name, version = (distribution.name, distribution.version) if distribution else ("", "")
    except Exception:  # metadata without a name or version
        name, version = "", ""
    return PluginReport(entry_point.name, "ok", distribution=name, version=version, module=entry_point.value)


def _name_of(module: object) -> str:
    full = str(getattr(module, "__name__", type(module).__name__))
    return full.rpartition(".")[2].removeprefix("agent_plugin_")


def _told(error: BaseException) -> str:
    """An error of somebody else's code in one line."""
    words = told(error)
    if isinstance(error, ConfigurationError | PluginFailed | PluginHung):
        return words.partition(": ")[2]
    return words
