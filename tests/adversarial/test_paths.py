"""No tool reads or changes anything outside the workspace, whatever path it is given, also while links are swapped.

The tools are found by their parameters: a new one that takes a path fails `test_every_tool_that_takes_a_path_is_tried`
until it stands in `CALLS`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
import unicodedata
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent_core import ToolError
from agent_core.tools.context import ToolContext
from agent_core.tools.execution import preview_tool, run_tool
from agent_core.tools.isolation import IsolatedRunner
from agent_core.tools.plugins import load_plugins
from tests.adversarial import attacks
from tests.adversarial.conftest import Cases

ATTACK = attacks.PATHS
CANARY = "canary-83c1f0"
TOOLS = load_plugins(None, ()).tools
_NAMES_A_PLACE = ("path", "folder", "file", "source", "destination", "directory", "attachment")
HANGS_S = 20.0

CALLS: dict[tuple[str, str], dict[str, Any]] = {
    ("list_files", "folder"): {},
    ("read_file", "path"): {},
    ("search_files", "folder"): {"query": "canary"},
    ("write_file", "path"): {"content": "overwritten"},
    ("edit_file", "path"): {"old": "canary", "new": "changed"},
    ("move_file", "source"): {"destination": "taken.txt"},
    ("move_file", "destination"): {"source": "own.txt"},
    ("delete_file", "path"): {},
    ("make_folder", "path"): {},
    ("query_table", "path"): {"operation": "count"},
    ("describe_table", "path"): {},
}
"""Every parameter that names a place in the workspace, with the other arguments of a call."""


@dataclass(frozen=True)
class Place:
    """A workspace beside a folder that is none of it."""

    workspace: Path
    outside: Path

    def forms(self) -> dict[str, str]:
        """Ways to write a place outside, by what they try."""
        secret, up = str(self.outside / "secret.txt"), "../outside/secret.txt"
        return {
            "parent": up,
            "parent of a folder": f"sub/../{up}",
            "many parents": "../" * 40 + secret.lstrip("/"),
            "parent at the end": "sub/../..",
            "parent alone": "..",
            "parent with a slash": "../",
            "parent folder": "../outside",
            "hidden parent": "./.././outside/secret.txt",
            "doubled slashes": "..//outside///secret.txt",
            "four dots": "....//....//outside/secret.txt",
            "absolute": secret,
            "absolute folder": str(self.outside),
            "root": "/",
            "double slash root": "/" + secret,
            "absolute through the workspace": f"{self.workspace}/{up}",
            "workspace's name as a prefix": f"{self.workspace}-other/secret.txt",
            "passwd": "/etc/passwd",
            "link to a file": "link.txt",
            "link to a folder": "link/secret.txt",
            "link to a folder itself": "link",
            "link to a link": "second/secret.txt",
            "relative link": "relative/secret.txt",
            "link to the root": "root" + secret,
            "link in a folder": "sub/link/secret.txt",
            "link and parent": "link/../outside/secret.txt",
            "link that goes in a circle": "circle/secret.txt",
            "link to itself": "circle",
            "link to nothing outside": "dangling.txt",
            "link to a device": "zero",
            "link to a descriptor": "descriptor",
            "link to the process's root": "procroot" + secret,
            "device": "/dev/zero",
            "endless device": "/dev/urandom",
            "terminal": "/dev/tty",
            "standard input": "/dev/stdin",
            "descriptor": "/proc/self/fd/0",
            "environment of the process": "/proc/self/environ",
            "root of the process": "/proc/self/root" + secret,
            "folder of the process": "/proc/self/cwd/secret.txt",
            "memory": "/proc/self/mem",
            "pipe": "pipe",
            "socket": "socket",
            "NUL": f"own.txt\0{up}",
            "NUL before": f"{up}\0.txt",
            "NUL alone": "\0",
            "empty": "",
            "blank": "   ",
            "dot": ".",
            "line end": f"own.txt\n{up}",
            "carriage return": f"{up}\r",
            "long name": "a" * 5_000,
            "long path": "sub/" * 3_000 + up,
            "deep parents": "sub/.." + "/sub/.." * 1_000 + "/" + up,
            "half a character": "\udc80/" + up,
            "home": "~/secret.txt",
            "home of root": "~root/.profile",
            "home variable": "$HOME/secret.txt",
            "variable in braces": "${HOME}/../" + secret,
            "command": f"$(cat {secret})",
            "backticks": f"`cat {secret}`",
            "pipe sign": f"| cat {secret}",
            "option": "--help",
            "option with a value": f"-f{secret}",
            "wildcard": "../outside/*.txt",
            "wildcards": "/**/secret.txt",
            "braces": "{..,x}/outside/secret.txt",
            "question marks": "../outsid?/secret.txt",
            "file address": f"file://{secret}",
            "file address with a host": f"file://localhost{secret}",
            "address in capitals": f"FILE:{secret}",
            "zip address": f"zip://{secret}!/x",
            "backslashes": "..\\outside\\secret.txt",
            "mixed slashes": "..\\../outside/secret.txt",
            "drive": f"C:{secret}",
            "network share": "\\\\127.0.0.1\\share\\secret.txt",
            "device path": "\\\\?\\C:\\secret.txt",
            "reserved name": "CON",
            "data stream": "own.txt::$DATA",
            "percent encoded": "%2e%2e%2foutside%2fsecret.txt",
            "twice encoded": "%252e%252e%252foutside%252fsecret.txt",
            "overlong": "..%c0%afoutside%c0%afsecret.txt",
            "fullwidth slash": "..／outside／secret.txt",
            "fullwidth dots": "．．/outside/secret.txt",
            "division slash": "..∕outside∕secret.txt",
            "fraction slash": "..⁄outside⁄secret.txt",
            "two dot leader": "‥/outside/secret.txt",
            "one dot leaders": "․․/outside/secret.txt",
            "zero width": ".\u200b./outside/secret.txt",
            "direction": "\u202etxt.terces/edistuo/..",
            "byte order mark": "\ufeff../outside/secret.txt",
            "normalised": unicodedata.normalize("NFD", "ünder/../../outside/secret.txt"),
            "other case": "../OUTSIDE/SECRET.TXT",
            "link in another case": "LINK/secret.txt",
            "trailing dot": "../outside/secret.txt.",
            "trailing space": "../outside/secret.txt ",
            "hidden": "../outside/.hidden",
            "quotes": f'"{secret}"',
            "list": f'["{secret}"]',
            "include": f"@{secret}",
        }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    for folder in (workspace / "sub", workspace / "ünder", outside, tmp_path / "workspace-other"):
        folder.mkdir(parents=True)
    for file in (outside / "secret.txt", outside / ".hidden", tmp_path / "workspace-other" / "secret.txt"):
        file.write_text(f"{CANARY},canary\n1,2\n")
    (workspace / "own.txt").write_text("own,text\n1,2\n")
    for name, target in {
        "link": outside,
        "link.txt": outside / "secret.txt",
        "second": workspace / "link",
        "relative": Path("../outside"),
        "root": Path("/"),
        "sub/link": outside,
        "circle": workspace / "circle",
        "dangling.txt": outside / "new.txt",
        "zero": Path("/dev/zero"),
        "descriptor": Path("/proc/self/fd/0"),
        "procroot": Path("/proc/self/root"),
    }.items():
        (workspace / name).symlink_to(target)
    os.mkfifo(workspace / "pipe")
    return Place(workspace, outside)


@pytest.fixture
async def runner() -> AsyncIterator[IsolatedRunner]:
    runner = IsolatedRunner()
    yield runner
    await runner.aclose()


def remembered(place: Place) -> dict[str, Any]:
    """Everything about the files outside that a tool could change."""
    found: dict[str, Any] = {}
    for folder in (place.outside, place.outside.parent / "workspace-other"):
        for path in (folder, *sorted(folder.rglob("*"))):
            status = path.lstat()
            content = path.read_bytes() if path.is_file() else sorted(entry.name for entry in path.iterdir())
            found[str(path)] = (content, status.st_mtime_ns, status.st_mode, status.st_nlink, status.st_ino)
    found["siblings"] = sorted(entry.name for entry in place.workspace.parent.iterdir() if entry.name != "data")
    return found


async def outcome(name: str, args: dict[str, Any], place: Place, runner: IsolatedRunner) -> str:
    """What a tool shows and returns, or says instead."""
    tool, context = TOOLS[name], ToolContext(place.workspace, place.workspace.parent / "data")
    told: list[str] = []
    for step in ("preview", "run"):
        try:
            validated = tool.arguments.validate(args)
            async with asyncio.timeout(HANGS_S):
                if step == "preview":
                    told.append((await preview_tool(tool, validated, context)).text)
                else:
                    told.append(repr(await run_tool(tool, validated, context, runner)))
        except ToolError as error:
            told.append(str(error))
    return "\n".join(told)


def test_every_tool_that_takes_a_path_is_tried() -> None:
    found = {
        (tool.name, name)
        for tool in TOOLS.values()
        for name in tool.parameters.get("properties", {})
        if any(word in name for word in _NAMES_A_PLACE)
    }
    assert found == set(CALLS)


@pytest.mark.parametrize(("name", "parameter"), CALLS, ids=str)
def test_only_the_path_is_wrong_with_a_call(name: str, parameter: str) -> None:
    TOOLS[name].arguments.validate({**CALLS[name, parameter], parameter: "own.txt"})


async def test_the_same_calls_work_inside(place: Place, runner: IsolatedRunner) -> None:
    assert "own,text" in await outcome("read_file", {"path": "own.txt"}, place, runner)
    assert "own.txt" in await outcome("list_files", {}, place, runner)
    await outcome("write_file", {"path": "sub/new.txt", "content": "x"}, place, runner)
    assert (place.workspace / "sub/new.txt").read_text().strip() == "x"


@pytest.mark.parametrize(("name", "parameter"), CALLS, ids=str)
async def test_nothing_outside_is_read_or_changed(
    name: str, parameter: str, place: Place, runner: IsolatedRunner, cases: Cases
) -> None:
    before = remembered(place)
    escaped: list[tuple[str, str]] = []
    for attempt, form in place.forms().items():
        told = await outcome(name, {**CALLS[name, parameter], parameter: form}, place, runner)
        if CANARY in told or "root:x:" in told or remembered(place) != before:
            escaped.append((attempt, told))
    cases.count(len(place.forms()))
    assert escaped == []


@pytest.mark.parametrize("form", ["file://{}", "FILE://{}", "file:{}", "view-source:file://{}", "{}", "//localhost{}"])
async def test_no_address_is_a_file(form: str, place: Place, runner: IsolatedRunner) -> None:
    url = form.format(place.outside / "secret.txt")
    assert CANARY not in await outcome("fetch_page", {"url": url}, place, runner)


async def test_a_hard_link_is_a_file_of_the_workspace_and_its_other_name_keeps_its_bytes(
    place: Place, runner: IsolatedRunner
) -> None:
    """What somebody linked in is there to be read; files are replaced, never overwritten, so nothing else changes."""
    secret = place.outside / "secret.txt"
    bytes_before = secret.read_bytes()
    for call in (
        ("write_file", {"path": "hard.txt", "content": "other"}),
        ("write_file", {"path": "hard.txt", "content": "more", "append": True}),
        ("edit_file", {"path": "hard.txt", "old": "canary", "new": "changed"}),
        ("delete_file", {"path": "hard.txt"}),
    ):
        (place.workspace / "hard.txt").unlink(missing_ok=True)
        os.link(secret, place.workspace / "hard.txt")
        await outcome(*call, place, runner)
        assert secret.read_bytes() == bytes_before


class Swapping(threading.Thread):
    """Makes a name mean a folder of the workspace and a link out of it, in turns, as fast as it can."""

    MOST = 20_000

    def __init__(self, place: Place) -> None:
        super().__init__(daemon=True)
        self.place, self.done, self.swaps = place, threading.Event(), 0
        self.folder, self.parked = place.workspace / "swap", place.workspace / "parked"
        self.folder.mkdir()
        (self.folder / "secret.txt").write_text("harmless,canary\n1,2\n")

    def run(self) -> None:
        while not self.done.is_set() and self.swaps < self.MOST:
            with suppress(OSError):  # A tool made a folder or a file of that name, in between.
                self.folder.rename(self.parked)
                self.folder.symlink_to(self.place.outside)
            with suppress(OSError):
                self.folder.unlink()
            with suppress(OSError):
                self.parked.rename(self.folder)
            if self.parked.exists():
                shutil.rmtree(self.folder, ignore_errors=True)
            self.swaps += 1


@pytest.fixture
def swapping(place: Place) -> Iterator[Swapping]:
    thread = Swapping(place)
    yield thread
    thread.done.set()
    if thread.ident is not None:
        thread.join()


@pytest.mark.parametrize(("name", "parameter"), [pair for pair in CALLS if pair[0] != "make_folder"], ids=str)
async def test_a_link_that_is_swapped_in_meanwhile_leads_nowhere(
    name: str, parameter: str, place: Place, swapping: Swapping, runner: IsolatedRunner, cases: Cases
) -> None:
    before = remembered(place)
    form = "swap" if parameter == "folder" else "swap/secret.txt"
    swapping.start()
    told: list[str] = []
    tries = 150
    for _ in range(tries):
        (place.workspace / "own.txt").write_text("own")
        told.append(await outcome(name, {**CALLS[name, parameter], parameter: form}, place, runner))
        (place.workspace / "taken.txt").unlink(missing_ok=True)
    swapping.done.set()
    swapping.join()
    cases.count(tries)
    assert swapping.swaps > 0
    assert not [text for text in told if CANARY in text]
    assert remembered(place) == before
