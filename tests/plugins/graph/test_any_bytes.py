"""Whatever a file holds, reading it ends in a document or in a reason, never in another error."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given as cases
from hypothesis import settings
from hypothesis import strategies as st

from agent_plugin_graph.ingest.document import UnreadableError
from agent_plugin_graph.ingest.passages import MOST_CHARACTERS, passages_of
from agent_plugin_graph.ingest.reading import SUFFIXES, parse
from tests.plugins.graph.test_ingest import docx_bytes, pdf_bytes, xlsx_bytes

WHOLE = {
    ".pdf": pdf_bytes("The pump is red.", "The valve is blue."),
    ".docx": docx_bytes(),
    ".xlsx": xlsx_bytes(),
    ".html": b"<html><title>T</title><body><h1>A</h1><p>b<table><tr><td>c</td></tr></table></body></html>",
    ".json": b'{"a": [{"b": "c", "d": [1, 2, {"e": null}]}], "f": "g"}',
    ".csv": b'a;b\n1;"x ""y"" z"\n2;\n',
    ".md": b"# A\n\ntext\n\n## B\n\n```\ncode\n```\n",
}


def read(suffix: str, raw: bytes) -> None:
    try:
        found = passages_of(parse(Path(f"file{suffix}"), raw), "source")
    except UnreadableError:
        return
    assert found
    assert all(passage.text for passage in found)
    assert len({passage.id for passage in found}) == len(found)


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
@settings(max_examples=40)
@cases(raw=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_arbitrary_bytes(suffix: str, raw: bytes) -> None:
    read(suffix, raw)


@pytest.mark.parametrize("suffix", sorted(WHOLE))
def test_damaged_files(suffix: str) -> None:
    chance = random.Random(suffix)
    whole = WHOLE[suffix]
    read(suffix, whole)
    for _ in range(150):
        raw = bytearray(whole)
        for _ in range(chance.randrange(1, 8)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        cut = chance.randrange(1, len(raw)) if chance.random() < 0.4 else len(raw)
        read(suffix, bytes(raw[:cut]))


@settings(max_examples=60)
@cases(text=st.text(st.sampled_from("ab .!?\n#-|1…。é"), min_size=1, max_size=4000))
def test_text_is_cut_without_losing_a_character(text: str) -> None:
    try:
        found = passages_of(parse(Path("file.txt"), text.encode()), "source")
    except UnreadableError:
        assert not text.strip()
        return
    said = "".join(passage.title + passage.context + passage.text for passage in found)
    assert not Counter(filter(str.isalnum, text)) - Counter(filter(str.isalnum, said))
    assert all(len(passage.text) <= 2 * MOST_CHARACTERS for passage in found)
