"""PDF files by their pages, with the headings of their outline; read by pypdf (the extra `documents`)."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_MOST_PAGES = 5_000
_MOST_HEADINGS = 10_000
_INSTALL = "reading it needs the extra `documents`: pip install 'agent-core[documents]'"
_EDGE = 2
"""Lines at the top and the bottom of a page among which running heads and page numbers are looked for."""
_DIGITS = re.compile(r"\d+")
_ITEM = re.compile(r"(?:[•●▪◦‣–*-]|\(?\w{1,3}[.)])\s")
_NUMBERING = re.compile(r"(?:chapter|part|section|appendix)?[\s\dA-Z.:]{0,12}", re.IGNORECASE)
_BROKEN_WORD = re.compile(r"[^\W\d_]-$")


@dataclass(frozen=True)
class _Heading:
    level: int
    text: str


def read_pdf(path: Path, raw: bytes) -> Document:
    """A PDF by its pages; running heads and page numbers are left out."""
    try:
        import pypdf
    except ImportError as error:
        raise UnreadableError(_INSTALL) from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong with a file is said once, by us
    try:
        reader = pypdf.PdfReader(BytesIO(raw))
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableError("it needs a password")
        count = min(len(reader.pages), _MOST_PAGES)
        pages = [_lines(reader.pages[number].extract_text()) for number in range(count)]
        title = str((reader.metadata.title if reader.metadata else None) or "").strip()
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # the library has errors of its own and lets others through
        raise UnreadableError(f"it is not a whole PDF ({' '.join(str(error).split())[:80]})") from error
    blocks = list(_blocks(_without_running_heads(pages), _outline(reader)))
    if not blocks:
        raise UnreadableError("it has no text: scanned pages need to be recognised (OCR) first")
    left_out = f"pages after {_MOST_PAGES:,}" if len(reader.pages) > _MOST_PAGES else ""
    return Document(title or path.stem, "page", tuple(blocks), left_out)


def _lines(text: str) -> list[str]:
    return [line for line in (" ".join(part.split()) for part in text.splitlines()) if line]


def _without_running_heads(pages: Sequence[list[str]]) -> list[list[str]]:
    """Without the first and last lines that stand on many pages, or on a few with another number on each."""

    def edges(page: list[str]) -> set[int]:
        return {*range(min(_EDGE, len(page))), *range(max(0, len(page) - _EDGE), len(page))}

    def key(line: str) -> str:
        return _DIGITS.sub("#", line)

    seen = Counter(line for page in pages for line in {key(page[place]) for place in edges(page)})
    often = {line for line, count in seen.items() if count >= 3 and (count > len(pages) / 3 or "#" in line)}
    return [
        [line for place, line in enumerate(page) if not (place in edges(page) and key(line) in often)] for page in pages
    ]


def _outline(reader: Any) -> dict[int, list[_Heading]]:
    """The headings of each page, counted from 0, by the file's bookmarks; none where they are damaged."""
    found: dict[int, list[_Heading]] = defaultdict(list)

    def walk(entries: Sequence[Any], level: int) -> None:
        for entry in entries[:_MOST_HEADINGS]:
            if isinstance(entry, list):
                walk(entry, level + 1)
            elif (page := reader.get_destination_page_number(entry)) is not None:
                found[page].append(_Heading(level, " ".join(str(entry.title).split())))

    try:
        walk(reader.outline, 1)
    except MemoryError:
        raise
    except Exception:  # as above; a PDF without its bookmarks is a PDF still
        return {}
    return found


def _blocks(pages: Sequence[list[str]], outline: Mapping[int, list[_Heading]]) -> Iterator[Block]:
    above: dict[int, str] = {}
    for number, lines in enumerate(pages):
        begins, taken = _begins(lines, outline.get(number, []))
        gathered: list[str] = []
        width = max(map(len, lines), default=0)
        for place, line in enumerate([*lines, ""]):
            headings = begins.get(place, [])
            if gathered and (headings or not line or _ITEM.match(line) or _ends(gathered[-1], width)):
                yield Block(_joined(gathered), tuple(above[level] for level in sorted(above)), number + 1, number + 1)
                gathered = []
            for heading in headings:
                above = {upper: name for upper, name in above.items() if upper < heading.level}
                above[heading.level] = heading.text
            if line and place not in taken:
                gathered.append(line)


def _begins(lines: Sequence[str], headings: Sequence[_Heading]) -> tuple[dict[int, list[_Heading]], set[int]]:
    """Before which line each heading of a page takes hold, at the top where it is not found; and the lines it takes."""
    begins: dict[int, list[_Heading]] = defaultdict(list)
    taken: set[int] = set()
    start = 0
    for heading in headings:
        wanted = _folded(heading.text)
        for place in range(start, len(lines)):
            size = next((n for n in (1, 2) if _is_title(" ".join(lines[place : place + n]), wanted)), 0)
            if size:
                begins[place].append(heading)
                taken.update(range(place, place + size))
                start = place + size
                break
        else:
            begins[start].append(heading)
    return begins, taken


def _is_title(line: str, wanted: str) -> bool:
    """Whether a line is that heading, with or without its number."""
    folded = _folded(line)
    return bool(wanted) and folded.endswith(wanted) and bool(_NUMBERING.fullmatch(folded[: -len(wanted)]))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _ends(line: str, width: int) -> bool:
    """Whether a paragraph ends with a line: it is over before the others are, with a sentence."""
    return len(line) < 0.75 * width and line.endswith((".", "!", "?", ":"))


def _joined(lines: Sequence[str]) -> str:
    """A paragraph of its lines; a word that was broken at the end of one is whole again."""
    text = ""
    for line in lines:
        if _BROKEN_WORD.search(text) and line[:1].islower():
            text = text[:-1] + line
        else:
            text += f" {line}" if text else line
    return text
