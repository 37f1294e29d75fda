"""Settings: what a user writes by hand, by command and by variable, right and wrong."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import pytest

from agent_core.errors import ConfigurationError
from agent_core.settings import Settings
from agent_core.settings.home import find_home, write_private
from agent_core.settings.typed_table import leaves

WRITTEN = """\
# who answers
[models]
default = "ollama:qwen3:8b"   # the small box
fallback = ["anthropic:claude-haiku-4-5", "offline"]

[models.executor]
temperature = 0
seed = 7

[limits]
cost_usd = 1

[plugins]
disabled = ["search"]

[plugins.mail]
host = "smtp.example.org"
port = 2525
"""


@dataclass(frozen=True)
class MailSettings:
    host: str = "localhost"
    port: int = 25
    security: Literal["none", "starttls", "tls"] = "starttls"
    allowed: list[str] = field(default_factory=list[str])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "state"


def load(home: Path, text: str | None = None, **environ: str) -> Settings:
    if text is not None:
        home.mkdir(parents=True, exist_ok=True)
        (home / "config.toml").write_text(text, "utf-8")
    return Settings.load(home, home.parent, environ)


def test_without_a_file_the_defaults_hold_and_the_folder_is_private(home: Path) -> None:
    settings = load(home / "deep" / "er")
    assert settings.models.choice("planner").name == settings.models.default == "auto"
    assert settings.limits.parallel >= 1
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o700


def test_a_written_file_is_read_with_its_types(home: Path) -> None:
    settings = load(home, WRITTEN)
    assert settings.models.default == "ollama:qwen3:8b"
    assert settings.models.fallback == ("anthropic:claude-haiku-4-5", "offline")
    assert settings.models.executor.temperature == 0.0
    assert settings.models.choice("executor").name == "auto"
    assert settings.models.choice("executor", "offline") == replace(settings.models.executor, name="offline")
    assert settings.limits.cost_usd == 1.0
    assert settings.disabled_plugins == ("search",)
    assert settings.plugin_settings("mail", MailSettings) == MailSettings("smtp.example.org", 2525)


def test_variables_win_over_the_file(home: Path) -> None:
    settings = load(
        home,
        WRITTEN,
        AGENT_CORE_MODELS_DEFAULT="offline",
        AGENT_CORE_MODELS_PLANNER_MAX_TOKENS="800",
        AGENT_CORE_LIMITS_TIME_S="12.5",
        AGENT_CORE_MODELS_RETRY_ATTEMPTS="2",
        AGENT_CORE_MODELS_OLLAMA_HOST="10.0.0.7:11434",
        AGENT_CORE_MODELS_REPAIR_PRINTED_CALLS="always",
        AGENT_CORE_PLUGINS_DISABLED="mail, calendar",
        AGENT_CORE_PLUGINS_MAIL_PORT="465",
        AGENT_CORE_PLUGINS_MAIL_ALLOWED="a@example.org,b@example.org",
    )
    assert settings.models.default == "offline"
    assert settings.models.planner.max_tokens == 800
    assert settings.limits.time_s == 12.5
    assert settings.models.retry.attempts == 2
    assert settings.models.ollama.host == "10.0.0.7:11434"
    assert settings.models.repair_printed_calls == "always"
    assert settings.disabled_plugins == ("mail", "calendar")
    mail = settings.plugin_settings("mail", MailSettings)
    assert (mail.host, mail.port, mail.allowed) == ("smtp.example.org", 465, ["a@example.org", "b@example.org"])


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("[limits]\ncalls = 'many'\n", ["limits.calls", "'many'", "whole number", "1 or more"]),
        ("[limits]\ncalls = true\n", ["limits.calls", "True"]),
        ("[limits]\ncalls = 0\n", ["limits.calls", "1 or more"]),
        ("[limits]\ncost_usd = nan\n", ["limits.cost_usd", "nan"]),
        ("[limits]\nparalel = 2\n", ["limits.paralel", "Did you mean 'limits.parallel'"]),
        ("[modles]\ndefault = 'x'\n", ["modles", "'models'"]),
        ("[models.planner]\ntemperature = 3\n", ["models.planner.temperature", "from 0 to 2"]),
        ("[models.executor]\nmax_tokens = 0\n", ["models.executor.max_tokens", "1 or more"]),
        ("[models.executor]\ntop_p = 1.5\n", ["models.executor.top_p", "from 0 to 1"]),
        ("[models.executor]\ntimeout_s = 0\n", ["models.executor.timeout_s", "from 0.1 to 86400"]),
        (f"[models.executor]\ntemperature = 1{'0' * 400}\n", ["models.executor.temperature", "from 0 to 2"]),
        ("[models.executor]\nseed = 4294967296\n", ["models.executor.seed", "4294967296", "2147483647"]),
        (f"[models.executor]\nseed = 1{'0' * 5000}\n", ["config.toml"]),
        ("[models.retry]\nattempts = 0\n", ["models.retry.attempts", "from 1 to 20"]),
        ("[models.ollama]\nnum_ctx = 100\n", ["models.ollama.num_ctx", "512"]),
        ("[models.ollama]\nkeep_alive = 'for a while'\n", ["models.ollama.keep_alive", "'10m'"]),
        ("[models]\nrepair_printed_calls = 'often'\n", ["models.repair_printed_calls", "'local', 'always', 'never'"]),
        ("[models]\nrepair_printed_calls = true\n", ["models.repair_printed_calls", "True"]),
        ("[models]\nplanner = 'gpt'\n", ["models.planner", "'gpt'", "[models.planner]"]),
        ("[models]\nfallback = 'offline'\n", ["models.fallback", "list"]),
        ("models = 3\n", ["models", "3"]),
        ("[plugins]\ndisabled = [1]\n", ["plugins.disabled"]),
        ("[plugins]\nmail = 3\n", ["plugins.mail", "3"]),
        ("plugins = 'none'\n", ["plugins"]),
        ("[limits\n", ["config.toml", "TOML"]),
    ],
)
def test_a_wrong_file_says_what_is_wrong_in_one_line(home: Path, text: str, mentions: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(home, text)
    message = str(caught.value)
    assert "\n" not in message
    assert all(mention in message for mention in mentions), message


def test_bytes_that_are_no_text(home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_bytes(b"[limits]\ncalls = \xff\xfe")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        load(home)


@pytest.mark.parametrize(
    ("variable", "text", "match"),
    [
        ("AGENT_CORE_LIMITS_CALLS", "lots", "AGENT_CORE_LIMITS_CALLS.*'lots'"),
        ("AGENT_CORE_LIMITS_CALS", "3", "AGENT_CORE_LIMITS_CALLS"),
    ],
)
def test_a_wrong_variable_is_named(home: Path, variable: str, text: str, match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        load(home, **{variable: text})


def test_other_variables_with_our_prefix_are_left_alone(home: Path) -> None:
    load(home, AGENT_CORE_UNRELATED="1")


@pytest.mark.parametrize(
    ("section", "mentions"),
    [
        ("port = 'x'", ["plugins.mail.port", "'x'"]),
        ("prot = 1", ["plugins.mail.prot", "plugins.mail.port"]),
        ("security = 'ssl'", ["plugins.mail.security", "ssl", "starttls"]),
    ],
)
def test_a_plugin_section_is_checked_when_the_plugin_is_asked_for(
    home: Path, section: str, mentions: list[str]
) -> None:
    settings = load(home, f"[plugins.mail]\n{section}\n")
    with pytest.raises(ConfigurationError) as caught:
        settings.plugin_settings("mail", MailSettings)
    assert all(mention in str(caught.value) for mention in mentions), str(caught.value)


def test_set_keeps_comments_unknown_plugins_and_the_mode(home: Path) -> None:
    settings = load(home, WRITTEN + "\n[plugins.not-installed]\nkeep = 'me'\n")
    os.chmod(settings.path, 0o640)
    settings = settings.set("limits.calls", "42").set("models.planner.name", "openai:gpt-5")
    settings = settings.set("plugins.disabled", "search, notes").set("plugins.mail.port", "587")
    text = settings.path.read_text("utf-8")
    assert "# who answers" in text
    assert "# the small box" in text
    assert "keep = " in text
    assert stat.S_IMODE(settings.path.stat().st_mode) == 0o640
    again = load(home)
    assert again.limits.calls == 42
    assert again.models.planner.name == "openai:gpt-5"
    assert again.disabled_plugins == ("search", "notes")
    assert again.plugin_settings("mail", MailSettings).port == 587
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_a_new_file_is_private(home: Path) -> None:
    settings = load(home).set("models.default", "offline")
    assert stat.S_IMODE(settings.path.stat().st_mode) == 0o600


def test_set_follows_a_link_into_a_dotfiles_folder(home: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("[limits]\ncalls = 3\n")
    home.mkdir()
    (home / "config.toml").symlink_to(real)
    load(home).set("limits.calls", "9")
    assert (home / "config.toml").is_symlink()
    assert "9" in real.read_text()


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("limits.calls", "-1"),
        ("limits.calls", "1e3"),
        ("limits.cost_usd", "inf"),
        ("limits.callz", "1"),
        ("limits", "1"),
        ("models.planner", "x"),
        ("", "1"),
        ("a.b.c.d", "1"),
        ("plugins.mail.port", "yes"),
        ("plugins.mail.hots", "x"),
        ("plugins.mial.host", "x"),
    ],
)
def test_a_refused_set_leaves_the_file_as_it_was(home: Path, key: str, text: str) -> None:
    settings = load(home, WRITTEN)
    with pytest.raises(ConfigurationError):
        settings.set(key, text, {"mail": MailSettings})
    assert settings.path.read_text("utf-8") == WRITTEN


def test_hostile_text_stays_a_value(home: Path) -> None:
    hostile = 'x"\n[limits]\ncalls = 1 #\u202e'
    settings = load(home).set("models.default", hostile)
    assert load(home).models.default == hostile == settings.models.default


def test_get_reads_values_sections_and_plugin_defaults(home: Path) -> None:
    settings = load(home, WRITTEN)
    assert settings.get("models.default") == "ollama:qwen3:8b"
    assert settings.get("models.executor")["seed"] == 7
    assert settings.get("plugins.mail.port") == 2525
    assert settings.get("plugins.mail.security", {"mail": MailSettings}) == "starttls"
    for unknown in ("limits.call", "models.default.x", "plugins.mail.security", ""):
        with pytest.raises(ConfigurationError):
            settings.get(unknown)


def test_every_setting_can_be_read_back_after_set(home: Path) -> None:
    samples = {str: "text", int: "3", float: "1.5", tuple: "a,b"}
    narrow = {
        "models.ollama.num_ctx": "4096",
        "models.ollama.keep_alive": "1h30m",
        "models.repair_printed_calls": "never",
    }
    settings = load(home)
    from agent_core.settings import ApprovalSettings, Models, RunLimits

    for section, cls in {"models": Models, "limits": RunLimits, "approvals": ApprovalSettings}.items():
        for dotted, _, _ in leaves(cls, section):
            current = settings.get(dotted)
            kind = tuple if isinstance(current, list | tuple) else type(current)
            settings = settings.set(dotted, narrow.get(dotted) or samples.get(kind, "1"))
            assert settings.get(dotted) != current


def test_a_home_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for place in (tmp_path / "file", tmp_path / "file" / "inside", Path("/proc/agent-core")):
        with pytest.raises(ConfigurationError, match="AGENT_CORE_HOME"):
            Settings.load(place, tmp_path, {})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_keeps_the_old_file(tmp_path: Path) -> None:
    kept = tmp_path / "config.toml"
    kept.write_text("old")
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "from agent_core.settings.home import write_private\n"
        "from agent_core.errors import ConfigurationError\n"
        "try: write_private(Path(sys.argv[1]), b'x' * 4096)\n"
        "except ConfigurationError as error: sys.exit(0 if 'cannot be written' in str(error) else 3)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(kept)], check=False)
    assert done.returncode == 0
    assert kept.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


def test_home_comes_from_argument_then_variable_then_platform(tmp_path: Path) -> None:
    environ = {"AGENT_CORE_HOME": str(tmp_path / "v")}
    assert find_home(tmp_path / "a", environ) == tmp_path / "a"
    assert find_home(None, environ) == tmp_path / "v"
    assert find_home(None, {"AGENT_CORE_HOME": ""}).name == "agent-core"


def test_a_missing_workspace_is_named(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        Settings.load(home, home / "nowhere", {})


def test_write_private_replaces_whole_files(tmp_path: Path) -> None:
    write_private(tmp_path / "a" / "b", b"1")
    write_private(tmp_path / "a" / "b", b"22")
    assert (tmp_path / "a" / "b").read_bytes() == b"22"


def test_reading_settings_imports_nothing_heavy(home: Path) -> None:
    load(home, WRITTEN)
    script = (
        "import sys; from pathlib import Path; from agent_core.settings import Settings\n"
        f"Settings.load(Path({str(home)!r}), Path({str(home)!r}), {{}})\n"
        "print([m for m in ('pydantic', 'tomlkit', 'pydantic_ai', 'pluggy', 'difflib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
