"""Settings: `<home>/config.toml`, overridden by environment variables AGENT_CORE_<SECTION>_<KEY>.

Every command reads them, so reading imports neither pydantic nor a TOML writer. Sections of plugins
(`[plugins.<name>]`) are kept as they are until the plugin that declares them is asked for (`plugin_settings`).
The workspace brings no settings of its own: whoever wrote the files there must not choose models or limits.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, field, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from agent_core.errors import ConfigurationError
from agent_core.settings.home import find_home, open_home, write_private
from agent_core.settings.mcp_servers import McpServer, read_mcp_servers
from agent_core.settings.sections import ApprovalSettings, Models, PluginList, RunLimits
from agent_core.settings.typed_table import leaves, parse_text, read_table, unknown_key
from agent_core.suggest import did_you_mean

T = TypeVar("T")

_PREFIX = "AGENT_CORE_"


@dataclass(frozen=True)
class _Core:
    """The sections that core owns, as they stand in the file."""

    models: Models = field(default_factory=Models)
    limits: RunLimits = field(default_factory=RunLimits)
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)


_LEAVES = {dotted: (cls, name) for dotted, cls, name in leaves(_Core)} | {"plugins.disabled": (PluginList, "disabled")}
_SECTIONS = ("models", "limits", "approvals", "plugins", "mcp")


@dataclass(frozen=True)
class Settings:
    """All settings as they were when `load` read them."""

    home: Path
    """The state folder (AGENT_CORE_HOME)."""
    workspace: Path
    """The folder that the user works in."""
    models: Models = field(default_factory=Models)
    limits: RunLimits = field(default_factory=RunLimits)
    approvals: ApprovalSettings = field(default_factory=ApprovalSettings)
    disabled_plugins: tuple[str, ...] = ()
    plugin_sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """What the file says under `[plugins.<name>]`, unchecked; `plugin_settings` checks it."""
    mcp: Mapping[str, McpServer] = field(default_factory=dict[str, McpServer])
    """MCP servers by name, in name order."""
    environ: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """The AGENT_CORE_ variables that were in force."""

    @classmethod
    def load(
        cls, home: Path | None = None, workspace: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Read the settings; a missing file means the defaults.

        Args:
            home: The state folder, made if need be; None: AGENT_CORE_HOME, else the platform's data folder.
            workspace: None: the current folder.
            environ: None: the process's environment.

        Raises:
            ConfigurationError: the file or a variable has an unknown key or a wrong value, or a folder is unusable.
        """
        environ = {k: v for k, v in (os.environ if environ is None else environ).items() if k.startswith(_PREFIX)}
        home = open_home(find_home(home, environ))
        place = (workspace or Path.cwd()).expanduser().absolute()
        if not place.is_dir():
            raise ConfigurationError(f"The workspace {str(place)!r} is not a folder.")
        return cls._of(_read_toml(home / "config.toml"), home, place, environ)

    @classmethod
    def _of(cls, table: dict[str, Any], home: Path, workspace: Path, environ: Mapping[str, str]) -> Settings:
        for section in table:
            if section not in _SECTIONS:
                raise unknown_key(section, list(_SECTIONS))
        _apply_environment(table, environ)
        plugins = table.pop("plugins", {})
        if not isinstance(plugins, dict):
            raise ConfigurationError(f"Setting 'plugins' is {plugins!r}, but must be a table ([plugins]).")
        raw = cast("dict[str, Any]", plugins)
        own = read_table(PluginList, {"disabled": raw.pop("disabled", ())}, "plugins")
        for name, section in raw.items():
            if not isinstance(section, dict):
                raise ConfigurationError(
                    f"Setting 'plugins.{name}' is {section!r}; only 'plugins.disabled' and tables "
                    f"([plugins.<name>]) may stand there."
                )
        servers = read_mcp_servers(table.pop("mcp", {}))
        core = _read_core(table)
        return cls(home, workspace, core.models, core.limits, core.approvals, own.disabled, raw, servers, environ)

    @property
    def path(self) -> Path:
        """The configuration file, which need not exist."""
        return self.home / "config.toml"

    def plugin_settings(self, name: str, cls: type[T]) -> T:
        """The settings of the plugin `name`, as the dataclass that its `agent_core_settings` hook returned.

        Raises:
            ConfigurationError: an unknown key or a wrong value.
        """
        from agent_core.settings.plugin_section import read_plugin_section

        return read_plugin_section(name, cls, self.plugin_sections.get(name, {}), self.environ)

    def get(self, dotted: str, plugins: Mapping[str, type[Any]] | None = None) -> Any:
        """The value of a setting or of a whole section, as JSON.

        Args:
            dotted: For instance "limits.calls", "models.planner" or "plugins.search.provider".
            plugins: The settings class of each plugin, so that defaults of plugins can be read too.
        """
        section, _, name = dotted.partition(".")
        name = name.partition(".")[0]
        wanted = {key: cls for key, cls in (plugins or {}).items() if section == "plugins" and name in ("", key)}
        found: Any = self._as_json(wanted, strict=bool(name))
        walked: list[str] = []
        for part in dotted.split("."):
            known = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
            if part not in known:
                raise unknown_key(dotted, [".".join([*walked, key]) for key in known] or sorted(_LEAVES))
            found = known[part]
            walked.append(part)
        return found

    def set(self, dotted: str, text: str, plugins: Mapping[str, type[Any]] | None = None) -> Settings:
        """Write one setting to the file, atomically, keeping comments and everything else in it.

        Args:
            dotted: The setting's name.
            text: Its value as somebody typed it; lists are separated by commas.
            plugins: The settings class of each plugin; without it a plugin's value is taken as TOML, else as text.

        Returns:
            The settings as they are now.

        Raises:
            ConfigurationError: no such setting, a wrong value (nothing is written), or an unwritable file.
        """
        return self._write(dotted, self._parsed(dotted, text, plugins or {}))

    def with_mcp_server(self, name: str, table: Mapping[str, Any] | None) -> Settings:
        """Write the section of an MCP server to the file, or take it out (None); as `set` does.

        Raises:
            ConfigurationError: the table is not one of a server (nothing is written), or an unwritable file.
        """
        return self._write(f"mcp.{name}", table)

    def _write(self, dotted: str, value: Any) -> Settings:
        """Put `value` in the file in place of what stands there; None takes it out."""
        import tomlkit

        text_now = _read_text(self.path)
        _parse_toml(text_now, self.path)
        document = tomlkit.parse(text_now)
        *tables, key = dotted.split(".")
        place: MutableMapping[str, Any] = document
        whole_table = isinstance(value, Mapping)
        for name in tables:
            place = cast("MutableMapping[str, Any]", place.setdefault(name, tomlkit.table(is_super_table=whole_table)))
        if value is None:
            place.pop(key, None)
        else:
            place[key] = value
        rendered = tomlkit.dumps(document)  # pyright: ignore[reportUnknownMemberType]
        self._of(_parse_toml(rendered, self.path), self.home, self.workspace, {})
        write_private(self.path, rendered.encode())
        return Settings.load(self.home, self.workspace, self.environ)

    def _parsed(self, dotted: str, text: str, plugins: Mapping[str, type[Any]]) -> Any:
        if dotted in _LEAVES:
            cls, name = _LEAVES[dotted]
            return parse_text(cls, name, text, dotted)
        parts = dotted.split(".")
        if parts[0] == "plugins" and len(parts) == 3 and all(parts):
            from agent_core.settings.plugin_section import parse_plugin_text

            return parse_plugin_text(parts[1], parts[2], text, plugins)
        if parts[0] == "mcp":
            raise ConfigurationError(f"{dotted!r} is not set here; MCP servers are changed with: agent-core mcp --help")
        raise unknown_key(dotted, sorted(_LEAVES))

    def _as_json(self, plugins: Mapping[str, type[Any]], *, strict: bool) -> dict[str, Any]:
        """Everything as JSON; what one plugin's settings have wrong with them stands in their place, or is raised."""
        sections: dict[str, Any] = {name: dict(section) for name, section in self.plugin_sections.items()}
        for name, cls in plugins.items():
            try:
                declared = self.plugin_settings(name, cls)
                sections[name] = asdict(cast("Any", declared)) if is_dataclass(declared) else declared
            except ConfigurationError as error:
                if strict:
                    raise
                sections[name] = {"error": str(error)}
        return {
            "models": asdict(self.models),
            "limits": asdict(self.limits),
            "approvals": asdict(self.approvals),
            "plugins": {"disabled": list(self.disabled_plugins), **sections},
            "mcp": {name: asdict(server) for name, server in self.mcp.items()},
        }


def _read_core(table: dict[str, Any]) -> _Core:
    core = _Core()
    for section, value in table.items():
        core = replace(core, **{section: read_table(type(getattr(core, section)), value, section)})
    return core


def _apply_environment(table: dict[str, Any], environ: Mapping[str, str]) -> None:
    """Write the AGENT_CORE_ variables over the file's values; plugins' own are read when the plugin is."""
    variables = {_PREFIX + dotted.replace(".", "_").upper(): dotted for dotted in _LEAVES}
    for variable, text in environ.items():
        dotted = variables.get(variable)
        if dotted is None:
            _check_variable(variable, variables)
            continue
        cls, name = _LEAVES[dotted]
        *sections, key = dotted.split(".")
        place = table
        for section in sections:
            place = place.setdefault(section, {})
            if not isinstance(place, dict):
                return  # a section that is no table is reported when the table is read
        place[key] = parse_text(cls, name, text, f"{dotted} ({variable})")


def _check_variable(variable: str, variables: Mapping[str, str]) -> None:
    """A misspelt override would silently do nothing; other AGENT_CORE_ variables are none of ours."""
    if any(variable.startswith(f"{_PREFIX}{section.upper()}_") for section in _SECTIONS if section != "plugins"):
        raise ConfigurationError(
            f"The environment variable {variable!r} overrides no setting.{did_you_mean(variable, variables)}"
        )


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise ConfigurationError(f"{str(path)!r} is not UTF-8 text.") from None
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be read ({error.strerror}).") from None


def _read_toml(path: Path) -> dict[str, Any]:
    return _parse_toml(_read_text(path), path)


def _parse_toml(text: str, path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{str(path)!r} is not valid TOML: {error}.") from None
