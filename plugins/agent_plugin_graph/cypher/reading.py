"""Runs a query that was checked: in a transaction that cannot write, within limits of time, rows and size."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from agent_core import ToolError, TransientToolError
from agent_plugin_graph.cypher.guard import CypherRefusedError, check_reads_only

if TYPE_CHECKING:
    from typing import LiteralString

    from neo4j import Driver, Record, Session

_TIMED_OUT = "Neo.ClientError.Transaction.TransactionTimedOut"
_READS = "r"


@dataclass(frozen=True)
class ReadLimits:
    """What one query may take."""

    timeout_s: float = 10.0
    rows: int = 200
    result_bytes: int = 200_000


@dataclass
class Rows:
    """What a query returned, as JSON values; `cut` says which limit ended it before its last row."""

    columns: list[str]
    rows: list[list[Any]] = field(default_factory=list[list[Any]])
    cut: str | None = None


def read(
    driver: Driver,
    text: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    database: str | None = None,
    limits: ReadLimits | None = None,
) -> Rows:
    """Run a query that only reads.

    Args:
        driver: Connected; its user needs no right to write.
        text: Cypher that somebody else wrote.
        parameters: For its `$names`.
        database: None: the user's own.
        limits: None: those of `ReadLimits`.

    Raises:
        CypherRefusedError: it does not only read; nothing has run.
        ToolError: the server found it wrong, or it took too long.
        TransientToolError: the server is not there.
    """
    from neo4j import READ_ACCESS
    from neo4j.exceptions import DriverError, Neo4jError

    check_reads_only(text)
    limits = limits or ReadLimits()
    try:
        with driver.session(database=database, default_access_mode=READ_ACCESS, fetch_size=limits.rows + 1) as session:
            _check_plan(session, text, parameters or {}, limits)
            with session.begin_transaction(timeout=limits.timeout_s) as transaction:
                result = transaction.run(cast("LiteralString", text), dict(parameters or {}))
                rows = Rows(list(result.keys()))
                size = 0
                for record in result:
                    row = _row(record)
                    size += len(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace"))
                    if len(rows.rows) == limits.rows:
                        rows.cut = f"{limits.rows} rows"
                    elif size > limits.result_bytes:
                        rows.cut = f"{limits.result_bytes} bytes"
                    if rows.cut:
                        break
                    rows.rows.append(row)
                transaction.rollback()
                return rows
    except Neo4jError as error:
        if error.code and error.code.startswith(_TIMED_OUT):
            raise ToolError(f"The query took longer than {limits.timeout_s:g} s and was stopped.") from None
        if error.is_retryable():
            raise TransientToolError(f"Neo4j: {error.message}") from None
        raise ToolError(f"Neo4j refused the query: {error.message}") from None
    except DriverError as error:
        raise TransientToolError(f"Neo4j cannot be reached: {error}") from None


def _check_plan(session: Session, text: str, parameters: Mapping[str, Any], limits: ReadLimits) -> None:
    """Let the server say, without running it, that the query is one that reads."""
    with session.begin_transaction(timeout=limits.timeout_s) as transaction:
        explain = cast("LiteralString", "EXPLAIN " + text)  # the one place where it is none, as it was checked for
        kind = transaction.run(explain, dict(parameters)).consume().query_type
    if kind != _READS:
        raise CypherRefusedError("This query is not run: it does not only read.")


def _row(record: Record) -> list[Any]:
    return [_as_json(value) for value in record.values()]


def _as_json(value: Any) -> Any:
    """Nodes and relationships as their properties under `labels` or `type`; dates as ISO 8601; the rest as it is."""
    from neo4j.graph import Node, Path, Relationship
    from neo4j.spatial import Point
    from neo4j.time import Duration

    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case Point():
            return {"srid": value.srid, "coordinates": list(value)}
        case Duration():
            return value.iso_format()
        case Node():
            return {"labels": sorted(value.labels), "properties": _as_json(dict(value))}
        case Relationship():
            return {"type": value.type, "properties": _as_json(dict(value))}
        case Path():
            steps: list[Any] = [value.nodes[0]]
            for relationship, node in zip(value.relationships, value.nodes[1:], strict=True):
                steps += [relationship, node]
            return [_as_json(step) for step in steps]
        case dict():
            return {str(name): _as_json(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_as_json(inner) for inner in value]
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case _:
            return value.iso_format() if hasattr(value, "iso_format") else str(value)
