"""Word and Excel files, read by python-docx (the extra `documents`) and openpyxl."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

from agent_plugin_graph.ingest.document import Block, Document, UnreadableError

_MOST_UNPACKED = 300 * 1024**2
_MOST_RATIO = 200
_INSTALL = "reading it needs the extra `documents`: pip install 'agent-core[documents]'"


def read_docx(path: Path, raw: bytes) -> Document:
    """A Word file by its headings and paragraphs, tables row by row."""
    _check_zip(raw)
    try:
        import docx
        from docx.table import Table
        from docx.text.paragraph import Paragraph
    except ImportError as error:
        raise UnreadableError(_INSTALL) from error
    try:
        opened = docx.Document(BytesIO(raw))
        items = list(opened.iter_inner_content())
    except Exception as error:  # lxml, zipfile and the library each have their own
        raise UnreadableError("it is not a whole Word file") from error
    blocks: list[Block] = []
    above: dict[int, str] = {}
    number = 0
    for item in items:
        if isinstance(item, Table):
            texts = [" | ".join(dict.fromkeys(cell.text.strip() for cell in row.cells)) for row in item.rows]
        else:
            assert isinstance(item, Paragraph)
            texts = [item.text.strip()]
            style = str(item.style.name) if item.style else ""
            if style.startswith(("Heading ", "Title")) and texts[0]:
                level = int(style.removeprefix("Heading ")) if style.removeprefix("Heading ").isdigit() else 0
                above = {upper: name for upper, name in above.items() if upper < level} | {level: texts[0]}
                number += 1
                continue
        for text in texts:
            number += 1
            if text.strip(" |"):
                blocks.append(Block(text, tuple(above[level] for level in sorted(above)), number, number))
    title = str(opened.core_properties.title or "").strip()
    return Document(title or next((b.headings[0] for b in blocks if b.headings), path.stem), "paragraph", tuple(blocks))


def read_xlsx(path: Path, raw: bytes) -> Document:
    """An Excel file row by row; formulas give the values that were computed when it was saved."""
    from agent_plugin_graph.ingest.records import record_blocks

    _check_zip(raw)
    import openpyxl

    try:
        book = openpyxl.load_workbook(BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        blocks: list[Block] = []
        left_out: list[str] = []
        for sheet in book.worksheets:
            rows = (["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True))
            found, beyond = record_blocks(rows, sheet.title)
            blocks += found
            left_out += [beyond] if beyond else []
        book.close()
    except Exception as error:  # openpyxl lets through whatever its parsers raise
        raise UnreadableError("it is not a whole Excel file, or it needs a password") from error
    return Document(path.stem, "row", tuple(blocks), ", ".join(left_out))


def _check_zip(raw: bytes) -> None:
    """Refuse what would unpack to far more than it is."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UnreadableError("it is not a whole Office file, or it needs a password") from error
    if unpacked > _MOST_UNPACKED or unpacked > _MOST_RATIO * max(len(raw), 50_000):
        raise UnreadableError(f"it would unpack to {unpacked // 1024**2} MB from {len(raw) // 1024 + 1} KB")
