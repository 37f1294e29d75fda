"""`agent-core tides HARBOUR`: the tides without an assistant. Imported only when it is run."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from agent_plugin_tides.prediction import high_waters, low_waters

app = typer.Typer()


@app.command()
def tides(
    harbour: Annotated[str, typer.Argument(help="The harbour's name.")],
    date: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The day.")],
) -> None:
    """Show high and low water of a day, in UTC."""
    for name, moments in (("high", high_waters(harbour, date.date())), ("low", low_waters(harbour, date.date()))):
        for moment in moments:
            typer.echo(f"{moment:%H:%M} {name} water")
