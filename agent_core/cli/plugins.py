"""Stub."""

import typer

app = typer.Typer(help="Stub.", no_args_is_help=True)
keys_app = typer.Typer(help="Stub.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """x"""


@keys_app.command("list")
def list2_() -> None:
    """x"""
