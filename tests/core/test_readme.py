"""The README does what it says: its code runs, and its commands print what stands below them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VARYING = [
    (re.compile(r"\(\d+ ms\)"), "(N ms)"),
    (re.compile(r"\bon \d{1,2} \w+ \d{4} at \d\d:\d\d"), "on DAY at TIME"),
    (re.compile(r"Saved: \S*?([\w-]+\.yaml)"), r"Saved: \1"),
]
IDENTIFIER = re.compile(r"\b(?:ask|run)_[0-9a-f]{12}\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: `language`, the file that its title names, and what stands in it."""

    language: str
    title: str
    text: str


def blocks() -> Iterator[Block]:
    text = (ROOT / "README.md").read_text("utf-8")
    for info, body in re.findall(r"^```(\w.*)\n((?:.*\n)*?)```$", text, re.MULTILINE):
        language, _, rest = info.partition(" ")
        title = re.search(r'title="([^"]*)"', rest)
        yield Block(language, title[1] if title else "", body)


@dataclass
class Reader:
    """Somebody who follows the README from top to bottom, in an empty folder with an empty state folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.workspace = self.folder / "workspace"
        self.packages = self.folder / "packages"
        for place in (self.workspace, self.packages):
            place.mkdir()
        self.known: dict[str, str] = {}
        """Identifiers of the README, and what they are called here."""

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("OLLAMA_HOST", "PYTHON_KEYRING_BACKEND") if name in os.environ}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {
            **kept,
            "PATH": path,
            "HOME": str(self.folder),
            "AGENT_CORE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(self.packages),
        }

    def run(self, *command: str) -> str:
        """What a command prints to stderr and then to stdout, as somebody sees it who has both on one screen."""
        done = subprocess.run(
            [*command],
            cwd=self.workspace,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
        )
        assert done.returncode in (0, 3), f"{command} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def type(self, line: str) -> str:
        """Run a line of the README, with the identifiers that things have here."""
        for documented, here in self.known.items():
            line = line.replace(documented, here)
        line = line.replace(" examples/", f" {ROOT}/examples/")  # the README's reader stands in a clone
        return self.run(*shlex.split(line))

    def check(self, line: str, expected: str) -> None:
        """Run a line and compare what it prints with what the README says it does."""
        printed = self.type(line)
        self.known |= dict(zip(IDENTIFIER.findall(expected), IDENTIFIER.findall(printed), strict=False))
        assert _settled(printed) == _settled(expected), line

    def install(self, module: Path, text: str) -> None:
        """Put a plugin's module where Python finds it, with the metadata that its pyproject.toml would give it."""
        name = module.parent.name
        metadata = self.packages / f"{name}-0.1.0.dist-info"
        for folder in (self.packages / name, metadata):
            folder.mkdir()
        (self.packages / module).write_text(text, "utf-8")
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1.0\n", "utf-8")

    def register(self, pyproject: str) -> None:
        """Register the entry points that a `pyproject.toml` names."""
        points = tomllib.loads(pyproject)["project"]["entry-points"]["agent_core"]
        for name, package in points.items():
            (metadata,) = self.packages.glob(f"{package}-*.dist-info")
            (metadata / "entry_points.txt").write_text(f"[agent_core]\n{name} = {package}\n", "utf-8")


def _settled(text: str) -> str:
    """Text without what differs from run to run."""
    for pattern, instead in VARYING:
        text = pattern.sub(instead, text)
    return "\n".join(line.rstrip() for line in IDENTIFIER.sub("ID", text).strip().splitlines())


def _agent_core(line: str) -> str | None:
    """The command that a line of a shell block ends up running; None where that is another program."""
    found = re.search(r"\bagent-core (?!stands).*", line)
    return found[0] if found else None


@pytest.mark.timeout(240)
def test_readme_from_top_to_bottom(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    said = list(blocks())
    for block, following in zip(said, [*said[1:], None], strict=True):
        output = following.text if following is not None and following.language == "text" else ""
        match block.language:
            case "bash":
                for line in filter(None, map(_agent_core, block.text.splitlines())):
                    reader.check(line, output)
            case "console":
                for line, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block.text, re.MULTILINE):
                    reader.check(line, printed)
            case "python" if block.title.endswith("/__init__.py"):
                reader.install(Path(block.title), block.text)
            case "python":
                (tmp_path / "program.py").write_text(block.text, "utf-8")
                assert reader.run(sys.executable, str(tmp_path / "program.py")) == output
            case "toml":
                reader.register(block.text)
            case _:
                assert block.language == "text", f"no test knows what to do with {block.language!r}"


def test_the_readme_has_what_the_test_above_runs() -> None:
    languages = [block.language for block in blocks()]
    assert languages.count("python") >= 2
    assert languages.count("console") >= 4
    first, second = [block.text.strip() for block in blocks() if block.language == "bash"][:2]
    assert first.startswith("pip install uv && uv run --no-dev agent-core ask ")
    assert second == "uv run pytest"


def test_python_blocks_are_formatted_as_the_project_is(tmp_path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed here")
    for number, block in enumerate(block for block in blocks() if block.language == "python"):
        file = tmp_path / f"block_{number}.py"
        file.write_text(block.text, "utf-8")
        done = subprocess.run([ruff, "format", "--check", "--line-length", "120", file], capture_output=True, text=True)
        assert done.returncode == 0, block.title
