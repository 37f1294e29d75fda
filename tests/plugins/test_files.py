"""The files plugin: what it shows is what it does, what it did can be taken back, and nothing leaves the workspace."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import agent_plugin_files as files
from agent_core import FinishedCall, Tool, ToolArgumentError, ToolContext, ToolError
from agent_core.tools import workspace
from agent_plugin_files import storage
from agent_plugin_files.diff import diff


class Desk:
    """A workspace, and the calls made in it with what they saved for undo."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.saved: list[Any] = []
        self.ctx = ToolContext(workspace=root, data_dir=root.parent / "data", save=self.saved.append)

    def call(self, tool: Tool, **args: Any) -> Any:
        assert tool.function is not None
        arguments = tool.arguments.keywords(tool.arguments.validate(args))
        return tool.function(self.ctx, **arguments)

    def preview(self, tool: Tool, **args: Any) -> str:
        assert tool.preview is not None
        return tool.preview(self.ctx, **args).text  # type: ignore[union-attr]

    def undo(self, tool: Tool, **args: Any) -> str:
        assert tool.undo is not None
        saved = json.loads(json.dumps(self.saved[-1])) if self.saved else None
        return tool.undo(self.ctx, FinishedCall(args, None, saved))  # type: ignore[return-value]

    def put(self, name: str, data: bytes | str) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def leftovers(self) -> list[Path]:
        return list(self.root.rglob("*.tmp"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    root = tmp_path / "work"
    root.mkdir()
    return Desk(root)


def apply(patch: str, old: str) -> str:
    """What `patch -p1` would make of `old`: an implementation that shares nothing with the one under test."""
    source = re.findall(r"[^\n]*\n|[^\n]+", old)
    result: list[str] = []
    at = 0
    rows = re.findall(r"[^\n]*\n", patch)
    start = next((i for i, row in enumerate(rows) if row.startswith("@@ ")), len(rows))
    for i, row in enumerate(rows[start:], start):
        unended = i + 1 < len(rows) and rows[i + 1].startswith("\\ No newline")
        body = row[1:-1] if unended else row[1:]
        if row.startswith("@@ "):
            first, length = re.match(r"@@ -(\d+)(?:,(\d+))?", row).groups()  # type: ignore[union-attr]
            begin = int(first) - (length != "0")
            result += source[at:begin]
            at = begin
        elif row[0] in " -":
            assert source[at] == body
            result += [body] if row[0] == " " else []
            at += 1
        elif row[0] == "+":
            result.append(body)
    return "".join(result + source[at:])


# What is shown is what happens ---------------------------------------------------------------------------------------

lines = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
texts = st.lists(lines, max_size=30).flatmap(lambda rows: st.sampled_from(["\n".join(rows), "\n".join([*rows, ""])]))


@given(before=texts, after=texts)
@settings(deadline=None, max_examples=150)
def test_diff_applied_gives_the_new_text(before: str, after: str) -> None:
    assert apply(diff("a.txt", before, after), before) == after


def test_diff_of_large_texts_is_exact_and_quick() -> None:
    chooser = random.Random(4)
    before = "".join(f"{chooser.randrange(30)}\n" for _ in range(9000))
    after = before[:3000] + "new\n" + before[5000:20000] + "no line end"
    assert apply(diff("a", before, after), before) == after
    assert apply(diff("a", before, before), before) == before


@pytest.mark.parametrize("before", [None, "", "one", "one\n", "one\r\ntwo\r\n", "a\nb\nc\n" * 40])
@pytest.mark.parametrize(("content", "append"), [("x", False), ("x\ny\n", True), ("", False), ("ü€\u2028z", True)])
def test_write_preview_equals_effect_and_undo_restores(
    desk: Desk, before: str | None, content: str, append: bool
) -> None:
    path = desk.root / "sub" / "f.txt"
    if before is not None:
        desk.put("sub/f.txt", before).chmod(0o640)
    args = {"path": "sub/f.txt", "content": content, "append": append}
    shown = desk.preview(files.write_file, **args)
    assert path.exists() == (before is not None)
    desk.call(files.write_file, **args)
    assert apply(shown, before or "") == path.read_bytes().decode()
    desk.undo(files.write_file, **args)
    if before is None:
        assert not path.parent.exists()
    else:
        assert (path.read_bytes().decode(), path.stat().st_mode & 0o777) == (before, 0o640)
    assert not desk.leftovers()


@given(data=st.binary(max_size=300))
@settings(deadline=None, max_examples=60)
def test_undo_restores_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    desk = Desk(tmp_path_factory.mktemp("w"))
    path = desk.put("f.bin", data)
    for tool, args in ((files.write_file, {"content": "other"}), (files.delete_file, {})):
        desk.call(tool, path="f.bin", **args)
        assert not path.exists() or path.read_bytes() == b"other"
        desk.undo(tool)
        assert path.read_bytes() == data


def test_preview_differs_when_the_file_changed_in_between(desk: Desk) -> None:
    desk.put("f.txt", "one\n")
    first = desk.preview(files.write_file, path="f.txt", content="two\n")
    desk.put("f.txt", "uno\n")
    assert desk.preview(files.write_file, path="f.txt", content="two\n") != first
    desk.put("f.txt", b"\x00\x01")
    binary = desk.preview(files.write_file, path="f.txt", content="two\n")
    desk.put("f.txt", b"\x00\x02")
    assert desk.preview(files.write_file, path="f.txt", content="two\n") != binary


def test_new_file_follows_the_umask_and_append_starts_a_line(desk: Desk) -> None:
    desk.call(files.write_file, path="a.txt", content="milk")
    desk.call(files.write_file, path="a.txt", content="eggs", append=True)
    assert (desk.root / "a.txt").read_text() == "milk\neggs"
    umask = os.umask(0)
    os.umask(umask)
    assert (desk.root / "a.txt").stat().st_mode & 0o777 == 0o666 & ~umask


# Editing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "old", "new", "after"),
    [
        (b"a\r\nb\r\nc", "a\nb", "x\ny\nz", b"x\r\ny\r\nz\r\nc"),
        (b"a\nb\r\nc", "b", "B", b"a\nB\r\nc"),
        (b"caf\xe9 one\n", "one", "two", b"caf\xe9 two\n"),
        (b"\xef\xbb\xbfname\n", "name", "title", b"\xef\xbb\xbftitle\n"),
        ("hällo\n".encode("utf-16"), "hällo", "welt €", "welt €\n".encode("utf-16")),
        (b"keep\ndrop\n", "drop\n", "", b"keep\n"),
    ],
)
def test_edit_leaves_the_rest_byte_for_byte(desk: Desk, before: bytes, old: str, new: str, after: bytes) -> None:
    path = desk.put("f.txt", before)
    desk.call(files.edit_file, path="f.txt", old=old, new=new)
    assert path.read_bytes() == after
    desk.undo(files.edit_file)
    assert path.read_bytes() == before


def test_edit_says_how_often_and_where(desk: Desk) -> None:
    path = desk.put("f.txt", "red\nblue\nred\n")
    with pytest.raises(ToolArgumentError, match=r"occurs 2 times .*lines 1, 3"):
        desk.call(files.edit_file, path="f.txt", old="red", new="x")
    with pytest.raises(ToolArgumentError, match=r"does not occur .*line 2 has it with other case"):
        desk.preview(files.edit_file, path="f.txt", old="Blue", new="x")
    assert path.read_text() == "red\nblue\nred\n"
    desk.call(files.edit_file, path="f.txt", old="red", new="x", all=True)
    assert path.read_text() == "x\nblue\nx\n"
    with pytest.raises(ToolArgumentError, match="empty"):
        desk.call(files.edit_file, path="f.txt", old="", new="x")
    with pytest.raises(ToolArgumentError, match="write_file makes one"):
        desk.call(files.edit_file, path="none.txt", old="a", new="x")


# Undo ----------------------------------------------------------------------------------------------------------------


def test_undo_refuses_when_the_file_changed_since(desk: Desk) -> None:
    path = desk.put("f.txt", "one\n")
    desk.call(files.write_file, path="f.txt", content="two\n")
    path.write_text("three\n")
    with pytest.raises(ToolError, match="was changed since"):
        desk.undo(files.write_file)
    assert path.read_text() == "three\n"
    path.unlink()
    with pytest.raises(ToolError, match="was deleted or moved since"):
        desk.undo(files.write_file)


def test_undo_twice_and_undo_of_what_never_happened(desk: Desk) -> None:
    desk.put("f.txt", "one\n")
    desk.call(files.write_file, path="f.txt", content="two\n")
    desk.undo(files.write_file)
    assert "already" in desk.undo(files.write_file)
    desk.saved.clear()
    assert "nothing" in desk.undo(files.write_file).lower()


def test_undo_of_a_deletion_refuses_over_a_new_file(desk: Desk) -> None:
    path = desk.put("f.txt", "one\n")
    assert "-one" in desk.preview(files.delete_file, path="f.txt")
    desk.call(files.delete_file, path="f.txt")
    path.write_text("mine\n")
    with pytest.raises(ToolError, match="made again"):
        desk.undo(files.delete_file)
    assert path.read_text() == "mine\n"


def test_move_into_a_folder_and_back(desk: Desk) -> None:
    source = desk.put("a.txt", "a")
    desk.put("old/keep.txt", "k")
    assert "old/a.txt" in desk.preview(files.move_file, source="a.txt", destination="old")
    desk.call(files.move_file, source="a.txt", destination="old")
    assert (desk.root / "old/a.txt").read_text() == "a"
    desk.undo(files.move_file)
    assert source.read_text() == "a"
    desk.call(files.move_file, source="a.txt", destination="new/deep/b.txt")
    desk.undo(files.move_file)
    assert source.exists()
    assert not (desk.root / "new").exists()


def test_move_never_overwrites(desk: Desk) -> None:
    desk.put("a.txt", "a")
    desk.put("b.txt", "b")
    with pytest.raises(ToolArgumentError, match="exists already"):
        desk.call(files.move_file, source="a.txt", destination="b.txt")
    desk.call(files.move_file, source="a.txt", destination="c.txt")
    desk.put("a.txt", "new a")
    with pytest.raises(ToolError, match="exists again"):
        desk.undo(files.move_file)
    assert [(desk.root / n).read_text() for n in ("a.txt", "b.txt", "c.txt")] == ["new a", "b", "a"]


def test_make_folder_undo_keeps_what_was_put_into_it(desk: Desk) -> None:
    desk.call(files.make_folder, path="x/y")
    desk.undo(files.make_folder)
    assert not (desk.root / "x").exists()
    desk.call(files.make_folder, path="x/y")
    desk.put("x/y/f.txt", "f")
    with pytest.raises(ToolError, match="not empty"):
        desk.undo(files.make_folder)
    assert (desk.root / "x/y/f.txt").exists()


# Confinement ---------------------------------------------------------------------------------------------------------

TOUCHING: list[Callable[[Desk, str], Any]] = [
    lambda desk, path: desk.call(files.read_file, path=path),
    lambda desk, path: desk.call(files.write_file, path=path, content="x"),
    lambda desk, path: desk.preview(files.write_file, path=path, content="x"),
    lambda desk, path: desk.call(files.edit_file, path=path, old="secret", new="x"),
    lambda desk, path: desk.call(files.delete_file, path=path),
    lambda desk, path: desk.call(files.move_file, source=path, destination="stolen.txt"),
    lambda desk, path: desk.call(files.move_file, source="mine.txt", destination=path),
    lambda desk, path: desk.call(files.make_folder, path=path + "/sub"),
]


@pytest.mark.parametrize("touch", TOUCHING)
@pytest.mark.parametrize(
    "path", ["../out/s.txt", "a/../../out/s.txt", "{out}/s.txt", "link/s.txt", "direct", "bad\0name", "", "loop/x"]
)
def test_nothing_outside_is_reached(desk: Desk, touch: Callable[[Desk, str], Any], path: str) -> None:
    out = desk.root.parent / "out"
    out.mkdir()
    (out / "s.txt").write_text("secret")
    desk.put("mine.txt", "mine")
    (desk.root / "link").symlink_to(out)
    (desk.root / "direct").symlink_to(out / "s.txt")
    (desk.root / "loop").symlink_to("loop")
    with pytest.raises(ToolError) as caught:
        touch(desk, path.format(out=out))
    assert "\n" not in str(caught.value)
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("s.txt", "secret")]
    assert (desk.root / "mine.txt").read_text() == "mine"


def test_links_inside_the_workspace_are_followed_but_not_deleted_through(desk: Desk) -> None:
    target = desk.put("real.txt", "one")
    (desk.root / "alias").symlink_to("real.txt")
    assert desk.call(files.read_file, path="alias").content == "one"
    desk.call(files.write_file, path="alias", content="two")
    assert (desk.root / "alias").is_symlink()
    assert target.read_text() == "two"
    with pytest.raises(ToolError, match="symbolic link"):
        desk.call(files.delete_file, path="alias")
    assert target.exists()


def test_folder_swapped_for_a_link_while_writing(desk: Desk) -> None:
    """A name that was checked is swapped before it is opened, again and again, by another thread."""
    out = desk.root.parent / "out"
    out.mkdir()
    (out / "f.txt").write_text("secret A B")
    desk.put("real/f.txt", "A")
    (desk.root / "evil").symlink_to(out)
    stop = threading.Event()

    def rename(source: str, target: str) -> None:
        while True:
            try:
                return os.rename(desk.root / source, desk.root / target)
            except OSError:  # The tool has just made the missing folder, and will remove it again.
                continue

    def swap() -> None:
        while not stop.is_set():
            for source in ("real", "evil"):
                rename(source, "spot")
                rename("spot", source)

    thread = threading.Thread(target=swap)
    thread.start()
    seen: set[str] = set()
    try:
        for i in range(600):
            old, new = "AB" if i % 2 else "BA"
            for tool, args in ((files.edit_file, {"old": old, "new": new}), (files.read_file, {})):
                try:
                    seen.add(getattr(desk.call(tool, path="spot/f.txt", **args), "content", ""))
                except ToolError:
                    continue
    finally:
        stop.set()
        thread.join()
    assert seen <= {"", "A", "B"}
    assert [(p.name, p.read_text()) for p in out.iterdir()] == [("f.txt", "secret A B")]


def test_link_that_appears_after_the_check_is_not_followed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same race, but certain: the swap happens exactly between the check and the walk."""
    out = desk.root.parent / "out"
    out.mkdir()
    desk.put("sub/f.txt", "mine")
    check = workspace.resolve

    def resolve_then_swap(ctx: ToolContext, path: str) -> tuple[str, ...]:
        parts = check(ctx, path)
        if not (desk.root / "sub").is_symlink():
            shutil.rmtree(desk.root / "sub")
            (desk.root / "sub").symlink_to(out)
        return parts

    monkeypatch.setattr(workspace, "resolve", resolve_then_swap)
    for tool, args in ((files.write_file, {"content": "x"}), (files.read_file, {}), (files.delete_file, {})):
        with pytest.raises(ToolError):
            desk.call(tool, path="sub/f.txt", **args)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("path", [".git/hooks/pre-commit", "sub/.GIT/config", "a\nb.txt", "evil\u202etxt.exe"])
def test_names_that_would_run_or_mislead_are_refused(desk: Desk, path: str) -> None:
    with pytest.raises(ToolError):
        desk.call(files.write_file, path=path, content="x")
    assert list(desk.root.iterdir()) == []


def test_special_files_are_refused_without_blocking(desk: Desk) -> None:
    os.mkfifo(desk.root / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(desk.root / "sock"))
        for name in ("pipe", "sock"):
            for touch in TOUCHING[:6]:
                if touch is not TOUCHING[5]:
                    with pytest.raises(ToolError, match=r"not a regular file|only regular files"):
                        touch(desk, name)
    assert desk.call(files.list_files).files == []


# Reading -------------------------------------------------------------------------------------------------------------


def test_read_window_and_its_limits(desk: Desk) -> None:
    desk.put("f.txt", "".join(f"line {i}\n" for i in range(1, 101)))
    whole = desk.call(files.read_file, path="f.txt")
    assert (whole.lines, whole.total_lines, whole.truncated) == (100, 100, False)
    part = desk.call(files.read_file, path="f.txt", start_line=99, max_lines=1)
    assert (part.content, part.truncated) == ("line 99\n", True)
    assert "lines 99-99 of 100" in part.text
    with pytest.raises(ToolArgumentError, match="100 lines"):
        desk.call(files.read_file, path="f.txt", start_line=200)


def test_large_file_is_read_in_windows(desk: Desk) -> None:
    desk.put("big.log", b"".join(b"%07d caf\xc3\xa9\n" % i for i in range(1, 600_001)))
    window = desk.call(files.read_file, path="big.log", start_line=590_000, max_lines=2)
    assert window.content == "0590000 café\n0590001 café\n"
    assert (window.total_lines, window.truncated) == (None, True)
    with pytest.raises(ToolError, match=r"changed up to 5\.0 MB"):
        desk.call(files.write_file, path="big.log", content="x", append=True)
    assert "cannot be undone" in desk.preview(files.delete_file, path="big.log")
    desk.call(files.delete_file, path="big.log")
    with pytest.raises(ToolError, match="not kept"):
        desk.undo(files.delete_file)


def test_one_endless_line_is_bounded(desk: Desk) -> None:
    desk.put("line.txt", b"x" * 7_000_000)
    result = desk.call(files.read_file, path="line.txt")
    assert len(result.content) <= 200_000
    assert result.truncated


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"%PDF-1.7\n...", "PDF"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"abc\0def", "binary data"), (b"PK\x03\x04", "ZIP")],
)
def test_binary_files_are_named_for_what_they_are(desk: Desk, data: bytes, kind: str) -> None:
    desk.put("thing", data)
    with pytest.raises(ToolError, match=kind):
        desk.call(files.read_file, path="thing")


def test_invalid_utf8_is_read_and_said(desk: Desk) -> None:
    desk.put("latin.txt", b"caf\xe9\n")
    result = desk.call(files.read_file, path="latin.txt")
    assert result.content == "caf\ufffd\n"
    assert "1 byte not valid utf-8" in result.text
    json.dumps(result.content).encode()


def test_missing_and_unreadable_files_are_one_line(desk: Desk) -> None:
    desk.put("Report.txt", "x")
    with pytest.raises(ToolArgumentError, match=r"Did you mean 'Report\.txt'"):
        desk.call(files.read_file, path="reprot.txt")
    with pytest.raises(ToolArgumentError, match="folder"):
        desk.call(files.read_file, path=".")
    with pytest.raises(ToolError):
        desk.call(files.read_file, path="n" * 300)
    with pytest.raises(ToolArgumentError, match="half a character"):
        desk.call(files.write_file, path="x.txt", content="\ud800")


def test_without_permission_is_one_line() -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        os.chmod(folder, 0o755)
        path = desk.put("secret.txt", "one")
        path.chmod(0)
        closed = desk.root / "closed"
        closed.mkdir(mode=0o555)
        with ordinary_user():
            for touch in TOUCHING[:4]:
                with pytest.raises(ToolError, match="permission denied"):
                    touch(desk, "secret.txt")
            with pytest.raises(ToolError, match="permission denied"):
                desk.call(files.write_file, path="closed/new.txt", content="x")
        assert path.read_text() == "one"


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Without the rights of root, whom no permission stops."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_write_protected_file_is_left_alone(desk: Desk) -> None:
    path = desk.put("fixed.txt", "one")
    path.chmod(0o444)
    with pytest.raises(ToolError, match="write-protected"):
        desk.call(files.write_file, path="fixed.txt", content="two")
    assert path.read_text() == "one"


# Listing and searching -----------------------------------------------------------------------------------------------


def test_listing_orders_limits_and_hides(desk: Desk) -> None:
    for name, size in (("b.txt", 30), ("A.csv", 10), ("sub/c.CSV", 20), (".hidden", 99), (".git/config", 99)):
        desk.put(name, b"x" * size)
    os.utime(desk.root / "A.csv", (10**9 * 2, 10**9 * 2))
    assert desk.call(files.list_files).names == ["A.csv", "b.txt"]
    assert desk.call(files.list_files).folders == ["sub"]
    assert desk.call(files.list_files, sort_by="size", limit=1).names == ["b.txt"]
    assert desk.call(files.list_files, sort_by="size", order="ascending", recursive=True).names == [
        "A.csv",
        "sub/c.CSV",
        "b.txt",
    ]
    assert desk.call(files.list_files, sort_by="modified").names[0] == "A.csv"
    assert desk.call(files.list_files, pattern="**/*.csv").names == ["A.csv", "sub/c.CSV"]
    assert desk.call(files.list_files, folder="sub").names == ["c.CSV"]
    assert desk.call(files.list_files, include_hidden=True).names == [".hidden", "A.csv", "b.txt"]
    with pytest.raises(ToolArgumentError):
        desk.call(files.list_files, folder="b.txt")
    with pytest.raises(ToolArgumentError):
        desk.call(files.list_files, folder="nowhere")


def test_search_finds_text_not_binaries(desk: Desk) -> None:
    desk.put("a.txt", "Alpha\nbeta ALPHA\n")
    desk.put("sub/b.md", "no\nalpha[1]\n")
    desk.put("c.bin", b"alpha\0")
    found = desk.call(files.search_files, query="alpha")
    assert [(m.path, m.line) for m in found.matches] == [("a.txt", 1), ("a.txt", 2), ("sub/b.md", 2)]
    assert desk.call(files.search_files, query="alpha", case_sensitive=True).files == ["sub/b.md"]
    assert desk.call(files.search_files, query="alpha[1]", pattern="*.md").matches[0].content == "alpha[1]"
    assert desk.call(files.search_files, query=r"^b\w+ a", regular_expression=True).files == ["a.txt"]
    assert "not found" in desk.call(files.search_files, query="zebra").text


def test_search_with_an_explosive_expression_comes_back(desk: Desk) -> None:
    desk.put("a.txt", ("a" * 5000 + "!\n") * 50)
    with pytest.raises(ToolArgumentError, match="too long"):
        desk.call(files.search_files, query="(a|aa)+$", regular_expression=True)
    with pytest.raises(ToolArgumentError, match="not a regular expression"):
        desk.call(files.search_files, query="(", regular_expression=True)


# Faults and concurrency ----------------------------------------------------------------------------------------------


def test_full_disk_loses_nothing(desk: Desk) -> None:
    """A file size limit stands in for a full disk: `write` fails half way through."""
    path = desk.put("f.txt", "precious\n")
    script = """
import resource, sys
from pathlib import Path
import agent_plugin_files as files
from agent_core import ToolContext, ToolError
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
ctx = ToolContext(Path(sys.argv[1]), Path(sys.argv[1]))
for name in ("f.txt", "new/deep.txt"):
    try:
        files.write_file.function(ctx, name, "x" * 5000)
    except ToolError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(desk.root)], capture_output=True, text=True, check=True)
    assert done.stdout.count("disk or the quota is full") == 2
    assert path.read_text() == "precious\n"
    assert list(desk.root.iterdir()) == [path]


def test_concurrent_appends_are_all_kept(desk: Desk) -> None:
    def add(i: int) -> None:
        desk.call(files.write_file, path="log.txt", content=f"line {i}\n", append=True)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(60)))
    assert sorted((desk.root / "log.txt").read_text().split("\n")[:-1]) == sorted(f"line {i}" for i in range(60))
    assert not desk.leftovers()


def test_foreign_change_between_reading_and_replacing_is_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    path = desk.put("f.txt", "one\n")
    sync = os.fsync

    def write_meanwhile(fd: int) -> None:
        sync(fd)
        path.write_text("somebody else's\n")

    monkeypatch.setattr(storage.os, "fsync", write_meanwhile)
    with pytest.raises(ToolError, match="somebody else just now"):
        desk.call(files.write_file, path="f.txt", content="mine\n")
    assert path.read_text() == "somebody else's\n"
    assert not desk.leftovers()


def test_traits_and_schemas_say_what_the_tools_do() -> None:
    tools = {tool.name: tool for tool in files.agent_core_tools()}
    assert all(tool.traits.read_only != bool(tool.undo and tool.preview) for tool in tools.values())
    for tool in tools.values():
        assert 3 <= len(tool.examples) <= 10
        assert all("description" in p for p in tool.parameters["properties"].values()), tool.name
        assert tool.returns
    assert tools["read_file"].traits.untrusted_content
    assert tools["write_file"].traits.destructive
