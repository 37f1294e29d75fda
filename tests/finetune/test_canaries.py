"""Planted secrets and personal data, on every way into a dataset: none is in any byte of any of its files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from agent_core import tool
from agent_core.testing import Script, call
from tests.adversarial.planted import Planted, forms, plant
from tests.core.conftest import CommandLine, cli
from tests.finetune.conftest import Built

__all__ = ["cli"]
Make = Callable[..., Any]
Build = Callable[..., Built]
FORMATS = ("trl", "openai", "sharegpt", "dolly")
LEAST = 100
"""Planted secrets on each of the five ways: 500 and more together."""


def found(built: Built, planted: Iterable[Planted]) -> list[tuple[str, str]]:
    files = built.bytes
    assert any(name.startswith("trl/") for name in files)
    return [
        (secret.kind, name)
        for secret in planted
        for needle in secret.needles
        for form in forms(needle)
        for name, data in files.items()
        if form in data
    ]


@tool(read_only=True)
def look(what: str) -> str:
    """Look something up."""
    return ANSWERS[what]


ANSWERS: dict[str, str] = {}


def some(seed: int) -> list[Planted]:
    planted = list(plant(seed))
    assert len(planted) >= LEAST
    return planted


def texts_of(planted: list[Planted]) -> list[str]:
    """Texts that hold them all, short enough to be learned from."""
    return [
        "\n\nThis is the next one.\n".join(one.text for one in planted[at : at + 25])
        for at in range(0, len(planted), 25)
    ]


async def test_in_requests_and_arguments(assistants: Make, dataset: Build) -> None:
    planted = some(71)

    def repeat(messages: list[Any]) -> Any:
        return call("look", what=messages[-1].parts[-1].content)

    texts = texts_of(planted)
    assistant = assistants(Script(*[part for _ in texts for part in (repeat, "It is done.")]), tools=[echo])
    for text in texts:
        assert (await assistant.ask(text)).status == "done"
    built = dataset(formats=FORMATS)
    assert len(built.taught("call")) == len(texts)
    assert found(built, planted) == []
    assert built.card["replaced"]["secret"] >= len(planted) * 0.9


@tool(name="look", read_only=True)
def echo(what: str) -> str:
    """Look something up."""
    return f"Seen: {what}"


async def test_in_results(assistants: Make, dataset: Build) -> None:
    planted = some(72)
    texts = texts_of(planted)
    ANSWERS.update({str(number): text for number, text in enumerate(texts)})
    turns = [part for number, _ in enumerate(texts) for part in (call("look", what=str(number)), f"It is {number}.")]
    assistant = assistants(Script(*turns), tools=[look])
    for number, _ in enumerate(texts):
        assert (await assistant.ask(f"What is at place number {number}?")).status == "done"
    built = dataset(formats=FORMATS)
    assert len(built.taught("answer")) == len(texts)
    assert found(built, planted) == []


@pytest.mark.parametrize("way", ["library", "command"])
async def test_in_corrections(assistants: Make, dataset: Build, cli: CommandLine, way: str) -> None:
    planted = some(73)
    texts = texts_of(planted)
    assistant = assistants(Script(*[f"Answer {number}." for number, _ in enumerate(texts)]), tools=[look])
    runs = [(await assistant.ask(f"Question {number} of them?")).run_id for number, _ in enumerate(texts)]
    for run, text in zip(runs, texts, strict=True):
        if way == "library":
            await assistant.feedback(run, "down", text)
        else:
            assert cli("runs", "rate", run, "down", "--correction", text).code == 0
    built = dataset(formats=FORMATS)
    assert len(built.taught("style")) == len(texts)
    assert len(built.rows("dpo")) == len(texts)
    assert found(built, planted) == []


async def test_in_imported_files(assistants: Make, dataset: Build, tmp_path: Path) -> None:
    planted = some(74)
    await assistants(Script("Hello."), tools=[look]).ask("Good morning")
    rows = [
        {"messages": [{"role": "user", "content": secret.text}, {"role": "assistant", "content": f"So: {secret.text}"}]}
        for secret in planted
    ]
    file = tmp_path / "more.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    built = dataset(formats=FORMATS, imports=(file,))
    assert built.card["sources"]["imported_lines"] == len(planted)
    assert found(built, planted) == []


PEOPLE = (
    ("Mail {} that I am late", "lotte.vandenberg@kantoor.nl"),
    ("Mail {} that I am late", "o'neil_p@sub.domain.co.uk"),
    ("Pay the invoice to {} today", "GB82 WEST 1234 5698 7654 32"),
    ("Pay the invoice to {} today", "NL91ABNA0417164300"),
    ("Call {} about the heating", "+44 20 7946 0958"),
    ("Call {} about the heating", "(212) 555-0147"),
    ("Send the parcel to {} by Friday", "221 Baker Street"),
    ("Send the parcel to {} by Friday", "Friedrichstraße 44"),
    ("Invite {} to the review", "Siobhan Murphy"),
    ("Invite {} to the review", "Wojciech Kowalski"),
    ("Remind me to thank {} tomorrow", "Frau Zimmermann"),
)


async def test_of_people_in_requests_arguments_results_and_answers(assistants: Make, dataset: Build) -> None:
    turns = [
        part
        for _, value in PEOPLE
        for part in (call("look", what=value), f"I have done it for {value.removeprefix('Frau ')}.")
    ]
    assistant = assistants(Script(*turns), tools=[echo])
    for request, value in PEOPLE:
        assert (await assistant.ask(request.format(value))).status == "done"
    built = dataset(formats=FORMATS)
    text = b"\n".join(built.bytes.values()).decode()
    assert [value for _, value in PEOPLE if value in text] == []
    assert [value for _, value in PEOPLE if value.split()[-1].isalpha() and value.split()[-1] in text] == [
        "221 Baker Street"  # the kind of road stays
    ]
    for row in built.rows():
        if row["kind"] == "call":  # what is copied is what stands in the request
            argument = row["messages"][-1]["tool_calls"][0]["function"]["arguments"]["what"]
            assert argument in row["messages"][-2]["content"]
