"""What a server would run although it is asked only to read: files, addresses, procedures, other people's queries.

Writing is the server's to refuse: the query runs in a transaction that cannot write, and only if the server plans it as
one that reads. That stops no `LOAD CSV FROM 'file:///etc/passwd'`, no procedure that opens a connection, no `TERMINATE
TRANSACTION`: these read nothing of the graph, and are refused here, whatever the server is set up to allow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent_core import ToolError
from agent_plugin_graph.cypher.tokens import Token, UnreadableError, readings

LONGEST = 20_000
"""Characters of a query."""

_BEGINS = frozenset({"match", "optional", "with", "unwind", "return", "call"})
"""The clauses that a query which reads the graph may begin with."""

_PROCEDURES = frozenset(
    {
        "db.labels",
        "db.relationshiptypes",
        "db.propertykeys",
        "db.schema.visualization",
        "db.schema.nodetypeproperties",
        "db.schema.reltypeproperties",
        "db.index.fulltext.querynodes",
        "db.index.fulltext.queryrelationships",
        "db.index.vector.querynodes",
        "db.index.vector.queryrelationships",
    }
)
_FUNCTIONS = frozenset({"date", "datetime", "localdatetime", "localtime", "time", "duration", "point", "vector"})
"""Built-in functions with a namespace: `date.truncate`, `point.distance`."""
_EXTENSIONS = frozenset({"agg", "coll", "convert", "date", "map", "math", "number", "temporal", "text"})
"""Parts of APOC (`apoc.text.distance`) that compute on their arguments alone."""


class CypherRefusedError(ToolError):
    """A query that is not run; the message names what is wrong with it."""


def check_reads_only(text: str) -> None:
    """Whether a query asks for nothing but what is in the graph, as far as its text tells.

    Raises:
        CypherRefusedError: it asks for more, or cannot be told apart.
    """
    if len(text) > LONGEST:
        raise CypherRefusedError(f"A query may have {LONGEST} characters; this one has {len(text)}.")
    try:
        for tokens in readings(text):
            if reason := _refusal(tokens):
                raise CypherRefusedError(f"This query is not run: {reason}.")
    except UnreadableError as error:
        raise CypherRefusedError(f"This query is not run: {error}.") from None


def _refusal(tokens: Sequence[Token]) -> str | None:
    """Why a query is not run; None if nothing is wrong with it."""
    while tokens and tokens[-1].text == ";":
        tokens = tokens[:-1]
    if not tokens:
        return "it is empty"
    for place, token in enumerate(tokens):
        after = tokens[place + 1].text if place + 1 < len(tokens) else ""
        match token.kind, token.text:
            case "other", ";":
                return "it is more than one statement"
            case "word", "load" if after == "csv":
                return "LOAD CSV reads files and addresses"
            case "word", "terminate" if after.startswith("transaction"):
                return "TERMINATE ends what others run"
            case "word", "in" | "concurrent" if after == "transactions":
                return "it commits parts of itself (IN TRANSACTIONS)"
            case _:
                pass
    for place in _clause_starts(tokens):
        if place == len(tokens) or tokens[place].kind != "word" or tokens[place].text not in _BEGINS:
            return f"it must begin with one of {', '.join(sorted(_BEGINS)).upper()}"
    return next((reason for reason in map(_call_refusal, _calls(tokens)) if reason), None)


def _clause_starts(tokens: Sequence[Token]) -> Iterator[int]:
    """Where a query begins: at the start, and behind each UNION."""
    yield 0
    for place, token in enumerate(tokens):
        if token == Token("word", "union") and not _is_name(tokens, place):
            following = tokens[place + 1].text if place + 1 < len(tokens) else ""
            yield place + (2 if following in ("all", "distinct") else 1)


def _is_name(tokens: Sequence[Token], place: int) -> bool:
    """Whether a word is the name of a label, a property, a key or a parameter, and no keyword."""
    before = tokens[place - 1] if place else None
    after = tokens[place + 1] if place + 1 < len(tokens) else None
    return after == Token("other", ":") or (before is not None and before.kind == "other" and before.text in ".:$|&!")


def _calls(tokens: Sequence[Token]) -> Iterator[tuple[bool, str]]:
    """What is called by a name with dots, and whether as a procedure; without dots there are only built-in functions.

    A property `n.call` is no clause, but no name with dots follows on it either.
    """
    place = 0
    while place < len(tokens):
        procedure = tokens[place] == Token("word", "call")
        start = place + 1 if procedure else place
        name, end = _dotted(tokens, start)
        called = end < len(tokens) and tokens[end].text == "("
        if "." in name and (procedure or called):
            yield procedure, name
        place = end if "." in name else place + 1


def _dotted(tokens: Sequence[Token], start: int) -> tuple[str, int]:
    """The name that begins here, quotes and spaces apart, and where it ends; "" if none does."""
    parts: list[str] = []
    place = start
    while place < len(tokens) and tokens[place].kind in ("word", "quoted"):
        parts.append(tokens[place].text.casefold())
        if place + 1 >= len(tokens) or tokens[place + 1].text != ".":
            return ".".join(parts), place + 1
        place += 2
    return ".".join(parts), place


def _call_refusal(call: tuple[bool, str]) -> str | None:
    procedure, name = call
    if procedure:
        return None if name in _PROCEDURES else f"the procedure {name} is not one that only reads the graph"
    first, *rest = name.split(".")
    known = first in _FUNCTIONS or (first == "apoc" and bool(rest) and rest[0] in _EXTENSIONS)
    return None if known else f"the function {name} is not one that only computes"
