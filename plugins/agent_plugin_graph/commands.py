"""`agent-core graph`: fill the graph, ask it, look after it. Imported only when it is run."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.command_context import command_context
from agent_core.errors import ToolArgumentError, UsageError
from agent_core.gate.sanitise import sanitise
from agent_plugin_graph.graph import Graph
from agent_plugin_graph.ingest.passages import is_address
from agent_plugin_graph.settings import GraphSettings
from agent_plugin_graph.tools import open_graph

if TYPE_CHECKING:
    from agent_plugin_graph.ingest.adding import PageReading
    from agent_plugin_graph.ingest.extraction import Extractor

app = typer.Typer(no_args_is_help=True, help="Add documents and tables, and search them.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_MAPPINGS = (".yaml", ".yml")
_SHOWN_PROBLEMS = 50


@contextmanager
def _opened() -> Generator[Graph]:
    context = replace(command_context("graph", GraphSettings), report=_noted)
    with open_graph(context) as graph:
        yield graph


def _show(text: str) -> None:
    typer.echo(sanitise(text))


def _note(text: str) -> None:
    typer.echo(sanitise(text), err=True)


def _show_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=True, indent=2))


def _noted(text: str, fraction: float | None) -> None:
    _note(text)


@app.command()
def add(
    what: Annotated[
        list[str], typer.Argument(metavar="PATH|URL...", help="Files, folders, a mapping (.yaml) of tables, or pages.")
    ],
    depth: Annotated[int, typer.Option(help="Follow a page's links that far within its folder.", min=0, max=50)] = 0,
    pages: Annotated[int, typer.Option(help="Pages of each URL at most.", min=1, max=100_000)] = 100,
    extract: Annotated[bool, typer.Option("--extract", help="Let a model name entities and relations.")] = False,
    model: Annotated[str | None, typer.Option(help="Which one (with --extract).")] = None,
) -> None:
    """Add documents, pages and tables; what is unchanged since the last time is not read again."""
    addresses = [one for one in what if is_address(one)]
    paths = [Path(one) for one in what if not is_address(one)]
    extractor = _extractor(model) if extract else None
    with _opened() as graph:
        documents = [path for path in paths if path.suffix.lower() not in _MAPPINGS]
        for mapping in (path for path in paths if path.suffix.lower() in _MAPPINGS):
            loaded = graph.load_tables(mapping, mapping.parent)
            left_out = f"; {loaded.dangling} rows join nothing and were left out" if loaded.dangling else ""
            _show(f"{mapping}: {loaded.nodes} nodes, {loaded.edges} relationships{left_out}.")
        if documents:
            with _progress() as progress:
                added = graph.add_files(documents, progress, extractor)
            _report(added)
        if addresses:
            with _progress() as progress:
                added = graph.add_pages(addresses, depth, pages, _page_reading(), progress, extractor)
            _report(added)


@app.command()
def sync(
    embed: Annotated[bool, typer.Option(help="Make vectors anew where another embedder made them.")] = False,
) -> None:
    """Follow edits, new files and deletions in all that was added."""
    with _opened() as graph:
        with _progress() as progress:
            added = graph.refresh(progress, _page_reading(), embed_anew=embed)
        _report(added)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="What to look for.")],
    limit: Annotated[int, typer.Option(help="Passages at most.", min=1, max=100)] = 5,
    source: Annotated[str, typer.Option(help="Only this file, folder or site.")] = "",
    kind: Annotated[str, typer.Option("--type", help="Only documents of this type: pdf, md, html.")] = "",
    since: Annotated[str, typer.Option(help="Only documents of this day (2026-11-21) or later ones.")] = "",
    until: Annotated[str, typer.Option(help="Only documents of this day or earlier ones.")] = "",
    as_json: Json = False,
) -> None:
    """List the passages that fit best, why each came up, and how the graph leads to it."""
    with _opened() as graph:
        hits = graph.search(question, limit, source=source, type=kind, since=since, until=until)
    if as_json:
        _show_json([asdict(hit) for hit in hits])
        return
    for number, hit in enumerate(hits, start=1):
        _show(
            f"{number}. {hit.title or hit.passage_id}  {hit.link or hit.source}\n   {' '.join(hit.text.split())[:200]}"
        )
        _show(f"   why: {hit.why}")
        if len(hit.path) > 2:
            _show(f"   path: {' -> '.join(hit.path)}")
    if not hits:
        _note("Nothing fits.")


@app.command()
def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="A question.")],
    model: Annotated[
        str | None, typer.Option(help="Which model writes the answer; 'offline' quotes. Default: the settings'.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Answer from tables and documents: as `agent-core ask --plugin graph`, or without a language model by quotes."""
    from agent_core.command_context import answers_by_model

    if answers_by_model(model):
        root = context.find_root()
        asks = root.command.get_command(root, "ask")  # pyright: ignore[reportAttributeAccessIssue]
        options = ["--plugin", "graph", *(["--model", model] if model else []), *(["--json"] if as_json else [])]
        with asks.make_context("ask", [*options, "--", question], parent=root) as asking:
            asks.invoke(asking)
    else:
        _quote(question, as_json)


def _quote(question: str, as_json: bool) -> None:
    """From the tables, else from the documents: quotes, or themes of what many say."""
    from agent_core.gate.sanitise import linked
    from agent_plugin_graph.answers import passages
    from agent_plugin_graph.asking.result import TableAnswer
    from agent_plugin_graph.retrieve.themes import is_broad

    with _opened() as graph, _progress() if is_broad(question) else nullcontext(_silent) as progress:
        told = graph.ask(question)
        found = told if isinstance(told, TableAnswer) else passages(graph, question, 5, Path.cwd(), progress)
    if as_json:
        _show_json(asdict(found))
    elif isinstance(found, TableAnswer):
        _show(found.text)
    else:
        text = sanitise(found.text)
        typer.echo(linked(text, [one.source for one in found.passages], Path.cwd()) if sys.stdout.isatty() else text)
    if not isinstance(told, TableAnswer) and told.concerned:
        _note(f"The tables do not answer this as it is put. {told.why}")


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
def forget(source: Annotated[str, typer.Argument(help="A file, folder or URL that was added.")]) -> None:
    """Remove a source and everything that came from it alone; of a folder or site, all that it brought."""
    with _opened() as graph:
        known = graph.store.sources()
        names = {source, source if is_address(source) else str(Path(source).expanduser().absolute())}
        wanted = next((name for one in known for name in (one.uri, one.root) if name in names), None)
        if wanted is None:
            from agent_core.suggest import did_you_mean

            uris = {one.uri for one in known} | {one.root for one in known if one.root}
            raise UsageError(f"The graph has no source {source!r}.{did_you_mean(source, uris)}")
        _show(f"Forgot {wanted}: {graph.forget(wanted)} passages and nodes.")


@app.command()
def export() -> None:
    """Print every passage as a line of JSON."""
    with _opened() as graph:
        for _, passage in graph.store.all_passages():
            typer.echo(json.dumps(asdict(passage), ensure_ascii=True))


@app.command()
def view(
    asked: Annotated[str, typer.Argument(help="A name or a question; left out, how the tables are joined.")] = "",
    output: Annotated[Path, typer.Option("--output", "-o", help="The HTML file to write.")] = Path("graph-view.html"),
    show: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Draw what stands around a name or answers a question, in one HTML file that needs no network."""
    from agent_plugin_graph.view.neighbourhood import around
    from agent_plugin_graph.view.writing import write_page

    with _opened() as graph:
        picture = around(graph, asked)
    write_page(picture, output)
    _show(f"{output}: {len(picture.marks)} marks, {len(picture.lines)} lines.")
    if show:
        import webbrowser

        webbrowser.open(output.absolute().as_uri())


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
        if held.orphan_nodes:
            _show(f"{held.orphan_nodes} of {held.nodes} nodes of tables are joined to no other.")
        if held.vector_model:
            _show(f"{held.vectors} of {held.passages} passages have a vector, made by {held.vector_model}.")
        if held.search_p50_ms is not None:
            _show(
                f"Half of the last searches took {held.search_p50_ms:.0f} ms at most, 95 % {held.search_p95_ms:.0f} ms."
            )
        for uri in health.changed:
            _show(f"changed since it was added: {uri}")
        for uri in health.missing:
            _show(f"gone: {uri}")
        for uri in health.new:
            _show(f"new, or not readable: {uri}")
        if health.pages:
            _show(f"{health.pages} pages of the web were not compared: agent-core graph sync asks for them.")
        _show("Everything is as it was added." if health.sound else "Run: agent-core graph sync")
    if not health.sound:
        raise typer.Exit(1)


def _silent(text: str, done: float) -> None:
    """Progress of what takes no time."""


def _report(added: Any) -> None:
    read = [f"{added.files} files"] if added.files or not added.pages else []
    read += [f"{added.pages} pages"] if added.pages else []
    parts = [f"{' and '.join(read)} read ({added.passages} passages)", f"{added.unchanged} unchanged"]
    parts += [f"{added.removed} removed"] if added.removed else []
    parts += [f"{len(added.problems)} not readable"] if added.problems else []
    _show(", ".join(parts) + ".")
    for file, reason in added.problems[:_SHOWN_PROBLEMS]:
        _note(f"Skipped {file}: {reason}.")
    for file, left_out in added.cut[:_SHOWN_PROBLEMS]:
        _note(f"Not all of {file} was read: {left_out} are left out.")
    if len(added.problems) > _SHOWN_PROBLEMS:
        _note(f"... and {len(added.problems) - _SHOWN_PROBLEMS} more.")


def _extractor(model: str | None) -> Extractor:
    from agent_core.command_context import command_model
    from agent_plugin_graph.ingest.extraction import Extractor

    return Extractor(command_model(model))


def _page_reading() -> PageReading:
    from agent_plugin_graph.ingest.adding import PageReading

    settings = command_context("graph", GraphSettings).settings
    assert isinstance(settings, GraphSettings)
    return PageReading(settings.web_access, settings.page_pause_s)


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
