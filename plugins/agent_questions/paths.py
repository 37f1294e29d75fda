"""A question without the file that it is put to: where the data are says nothing of what is asked of them."""

from __future__ import annotations

import re
from pathlib import PurePath

_LEAD = (
    r"(?:\b(?:according to|based on|in|from|of|using|with|open|read|load|take)\s+)?"
    r"(?:\b(?:the|my|our)\s+)?(?:\b(?:file|table|sheet|spreadsheet)\s+)?"
)
_TRAIL = r"(?:\s+(?:here|in\s+(?:this|the|my)\s+(?:folder|directory|workspace)))?(?:,?\s+and\s+(?:then\s+)?(?=\w))?"


def without_path(question: str, path: str) -> str:
    """The question without the name of the file and what leads to it: "prices in stock.csv" asks for prices."""
    names = "|".join(re.escape(name) for name in dict.fromkeys((path, PurePath(path).name)) if name)
    named = rf"{_LEAD}[\"'`“]?(?<![\w./-])(?:\./)?(?:{names})(?![\w-])[\"'`”]?{_TRAIL}"
    found = re.sub(named, " ", question, flags=re.IGNORECASE)
    return re.sub(r"\s+", " ", re.sub(r"\s+([,.;:?!])", r"\1", found)).strip(" ,;:")
