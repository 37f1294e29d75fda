"""`graph view`: what is drawn, and that no name in it becomes markup, script or a request, in a real browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent_core.errors import UsageError
from agent_plugin_graph import Graph, Passage
from agent_plugin_graph.view.layout import HEIGHT, WIDTH, places
from agent_plugin_graph.view.neighbourhood import MOST_MARKS, around
from agent_plugin_graph.view.page import page
from agent_plugin_graph.view.picture import Mark, Picture
from agent_plugin_graph.view.writing import write_page
from tests.plugins.graph.question_tables import LIBRARY, write_library
from tests.servers.chromium import ChromiumMissingError, page_after_load, program


@pytest.fixture(scope="module")
def browser() -> None:
    try:
        program()
    except ChromiumMissingError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(error))


@pytest.fixture
def heard() -> Iterator[tuple[str, list[str]]]:
    """The address of a server on loopback, and the paths that somebody asked it for."""
    paths: list[str] = []

    class Noting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Noting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", paths
    server.shutdown()
    thread.join()
    server.server_close()


class Seen(HTMLParser):
    """The elements of a page, and the text in those that have an id."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: dict[str, str] = {}
        self._ids: list[str] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "input", "circle", "line"):
            self._ids.append(dict(attrs).get("id") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "input", "circle", "line") and self._ids:
            self._ids.pop()

    def handle_data(self, data: str) -> None:
        if self._ids and self._ids[-1]:
            self.texts[self._ids[-1]] = self.texts.get(self._ids[-1], "") + data


def hostile(address: str) -> list[str]:
    return [
        f"<script>fetch('{address}/script')</script>",
        f"</script><script>document.title='owned';fetch('{address}/end')</script>",
        f'"><img src="{address}/image" onerror="document.title=\'owned\'">',
        f"'><svg onload=fetch('{address}/svg')>",
        f"<style>@import url({address}/style)</style>",
        f"</title></style></table><link rel=stylesheet href={address}/link>",
        f"<base href={address}/><iframe src={address}/frame></iframe>",
        "<!--<script>",
        "&lt;b&gt;&#60;i&#62;",
        "javascript:alert(1)",
        "{{constructor.constructor('document.title=1')()}} ${1+1} \\u003cb\\u003e",
        "two\u2028lines \u202e turned",
    ]


@pytest.mark.usefixtures("browser")
def test_no_name_and_no_text_becomes_markup_or_a_request(tmp_path: Path, heard: tuple[str, list[str]]) -> None:
    address, paths = heard
    attacks = hostile(address)
    picture = Picture(attacks[1])
    for number, attack in enumerate(attacks):
        picture.add(Mark(f"m{number}", attack, attack, attack, attack, central=number == 0))
        picture.join("m0", f"m{number}", attack)
    file = tmp_path / "view.html"
    write_page(picture, file)
    for number, attack in enumerate(attacks):
        seen = Seen(page_after_load(file, f"mark-{number}", tmp_path))
        shown = attack.replace("\u202e", "\ufffd")
        assert [seen.texts[part] for part in ("name", "kind", "text", "source")] == [shown] * 4
        assert seen.tags.count("script") == 2
        assert not {"img", "iframe", "link", "base"}.intersection(seen.tags)
    assert paths == []
    careless = tmp_path / "careless.html"
    careless.write_text(f"<!doctype html><title>x</title>{attacks[2]}")
    page_after_load(careless, "", tmp_path)
    assert paths == ["/image"]  # the browser does ask, and the server hears it


@pytest.mark.usefixtures("browser")
def test_script_that_got_into_the_page_would_not_run(tmp_path: Path, heard: tuple[str, list[str]]) -> None:
    address, paths = heard
    picture = Picture("Berg")
    picture.add(Mark("a", "Anna Berg", "name"))
    injected = f"<script>document.title='owned'</script><img src={address}/a onerror=document.title='owned'>"
    file = tmp_path / "view.html"
    file.write_text(page(picture).replace("</main>", f"{injected}</main>"))
    markup = page_after_load(file, "mark-0", tmp_path)
    assert "<title>Berg</title>" in markup
    assert paths == []


@pytest.mark.usefixtures("browser")
def test_a_chosen_passage_shows_its_text_and_where_it_stands(graph: Graph, tmp_path: Path) -> None:
    graph.add_passages(
        [
            Passage("1", "Lisbon office", "The Lisbon office is led by Marta Kovacs.", source="handbook.md"),
            Passage("2", "Project Heron", "Marta Kovacs runs Project Heron.", source="plans.md", locator="page 3"),
        ]
    )
    picture = around(graph, "Marta Kovacs")
    numbers = {mark.name: n for n, mark in enumerate(picture.marks.values()) if mark.kind == "passage"}
    file = tmp_path / "view.html"
    write_page(picture, file)
    seen = Seen(page_after_load(file, f"mark-{numbers['Project Heron']}", tmp_path))
    assert seen.texts["text"] == "Marta Kovacs runs Project Heron."
    assert seen.texts["source"] == "plans.md (page 3)"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_row_is_drawn_with_the_rows_that_are_joined_to_it(any_graph: Graph, tmp_path: Path) -> None:
    write_library(tmp_path)
    any_graph.load_tables(LIBRARY, tmp_path)
    picture = around(any_graph, "the golden garden")
    centre = next(mark for mark in picture.marks.values() if mark.central)
    assert (centre.name, centre.kind) == ("The Golden Garden", "Book")
    joined = {
        (line.name, picture.marks[line.start].kind, picture.marks[line.end].kind) for line in picture.lines.values()
    }
    assert joined == {("OF", "Loan", "Book"), ("WROTE", "Author", "Book")}
    tables = around(any_graph, "")
    assert {(line.name, line.start, line.end) for line in tables.lines.values()} >= {
        ("WROTE", "label Author", "label Book")
    }
    assert "Loan (400)" in {mark.name for mark in tables.marks.values()}


def test_a_question_is_drawn_with_the_passages_that_answer_it(graph: Graph) -> None:
    graph.add_passages(
        [Passage(str(n), f"Office {n}", f"Office {n} is led by Person {chr(65 + n)}.", source="s") for n in range(20)]
    )
    picture = around(graph, "Who leads office 7?")
    assert "Office 7" in {mark.name for mark in picture.marks.values() if mark.kind == "passage" and mark.central}
    assert len(picture.marks) <= MOST_MARKS
    with pytest.raises(UsageError, match="nothing to draw"):
        around(graph, "zebra quantum")


def test_marks_stand_apart_and_within_the_drawing() -> None:
    picture = Picture("many")
    for number in range(MOST_MARKS):
        picture.add(Mark(str(number), f"Mark {number}", "name"))
        picture.join(str(number // 3), str(number))
    at = list(places(picture).values())
    assert at == list(places(picture).values())
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for x, y in at)
    nearest = min((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for n, a in enumerate(at) for b in at[:n]) ** 0.5
    assert nearest > 18


def test_those_who_do_not_see_it_read_a_table() -> None:
    picture = Picture("Berg & Co")
    for name in ("Anna <Berg>", "Lisbon"):
        picture.add(Mark(name, name, "name"))
    picture.join("Anna <Berg>", "Lisbon")
    text = page(picture)
    assert f"<td><bdi>{escape('Anna <Berg>')}</bdi></td><td>name</td><td><bdi>Lisbon</bdi></td>" in text


def test_another_file_is_not_written_over(tmp_path: Path) -> None:
    picture = Picture("x")
    picture.add(Mark("a", "A", "name"))
    mine = tmp_path / "thesis.html"
    mine.write_text("my thesis")
    with pytest.raises(UsageError, match="no such drawing"):
        write_page(picture, mine)
    assert mine.read_text() == "my thesis"
    drawing = tmp_path / "view.html"
    write_page(picture, drawing)
    write_page(picture, drawing)
    with pytest.raises(UsageError, match="cannot be written"):
        write_page(picture, tmp_path / "nowhere" / "view.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.html", "view.html"]
