"""What a tool is: a typed function, declared with what it does to the world.

`@tool` is all that a plugin author needs. Nothing here imports pydantic or pydantic-ai at module level:
a plugin that is merely loaded costs its own import and no more.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, overload

from agent_core.errors import ConfigurationError

if TYPE_CHECKING:
    from agent_core.tools.context import ToolContext
    from agent_core.tools.schema import ArgumentSchema

JsonSchema: TypeAlias = dict[str, Any]
Arguments: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Traits:
    """What a tool does to the world. The first four words are MCP's annotations.

    The default is the worst case that a tool of your own can be: it changes something and asks first.
    """

    read_only: bool = False
    """Changes nothing outside the run; may be cached for the run and run in parallel."""
    destructive: bool = False
    """May overwrite or delete."""
    idempotent: bool = False
    """Running it again with the same arguments changes nothing more."""
    open_world: bool = False
    """Talks to something outside the user's machine: what it sends has left."""
    private_data: bool = False
    """What it returns is the user's own, not public."""
    untrusted_content: bool = False
    """What it returns was written by somebody else (web pages, mail, documents)."""
    internal: bool = False
    """Changes only the assistant's own state (its notes), never the user's files or the world."""


@dataclass(frozen=True)
class Limits:
    """Bounds of a tool that runs in a child process (`isolated=True`)."""

    cpu_s: float = 10.0
    memory_bytes: int = 512 * 1024**2
    """How much more memory than its preloaded parent the child may map."""
    output_bytes: int = 1024**2


@dataclass(frozen=True)
class Preview:
    """What a call will do, computed from exactly the arguments that would run. Shown before the user's yes.

    A preview is compared (by hash) with one computed again at execution: what changed in between asks again.
    So it must depend on the arguments and on what the call would overwrite, and on nothing else (no clock).
    """

    text: str
    kind: Literal["text", "diff", "mail", "event", "query", "shell"] = "text"


@dataclass(frozen=True)
class FinishedCall:
    """What `undo` gets: the call that is to be taken back."""

    args: Mapping[str, Any]
    """The validated arguments that ran, as JSON values."""
    result: Any
    """What it returned, as a JSON value; None when the outcome is unknown."""
    saved: Any
    """What the tool passed to `ToolContext.save_for_undo` before its effect."""


PreviewFunction: TypeAlias = Callable[..., Preview | Awaitable[Preview]]
"""`preview(ctx, **arguments)`: the same parameters as the tool, `ctx` always first."""
UndoFunction: TypeAlias = "Callable[[ToolContext, FinishedCall], str | Awaitable[str]]"
"""`undo(ctx, call)` takes the effect back and says in one sentence what it did; raises ToolError if it cannot."""


@dataclass(frozen=True)
class Tool:
    """A function that plans and agents may call, by name. Made by `@tool` or `Tool.from_schema`."""

    name: str
    description: str
    function: Callable[..., Any] | None = None
    """None: an external tool; its calls surface as `pending` for the embedding app to fulfil."""
    traits: Traits = field(default_factory=Traits)
    examples: Sequence[str] = ()
    """Requests that this tool answers; they feed routing, few-shot prompts, offline planning and training."""
    preview: PreviewFunction | None = None
    undo: UndoFunction | None = None
    undo_note: str = ""
    """Why it cannot be undone, where `undo` is None and people would ask ("A sent message cannot be called back.")."""
    timeout_s: float = 60.0
    isolated: bool = False
    limits: Limits = field(default_factory=Limits)
    rule_args: Sequence[str] | None = None
    """Parameters that a standing approval of one call pins ("always mail *this address*"); None: all of them."""
    cache_s: float = 0.0
    """How long a result may be reused by later runs, for read-only idempotent tools."""
    ready: Callable[[ToolContext], bool] | None = None
    """Whether it has anything to work on for this user yet; until it has, planners are not offered it. Asked at the
    start of every run, so it must be quick. None: always."""
    schema: JsonSchema | None = None
    """The parameters' JSON schema where there is no typed function to read it from."""
    result_schema: JsonSchema | None = None
    """The result's JSON schema where there is no return annotation to read it from."""
    definition_hash: str = ""
    """Of a tool of somebody else's server: the hash of its definition there, as it was given."""
    defined_at: float = 0.0
    """Of such a tool: since when its definition is this one, in seconds since the epoch."""
    untrusted_description: bool = False
    """Its description was written by somebody whom the user has not said to trust (a remote server)."""
    plugin: str = ""
    """The plugin that provided it; set by the registry."""

    @classmethod
    def from_schema(
        cls,
        function: Callable[..., Any] | None,
        name: str,
        description: str,
        json_schema: JsonSchema,
        **options: Any,
    ) -> Tool:
        """Make a tool from a JSON schema of its parameters, as pydantic-ai's `Tool.from_schema` does.

        Args:
            function: Called with the arguments as keywords; None makes the tool external.
            name: What plans and models call it by.
            description: What it is for, in the words of somebody who would ask for it.
            json_schema: An object schema of the parameters.
            options: Traits by their names, and the other fields of `Tool`.
        """
        traits, rest = _split_traits(options)
        return cls(name, description, function, traits=traits, schema=json_schema, **rest)

    @cached_property
    def arguments(self) -> ArgumentSchema:
        """The parameters: their JSON schema, and validation of arguments against it."""
        from agent_core.tools.schema import argument_schema

        return argument_schema(self)

    @cached_property
    def parameters(self) -> JsonSchema:
        """JSON schema (an object) of the parameters."""
        return self.arguments.json_schema

    @cached_property
    def returns(self) -> JsonSchema | None:
        """JSON schema of the result, from the return annotation; None: only the whole result may be referenced."""
        from agent_core.tools.schema import return_schema

        return return_schema(self)

    @cached_property
    def schema_hash(self) -> str:
        """Hash of everything that a grant relies on: what the tool is, says and does, and which plugin brings it."""
        from agent_core.tools.schema import schema_hash

        return schema_hash(self)

    @cached_property
    def answers_questions(self) -> bool:
        """Whether any question may be put to it: it looks up the user's own data and needs nothing but a `question`."""
        asked = self.parameters.get("properties", {}).get("question", {})
        own = self.traits.read_only and self.traits.private_data and not self.traits.open_world
        return own and self.parameters.get("required") == ["question"] and asked.get("type") == "string"

    @cached_property
    def takes_context(self) -> bool:
        """Whether the function's first parameter is a `ToolContext`."""
        from agent_core.tools.schema import takes_context

        return takes_context(self.function)

    def provided_by(self, plugin: str) -> Tool:
        """The same tool, marked with the plugin that brought it."""
        return replace(self, plugin=plugin)


_TRAIT_NAMES = frozenset(Traits.__dataclass_fields__)


def _split_traits(options: dict[str, Any]) -> tuple[Traits, dict[str, Any]]:
    given = {name: options[name] for name in options.keys() & _TRAIT_NAMES}
    rest = {name: value for name, value in options.items() if name not in _TRAIT_NAMES}
    traits = rest.pop("traits", None) or Traits(**given)
    if traits.read_only and (traits.destructive or traits.internal):
        raise ConfigurationError("A tool cannot be read_only and also destructive or internal; drop one trait.")
    return traits, rest


@overload
def tool(function: Callable[..., Any], /) -> Tool: ...
@overload
def tool(
    *,
    name: str | None = None,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool = False,
    open_world: bool = False,
    private_data: bool = False,
    untrusted_content: bool = False,
    internal: bool = False,
    examples: Sequence[str] = (),
    preview: PreviewFunction | None = None,
    undo: UndoFunction | None = None,
    undo_note: str = "",
    timeout_s: float = 60.0,
    isolated: bool = False,
    limits: Limits = ...,
    rule_args: Sequence[str] | None = None,
    cache_s: float = 0.0,
    ready: Callable[[ToolContext], bool] | None = None,
) -> Callable[[Callable[..., Any]], Tool]: ...
def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """Make a typed, documented function a `Tool`.

    The parameters' types and the docstring (Google style) become the JSON schema; the first paragraph of the
    docstring is the description that planners read. A first parameter annotated `ToolContext` is passed in and
    is not part of the schema. Sync functions run in a thread, async ones on the loop.

    Raises:
        ConfigurationError: traits contradict each other, or the function has no docstring.
    """

    def make(function: Callable[..., Any]) -> Tool:
        doc = inspect.getdoc(function)
        if not doc:
            raise ConfigurationError(f"The tool {function.__name__!r} needs a docstring: planners choose by it.")
        traits, rest = _split_traits(dict(options))
        name = rest.pop("name", None) or function.__name__
        description = " ".join(doc.split("\n\n", 1)[0].split())
        return Tool(name, description, function, traits=traits, **rest)

    return make(function) if function is not None else make
