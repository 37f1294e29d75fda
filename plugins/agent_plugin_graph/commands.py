"""`agent-core graph`: fill the graph, ask it, look after it. Imported only when it is run."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from agent_core.command_context import command_context
from agent_core.errors import ToolArgumentError, UsageError
from agent_core.gate.sanitise import sanitise
from agent_plugin_graph.graph import Graph
from agent_plugin_graph.settings import GraphSettings
from agent_plugin_graph.tools import open_graph

app = typer.Typer(no_args_is_help=True, help="Add documents and tables, and search them.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MAPPINGS = (".yaml", ".yml")
_SHOWN_PROBLEMS = 50


@contextmanager
def _opened() -> Generator[Graph]:
    with open_graph(command_context("graph", GraphSettings)) as graph:
        yield graph


def _show(text: str) -> None:
    typer.echo(sanitise(text))


def _note(text: str) -> None:
    typer.echo(sanitise(text), err=True)


def _show_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=True, indent=2))


@app.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="Files, folders, or a mapping (.yaml) of tables beside it.")],
) -> None:
    """Add documents and tables; what is unchanged since the last time is not read again."""
    with _opened() as graph:
        documents = [path for path in paths if path.suffix.lower() not in _MAPPINGS]
        for mapping in (path for path in paths if path.suffix.lower() in _MAPPINGS):
            loaded = graph.load_tables(mapping, mapping.parent)
            left_out = f"; {loaded.dangling} rows join nothing and were left out" if loaded.dangling else ""
            _show(f"{mapping}: {loaded.nodes} nodes, {loaded.edges} relationships{left_out}.")
        if documents:
            with _progress() as progress:
                added = graph.add_files(documents, progress)
            _report(added)


@app.command()
def sync() -> None:
    """Follow edits, new files and deletions in all that was added."""
    with _opened() as graph:
        with _progress() as progress:
            added = graph.refresh(progress)
        _report(added)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(help="Passages at most.", min=1, max=100)] = 5,
    as_json: Json = False,
) -> None:
    """List the passages that fit best, and why each came up."""
    with _opened() as graph:
        hits = graph.search(question, limit)
    if as_json:
        _show_json([asdict(hit) for hit in hits])
        return
    for number, hit in enumerate(hits, start=1):
        _show(
            f"{number}. {hit.title or hit.passage_id}  {hit.link or hit.source}\n   {' '.join(hit.text.split())[:200]}"
        )
        _show(f"   why: {hit.why}")
    if not hits:
        _note("Nothing fits.")


@app.command()
def ask(question: Annotated[str, typer.Argument(help="A question.")], as_json: Json = False) -> None:
    """Answer from the documents with quotes, or with themes of what many say; no language model takes part."""
    from agent_core.gate.sanitise import linked
    from agent_plugin_graph.answers import passages
    from agent_plugin_graph.retrieve.themes import is_broad

    with _opened() as graph, _progress() if is_broad(question) else nullcontext(_silent) as progress:
        found = passages(graph, question, 5, Path.cwd(), progress)
    if as_json:
        _show_json(asdict(found))
        return
    text = sanitise(found.text)
    typer.echo(linked(text, [one.source for one in found.passages], Path.cwd()) if sys.stdout.isatty() else text)


@app.command()
def query(
    query: Annotated[str, typer.Argument(help="A GraphQuery as JSON, or @FILE that holds one.")], as_json: Json = False
) -> None:
    """Ask the tables with a GraphQuery."""
    from pydantic import TypeAdapter, ValidationError

    from agent_plugin_graph.answers import rows
    from agent_plugin_graph.query.model import GraphQuery

    try:
        text = Path(query[1:]).read_text("utf-8") if query.startswith("@") else query
        read = TypeAdapter(GraphQuery).validate_json(text)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The query {query!r} cannot be read: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the query"
        raise UsageError(f"{where}: {first['msg']}.") from error
    with _opened() as graph:
        try:
            found = rows(graph.query(read))
        except ToolArgumentError as error:
            raise UsageError(str(error)) from error
    _show_json(found.rows) if as_json else _show(found.text)


@app.command()
def stats(as_json: Json = False) -> None:
    """How much the graph holds."""
    with _opened() as graph:
        held = graph.stats()
    if as_json:
        _show_json(asdict(held))
        return
    for name, value in asdict(held).items():
        if isinstance(value, dict):
            value = ", ".join(f"{key} {count}" for key, count in value.items()) or "-"
        _show(f"{name.replace('_', ' ')}: {value}")


@app.command()
def forget(source: Annotated[str, typer.Argument(help="A file or address, as `graph export` names it.")]) -> None:
    """Remove a source and everything that came from it alone."""
    with _opened() as graph:
        known = {known.uri for known in graph.store.sources()}
        wanted = source if source in known else str(Path(source).expanduser().absolute())
        if wanted not in known:
            from agent_core.suggest import did_you_mean

            raise UsageError(f"The graph has no source {source!r}.{did_you_mean(source, known)}")
        _show(f"Forgot {wanted}: {graph.forget(wanted)} passages and nodes.")


@app.command()
def export() -> None:
    """Print every passage as a line of JSON."""
    with _opened() as graph:
        for _, passage in graph.store.all_passages():
            typer.echo(json.dumps(asdict(passage), ensure_ascii=True))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Compare the graph with its files, and test that its passages are found; ends with 1 where something is to do."""
    from agent_plugin_graph.health import examine

    with _opened() as graph:
        health, held = examine(graph), graph.stats()
    if as_json:
        _show_json({**asdict(health), "sound": health.sound, "stats": asdict(held)})
    else:
        _show(f"{health.found} of {health.probes} passages are found by their own first sentence.")
        _show(f"{held.passages_without_entities} passages name nothing; {held.duplicate_passages} are duplicates.")
        for uri in health.changed:
            _show(f"changed since it was added: {uri}")
        for uri in health.missing:
            _show(f"gone: {uri}")
        _show("Everything is as it was added." if health.sound else "Run: agent-core graph sync")
    if not health.sound:
        raise typer.Exit(1)


def _silent(text: str, done: float) -> None:
    """Progress of what takes no time."""


def _report(added: Any) -> None:
    parts = [f"{added.files} files read ({added.passages} passages)", f"{added.unchanged} unchanged"]
    parts += [f"{added.removed} removed"] if added.removed else []
    parts += [f"{len(added.problems)} not readable"] if added.problems else []
    _show(", ".join(parts) + ".")
    for file, reason in added.problems[:_SHOWN_PROBLEMS]:
        _note(f"Skipped {file}: {reason}.")
    for file, left_out in added.cut[:_SHOWN_PROBLEMS]:
        _note(f"Not all of {file} was read: {left_out} are left out.")
    if len(added.problems) > _SHOWN_PROBLEMS:
        _note(f"... and {len(added.problems) - _SHOWN_PROBLEMS} more.")


@contextmanager
def _progress() -> Generator[Any]:
    """A progress bar on a terminal's stderr; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda file, done: None  # pyright: ignore[reportUnknownLambdaType]
        return
    with typer.progressbar(length=1000, label="Reading", file=sys.stderr) as bar:
        shown = 0

        def progress(file: str, done: float) -> None:
            nonlocal shown
            bar.update(int(done * 1000) - shown)
            shown = int(done * 1000)

        yield progress
        bar.update(1000 - shown)
