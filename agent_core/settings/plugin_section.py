"""Settings that plugins declare: their dataclasses may use any type that pydantic reads, so pydantic checks them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar, get_type_hints

from agent_core.errors import ConfigurationError
from agent_core.settings.typed_table import unknown_key
from agent_core.suggest import did_you_mean

T = TypeVar("T")


def read_plugin_section(plugin: str, cls: type[T], section: Mapping[str, Any], environ: Mapping[str, str]) -> T:
    """Make the settings of `plugin` from `[plugins.<plugin>]` and AGENT_CORE_PLUGINS_<PLUGIN>_<KEY>.

    Raises:
        ConfigurationError: an unknown key, or values that the dataclass refuses; names each and why.
    """
    from pydantic import TypeAdapter, ValidationError

    try:
        hints = _hints(cls)
        adapter = TypeAdapter(cls)
    except Exception as error:  # types of a plugin's own that nobody can read
        told = " ".join(str(error).split())[:200]
        raise ConfigurationError(f"The settings of plugin {plugin!r} cannot be read: {told}") from None
    for key in section:
        if key not in hints:
            raise unknown_key(f"plugins.{plugin}.{key}", [f"plugins.{plugin}.{name}" for name in hints])
    values = dict(section) | _from_environment(plugin, hints, environ)
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        reasons = (
            f"{'.'.join(['plugins', plugin, *map(str, e['loc'])])} is {str(e['input'])[:80]!r}: {e['msg']}"
            for e in error.errors(include_url=False)
        )
        raise ConfigurationError("Wrong setting: " + "; ".join(reasons) + ".") from None


def parse_plugin_text(plugin: str, key: str, text: str, classes: Mapping[str, type[Any]]) -> Any:
    """What somebody typed for `plugins.<plugin>.<key>`, as a TOML value.

    Raises:
        ConfigurationError: the plugin declares no such setting, or refuses the value.
    """
    cls = classes.get(plugin)
    if cls is None:
        if classes:
            raise ConfigurationError(f"No loaded plugin {plugin!r} has settings.{did_you_mean(plugin, classes)}")
        return _toml_value(text)
    hints = _hints(cls)
    if key not in hints:
        raise unknown_key(f"plugins.{plugin}.{key}", [f"plugins.{plugin}.{name}" for name in hints])
    return _value(text, hints[key], f"plugins.{plugin}.{key}")


def _hints(cls: type[Any]) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {declared.name: hints[declared.name] for declared in fields(cls) if declared.init}


def _from_environment(plugin: str, hints: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    prefix = f"AGENT_CORE_PLUGINS_{plugin.upper().replace('-', '_')}_"
    named = {prefix + key.upper(): key for key in hints}
    return {
        named[variable]: _value(text, hints[named[variable]], f"plugins.{plugin}.{named[variable]} ({variable})")
        for variable, text in environ.items()
        if variable in named
    }


def _value(text: str, hint: Any, path: str) -> Any:
    """`text` read as the declared type wants it: as it stands, as a TOML value, or as a list of parts."""
    from pydantic import TypeAdapter, ValidationError

    adapter: TypeAdapter[Any] = TypeAdapter(hint)
    why = ""
    for reading in (text, _toml_value(text), [part.strip() for part in text.split(",") if part.strip()]):
        try:
            return adapter.dump_python(adapter.validate_python(reading), mode="json")
        except ValidationError as error:
            why = why or error.errors(include_url=False)[0]["msg"]
    raise ConfigurationError(f"Setting {path!r} is {text[:80]!r}: {why}.")


def _toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"] if "\n" not in text else text
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
