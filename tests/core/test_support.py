"""The check of a sentence beside its passages: what is told differently is marked with its cause, what is only told in
other words is not."""

from __future__ import annotations

import random

import pytest

from agent_core.loop.sources import Source
from agent_core.loop.statements import unsupported_in
from agent_core.loop.support import judge
from agent_core.loop.support.language import can_be_judged, is_english
from tests.servers.llm_script import call, say
from tests.servers.scripted_llm import ScriptedLLM

WORKSHOP = (
    "Members may book the workshop for up to 30 days a year. Bookings are free of charge before noon. The kiln must be "
    "switched off before the door is opened. Most members pay by card. Guests are admitted only if a member goes "
    "with them. The saw is not insured against theft."
)
PRICES = (
    "The price of clay rose from 4.20 to 5.10 euros per kilogram in 2021. About 1.1 billion bricks were fired that "
    "year. Irma Dahl sold the kiln to Otto Brandt in March. The small kiln holds 40 litres, the large kiln 90 litres."
)

TOLD_DIFFERENTLY = [
    (WORKSHOP, "Members may book the workshop for up to 60 days a year.", "“60 days” (the source says “30 days”)"),
    (WORKSHOP, "Members may book the workshop for up to 30 weeks a year.", "“30 weeks” (the source says “30 days”)"),
    (WORKSHOP, "Members must book the workshop for 30 days a year.", "“must” (the source says “may”)"),
    (WORKSHOP, "The kiln must be switched off after the door is opened.", "“after” (the source says “before”)"),
    (WORKSHOP, "All members pay by card.", "“All” (the source says “Most”)"),
    (WORKSHOP, "The saw is insured against theft.", "“insured” (the source denies it: “not”)"),
    (WORKSHOP, "Most members do not pay by card.", "“not … pay” (the source does not deny it)"),
    (WORKSHOP, "Guests are admitted.", "the source's condition “if member …” is left out"),
    (
        WORKSHOP,
        "Bookings are free of charge before noon because the council pays.",
        "“because … council” (not in the source)",
    ),
    (WORKSHOP, "Most members pay by card, says Petra Lomann.", "“Petra” (not in the source)"),
    (PRICES, "The price of clay fell from 5.10 to 4.20 euros per kilogram in 2021.", "“fell” (the source says “rose”)"),
    (PRICES, "Otto Brandt sold the kiln to Irma Dahl in March.", "(the other way round)"),
    (PRICES, "About 1.7 billion bricks were fired that year.", "“1.7 billion” (the source says “1.1 billion”)"),
]
"""A passage, a sentence that tells something else, and the cause that a reader is shown."""

TOLD_IN_OTHER_WORDS = [
    (WORKSHOP, "The workshop can be booked by members for at most thirty days each year."),
    (WORKSHOP, "Before the door is opened, the kiln has to be switched off."),
    (WORKSHOP, "One may open the door only after the kiln was switched off."),
    (WORKSHOP, "The majority of the members use a card to pay."),
    (WORKSHOP, "Theft of the saw is not covered by any insurance."),
    (WORKSHOP, "A guest has to be accompanied by a member."),
    (WORKSHOP, "No charge is made for bookings before twelve o'clock."),
    (PRICES, "In 2021 a kilogram of clay went up to 5.10 euros, from 4.20 euros."),
    (PRICES, "Clay cost 0.90 euros more per kilogram."),
    (PRICES, "Some 1,100 million bricks were fired in 2021."),
    (PRICES, "The kiln was sold to Otto Brandt by Irma Dahl."),
]


@pytest.mark.parametrize(("passage", "sentence", "why"), TOLD_DIFFERENTLY)
def test_what_is_told_differently_is_marked_with_its_cause(passage: str, sentence: str, why: str) -> None:
    judged = judge(sentence, [passage])
    assert not judged.supported
    assert any(why in reason for reason in judged.reasons), judged.reasons


@pytest.mark.parametrize(("passage", "sentence"), TOLD_IN_OTHER_WORDS)
def test_what_is_told_in_other_words_is_not_marked(passage: str, sentence: str) -> None:
    judged = judge(sentence, [passage])
    assert judged.supported, judged.reasons


def test_every_mark_has_a_cause() -> None:
    for passage, sentence, _ in TOLD_DIFFERENTLY:
        assert judge(sentence, [passage]).reasons


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        (
            "Der Mieter kündigt mit einer Frist von neun Monaten.",
            "Der Mieter kündigt mit einer Frist von drei Monaten.",
        ),
        ("Le bail dure neuf ans pour les locataires.", "Le bail dure trois ans pour les locataires."),
        ("De huurder betaalt het niet.", "De huurder betaalt het in de maand mei."),
        ("借主は九か月前に通知する。", "借主は三か月前に通知する。"),
        ("The tenant gives nine months' notice.", "Der Mieter kündigt mit einer Frist von drei Monaten."),
    ],
)
def test_a_language_that_is_not_known_is_left_unmarked(sentence: str, passage: str) -> None:
    assert not can_be_judged(sentence, [passage])
    judged = judge(sentence, [passage])
    assert judged.supported
    assert not judged.judged


def test_an_english_sentence_without_small_words_is_judged_by_its_passages() -> None:
    assert is_english("Freight trains use electric engines.") is None
    assert judge("Freight trains use steam.", ["Freight trains use diesel, and that is dear."]).judged


def test_sentences_that_only_connect_are_not_marked() -> None:
    text = (
        "Here is what I found:\nMost members pay by card [1]. In short, every way of paying has its merits. "
        "Overall, all of this must be weighed with care because nothing is certain. There is more to say about that."
    )
    assert unsupported_in(text, [Source(1, "workshop.txt", "", WORKSHOP, WORKSHOP)]) == []


def test_random_words_are_judged_without_failing() -> None:
    drawn = random.Random(7)
    words = [
        *f"{WORKSHOP} {PRICES}".split(),
        *("a.m.", "10:30", "2:31:07", "1/2", "half", "past", "-5", "€", "%", "than", "before", "not", "no"),
    ]
    for _ in range(300):
        sentence, passage = (" ".join(drawn.choices(words, k=drawn.randrange(40))) for _ in range(2))
        judged = judge(sentence, [passage, PRICES])
        assert 0 <= judged.doubt <= 1
        assert len(judged.reasons) <= 2


# -- where a user sees it


@pytest.fixture
def llm(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> ScriptedLLM:
    """The default model is the scripted one."""
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")
    return scripted_llm


SAID = "The workshop can be booked for 60 days a year [1]. Most members pay by card [1]."
WHY = "“60 days” (the source says “30 days”)"


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_the_cause_is_shown_at_the_terminal_and_in_json(cli, llm: ScriptedLLM, flags: tuple[str, ...]) -> None:
    (cli.workspace / "workshop.txt").write_text(WORKSHOP)
    assert cli("graph", "add", "workshop.txt").code == 0
    llm.script(call("search_documents", {"question": "For how long may the workshop be booked?"}), say(SAID))
    ran = cli("ask", "For how long may the workshop be booked?", *flags)
    assert ran.code == 0
    if not flags:
        words, note = ran.out.strip().splitlines()[:2]
        assert words == SAID
        assert note == (
            f"(Not supported: [1] does not support “The workshop can be booked for 60 days a year.”: {WHY}.)"
        )
    else:
        (cited,) = ran.json["citations"]
        assert cited["unsupported"] == [{"sentence": "The workshop can be booked for 60 days a year.", "why": WHY}]
