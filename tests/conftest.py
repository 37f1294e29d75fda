"""Fixtures for every test. No test reaches a model but the scripted server on loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pydantic_ai.models
import pytest

from tests.adversarial.attacks import ROWS
from tests.adversarial.table import AttackTable
from tests.servers.neo4j import Neo4jMissingError, Neo4jServer
from tests.servers.neo4j import download as download_neo4j
from tests.servers.ollama import OllamaServer
from tests.servers.ollama_build import OllamaMissingError, ollama_executable
from tests.servers.scripted_llm import ScriptedLLM

pytest_plugins = ["agent_core.testing", "tests.terminals"]

pydantic_ai.models.ALLOW_MODEL_REQUESTS = False

# Continuous integration judges a change: it looks at the same examples every time. New ones are found meanwhile.
# Nobody is timed: a slow machine is no defect.
hypothesis.settings.register_profile("here", deadline=None)
hypothesis.settings.register_profile("ci", derandomize=True, print_blob=True, deadline=None)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "here")

_CONFIGURATION = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY", "GROQ_API_KEY")
_ADDRESSES = ("OLLAMA_HOST", "OLLAMA_BASE_URL", "OPENAI_BASE_URL")


def pytest_configure(config: pytest.Config) -> None:
    # Here, because with worker processes the main one reads no other conftest, and it is the one that prints.
    config.pluginmanager.register(AttackTable(config, Path(__file__).parent / "adversarial", ROWS), "attack-table")


@pytest.fixture(autouse=True)
def _no_models_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer has set up must not change what a test finds. Port 9 (discard) answers nobody."""
    for name in (*_CONFIGURATION, *_ADDRESSES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")


@pytest.fixture(scope="session")
def ollama_program() -> Path:
    """The executable of Ollama, built if need be; mark what uses it with `timeout(..., func_only=True)`."""
    try:
        return ollama_executable()
    except OllamaMissingError as missing:
        # A check that silently does not happen is none.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))


@pytest.fixture(scope="session")
def ollama(ollama_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaServer]:
    """A real Ollama, shared by the tests of a process; each adds the models that it needs, by names of its own."""
    with OllamaServer(ollama_program, tmp_path_factory.mktemp("ollama")) as server:
        yield server


@pytest.fixture(scope="session")
def neo4j(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neo4jServer]:
    """A real Neo4j, shared by the tests of a process; mark what uses it with `timeout(..., func_only=True)`."""
    try:
        download_neo4j()
    except Neo4jMissingError as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))
    with Neo4jServer(tmp_path_factory.mktemp("neo4j")) as server:
        yield server


@pytest.fixture
def scripted_llm() -> Iterator[ScriptedLLM]:
    """A scripted model server on loopback. Model requests are allowed while it runs."""
    with pydantic_ai.models.override_allow_model_requests(True), ScriptedLLM() as server:
        yield server
