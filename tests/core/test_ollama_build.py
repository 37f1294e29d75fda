"""Where the tests find an Ollama. That one can be built is shown by the tests that use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.ollama_build import VERSION, OllamaMissingError, ollama_executable


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty so far; and a cache in which nothing was built yet."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr("platformdirs.user_cache_path", lambda name: tmp_path / "cache" / name)
    return folder


def executable(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_an_installed_one_is_used(tools: Path) -> None:
    installed = executable(tools / "ollama", "exit 0")
    assert ollama_executable() == installed


def test_one_that_was_built_is_used_again(tools: Path, tmp_path: Path) -> None:
    built = executable(tmp_path / "cache" / "agent-core" / f"ollama-{VERSION}" / "bin" / "ollama", "exit 0")
    assert ollama_executable() == built


def test_without_go_the_reason_is_told(tools: Path) -> None:
    for compiler in ("gcc", "g++"):
        executable(tools / compiler, "exit 0")
    with pytest.raises(OllamaMissingError, match="build one go would be needed"):
        ollama_executable()


def test_a_build_that_fails_says_why_and_leaves_nothing(tools: Path, tmp_path: Path) -> None:
    for compiler in ("gcc", "g++"):
        executable(tools / compiler, "exit 0")
    executable(tools / "go", "echo no such module >&2; exit 3")
    with pytest.raises(RuntimeError, match="no such module"):
        ollama_executable()
    assert [path.name for path in (tmp_path / "cache" / "agent-core").iterdir()] in ([], [f"ollama-{VERSION}.lock"])
