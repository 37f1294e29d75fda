"""`agent-core plan` and `agent-core workflow`: plans as data, made, saved and run again."""

from __future__ import annotations

import typer

workflow_app = typer.Typer(help="Run plans that were saved.", no_args_is_help=True)


def plan() -> None:
    """Plan"""


@workflow_app.command("list")
def list_() -> None:
    """x"""
