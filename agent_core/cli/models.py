"""`agent-core models` and `agent-core keys`: which language models there are, which one is used, and their keys."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent_core.cli.ask import Json
from agent_core.cli.groups import Group
from agent_core.errors import AgentCoreError, UsageError

if TYPE_CHECKING:
    from agent_core.settings.sections import Models
    from agent_core.tools.plugins import Plugins

app = typer.Typer(cls=Group, help="See which language models there are, and choose one.")
keys_app = typer.Typer(cls=Group, help="Keys of model providers and of plugins, kept in the system's keyring.")

_SOURCES = {"ollama": "Ollama", "plugin": "a plugin", "provider": "a provider"}
_KEY_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,63}")


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Also every hosted model that could be used with a key.")] = False,
    as_json: Json = False,
) -> None:
    """The models that can be used now, and which one is."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import note, show_json, show_table
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    with working("Looking for models"):
        chosen = chosen_model(plugins, settings.models)
        found = _usable(plugins, settings.models)
        if all_:
            from agent_core.models.names import available_names

            known = {model["name"] for model in found}
            more = [name for name in available_names(plugins.models) if name not in known]
            found += [{"name": name, "from": "needs a key", "note": ""} for name in more]
    if as_json:
        show_json({"default": settings.models.default, "chosen": chosen, "models": found})
        return
    show_table(("model", "from", "note"), [(model["name"], model["from"], model["note"]) for model in found])
    note()
    note(f"Default: {settings.models.default}")
    note(f"Used now: {chosen['name']} ({chosen['why']})" if chosen["name"] else f"None can be used: {chosen['error']}")


@app.command()
def default(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model, 'offline' or 'auto'; see: models list.")],
    as_json: Json = False,
) -> None:
    """Choose the model that is used where none is named."""
    from agent_core.cli.progress import working
    from agent_core.cli.render import note, show_json
    from agent_core.cli.state import load_installed

    settings, plugins = load_installed()
    if name != "auto":
        with working(f"Looking for {name}"):
            from agent_core.models.routing import resolve

            # Itself, not a fallback of it.
            resolve(name, factories=plugins.models, settings=replace(settings.models, fallback=()))
    settings.set("models.default", name)
    if as_json:
        show_json({"default": name})
    else:
        note(f"The default model is {name} now.")


@keys_app.command("list")
def list_keys(as_json: Json = False) -> None:
    """The model providers that have a key, and where it is. No key is ever shown."""
    from agent_core.cli.render import show_json, show_table
    from agent_core.models.keys import providers_with_keys

    found = providers_with_keys()
    if as_json:
        show_json([{"provider": provider, "place": place} for provider, place in found.items()])
    else:
        show_table(("provider", "place"), list(found.items()), empty="No provider has a key.")


@keys_app.command("set")
def set_(
    provider: Annotated[
        str, typer.Argument(metavar="PROVIDER", help="A model provider, or the name that a plugin gives its secret.")
    ],
    as_json: Json = False,
) -> None:
    """Store a key in the keyring. It is asked for without showing it, or read from a pipe."""
    from agent_core.cli.render import note, show_json
    from agent_core.models.keys import set_key

    _check_key_name(provider)
    if sys.stdin.isatty():
        key = typer.prompt(
            f"Key for {provider} (is not shown)", hide_input=True, err=True, default="", show_default=False
        )
    else:
        key = sys.stdin.readline()
    set_key(provider, key)
    if as_json:
        show_json({"provider": provider, "stored": True})
    else:
        note(f"The key for {provider} is in the keyring.")


@keys_app.command("remove")
def remove(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="Whose key goes.")], as_json: Json = False
) -> None:
    """Delete a key from the keyring."""
    from agent_core.cli.render import note, show_json
    from agent_core.models.keys import remove_key

    removed = remove_key(provider)
    if as_json:
        show_json({"provider": provider, "removed": removed})
    else:
        note(f"The key for {provider} is gone." if removed else f"The keyring holds no key for {provider}.")


def _check_key_name(name: str) -> None:
    """Plugins name their secrets themselves, so any name may be right; one that is nearly a provider's is not."""
    from difflib import get_close_matches

    from agent_core.models.providers import PROVIDERS

    if not _KEY_NAME.fullmatch(name):
        raise UsageError(f"{name!r} is not the name of a key; it has letters, digits, '.', '-' and '_'.")
    near = get_close_matches(name.casefold(), PROVIDERS, n=1, cutoff=0.75)
    if name not in PROVIDERS and near:
        raise UsageError(f"There is no provider {name!r}. Did you mean {near[0]!r}?")


def chosen_model(plugins: Plugins, models: Models) -> dict[str, Any]:
    """The model that plans and answers now: {name, why, remote, context_tokens, error}; name or error is None."""
    from agent_core.models.routing import resolve

    try:
        resolved = resolve(models.choice("planner"), factories=plugins.models, settings=models)
    except AgentCoreError as error:
        return {"name": None, "why": None, "remote": None, "context_tokens": None, "error": str(error)}
    return {
        "name": resolved.name,
        "why": resolved.why,
        "remote": resolved.remote,
        "context_tokens": resolved.context_tokens,
        "error": None,
    }


def _usable(plugins: Plugins, models: Models) -> list[dict[str, Any]]:
    from agent_core.models.listing import list_models

    return [
        {"name": model.name, "from": _SOURCES.get(model.source, model.source), "note": model.note}
        for model in list_models(plugins.models, models)
        if model.ready
    ]
