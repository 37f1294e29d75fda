"""What becomes of the structure of documents: headings, tables, running heads, contents; written by nobody's rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent_plugin_graph import Passage
from agent_plugin_graph.ingest.passages import passages_of
from agent_plugin_graph.ingest.reading import parse
from tests.plugins.graph.test_ingest import pdf_bytes


def read(name: str, text: str | bytes) -> list[Passage]:
    raw = text.encode() if isinstance(text, str) else text
    return passages_of(parse(Path(name), raw), name)


def titled(found: list[Passage]) -> list[tuple[str, str]]:
    return [(passage.title, passage.context) for passage in found]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("---\ntitle: 'Leave'\n---\n## Who\n\nAll.\n\n## When\n\nNow.\n", [("Who", "Leave"), ("When", "Leave")]),
        ("## Who\n\nAll.\n\n## When\n\nNow.\n", [("Who", "the guide"), ("When", "the guide")]),
        ("# Leave\n\n## Who\n\nAll.\n\n# Pay\n\nLate.\n", [("Who", "the guide > Leave"), ("Pay", "the guide")]),
        ("# Leave\n\n## Who\n\nAll.\n\n## Why\n", [("Who", "Leave"), ("Why", "Leave")]),
        ("# [`leave`](x.md) *now*\n\nAll.\n", [("leave now", "")]),
        ("# A <a id='x'></a>B {#b}\n\nAll.\n", [("A B", "")]),
        (
            "# Leave\n\n````md\n```\n# none\n```\n````\n\n# Pay\n\nLate.\n",
            [("Leave", "the guide"), ("Pay", "the guide")],
        ),
    ],
)
def test_markdown_is_called_what_it_calls_itself(text: str, titles: list[tuple[str, str]]) -> None:
    assert titled(read("the_guide.md", text)) == titles


RST = """\
=====
Pumps
=====

Intro.

Care
----

Oil it.

Daily
~~~~~

Wipe it.

.. note::

   Never
   dry.

Parts
-----

===== =====
 A     B
===== =====
 1     2
===== =====
"""


@pytest.mark.parametrize("name", ["pumps.rst", "pumps.txt"])
def test_underlined_titles_are_headings(name: str) -> None:
    found = read(name, RST)
    assert titled(found) == [("Pumps", ""), ("Care", "Pumps"), ("Daily", "Pumps > Care"), ("Parts", "Pumps")]
    assert [passage.locator for passage in found] == ["line 5", "line 10", "lines 15-20", "lines 25-29"]
    assert found[2].text == "Wipe it.\n\n.. note::\n\nNever\ndry."
    assert "1     2" in found[3].text


def test_rules_between_paragraphs_are_no_headings() -> None:
    found = read("n.txt", "One line of text that is much longer than the rule\n-----\nand goes on.\n\n*****\n\nTwo.\n")
    assert titled(found) == [("n", "")]
    assert "longer than the rule\n-----\nand goes on." in found[0].text


PAGE = """<html><head><title>Pumps</title></head><body>
<h1>Pumps</h1>
<ul><li><a href="#care">Care</a></li><li><a href="#parts">Parts</a></li>
<li><a href="#a">A</a><ul><li><a href="#b">B</a></li></ul></li></ul>
<h2 id="care">Care</h2><p>Oil it, see <a href="#parts">parts</a>.</p>
<pre><code>pump --oil
    twice</code></pre>
<h2>Links</h2><ul><li><a href="/x">Makers</a></li><li><a href="/y">Sellers</a></li><li><a href="/z">Users</a></li>
<li><a href="/v">Museums</a></li></ul>
</body></html>"""


def test_a_page_keeps_its_code_and_loses_its_table_of_contents() -> None:
    care, links = read("p.html", PAGE)
    assert (care.title, care.context) == ("Care", "Pumps")
    assert "pump --oil\n    twice" in care.text
    assert links.text.split() == ["Makers", "Sellers", "Users", "Museums"]


def test_lists_and_tables_are_cut_between_their_rows() -> None:
    rows = [f"| part {n} | of the pump, with a. Short. Sentence in it | {n * 7} |" for n in range(60)]
    items = [f"- item {n} of the list. It has two sentences." for n in range(60)]
    found = read("t.md", "# T\n\n" + "\n".join(rows) + "\n\n# L\n\n" + "\n".join(items) + "\n")
    assert len(found) > 6
    assert [line for passage in found for line in passage.text.splitlines()] == [*rows, *items]


def pdf_of(pages: list[list[str]], outline: list[tuple[str, int, int]]) -> bytes:
    """A PDF of lines, with bookmarks (title, page, index of the one above it or -1)."""
    from io import BytesIO

    import pypdf

    writer = pypdf.PdfWriter()
    for lines in pages:
        content = "BT /F1 11 Tf 14 TL 72 720 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
        body = pdf_bytes("x").replace(b"BT /F1 12 Tf 72 720 Td (x) Tj ET", content.encode())
        body = re.sub(rb"/Length \d+", f"/Length {len(content)}".encode(), body)
        writer.append(pypdf.PdfReader(BytesIO(body)))
    made: list[object] = []
    for title, page, parent in outline:
        made.append(
            writer.add_outline_item(title=title, page_number=page, parent=made[parent] if parent >= 0 else None)
        )  # type: ignore[arg-type]
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


LONG = "The pump moves water from the well to the house all day long, and it is"
MANUAL = [
    [
        "Pump manual",
        "1 Introduction",
        LONG,
        "red.",
        "It was built in Graz.",
        "1.1 Safety",
        "Never open the lid.",
        "1/4",
    ],
    ["Pump manual", "Keep chil-", "dren away.", "2 Main-", "tenance of all parts", "Oil it twice a year.", "2/4"],
    ["Pump manual", "Wipe it.", "3/4"],
    ["Pump manual", "The warranty ends after two years.", "4/4"],
]
BOOKMARKS = [
    ("Introduction", 0, -1),
    ("1.1 Safety", 0, 0),
    ("2 Main- tenance of all parts", 1, -1),
    ("Warranty", 3, -1),
]


def test_a_pdf_has_the_headings_of_its_bookmarks_and_not_its_running_heads() -> None:
    found = read("m.pdf", pdf_of(MANUAL, BOOKMARKS))
    assert [(p.title, p.context, p.locator, p.text) for p in found] == [
        ("Introduction", "m", "page 1", f"{LONG} red.\nIt was built in Graz."),
        ("1.1 Safety", "m > Introduction", "page 1", "Never open the lid."),
        ("1.1 Safety", "m > Introduction", "page 2", "Keep children away."),
        ("2 Main- tenance of all parts", "m", "page 2", "Oil it twice a year."),
        ("2 Main- tenance of all parts", "m", "page 3", "Wipe it."),
        ("Warranty", "m", "page 4", "The warranty ends after two years."),
    ]  # fmt: skip


def test_a_pdf_without_bookmarks_is_read_by_its_pages() -> None:
    found = read("m.pdf", pdf_of(MANUAL[:1] * 2, []))
    assert {passage.title for passage in found} == {"m"}
    assert "Never open the lid" in found[0].text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("staff.csv", "id,Name,boss\nE-1,Anna Berg,Bo\nE-2,,Bo\n"),
        ("staff.json", '[{"id": "E-1", "Name": "Anna Berg", "boss": "Bo"}, {"id": "E-2", "boss": "Bo"}]'),
    ],
)
def test_a_record_is_called_by_its_name_else_by_its_first_word(name: str, text: str) -> None:
    assert [passage.title for passage in read(name, text)] == ["Anna Berg", "E-2"]


def test_rows_of_numbers_stand_together() -> None:
    (found,) = read("load.csv", "hour,load\n1,20\n2,30\n3,25\n")
    assert (found.title, found.locator) == ("load", "rows 2-4")
    assert found.text.splitlines() == ["hour: 1; load: 20", "hour: 2; load: 30", "hour: 3; load: 25"]
