"""Files and folders: structure and places are kept, changes are followed, one bad file stops nothing."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from agent_core.errors import UsageError
from agent_core.tools.tool import Limits
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.ingest import reader
from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.passages import MOST_CHARACTERS, passages_of
from agent_plugin_graph.ingest.reading import MOST_BYTES, parse, read_file
from tests.plugins.graph import hostile_readers

HANDBOOK = """---
author: nobody
---
# Handbook

Welcome.

## Leave

Parents may take
26 weeks.

A request is due early.

### Sick leave

Call before nine.

```sh
# no heading
```

Notice
------

Three months.
"""


def passages(path: Path) -> list[Passage]:
    return passages_of(parse(path, path.read_bytes()), str(path))


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_markdown_keeps_headings_and_lines(tmp_path: Path) -> None:
    found = passages(write(tmp_path / "h.md", HANDBOOK))
    assert [(p.title, p.context, p.locator) for p in found] == [
        ("Handbook", "", "line 6"),
        ("Leave", "Handbook", "lines 10-13"),
        ("Sick leave", "Handbook > Leave", "lines 17-21"),
        ("Notice", "Handbook", "line 26"),
    ]
    lines = HANDBOOK.splitlines()
    for passage in found:
        first = int(passage.link.rpartition(":")[2])
        for offset, line in enumerate(passage.text.splitlines()):
            assert lines[first - 1 + offset].strip() == line.strip()


def test_long_paragraphs_are_cut_at_sentences_and_nothing_is_lost(tmp_path: Path) -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(200))
    found = passages(write(tmp_path / "t.txt", text))
    assert all(len(passage.text) <= MOST_CHARACTERS for passage in found)
    assert all(passage.text.endswith("here.") for passage in found)
    assert " ".join(passage.text for passage in found) == text
    assert len({passage.id for passage in found}) == len(found) > 5


def test_a_text_without_any_space_is_cut_all_the_same(tmp_path: Path) -> None:
    found = passages(write(tmp_path / "t.txt", "x" * 5000))
    assert "".join(passage.text for passage in found) == "x" * 5000


def test_html_keeps_headings_and_leaves_scripts_out(tmp_path: Path) -> None:
    page = (
        "<title>Shop</title><script>alert('evil')</script><h1>Hours</h1><p>Open <b>daily</b>.</p><ul><li>Not May 1</ul>"
    )
    found = passages(write(tmp_path / "p.html", page))
    assert [(p.title, p.context, p.text) for p in found] == [("Hours", "Shop", "Open daily.\nNot May 1")]
    assert found[0].names == ("Shop",)


def test_no_text_of_a_page_is_lost_or_told_twice(tmp_path: Path) -> None:
    page = """<body>Loose start.<div>In a <i>div</i>.<ul><li>Outer<ul><li>Inner</ul> after</ul></div>
    <table><tr><th>Pump<td>P-100<tr><td>Weight<td>4 kg</table><blockquote>Quoted <p>paragraph</p> end</blockquote>
    one<br>two<!-- hidden -->three<nav>Menu</nav>tail"""
    (found,) = passages(write(tmp_path / "p.html", page))
    assert found.text.splitlines() == [
        "Loose start.", "In a div.", "Outer", "Inner", "after", "Pump | P-100", "Weight | 4 kg",
        "Quoted", "paragraph", "end", "one", "twothreetail",
    ]  # fmt: skip


@pytest.mark.parametrize("page", ["", "<html>", "<!-- -->", "<p></p>"])
def test_a_page_without_text_is_said_to_be_one(tmp_path: Path, page: str) -> None:
    with pytest.raises(UnreadableError, match=r"HTML|no text"):
        parse(tmp_path / "p.html", page.encode())


def test_rows_of_a_table_are_named_by_their_key(tmp_path: Path) -> None:
    found = passages(write(tmp_path / "staff.csv", "id;name;city\n1;Anna Berg;Graz\n\n2;Bo Lind;\n"))
    assert [(p.title, p.text, p.locator) for p in found] == [
        ("Anna Berg", "id: 1; name: Anna Berg; city: Graz", "row 2"),
        ("Bo Lind", "id: 2; name: Bo Lind", "row 4"),
    ]


def test_json_entries_keep_their_path(tmp_path: Path) -> None:
    found = passages(write(tmp_path / "d.json", '{"team": [{"name": "Anna", "age": 3}, {"name": "Bo", "age": null}]}'))
    assert [(p.title, p.context, p.text) for p in found] == [
        ("Anna", "d > team", "name: Anna; age: 3"),
        ("Bo", "d > team", "name: Bo"),
    ]
    lines = passages(write(tmp_path / "l.jsonl", '{"a": "x y"}\n{"a": "z"}\n'))
    assert [p.text for p in lines] == ["a: x y", "a: z"]


def docx_bytes() -> bytes:
    import docx

    document = docx.Document()
    document.add_heading("Contract", 1)
    document.add_paragraph("The roof is repaired by the landlord.")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Rent", "900 euros"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx_bytes() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Pumps"
    sheet.append(["model", "warranty", "total"])
    sheet.append(["P-100", "two years", "=1+1"])
    sheet.merge_cells("A3:B3")
    sheet["A3"] = "P-200"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def pdf_bytes(*pages: str) -> bytes:
    """A PDF of one line per page, written by hand."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, text in enumerate(pages):
        stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
    out, offsets = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    return (
        out
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
            f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
        ).encode()
    )


def encrypted_pdf() -> bytes:
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(pdf_bytes("hidden")))
    writer.encrypt("open-sesame", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_passages_name_their_page(tmp_path: Path) -> None:
    (tmp_path / "m.pdf").write_bytes(pdf_bytes("The pump is red.", "The valve is blue."))
    found = passages(tmp_path / "m.pdf")
    assert [(p.text, p.locator, p.link) for p in found] == [
        ("The pump is red.", "page 1", f"{tmp_path}/m.pdf#page=1"),
        ("The valve is blue.", "page 2", f"{tmp_path}/m.pdf#page=2"),
    ]


def test_word_files_keep_headings_and_tables(tmp_path: Path) -> None:
    (tmp_path / "c.docx").write_bytes(docx_bytes())
    (found,) = passages(tmp_path / "c.docx")
    assert found.title == "Contract"
    assert found.text == "The roof is repaired by the landlord.\nRent | 900 euros"
    assert found.locator == "paragraphs 2-3"


def test_spreadsheets_name_sheet_and_row(tmp_path: Path) -> None:
    (tmp_path / "p.xlsx").write_bytes(xlsx_bytes())
    found = passages(tmp_path / "p.xlsx")
    assert [(p.title, p.text, p.locator, p.link.rpartition("#")[2]) for p in found] == [
        ("P-100", "model: P-100; warranty: two years", "Pumps row 2", "Pumps!A2"),
        ("P-200", "model: P-200", "Pumps row 3", "Pumps!A3"),
    ]


def test_what_is_left_out_of_a_large_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent_plugin_graph.ingest.records._MOST_ROWS", 2)
    monkeypatch.setattr("agent_plugin_graph.ingest.pdf._MOST_PAGES", 1)
    (tmp_path / "p.xlsx").write_bytes(xlsx_bytes())
    (tmp_path / "m.pdf").write_bytes(pdf_bytes("The pump is red.", "The valve is blue."))
    (tmp_path / "r.csv").write_text("name\nAnna\nBo\n")
    (tmp_path / "e.json").write_text('["one", "two", "three"]')
    assert read_file(str(tmp_path / "r.csv")).left_out == "rows after 2"
    assert read_file(str(tmp_path / "e.json")).left_out == "entries after 2"
    sheet, pages = read_file(str(tmp_path / "p.xlsx")), read_file(str(tmp_path / "m.pdf"))
    assert [sheet.left_out, pages.left_out] == ["rows of 'Pumps' after 2", "pages after 1"]
    assert [passage.title for passage in sheet.passages] == ["P-100"]
    assert [passage.text for passage in pages.passages] == ["The pump is red."]


def million_rows() -> bytes:
    """A sheet with numbers in a million rows, written as Excel writes it."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n * 7919 % 1_000_003}</v></c><c r="B{n}"><v>{n}</v></c></row>'
        for n in range(2, 1_000_001)
    )
    header = '<row r="1"><c r="A1" t="inlineStr"><is><t>weight</t></is></c></row>'
    made = xlsx_bytes()
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(made)) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new,
    ):
        for entry in old.namelist():
            content = old.read(entry)
            if entry == "xl/worksheets/sheet1.xml":
                main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
                content = f'<worksheet xmlns="{main}"><sheetData>{header}{rows}</sheetData></worksheet>'.encode()
            new.writestr(entry, content)
    return out.getvalue()


def test_a_sheet_of_a_million_rows_is_taken_in_as_far_as_is_said(graph: Graph, tmp_path: Path) -> None:
    (tmp_path / "big.xlsx").write_bytes(million_rows())
    (tmp_path / "good.md").write_text("# Good\n\nThe answer is here.")
    added = graph.add_files([tmp_path])
    assert added.problems == []
    assert added.cut == [(str(tmp_path / "big.xlsx"), "rows of 'Pumps' after 200,000")]
    (hit, *_) = graph.search(f"weight {7919 * 150_000 % 1_000_003}")
    assert hit.locator.startswith("Pumps rows 14")
    assert graph.search("answer")[0].title == "Good"


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"0" * 40_000_000)
    return out.getvalue()


BAD = {
    "empty.md": b"",
    "blank.txt": b" \n\n ",
    "binary.txt": b"abc\0\x01\x02",
    "truncated.pdf": pdf_bytes("The pump is red.")[:200],
    "none.pdf": b"not a pdf at all",
    "scanned.pdf": pdf_bytes(""),
    "locked.pdf": encrypted_pdf(),
    "bomb.docx": zip_bomb(),
    "bomb.xlsx": zip_bomb(),
    "none.docx": b"PK\x03\x04 broken",
    "truncated.docx": docx_bytes()[:3000],
    "truncated.xlsx": xlsx_bytes()[:3000],
    "locked.xlsx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "broken.json": b"{'a': 1",
    "deep.json": b"[" * 100_000,
    "headers.csv": b"a,b,c\n",
}


def test_bad_files_are_reported_one_by_one_and_the_rest_goes_on(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    write(folder / "good.md", "# Good\n\nThe answer is here.")
    for name, content in BAD.items():
        (folder / name).write_bytes(content)
    (folder / "latin.txt").write_bytes("Größe und Maß".encode("cp1252"))
    added = graph.add_files([folder])
    assert {Path(file).name for file, _ in added.problems} == set(BAD)
    assert all(reason and "\n" not in reason and len(reason) < 160 for _, reason in added.problems)
    reasons = {Path(file).name: reason for file, reason in added.problems}
    assert "password" in reasons["locked.pdf"]
    assert "OCR" in reasons["scanned.pdf"]
    assert "unpack" in reasons["bomb.docx"]
    assert added.files == 2
    assert graph.search("answer")[0].source.endswith("good.md")
    assert graph.search("Größe")[0].text == "Größe und Maß"


def test_a_page_of_a_pdf_that_unpacks_without_end(graph: Graph, tmp_path: Path) -> None:
    stream = zlib.compress(b" " * 300_000_000)
    head, marked, tail = pdf_bytes("red").partition(b"stream\n")
    assert marked
    head = re.sub(rb"/Length \d+", f"/Length {len(stream)} /Filter /FlateDecode".encode(), head)
    (tmp_path / "bomb.pdf").write_bytes(head + marked + stream + tail[tail.index(b"\nendstream") :])
    write(tmp_path / "good.md", "# Good\n\nText.")
    added = graph.add_files([tmp_path])
    ((file, reason),) = added.problems
    assert file.endswith("bomb.pdf")
    assert "Limit reached" in reason or "memory" in reason
    assert added.files == 1


def test_a_folder_is_read_as_git_sees_it_and_links_are_not_followed(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    write(folder / ".gitignore", "*.txt\n!keep.txt\nbuild/\n/only-here.md\n")
    for name in (
        "a.md",
        "b.txt",
        "keep.txt",
        "build/c.md",
        "deep/only-here.md",
        "only-here.md",
        "deep/d.md",
        ".hid/e.md",
    ):
        write(folder / name, f"# {name}\n\nText of {name}.")
    write(folder / "deep" / ".gitignore", "d.md\n")
    (folder / "loop").symlink_to(folder)
    (folder / "outside.md").symlink_to("/etc/hostname")
    graph.add_files([folder])
    found = {str(Path(source.uri).relative_to(folder)) for source in graph.store.sources()}
    assert found == {"a.md", "keep.txt", "deep/only-here.md"}


def test_only_what_changed_is_read_again(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    for name in "abc":
        write(folder / f"{name}.md", f"# {name}\n\nText of {name}: unicorn{name}.")
    assert graph.add_files([folder]).files == 3
    again = graph.add_files([folder])
    assert (again.files, again.unchanged, again.removed) == (0, 3, 0)
    write(folder / "a.md", "# a\n\nNow a dragon.")
    (folder / "b.md").unlink()
    write(folder / "d.md", "# d\n\nNew phoenix.")
    followed = graph.refresh()
    assert (followed.files, followed.unchanged, followed.removed) == (2, 1, 1)
    assert graph.search("unicorna") == graph.search("unicornb") == []
    assert graph.search("dragon")[0].title == "a"
    assert graph.search("phoenix")[0].title == "d"
    held = b"".join(path.read_bytes() for path in tmp_path.glob("graph.db*"))
    assert b"unicornb" not in held


def test_a_folder_that_is_gone_takes_its_passages_along(graph: Graph, tmp_path: Path) -> None:
    file = write(tmp_path / "docs" / "a.md", "# a\n\nUnicorn.")
    graph.add_files([file.parent])
    file.unlink()
    file.parent.rmdir()
    assert graph.refresh().removed == 1
    assert graph.stats().passages == 0


def test_a_file_that_became_unreadable_is_no_longer_quoted(graph: Graph, tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", '{"name": "unicorn"}')
    graph.add_files([file])
    file.write_text("{broken")
    assert [reason for _, reason in graph.refresh().problems] == ["it is not JSON"]
    assert graph.search("unicorn") == []


def test_what_is_not_there_is_an_error(graph: Graph, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no file or folder"):
        graph.add_files([tmp_path / "nowhere"])


def test_a_killed_ingest_goes_on_where_it_ended(tmp_path: Path) -> None:
    folder = tmp_path / "docs"
    for number in range(60):
        write(folder / f"{number:02}.md", f"# Title {number}\n\nText number{number} of it.")
    program = (
        "import os, signal, sys; from agent_plugin_graph import Graph\n"
        "def stop(file, done):\n"
        "    if done > 0.5: os.kill(os.getpid(), signal.SIGKILL)\n"
        "Graph.open(f'sqlite:///{sys.argv[1]}').add_files([sys.argv[2]], stop)\n"
    )
    file = tmp_path / "g.db"
    killed = subprocess.run([sys.executable, "-c", program, str(file), str(folder)], timeout=60)
    assert killed.returncode == -9
    with Graph.open(f"sqlite:///{file}") as graph:
        held = graph.stats().sources
        assert 0 < held < 60
        added = graph.add_files([folder])
        assert (added.files, added.unchanged) == (60 - held, held)
        assert graph.search("number59")[0].title == "Title 59"
        assert graph.stats().duplicate_passages == 0


@pytest.mark.timeout(20)
def test_a_pipe_is_reported_and_not_waited_for(graph: Graph, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert graph.add_files([tmp_path / "pipe.md"]).problems == [(str(tmp_path / "pipe.md"), "it is no regular file")]


FAULTS = {
    "spins": "processor time",
    "sleeps": "took more than",
    "eats": "MB of memory",
    "floods": "MB of text",
    "crashes": "SIGSEGV",
    "exits": "exit status 3",
    "recurses": "RecursionError",
    "raises": "exit status",
}


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers with faults, within limits that are soon reached."""
    monkeypatch.setattr(reader, "by_libraries", hostile_readers)
    monkeypatch.setattr(reader, "LIMITS", Limits(cpu_s=1.0, memory_bytes=300 * 2**20, output_bytes=2**20))
    monkeypatch.setattr(reader, "TIMEOUT_S", 4.0)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_reader_with_a_fault_costs_one_file(graph: Graph, tmp_path: Path, fault: str) -> None:
    for number in range(6):
        write(tmp_path / "docs" / f"{number}.html", f"<h1>Page {number}</h1><p>Text number{number} of it.</p>")
    write(tmp_path / "docs" / f"{fault}.html", "<p>anything</p>")
    added = graph.add_files([tmp_path / "docs"])
    assert [Path(file).stem for file, _ in added.problems] == [fault]
    ((_, reason),) = added.problems
    assert FAULTS[fault] in reason
    assert "\n" not in reason
    assert added.files == 6
    assert graph.search("number5")[0].title == "Page 5"


@pytest.mark.usefixtures("hostile")
def test_a_file_that_became_hostile_is_no_longer_quoted(graph: Graph, tmp_path: Path) -> None:
    file = write(tmp_path / "eats.md", "# Unicorn\n\nA unicorn.")
    graph.add_files([file])
    file.rename(file.with_suffix(".html"))
    followed = graph.add_files([file.with_suffix(".html")])
    assert "memory" in followed.problems[0][1]
    assert graph.refresh().removed == 1
    assert graph.search("unicorn") == []


def test_a_file_that_is_too_large_or_not_ours_to_read(graph: Graph, tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as large:
        large.truncate(MOST_BYTES + 1)
    closed = write(tmp_path / "closed.md", "# Closed\n\nText.")
    closed.chmod(0)
    write(tmp_path / "good.md", "# Good\n\nText.")
    added = graph.add_files([tmp_path])
    reasons = {Path(file).name: reason for file, reason in added.problems}
    assert reasons["large.txt"] == "it is larger than 100 MB"
    if os.geteuid():  # nothing is closed to root
        assert reasons["closed.md"] == "Permission denied"
    assert added.files == (1 if os.geteuid() else 2)


def test_a_file_that_vanishes_while_others_are_read(graph: Graph, tmp_path: Path) -> None:
    for number in range(100):
        write(tmp_path / "docs" / f"{number:03}.md", f"# Title {number}\n\nText number{number} of it.")

    def vanish(file: str, done: float) -> None:
        (tmp_path / "docs" / "099.md").unlink(missing_ok=True)

    added = graph.add_files([tmp_path / "docs"], vanish)
    assert (added.files, [Path(file).name for file, _ in added.problems]) == (99, ["099.md"])
