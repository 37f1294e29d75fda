"""HTML pages by their headings and paragraphs; scripts, styles and navigation are left out."""

from __future__ import annotations

from pathlib import Path

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_BLOCKS = frozenset({"p", "li", "td", "th", "dt", "dd", "blockquote", "pre", "figcaption", "caption"})
_LEFT_OUT = ("script", "style", "nav", "noscript", "template", "svg", "form", "iframe")


def read_html(path: Path, raw: bytes) -> Document:
    """An HTML page; places are the lines of its source."""
    from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue]

    try:
        root = html.document_fromstring(raw, parser=html.HTMLParser(no_network=True, huge_tree=False))
    except (etree.LxmlError, ValueError) as error:
        raise UnreadableError("it holds no HTML") from error
    etree.strip_elements(root, *_LEFT_OUT, with_tail=False)
    blocks: list[Block] = []
    above: dict[int, str] = {}
    for element in root.iter():
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag not in _HEADINGS and tag not in _BLOCKS:
            continue
        text = " ".join(element.text_content().split())
        if text and tag in _HEADINGS:
            level = _HEADINGS[tag]
            above = {upper: name for upper, name in above.items() if upper < level} | {level: text}
        elif text and not any(
            isinstance(inner.tag, str) and inner.tag in _BLOCKS for inner in element.iterdescendants()
        ):
            line = int(element.sourceline or 1)
            blocks.append(Block(text, tuple(above[level] for level in sorted(above)), line, line))
    title = " ".join((root.findtext(".//title") or "").split())
    return Document(title or next((b.headings[0] for b in blocks if b.headings), path.stem), "line", tuple(blocks))
