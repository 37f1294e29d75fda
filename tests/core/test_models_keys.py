"""Keys: environment before keyring, and no leak in errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from agent_core.errors import ConfigurationError
from agent_core.models import get_key, providers_with_keys, remove_key, resolve, set_key


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets, and can be locked."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.stored: dict[tuple[str, str], str] = {}
        self.locked = False

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.stored.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.stored[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if self.stored.pop((service, username), None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def memory() -> Iterator[MemoryKeyring]:
    before = keyring.get_keyring()
    backend = MemoryKeyring()
    keyring.set_keyring(backend)
    yield backend
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring() -> Iterator[None]:
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


def test_a_key_is_stored_found_and_removed(memory: MemoryKeyring) -> None:
    assert get_key("openai") is None
    set_key("openai", "  sk-from-keyring\n")
    assert get_key("openai") == "sk-from-keyring"
    assert memory.stored == {("agent-core", "openai"): "sk-from-keyring"}
    assert remove_key("openai")
    assert not remove_key("openai")
    assert get_key("openai") is None


def test_the_environment_comes_first(memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    set_key("openai", "sk-from-keyring")
    assert providers_with_keys()["openai"] == "keyring"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    assert get_key("openai") == "sk-from-environment"
    assert providers_with_keys()["openai"] == "environment"
    monkeypatch.setenv("OPENAI_API_KEY", "   ")
    assert get_key("openai") == "sk-from-keyring"


def test_names_without_an_entry_follow_the_rule(memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_HOST_API_KEY", "k")
    assert get_key("some-host") == "k"
    monkeypatch.setenv("GEMINI_API_KEY", "g")
    assert get_key("google") == "g"


def test_only_installed_providers_are_listed(memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert "anthropic" not in providers_with_keys()


@pytest.mark.parametrize("key", ["", "   ", "sk one two", "sk\x00\x01", "sk\nsecond line"])
def test_what_cannot_be_a_key_is_refused(memory: MemoryKeyring, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        set_key("openai", key)
    assert memory.stored == {}
    assert not key.strip() or key.strip() not in str(caught.value)


def test_a_machine_without_a_keyring(no_keyring: None) -> None:
    assert get_key("openai") is None
    assert providers_with_keys() == {}
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY") as caught:
        set_key("openai", "sk-secret")
    assert "sk-secret" not in str(caught.value)


def test_a_locked_keyring_is_said(memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.locked = True
    with pytest.raises(ConfigurationError, match="locked"):
        get_key("openai")
    with pytest.raises(ConfigurationError, match="locked"):
        set_key("openai", "sk-secret")
    assert providers_with_keys() == {}
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-environment")
    assert get_key("openai") == "sk-from-environment"


def test_a_stored_key_makes_a_model(memory: MemoryKeyring) -> None:
    set_key("openai", "sk-from-keyring")
    resolved = resolve("auto", factories={})
    assert resolved.name.startswith("openai:")
    assert resolved.remote
    assert "keyring" in resolved.why
    assert "sk-from-keyring" not in repr(resolved) + repr(resolved.model)


def test_a_keyring_that_cannot_be_loaded_is_said() -> None:
    code = (
        "from agent_core.errors import ConfigurationError\n"
        "from agent_core.models import get_key, providers_with_keys\n"
        "assert providers_with_keys() == {}\n"
        "try: get_key('openai')\n"
        "except ConfigurationError as error: print(error)\n"
    )
    environment = {"PATH": "", "PYTHON_KEYRING_BACKEND": "nowhere.Keyring"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "cannot be loaded" in done.stdout
    assert "OPENAI_API_KEY" in done.stdout
