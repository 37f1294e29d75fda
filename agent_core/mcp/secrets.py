"""Secrets that a server needs: named in the settings, looked up when it is started, and never written by us."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from agent_core.errors import ConfigurationError
from agent_core.gate.detect import find_secrets, is_secret_field
from agent_core.gate.known import KnownSecrets
from agent_core.models.keys import get_key
from agent_core.settings.mcp_servers import REFERENCE, McpServer

_ALWAYS_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"})
_SCHEME = re.compile(r"(?:basic|bearer|token|digest)?\s*", re.IGNORECASE)


def refuse_plain_secrets(name: str, server: McpServer) -> None:
    """Refuse settings that hold a secret itself where a reference belongs.

    Raises:
        ConfigurationError: naming the entry (never its value) and what to write instead.
    """
    nothing_known = KnownSecrets()
    for table, values in (("env", server.env), ("headers", server.headers)):
        for key, value in values.items():
            plain = REFERENCE.sub("", value)
            telling = key.lower() in _ALWAYS_SECRET and not _SCHEME.fullmatch(plain)
            if telling or is_secret_field(key, plain) or find_secrets(plain, nothing_known):
                raise ConfigurationError(_instead(name, f"{table}.{key}", key))
    for place, text in (("args", " ".join(server.args)), ("url", server.url)):
        if find_secrets(REFERENCE.sub("", text), nothing_known):
            raise ConfigurationError(_instead(name, place, name))


def _instead(name: str, place: str, key: str) -> str:
    stored = key.lower().replace("_", "-")
    return (
        f"Setting 'mcp.{name}.{place}' holds a secret in plain text; store it with `agent-core keys set {stored}` "
        f"and write {{keyring:{stored}}}, or {{env:VARIABLE}}, in its place."
    )


def resolved(name: str, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The values with every reference replaced, and the secrets among them by the name of their reference.

    Raises:
        ConfigurationError: a secret is not stored, or a variable not set.
    """
    secrets: dict[str, str] = {}
    filled: dict[str, str] = {}
    for key, value in values.items():
        for kind, reference in REFERENCE.findall(value):
            secrets[reference] = _looked_up(name, kind, reference)
        filled[key] = REFERENCE.sub(lambda found: secrets[found[2]], value)
    return filled, secrets


def _looked_up(name: str, kind: str, reference: str) -> str:
    found = get_key(reference) if kind == "keyring" else os.environ.get(reference)
    if found:
        return found
    fix = f"store it with: agent-core keys set {reference}" if kind == "keyring" else f"set {reference}"
    raise ConfigurationError(f"The MCP server {name!r} needs the secret {reference!r}; {fix}")
