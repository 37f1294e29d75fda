"""How a command that did not get to an answer ends: one line for a person, or the object that `--json` promises."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from agent_core.errors import AgentCoreError
from agent_core.gate.sanitise import sanitise_line

_LONGEST_MESSAGE = 2000


def wants_json(args: Sequence[str]) -> bool:
    """Whether the command was asked for JSON; read from the arguments, because they may not parse."""
    options = args[: args.index("--")] if "--" in args else args
    return "--json" in options or "--stream-json" in options


def describe(error: BaseException, *, as_json: bool) -> None:
    """Say on stderr what went wrong, in one line; with `as_json` also as an object on stdout."""
    kind, message = _told(error)
    try:
        if as_json:
            print(json.dumps(failure(kind, message)), flush=True)
        print(f"agent-core: {message}", file=sys.stderr, flush=True)
    except BrokenPipeError:
        pass


def failure(kind: str, message: str) -> dict[str, Any]:
    """The object of `--json` for a failure before there was a run: all its keys, with nulls where a run would be."""
    from agent_core.answer import Answer

    nothing = Answer(run_id="", conversation_id="", status="failed", text="", error={"type": kind, "message": message})
    return {**nothing.to_json(), "run_id": None, "conversation_id": None, "model": None}


def _told(error: BaseException) -> tuple[str, str]:
    """The name of the error and a line about it."""
    if isinstance(error, AgentCoreError):
        return type(error).__name__, sanitise_line(str(error), _LONGEST_MESSAGE)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return "Interrupted", "interrupted"
    if isinstance(error, typer.TyperException):  # arguments that do not parse
        command = getattr(getattr(error, "ctx", None), "command_path", "agent-core")
        message = error.format_message().rstrip(".?")
        return "UsageError", sanitise_line(f"{message}; see: {command} --help", _LONGEST_MESSAGE)
    written = _write_crash(error)
    where = f"; the details are in {written}" if written else ""
    message = _without_secrets(f"Unexpected {type(error).__name__}: {error}")
    return type(error).__name__, sanitise_line(message, 300) + where


def _write_crash(error: BaseException) -> Path | None:
    """Keep a traceback in the state folder, without secrets; None where that cannot be done either."""
    from agent_core.settings.home import find_home, write_private

    text = _without_secrets("".join(traceback.format_exception(error)))
    try:
        path = find_home() / "crashes" / f"{datetime.now():%Y%m%d-%H%M%S-%f}.txt"
        write_private(path, text.encode(errors="replace"))
    except (AgentCoreError, OSError):
        return None
    return path


def _without_secrets(text: str) -> str:
    """`text` with a mask over what looks like a secret, is in the environment, or was met in any run."""
    from agent_core.gate.detect import known_from_environment
    from agent_core.gate.known import KnownSecrets
    from agent_core.gate.redact import StreamRedactor
    from agent_core.gate.vault import Vault
    from agent_core.settings.home import find_home

    try:
        vault = Vault(find_home() / "vault.db", known_from_environment(os.environ))
        try:
            redactor = StreamRedactor(vault.known())
        finally:
            vault.close()
    except Exception:  # whatever is broken, the message about it must come out
        redactor = StreamRedactor(KnownSecrets(known_from_environment(os.environ)))
    return redactor.feed(text) + redactor.close()
