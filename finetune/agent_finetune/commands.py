"""`agent-core finetune`: from what was done to a model that can do it. Imported only when it is run."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.command_context import command_context
from agent_core.errors import ConfigurationError, UsageError
from agent_core.gate.sanitise import sanitise

if TYPE_CHECKING:
    from agent_finetune.dataset.building import Options

app = typer.Typer(no_args_is_help=True, help="Learn from what was done: training data from the journal.")
_FORMATS = ("trl", "openai", "sharegpt", "dolly")
_KEY_BYTES = 32


@app.callback()
def _group() -> None:
    """Keeps this a group while it has one command."""


@app.command()
def dataset(
    out: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make.")],
    form: Annotated[
        list[str] | None,
        typer.Option("--format", metavar="NAME", help=f"One of {', '.join(_FORMATS)}; may be repeated."),
    ] = None,
    imports: Annotated[
        list[Path] | None, typer.Option("--import", metavar="FILE", help="Lines of {messages, tools} to add.")
    ] = None,
    journal: Annotated[bool, typer.Option(help="Read the journal; without it, only what is imported.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a dataset that is there already.")] = False,
    seed: Annotated[int, typer.Option(help="Which conversations are held out.")] = 0,
    minimum: Annotated[int, typer.Option(min=0, help="Good examples that there should be.")] = 500,
    per_tool: Annotated[int, typer.Option(min=0, help="Those that there should be of every tool.")] = 50,
    cap: Annotated[int | None, typer.Option(min=1, help="Examples of a tool in training; else 4 x the median.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the card as JSON.")] = False,
) -> None:
    """Make training data of the journal: selected, without secrets and personal data, split, balanced, described."""
    from agent_core import open_traces
    from agent_finetune.dataset.building import Options, build
    from agent_finetune.dataset.card import as_json as card_json

    _check_formats(form or [])
    if not journal and not imports:
        raise UsageError("Without the journal there is nothing to read; name files with --import.")
    options = Options(
        formats=tuple(dict.fromkeys(form or _FORMATS[:1])),
        imports=tuple(imports or ()),
        seed=seed,
        minimum=minimum,
        per_tool=per_tool,
        cap=cap,
    )
    _check_libraries()
    key = _key(command_context("finetune").data_dir)
    with _progress() as progress:
        if journal:
            with open_traces() as traces:
                told = build(traces, out, key, options, replacing_old=replace, progress=progress)
        else:
            told = build(None, out, key, options, replacing_old=replace, progress=progress)
    if as_json:
        typer.echo(card_json(told), nl=False)
    else:
        _report(out, told, options)


def _report(out: Path, told: dict[str, Any], options: Options) -> None:
    from agent_finetune.dataset.card import shortage

    examples = told["examples"]
    parts = ", ".join(f"{count} {name}" for name, count in examples["splits"].items())
    _show(f"{out}: {examples['all']} examples ({parts}) from {told['sources']['runs']} runs.")
    for name, count in examples["tools"].items():
        _show(f"  {name}: {count['all']}")
    if told["preferences"]:
        _show(f"Preferences: {', '.join(f'{name} {count}' for name, count in told['preferences'].items())}.")
    if told["replaced"]:
        _show(f"Replaced: {', '.join(f'{name} {count}' for name, count in told['replaced'].items())}.")
    if told["left_out"]:
        _show(f"Left out: {sum(told['left_out'].values())}; README.md in the folder says why.")
    for found in told["teaches_to_skip_approvals"]:
        _note(f"Left out of {found['run']}, because it would teach to act without asking: {found['words']!r}")
    for line in shortage(told):
        _note(line)


def _show(text: str) -> None:
    typer.echo(sanitise(text))


def _note(text: str) -> None:
    typer.echo(sanitise(text), err=True)


def _check_formats(named: list[str]) -> None:
    for name in named:
        if name not in _FORMATS:
            raise UsageError(f"There is no format {name!r}; there are: {', '.join(_FORMATS)}.")


def _check_libraries() -> None:
    from importlib.util import find_spec

    if missing := [name for name in ("faker", "rensa") if find_spec(name) is None]:
        raise ConfigurationError(f"Datasets need {' and '.join(missing)}: pip install 'agent-core[finetune]'")


def _key(folder: Path) -> bytes:
    """What surrogates are made with, kept so that the next dataset has the same ones.

    Raises:
        ConfigurationError: it cannot be read or made.
    """
    path = folder / "surrogates.key"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            draft = folder / f".surrogates-{secrets.token_hex(4)}"
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(_KEY_BYTES))
            try:
                os.link(draft, path)  # another process may have been faster: its key counts
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        key = path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{str(path)!r} cannot be used: {error.strerror}.") from error
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"{str(path)!r} is damaged; delete it, and surrogates will be others.")
    return key


@contextmanager
def _progress() -> Generator[Callable[[float], None]]:
    """A progress bar on a terminal's stderr; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    with typer.progressbar(length=1000, label="Reading", file=sys.stderr) as bar:
        shown = 0

        def progress(done: float) -> None:
            nonlocal shown
            bar.update(int(done * 1000) - shown)
            shown = int(done * 1000)

        yield progress
        bar.update(1000 - shown)
