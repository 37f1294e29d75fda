"""The `agent-core` command: its groups, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from agent_core.cli import approvals, ask, config, doctor, mcp, models, plans, plugins, rules, runs, tools
from agent_core.cli.failures import describe, wants_json
from agent_core.cli.groups import GroupWithPlugins
from agent_core.errors import AgentCoreError, UsageError

INTERRUPTED = 130

app = typer.Typer(
    name="agent-core",
    cls=GroupWithPlugins,
    help="An assistant that plans before it acts, asks before it changes anything, and journals what it did.",
    epilog="State lives under AGENT_CORE_HOME. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, "
    "3 waiting for a person, 4 refused, 130 interrupted.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
app.command("ask")(ask.ask)
app.command("plan")(plans.plan)
app.add_typer(plans.workflow_app, name="workflow")
app.add_typer(runs.app, name="runs")
app.add_typer(approvals.app, name="approvals")
app.add_typer(rules.app, name="rules")
app.add_typer(tools.app, name="tools")
app.add_typer(models.app, name="models")
app.add_typer(models.keys_app, name="keys")
app.add_typer(config.app, name="config")
app.add_typer(plugins.app, name="plugins")
app.add_typer(mcp.app, name="mcp")
app.command("doctor")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"agent-core {version('agent-core')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """An assistant that plans before it acts, asks before it changes anything, and journals what it did."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> None:
    """Run the command line of this process."""
    code = run(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        # Whoever read has gone. Without this, Python complains about it once more while it shuts down.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def run(args: Sequence[str]) -> int:
    """Run one command and return its exit code; no error leaves it, and none shows a traceback."""
    os.environ.setdefault("PYDANTIC_AI_NO_BANNER", "1")  # it would be drawn over our progress
    try:
        _refuse_broken_text(args)
        code = app(list(args), prog_name="agent-core", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except SystemExit as leaving:  # completion scripts, and an interrupt inside a library
        return leaving.code if isinstance(leaving.code, int) else 1
    except BrokenPipeError:
        return 1
    except (KeyboardInterrupt, typer.Abort) as error:
        describe(error, as_json=wants_json(args))
        return INTERRUPTED
    except (AgentCoreError, typer.TyperException) as error:
        describe(error, as_json=wants_json(args))
        return error.exit_code
    except Exception as error:
        describe(error, as_json=wants_json(args))
        return 1


def _refuse_broken_text(args: Sequence[str]) -> None:
    """Bytes that are not UTF-8 arrive as lone surrogates, which no file and no model takes."""
    for number, arg in enumerate(args, start=1):
        try:
            arg.encode()
        except UnicodeEncodeError:
            shown = arg.encode(errors="replace").decode()
            raise UsageError(f"Argument {number} is not valid UTF-8: {shown[:60]!r}; write it in UTF-8.") from None


if __name__ == "__main__":
    main()
