"""What a web server sent, as passages: the readable text of a page, or the file that it is; and where it links to.

This runs in a child process (`reader.py`).
"""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64decode
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

from agent_core.errors import ToolError
from agent_core.gate.sanitise import sanitise, sanitise_line
from agent_core.web.content import decode, looks_like_html, media_type, refuse_binary
from agent_plugin_graph.ingest.document import Document, UnreadableError
from agent_plugin_graph.ingest.passages import passages_of
from agent_plugin_graph.ingest.plain import markdown_document
from agent_plugin_graph.ingest.reading import SUFFIXES, parse
from agent_plugin_graph.passage import Passage

AGENT_CORE_PRELOAD = ("lxml.html", "trafilatura")
_MOST_LINKS = 2_000
_SUFFIX_OF = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/x-ndjson": ".jsonl",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
}
_UNTOLD = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/x-download"})
"""Media types that say nothing, so that the name decides."""


@dataclass(frozen=True)
class PageContent:
    """What a page holds."""

    digest: str
    """Of its passages: a page whose text is as it was has not changed, whatever else is new in it."""
    passages: tuple[Passage, ...]
    left_out: str = ""
    links: tuple[str, ...] = ()
    """Addresses that it links to, without those that its author does not vouch for (`rel=nofollow`)."""
    canonical: str = ""
    """The address that it says is its own."""
    index: bool = True
    """Whether its author lets programs keep it (`<meta name=robots>`)."""

    def at(self, url: str, day: str) -> PageContent:
        """The same under another address, of a day ("2026-11-21"; "" for an unknown one)."""

        def moved(passage: Passage) -> Passage:
            before = len(passage.source)
            return replace(
                passage, source=url, id=f"{url}{passage.id[before:]}", link=f"{url}{passage.link[before:]}", date=day
            )

        return replace(self, passages=tuple(map(moved, self.passages)))


def read_page(url: str, content_type: str, data: str) -> PageContent:
    """The passages and links of what came from an address; the data are in Base64.

    Raises:
        UnreadableError: there is no text in it, or it cannot be read.
    """
    raw = b64decode(data)
    media = media_type(content_type)
    if not raw.strip():
        raise UnreadableError("it is empty")
    if looks_like_html(media, raw):
        return _html(url, content_type, raw)
    suffix = _suffix(url, media, raw)
    if suffix:
        document = parse(Path(f"{_stem(url)}{suffix}"), raw)
    else:
        try:
            refuse_binary(content_type, "the server", raw)
        except ToolError as error:
            raise UnreadableError(f"it is {media or 'no text'}, which has no reader") from error
        document = parse(Path(f"{_stem(url)}.txt"), decode(raw, content_type, html=False).encode())
    return _content(document, url)


def _suffix(url: str, media: str, raw: bytes) -> str:
    """Of the reader for it: as the server says, else as it is called; "" for text that has no reader of its own."""
    if media in _SUFFIX_OF:
        return _SUFFIX_OF[media]
    if raw.startswith(b"%PDF-"):
        return ".pdf"
    named = PurePosixPath(urlsplit(url).path).suffix.lower()
    return named if named in SUFFIXES and (media in _UNTOLD or media == "text/plain") else ""


def _stem(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).stem or urlsplit(url).netloc


def _html(url: str, content_type: str, raw: bytes) -> PageContent:
    from agent_core.web.main_text import extract

    # Cleaned before it is parsed, and after, as `fetch_page` does.
    source = sanitise(decode(raw, content_type, html=True))
    title, text = extract(source)
    links, canonical, index = _said_to_programs(source, url)
    text = sanitise(text).strip()
    if not text:
        if links:
            return PageContent("", (), links=links, canonical=canonical, index=False)
        raise UnreadableError("it shows no readable text; it may need JavaScript or a login")
    content = _content(_page_document(sanitise_line(title, 300), text, url), url)
    return replace(content, links=links, canonical=canonical, index=index)


def _page_document(title: str, text: str, url: str) -> Document:
    """The Markdown of a page by its headings. Its paragraphs are counted: its lines are nobody's."""
    read = markdown_document(text, title or _stem(url))
    heading = read.title
    # "Leave - The handbook" is the site's way to say "Leave".
    named = heading if heading.casefold() in title.casefold() else title or heading
    blocks = tuple(replace(block, first=n, last=n) for n, block in enumerate(read.blocks, start=1))
    return Document(named, "paragraph", blocks)


def _content(document: Document, url: str) -> PageContent:
    passages = tuple(passages_of(document, url))
    text = json.dumps([asdict(passage) for passage in passages]).encode("utf-8", "surrogatepass")
    return PageContent(hashlib.sha256(text).hexdigest(), passages, document.left_out)


def _said_to_programs(source: str, url: str) -> tuple[tuple[str, ...], str, bool]:
    """Where a page links to, which address it calls its own, and whether it may be kept."""
    from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

    try:
        root: Any = html.document_fromstring(source.encode(), parser=html.HTMLParser(encoding="utf-8", no_network=True))
    except (etree.LxmlError, ValueError):
        return (), "", True
    robots = {
        word
        for tag in root.iter("meta")
        if (tag.get("name") or "").strip().lower() == "robots"
        for word in re.split(r"[\s,]+", (tag.get("content") or "").lower())
    }
    based = next((tag.get("href") for tag in root.iter("base") if tag.get("href")), "")
    base = _joined(url, based) or url
    canonical = next(
        (_joined(base, tag.get("href") or "") for tag in root.iter("link") if "canonical" in _rel(tag)), ""
    )
    links: dict[str, None] = {}
    if not robots & {"nofollow", "none"}:
        for tag in root.iter("a", "area"):
            if "nofollow" not in _rel(tag) and (to := _joined(base, tag.get("href") or "")):
                links[to] = None
                if len(links) == _MOST_LINKS:
                    break
    return tuple(links), canonical, not robots & {"noindex", "none"}


def _rel(tag: Any) -> list[str]:
    return str(tag.get("rel") or "").lower().split()


def _joined(base: str, href: str) -> str:
    """The address that a link means, without its fragment; "" for what is no web page."""
    try:
        to = urldefrag(urljoin(base, href.strip())).url
        return to if urlsplit(to).scheme in ("http", "https") else ""
    except ValueError:
        return ""
