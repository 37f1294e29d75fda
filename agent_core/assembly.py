"""Puts an assistant together: settings, plugins, journal, vault, gate, models. Parts are made here and nowhere else."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections import ChainMap
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent_core.errors import ConfigurationError, UsageError
from agent_core.event_log import EventLog
from agent_core.gate.approvals import Approvals
from agent_core.gate.decisions import Decisions
from agent_core.gate.detect import known_from_environment
from agent_core.gate.gate import Gate
from agent_core.gate.policy import Policy
from agent_core.gate.questions import Asker
from agent_core.gate.retention import Retention
from agent_core.gate.vault import Vault
from agent_core.journal.runs import Runs
from agent_core.journal.store import Journal
from agent_core.loop.egress import MODEL_REQUEST
from agent_core.loop.state import Services, Voice
from agent_core.loop.toolbox import Toolbox
from agent_core.mcp.definitions import full_name
from agent_core.mcp.pins import Change
from agent_core.mcp.rules import revoke_allowances
from agent_core.mcp.servers import Servers
from agent_core.models import ResolvedModel
from agent_core.models.promotion import RoutingTable, read_routing
from agent_core.models.turn import Speaker
from agent_core.personas import Persona
from agent_core.settings import Settings
from agent_core.settings.mcp_servers import McpServer
from agent_core.settings.sections import Role
from agent_core.suggest import did_you_mean
from agent_core.tools.catalogue import Catalogue
from agent_core.tools.plugins import Plugins, load_plugins
from agent_core.tools.tool import Tool

if TYPE_CHECKING:
    from pydantic_ai.models import Model

_log = logging.getLogger(__name__)


class Assembly:
    """The parts of one assistant, wired. It opens the journal and loads the plugins; no model is touched yet."""

    def __init__(
        self,
        *,
        model: str | Model | None,
        tools: Sequence[Tool],
        plugins: Literal[False] | Sequence[str] | None,
        home: Path | None,
        workspace: Path | None,
        emit: EventLog,
        asker: Asker | None,
        mcp: Literal[False] | Sequence[str] | None = None,
    ) -> None:
        self.settings = Settings.load(home, workspace)
        self.plugins: Plugins = load_plugins(plugins, self.settings.disabled_plugins)
        if plugins is not None:
            # The choice of plugins is a choice of tools: a model is chosen by its own name, whoever brings it.
            everything = load_plugins(None, self.settings.disabled_plugins)
            self.plugins.models = {**everything.models, **self.plugins.models}
        self.plugins.check_tools()
        self._own_tools = _all_tools(self.plugins.tools, tools)
        self.tools = dict(self._own_tools)
        self.personas = self.plugins.personas
        self.journal = Journal(self.settings.home / "journal.db")
        self.vault = Vault(self.settings.home / "vault.db", known_from_environment(os.environ))
        self.retention = Retention(self.journal, self.vault, self.settings.journal)
        self.policy = Policy(self.journal, self.vault)
        self.servers = Servers(self.settings.home, _chosen(self.settings.mcp, mcp), self._tools_changed)
        self._servers_stamp: object = None
        self.approvals = Approvals(self.journal, self.settings.approvals.expiry_s, self.vault)
        self.toolbox = Toolbox(self.settings, self.plugins.settings_classes, self.vault, emit)
        self.gate = Gate(self.journal, self.policy, self.approvals, self.vault, self.toolbox, emit, asker)
        self.decisions = Decisions(
            self.journal,
            self.gate,
            self.approvals,
            self.policy,
            ChainMap(self.tools, {MODEL_REQUEST.name: MODEL_REQUEST}),
            self.vault,
        )
        self.runs = Runs(self.journal)
        self._model = model
        self._models: dict[Role, ResolvedModel] = {}
        self._resolving = threading.Lock()
        self.services = Services(
            runs=self.runs,
            gate=self.gate,
            approvals=self.approvals,
            policy=self.policy,
            secrets=self.vault,
            tools=self.tools,
            catalogue=Catalogue(self.tools),
            personas=self.personas,
            voice=self._voice,
            emit=emit,
            flush=emit.flush,
        )
        self.take_server_tools()

    def take_server_tools(self) -> None:
        """Take the tools of MCP servers as they were last read; cheap where nothing has changed since.

        A run that is being worked on keeps those that it began with.
        """
        if not self.servers or self._servers_stamp == (stamp := self.servers.stamp):
            return
        self._servers_stamp = stamp
        self.tools.clear()
        self.tools.update(self._own_tools)
        self.tools.update(self.servers.tools(self._own_tools))
        self.services.catalogue = Catalogue(dict(self.tools))
        self.services.definitions.clear()

    async def read_servers(self) -> None:
        """Read the MCP servers that nobody has read yet, and take the tools of all."""
        if self.servers:
            await self.servers.read_new()
            self.take_server_tools()

    def _tools_changed(self, server: str, changes: Sequence[Change]) -> None:
        ended = revoke_allowances(self.policy, server, changes)
        tools = ", ".join(full_name(server, change.tool) for change in changes)
        _log.warning("The MCP server %r has changed %s and is not trusted now.", server, tools)
        for rule in ended:
            _log.warning("Revoked: %s (%s)", rule.id, rule)

    async def resolve_models(self) -> ResolvedModel:
        """Find the models of the roles, once; returns the planner's. Ollama may be asked, so it happens in a thread."""
        if "planner" not in self._models:
            await asyncio.to_thread(self._resolve)
        return self._models["planner"]

    def _resolve(self) -> None:
        from agent_core.models.routing import resolve_roles

        with self._resolving:  # many runs may begin at once, and all of them speak to the same models
            if self._models:
                return
            self._models = resolve_roles(
                ("planner", "executor"),
                factories=self.plugins.models,
                settings=self.settings.models,
                model=self._model,
                routing=self._routing(),
            )

    def _routing(self) -> RoutingTable | None:
        try:
            return read_routing(self.settings.home)
        except ConfigurationError as error:  # the model in use does everything, as it did before
            _log.warning("%s", error)
            return None

    def _voice(self, role: Role, persona: Persona | None) -> Voice:
        resolved = self._models[role]
        speaker = Speaker(
            resolved.model,
            settings=resolved.model_settings,
            context_tokens=resolved.context_tokens,
            compaction=resolved.compaction,
        )
        return Voice(speaker, resolved.name, resolved.remote, resolved.why, resolved.writes)

    async def aclose(self) -> None:
        """Stop child processes, and close files and connections to models."""
        async with AsyncExitStack() as parts:
            parts.callback(self.journal.close)
            parts.callback(self.vault.close)
            parts.callback(self.plugins.close)
            parts.push_async_callback(self.toolbox.aclose)
            parts.push_async_callback(self.servers.aclose)
            for resolved in self._models.values():
                parts.push_async_callback(resolved.aclose)


def _chosen(servers: Mapping[str, McpServer], choice: Literal[False] | Sequence[str] | None) -> dict[str, McpServer]:
    if choice is None:
        return dict(servers)
    if choice is False:
        return {}
    for name in choice:
        if name not in servers:
            raise UsageError(f"There is no MCP server {name!r}.{did_you_mean(name, servers)}")
    return {name: servers[name] for name in choice}


def _all_tools(from_plugins: Mapping[str, Tool], given: Sequence[Tool]) -> dict[str, Tool]:
    tools = dict(from_plugins)
    for tool in given:
        if tool.name in tools:
            raise UsageError(f"There are two tools called {tool.name!r}; rename one, or leave its plugin out.")
        tools[tool.name] = tool
    return tools
