"""Puts an assistant together: settings, plugins, journal, vault, gate, models. Parts are made here and nowhere else."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from agent_core.errors import ConfigurationError, UsageError
from agent_core.event_log import EventLog
from agent_core.gate.approvals import Approvals
from agent_core.gate.decisions import Decisions
from agent_core.gate.detect import known_from_environment
from agent_core.gate.gate import Asker, Gate
from agent_core.gate.policy import Policy
from agent_core.gate.vault import Vault
from agent_core.journal.runs import Runs
from agent_core.journal.store import Journal
from agent_core.loop.egress import MODEL_REQUEST
from agent_core.loop.state import Services, Voice
from agent_core.loop.toolbox import Toolbox
from agent_core.models import ResolvedModel
from agent_core.models.turn import Speaker
from agent_core.personas import Persona, load_persona
from agent_core.settings import Settings
from agent_core.settings.sections import Role
from agent_core.tools.catalogue import Catalogue
from agent_core.tools.plugins import Plugins, load_plugins
from agent_core.tools.tool import Tool

if TYPE_CHECKING:
    from pydantic_ai.models import Model


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
    ) -> None:
        self.settings = Settings.load(home, workspace)
        self.plugins: Plugins = load_plugins(plugins, self.settings.disabled_plugins)
        if plugins is not None:
            # The choice of plugins is a choice of tools: a model is chosen by its own name, whoever brings it.
            everything = load_plugins(None, self.settings.disabled_plugins)
            self.plugins.models = {**everything.models, **self.plugins.models}
        self.tools = _all_tools(self.plugins.tools, tools)
        self.personas = _personas(self.plugins.personas)
        self.journal = Journal(self.settings.home / "journal.db")
        self.vault = Vault(self.settings.home / "vault.db", known_from_environment(os.environ))
        self.policy = Policy(self.journal)
        self.approvals = Approvals(self.journal, self.settings.approvals.expiry_s)
        self.toolbox = Toolbox(self.settings, self.plugins.settings_classes, self.vault, emit)
        self.gate = Gate(self.journal, self.policy, self.approvals, self.vault, self.toolbox, emit, asker)
        self.decisions = Decisions(
            self.journal,
            self.gate,
            self.approvals,
            self.policy,
            {**self.tools, MODEL_REQUEST.name: MODEL_REQUEST},
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
                ("planner", "executor"), factories=self.plugins.models, settings=self.settings.models, model=self._model
            )

    def _voice(self, role: Role, persona: Persona | None) -> Voice:
        resolved = self._models[role]
        speaker = Speaker(
            resolved.model,
            settings=resolved.model_settings,
            context_tokens=resolved.context_tokens,
            compaction=resolved.compaction,
        )
        return Voice(speaker, resolved.name, resolved.remote, resolved.why)

    async def aclose(self) -> None:
        """Stop child processes, and close files and connections to models."""
        async with AsyncExitStack() as parts:
            parts.callback(self.journal.close)
            parts.callback(self.vault.close)
            parts.push_async_callback(self.toolbox.aclose)
            for resolved in self._models.values():
                parts.push_async_callback(resolved.aclose)


def _all_tools(from_plugins: Mapping[str, Tool], given: Sequence[Tool]) -> dict[str, Tool]:
    tools = dict(from_plugins)
    for tool in given:
        if tool.name in tools:
            raise UsageError(f"There are two tools called {tool.name!r}; rename one, or leave its plugin out.")
        tools[tool.name] = tool
    return tools


def _personas(folders: Sequence[Path]) -> dict[str, Persona]:
    found: dict[str, Persona] = {}
    for folder in folders:
        persona = load_persona(folder)
        if persona.name in found:
            raise ConfigurationError(f"There are two personas called {persona.name!r}; rename one.")
        found[persona.name] = persona
    return found
