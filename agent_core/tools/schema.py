"""From a function's signature and docstring to a JSON schema, and from arguments to validated ones."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, get_type_hints

from agent_core.errors import ConfigurationError, ToolArgumentError, shortened
from agent_core.schema_check import faults
from agent_core.tools.context import ToolContext

if TYPE_CHECKING:
    from agent_core.tools.tool import Arguments, JsonSchema, Tool


_MOST_REASONS = 5
_REASON_CHARS = 300


@dataclass(frozen=True)
class ArgumentSchema:
    """The parameters of one tool."""

    tool_name: str
    json_schema: JsonSchema
    model: Any = None
    """The pydantic model of a typed function; None where only a JSON schema is known."""

    def validate(self, args: Mapping[str, Any], settings: Any = None) -> Arguments:
        """Arguments as the JSON values that will run, defaults filled in: what grants are bound to.

        `settings` are those of the tool's plugin; a parameter's type gets them as pydantic's validation context, and
        may need them to say what a value means (a time zone, an order of dates).

        Raises:
            ToolArgumentError: naming every parameter that is wrong and why.
        """
        if self.model is None:
            self._check_schema(args)
            return dict(args)
        from pydantic import ValidationError

        try:
            validated = self.model.model_validate(dict(args), context=settings).model_dump(mode="json", by_alias=True)
        except ValidationError as error:
            reasons = [
                f"{_location(e['loc'])}: {e['msg']}" for e in error.errors(include_url=False, include_input=False)
            ]
            raise self._wrong(reasons) from None
        if reasons := list(_read_as_numbers(args, validated)):
            raise self._wrong(reasons)
        return validated

    def keywords(self, args: Mapping[str, Any]) -> Arguments:
        """Validated arguments as Python values (dates, enums, models), ready to be passed to the function."""
        if self.model is None:
            return dict(args)
        instance = self.model.model_validate(dict(args))
        return {name: getattr(instance, name) for name in self.model.model_fields}

    def _check_schema(self, args: Mapping[str, Any]) -> None:
        if found := faults(dict(args), self.json_schema):
            raise self._wrong([f"{_location(fault.path)}: {fault.message}" for fault in found])

    def _wrong(self, reasons: list[str]) -> ToolArgumentError:
        told = [shortened(reason, _REASON_CHARS) for reason in reasons[:_MOST_REASONS]]
        more = len(reasons) - len(told)
        return ToolArgumentError(f"{self.tool_name}: " + "; ".join(told + ([f"and {more} more"] if more else [])))


def argument_schema(tool: Tool) -> ArgumentSchema:
    """Read the parameters of `tool` from its schema, or else from its function's signature and docstring."""
    if tool.schema is not None or tool.function is None:
        schema = tool.schema or {"type": "object", "properties": {}}
        if schema.get("type", "object") != "object":
            raise ConfigurationError(f"The schema of tool {tool.name!r} must be of type 'object'.")
        return ArgumentSchema(tool.name, schema)
    from pydantic import ConfigDict, Field, create_model

    hints = _hints(tool.function)
    described = _parameter_docs(tool.function)
    fields: dict[str, Any] = {}
    for parameter in _parameters(tool.function, hints):
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (
            hints.get(parameter.name, Any),
            Field(default, description=described.get(parameter.name)),
        )
    model = create_model(tool.name, __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True), **fields)
    schema = model.model_json_schema()
    schema.pop("title", None)
    for declared in schema.get("properties", {}).values():
        declared.pop("title", None)
    return ArgumentSchema(tool.name, schema, model)


def return_schema(tool: Tool) -> JsonSchema | None:
    """The JSON schema of what `tool` returns; None where the annotation says nothing."""
    if tool.function is None or tool.result_schema is not None:
        return tool.result_schema
    annotation = _hints(tool.function).get("return", Any)
    if annotation is Any:
        return None
    from pydantic import TypeAdapter

    return TypeAdapter(annotation).json_schema(mode="serialization")


def schema_hash(tool: Tool) -> str:
    """SHA-256 over what a tool is, says and does, and who brings it: a changed tool voids grants and rules."""
    identity = [tool.name, tool.description, tool.parameters, asdict(tool.traits), tool.plugin, tool.function is None]
    if tool.definition_hash:
        identity.append(tool.definition_hash)
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def takes_context(function: Callable[..., Any] | None) -> bool:
    """Whether the first parameter is annotated `ToolContext`."""
    if function is None:
        return False
    first = next(iter(inspect.signature(function).parameters.values()), None)
    return first is not None and _hints(function).get(first.name) is ToolContext


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    return get_type_hints(function, include_extras=True)


def _parameters(function: Callable[..., Any], hints: dict[str, Any]) -> list[inspect.Parameter]:
    parameters = list(inspect.signature(function).parameters.values())
    if parameters and hints.get(parameters[0].name) is ToolContext:
        parameters = parameters[1:]
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ConfigurationError(f"A tool cannot take *args or **kwargs: {function.__name__!r} does.")
    return parameters


def _parameter_docs(function: Callable[..., Any]) -> dict[str, str]:
    """Parameter descriptions from a Google-style docstring."""
    from griffe import Docstring, DocstringSectionParameters

    sections = Docstring(inspect.getdoc(function) or "").parse("google", warnings=False)
    return {
        parameter.name: " ".join(parameter.description.split())
        for section in sections
        if isinstance(section, DocstringSectionParameters)
        for parameter in section.value
    }


def _read_as_numbers(given: Any, validated: Any, path: tuple[Any, ...] = ()) -> Iterator[str]:
    """Where pydantic took true or false for 1 or 0: whoever writes that has mixed up the parameters."""
    if isinstance(given, bool) and not isinstance(validated, bool):
        yield f"{_location(path)}: {str(given).lower()} is not a number"
    elif isinstance(given, Mapping) and isinstance(validated, Mapping):
        for name in given.keys() & validated.keys():
            yield from _read_as_numbers(given[name], validated[name], (*path, name))
    elif isinstance(given, list) and isinstance(validated, list) and len(given) == len(validated):
        for position, pair in enumerate(zip(given, validated, strict=True)):
            yield from _read_as_numbers(*pair, (*path, position))


def _location(path: Any) -> str:
    return ".".join(str(part) for part in path) or "arguments"
