"""What is quoted of documents for a question, with which words around it, and what is said where nothing answers it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent_plugin_graph import Graph
from agent_plugin_graph.answers import passages
from agent_plugin_graph.results import FoundPassages
from agent_plugin_graph.retrieve.kinds import asked_kind, holds_kind
from agent_plugin_graph.retrieve.matching import Matcher, related, root
from agent_plugin_graph.retrieve.sentences import leads, sentences

ALLOTMENTS = {
    "rules.md": """# Rules of the allotments

## Plots

A plot is let for a year at a time. Either side may end the lease with three months' notice to the end of September.
Whoever gives a plot up leaves it dug over, and without a shed that the next tenant does not want.

## Fires

Bonfires are lit from October to March only, and never on a Sunday. Keep a bucket of water within reach.

## Animals

Before you bring an animal, mind the following:

- Hens may be kept, six of them at most.
- Dogs stay on a lead.
- Bees need the consent of the neighbours.
""",
    "water.md": """# Water

The mains are opened in the middle of April and shut off before the first frost, as a rule in the last week of October.

| month | hours |
|---|---|
| May | 6 to 10 in the morning |
| July | 19 to 22 in the evening |

Leaks are told to the water warden, whose number hangs at the gate.
""",
    "people.md": """# Who does what

Ingrid Solheim is the water warden, telephone 0171 555 20. Petros Lambrakis keeps the list of those who wait for a plot.

The committee meets on the first Thursday of the month in the hut.
""",
}


@pytest.fixture
def ask(tmp_path: Path) -> Callable[[str], FoundPassages]:
    """Puts a question to the documents of an allotment society."""
    folder = tmp_path / "allotments"
    folder.mkdir()
    for name, text in ALLOTMENTS.items():
        (folder / name).write_text(text)

    def put(question: str) -> FoundPassages:
        with Graph.open(f"sqlite:///{tmp_path}/graph.db") as graph:
            graph.add_files([folder])
            return passages(graph, question, 5, folder)

    return put


@pytest.mark.parametrize(
    ("question", "quote"),
    [
        ("How long is the notice period?", "three months' notice"),
        ("May I bring my puppy?", "Dogs stay on a lead"),
        ("Who is in charge of the water?", "Ingrid Solheim is the water warden"),
        ("When is the water turned off for winter?", "in the last week of October"),
        ("How many chickens may be kept?", "six of them at most"),
    ],
)
def test_what_is_said_in_other_words_is_quoted(ask: Callable[[str], FoundPassages], question: str, quote: str) -> None:
    found = ask(question)
    assert quote in " ".join(" ".join(one.quote.split()) for one in found.passages)
    assert found.outcome in ("answered", "nearest")


def test_an_item_is_quoted_with_what_introduces_its_list_and_a_row_with_its_head(
    ask: Callable[[str], FoundPassages],
) -> None:
    item = next(one for one in ask("Whose consent do bees need?").passages if "Bees" in one.quote)
    assert item.quote.startswith("Before you bring an animal, mind the following:\n\n- Hens")
    assert item.quote.endswith("\n- Bees need the consent of the neighbours.")
    assert (item.source, item.locator) == ("rules.md:18", "lines 14-18")
    row = next(one for one in ask("What are the hours for water in July?").passages if "July" in one.quote)
    assert row.quote == (
        "| month | hours |\n|---|---|\n| May | 6 to 10 in the morning |\n| July | 19 to 22 in the evening |"
    )
    assert row.source == "water.md:8"


def test_what_two_documents_hold_together_is_quoted_from_both(ask: Callable[[str], FoundPassages]) -> None:
    found = ask("There is a leak at my plot, and leaks are told to the water warden: what is her telephone number?")
    told = {one.source.partition(":")[0] for one in found.passages}
    assert {"water.md", "people.md"} <= told
    assert any("0171 555 20" in one.quote for one in found.passages)


def test_what_is_shown_says_of_itself_whether_it_answers(ask: Callable[[str], FoundPassages]) -> None:
    answered = ask("When does the committee meet?")
    assert (answered.outcome, answered.text.startswith("“")) == ("answered", True)
    assert "first Thursday" in answered.passages[0].quote
    foreign = ask("Which composer wrote the opera about the flying Dutchman?")
    assert (foreign.outcome, foreign.passages, foreign.count) == ("nothing", [], 0)
    silent = [
        ask(question)
        for question in (
            "How much is the rent for a plot?",
            "May I sleep in my shed overnight?",
            "Who founded the society?",
            "How large is a plot?",
            "Which trees may be planted?",
            "How often is the hedge cut?",
        )
    ]
    assert sum(found.outcome == "answered" for found in silent) <= 2
    for found in silent:
        assert found.text.startswith("Your documents do not say this outright.") == (found.outcome == "nearest")
        assert bool(found.passages) == (found.outcome != "nothing")


def test_every_store_answers_alike(any_graph: Graph, tmp_path: Path) -> None:
    for name, text in ALLOTMENTS.items():
        (tmp_path / name).write_text(text)
    any_graph.add_files([tmp_path / name for name in ALLOTMENTS])
    found = passages(any_graph, "When does the committee meet?", 5, tmp_path)
    assert (found.outcome, found.passages[0].source) == ("answered", "people.md:5")
    puppy = passages(any_graph, "May I bring my puppy?", 5, tmp_path)
    assert "Dogs stay on a lead" in puppy.passages[0].quote
    long = passages(
        any_graph, "May I bring my puppy? " + " ".join(sorted(related(["work", "money", "dog"]))), 5, tmp_path
    )
    assert long.outcome in ("answered", "nearest", "nothing")


@pytest.mark.parametrize(
    ("question", "kind", "holds", "lacks"),
    [
        ("How long does a refund take?", "duration", "It takes ten days.", "It is made to your card."),
        ("How much does a copy cost?", "money", "Copies are 20 cents each.", "Copies are made by the desk."),
        ("I have lost my key. Who opens the door for me?", "person", "Ask the caretaker.", "It is opened at once."),
        ("When does the hall close?", "time", "It closes at 22:30.", "It is closed by whoever uses it."),
        ("Why is the path shut?", "reason", "It is shut because a tree fell.", "It is shut in both directions."),
        ("How heavy is the gate?", "measure", "The gate weighs 80 kg.", "The gate is of oak."),
        ("Tell me about the garden", "", "Anything.", ""),
    ],
)
def test_the_kind_of_thing_that_is_asked_for(question: str, kind: str, holds: str, lacks: str) -> None:
    assert asked_kind(question) == kind
    assert holds_kind(kind, question, holds)
    assert not lacks or not holds_kind(kind, question, lacks)


def test_words_stand_for_a_question_as_themselves_as_other_forms_and_as_related_ones() -> None:
    matcher = Matcher({"repair": 2.0, "instal": 1.0, "dog": 1.0})
    assert matcher.held("Repairs are made") == {"repair": 1.0}
    assert 0.5 < matcher.held("the installation")["instal"] < 1.0
    assert 0.0 < matcher.held("a puppy")["dog"] < matcher.held("dogs")["dog"]
    assert matcher.held("tulips in spring") == {}
    assert matcher.share({"repair": 1.0, "dog": 1.0}) == pytest.approx(0.75)
    rare, common = Matcher({"dog": 4.0}, {"anim": 4.0}), Matcher({"dog": 4.0}, {"anim": 0.5})
    assert common.held("puppy") == rare.held("puppy")
    assert {"dog", "puppy"} <= related(["dog"])
    assert root("installation") == root("install")


def test_what_a_sentence_is_read_with() -> None:
    text = "Bring these:\n\n- a rope\n- a lamp. It is dark.\n\nThen go.\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    spans = list(sentences(text))
    said = [text[start:end] for start, end in spans]
    with_what = [None if lead is None else said[lead] for lead in leads(text, spans)]
    assert dict(zip(said, with_what, strict=True)) == {
        "Bring these:": None,
        "- a rope": "Bring these:",
        "- a lamp.": "Bring these:",
        "It is dark.": "Bring these:",
        "Then go.": None,
        "| a | b |": None,
        "|---|---|": None,
        "| 1 | 2 |": "| a | b |",
    }
