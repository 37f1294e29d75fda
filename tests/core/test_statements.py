"""Statements are marked where their sources do not carry them, and left alone where they do, whoever wrote them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_core import tool
from agent_core.gate.numbering import numbers, renumbered
from agent_core.loop.sources import Source, citations
from agent_core.loop.statements import unsupported_in
from agent_core.loop.support import judge
from agent_core.loop.support.quantities import figures
from agent_core.loop.support.reading import sentences
from agent_core.testing import Script, call

LEASE = (
    "The tenant may end the lease with three months' notice. The landlord, Heron Estates, pays for repairs of the "
    "roof. A deposit of 1,450 euros was paid on 3 May 2021. Pets are not allowed in the building."
)
SOURCE = Source(1, "lease.txt:3", "lines 3-9", LEASE, LEASE)


@pytest.mark.parametrize(
    "sentence",
    [
        "The landlord, Heron Estates, pays for repairs of the roof.",
        "Repairs of the roof are paid for by Heron Estates.",
        "The deposit was 1450 euros.",
        "The tenant can end the lease with a notice of three months.",
        "The building does not allow pets.",
    ],
)
def test_what_the_passage_says_is_not_marked(sentence: str) -> None:
    assert judge(sentence, [LEASE]).supported


@pytest.mark.parametrize(
    ("sentence", "named"),
    [
        ("The tenant may end the lease with six months' notice.", "six months"),
        ("A deposit of 1,540 euros was paid on 3 May 2021.", "1,540 euros"),
        ("A deposit of 1,450 dollars was paid on 3 May 2021.", "1,450 dollars"),
        ("The landlord, Crane Estates, pays for repairs of the roof.", "Crane"),
        ("A deposit of 1,450 euros was paid on 3 June 2021.", "June"),
    ],
)
def test_what_was_altered_is_marked_and_named(sentence: str, named: str) -> None:
    judged = judge(sentence, [LEASE])
    assert not judged.supported
    assert any(named in reason for reason in judged.reasons)


def test_a_passage_carries_each_of_its_own_sentences() -> None:
    assert all(judge(sentence, [LEASE]).doubt == 0 for sentence in sentences(LEASE))


def test_two_passages_may_carry_one_sentence_together() -> None:
    passages = ["Ada Brill founded the mill in 1902.", "The mill stands in Torvik."]
    assert judge("Ada Brill founded the mill in Torvik in 1902.", passages).supported


@given(st.text(max_size=300), st.lists(st.text(max_size=300), max_size=3))
def test_any_text_can_be_judged(sentence: str, passages: list[str]) -> None:
    judged = judge(sentence, passages)
    assert 0 <= judged.doubt <= 1
    assert judged == judge(sentence, passages)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two weeks", "14 days"),
        ("one and a half years", "18 months"),
        ("half an hour", "30 minutes"),
        ("a quarter of an hour", "15 minutes"),
        ("1,250 euros", "€1250"),
        ("1.5 km", "1,500 metres"),
        ("twenty-five percent", "25 %"),
        ("9 pm", "21:00"),
        ("2021-05-03", "2021-05-03"),
        ("about 14 days", "13 to 15 days"),
    ],
)
def test_figures_that_say_the_same_agree(one: str, other: str) -> None:
    from agent_core.loop.support.reading import read

    ours, theirs = ([token.figure for token in read(text) if token.figure] for text in (one, other))
    assert ours
    assert all(any(mine.agrees(yours) for yours in theirs) for mine in ours)


@pytest.mark.parametrize(
    ("one", "other"),
    [("12 weeks", "12 months"), ("5 kg", "5 g"), ("9 am", "9 pm"), ("30 %", "3 %"), ("1,450", "1,540")],
)
def test_figures_that_differ_do_not_agree(one: str, other: str) -> None:
    (ours, _), (theirs, _) = (
        next(iter(figures(text.replace("%", "percent").split()).values())) for text in (one, other)
    )
    assert not ours.agrees(theirs)


# -- statements of an answer


def test_a_citation_behind_the_full_stop_belongs_to_its_sentence() -> None:
    text = "The landlord pays for repairs of the roof. [1] The tenant pays 77 euros for repairs of the roof. [1]"
    assert [one.sentence for one in unsupported_in(text, [SOURCE])] == [
        "The tenant pays 77 euros for repairs of the roof."
    ]


@pytest.mark.parametrize(
    "text",
    [
        "It is 42, and 17 of those are odd numbers of the fourth kind.",
        "```\nx = [1]  # The tenant pays 77 euros for repairs of the roof\n```",
        "I hope that helps! Would you like me to draft a letter to Crane Estates about the 77 euros?",
        "",
    ],
)
def test_an_answer_that_names_no_source_is_left_alone(text: str) -> None:
    assert unsupported_in(text, [SOURCE]) == []


def test_a_quote_with_its_source_behind_it_is_left_alone() -> None:
    row = "room_name: Blue Hall; price_per_day: 140; comment: Bright *and* quiet."
    source = Source(1, "rooms.csv:27", "row 27", row, row)
    assert unsupported_in(f"“{row}” [1] (rooms.csv:27)", [source]) == []
    assert unsupported_in(f"As rooms.csv:27 says, {row} [1]", [source]) == []


def test_talk_around_cited_statements_is_left_alone() -> None:
    text = (
        "I looked into your documents for this. Here is what the lease says about repairs:\n"
        "- The landlord, Heron Estates, pays for repairs of the roof [1].\n"
        "Would you like me to write to Crane Estates?"
    )
    assert unsupported_in(text, [SOURCE]) == []


def test_an_invention_without_a_citation_beside_cited_statements_is_marked() -> None:
    text = (
        "The landlord pays for repairs of the roof [1]. "
        "Professor Quillfeather of Zanzibar University was awarded 9,700 dollars by the Norwegian parliament in 1987."
    )
    (found,) = unsupported_in(text, [SOURCE])
    assert (found.sentence.split()[1], found.cited) == ("Quillfeather", ())


# -- which source a number stands for


def test_addresses_that_the_answer_lists_decide_where_results_have_no_numbers() -> None:
    pages = [Source(None, f"https://example.org/{name}", "", name, name) for name in ("a", "b")]
    text = "First [2], then [1].\n\n[1] https://example.org/b\n[2] https://example.org/a"
    assert [(one["n"], one["quote"]) for one in citations(text, pages)] == [(1, "b"), (2, "a")]
    assert [(one["n"], one["quote"]) for one in citations("First [1].", pages)] == [(1, "a")]


def test_each_number_names_one_source() -> None:
    sources = [Source(n, f"d{n}.md", "", f"quote {n}", "") for n in (1, 2, 3)]
    text = "See [2], [3] and [2]; d2.md has it too. [9]"
    assert [(one["n"], one["source"]) for one in citations(text, sources)] == [(2, "d2.md"), (3, "d3.md")]


def result(*places: tuple[int, str]) -> dict[str, Any]:
    cited = [{"n": n, "source": f"{name}.md", "locator": "", "quote": f"{name} says [1]"} for n, name in places]
    return {"passages": cited, "text": "\n".join(f"“{name} says [1]” [{n}] ({name}.md)" for n, name in places)}


def test_a_second_search_goes_on_counting_and_what_was_cited_keeps_its_number() -> None:
    first = result((1, "a"), (2, "b"))
    assert renumbered(first, []) == first
    second = renumbered(result((1, "b"), (2, "c")), [first])
    assert [n for n, _ in numbers(second)] == [2, 3]
    assert second["text"] == "“b says [1]” [2] (b.md)\n“c says [1]” [3] (c.md)"
    assert [n for n, _ in numbers(renumbered(result((1, "d")), [first, second]))] == [4]


@given(st.lists(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=4, unique=True), max_size=5))
def test_no_number_ever_stands_for_two_things(searches: list[list[str]]) -> None:
    recorded: list[Any] = []
    for names in searches:
        recorded.append(renumbered(result(*enumerate(names, start=1)), recorded))
    meant: dict[int, Any] = {}
    for n, place in (pair for one in recorded for pair in numbers(one)):
        assert meant.setdefault(n, place) == place


# -- a whole run


@tool(read_only=True, examples=["Look up the roof"])
def look_up(subject: str) -> dict[str, Any]:
    """Look something up in the documents."""
    quote = LEASE if subject == "lease" else "The roof was last repaired in 2016 by Dahl & Sons."
    return {"passages": [{"n": 1, "source": f"{subject}.txt", "locator": "", "quote": quote}], "text": f"“{quote}” [1]"}


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_run_numbers_its_citations_once_and_marks_what_they_do_not_carry(assistants, streamed: bool) -> None:
    said = (
        "Heron Estates pays for repairs of the roof [1]. It was last repaired in 2016 by Dahl & Sons [2]. "
        "The tenant may end the lease with nine months' notice [1]. More is in [7]."
    )
    script = Script(call("look_up", "c1", subject="lease"), call("look_up", "c2", subject="roof"), said)
    async with assistants(script, tools=[look_up]) as assistant:
        if streamed:
            answer = [event async for event in assistant.stream("Who pays for the roof?")][-1].answer
        else:
            answer = await assistant.ask("Who pays for the roof?")
        again = assistant.answer_of(answer.run_id)
    assert answer.text.startswith(said + "\n")
    notes = answer.text.removeprefix(said + "\n").splitlines()
    assert notes[0] == "(Not supported: there is no source [7].)"
    assert "[1] does not support “The tenant may end the lease with nine months' notice.”" in notes[1]
    assert "“nine months”" in notes[1]
    assert len(notes) == 2
    assert [(one["n"], one["source"]) for one in answer.citations] == [(1, "lease.txt"), (2, "roof.txt")]
    (marked,) = answer.citations[0]["unsupported"]
    assert marked["sentence"] == "The tenant may end the lease with nine months' notice."
    assert "unsupported" not in answer.citations[1]
    assert again.citations == answer.citations
    seen = [
        part.content["text"]
        for message in script.requests[-1]
        for part in message.parts
        if part.part_kind == "tool-return"
    ]
    assert [text[-3:] for text in seen] == ["[1]", "[2]"]
