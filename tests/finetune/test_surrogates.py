"""What stands for personal data: of the same type, the same wherever the value stands, and nothing else is touched."""

from __future__ import annotations

import re
from typing import Any

import pytest

from agent_finetune.dataset.personal import is_iban
from agent_finetune.dataset.surrogates import Surrogates

KEY = b"a key of this test"


def replaced(value: Any, key: bytes = KEY) -> Any:
    return Surrogates(key).replaced(value)


@pytest.mark.parametrize(
    ("asked", "argument"),
    [
        ("Mail anna.meier@firma.de about lunch", "anna.meier@firma.de"),
        ("Mail Anna.Meier@Firma.de about lunch", "anna.meier@firma.de"),
        ("Pay 20 euros to DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("Call me back on +49 171 1234567 please", "+491711234567"),
        ("The office is (030) 4567 8901 until five", "(030) 4567 8901"),
        ("Send it to 12 Baker Street, London", "12 Baker Street"),
        ("Sie wohnt in der Lindenallee 17, 10115 Berlin", "Lindenallee 17"),
        ("Invite Katarzyna Nowak to the review", "Katarzyna Nowak"),
        ("Invite Katarzyna Nowak to the review", "Nowak"),
        ("Invite Katarzyna Nowak to the review", "katarzyna nowak"),
        ("Remind me that Dr Okonkwo comes at nine", "Okonkwo"),
        ("Where is Mr Osei's parking permit", "Osei"),
        ("Tell Sarah that I am late", "Sarah"),
        ("Tell Tom and Grace that I am late", "Grace"),
    ],
)
def test_what_an_argument_copies_is_copied_in_the_surrogates_too(asked: str, argument: str) -> None:
    made = replaced({"asked": asked, "arguments": {"value": argument, "list": [argument]}})
    value = made["arguments"]["value"]
    assert value != argument
    assert made["arguments"]["list"] == [value]

    def plain(text: str) -> str:
        return re.sub(r"[^\w@]", "", text).casefold()

    assert plain(value) in plain(made["asked"]), "it still stands in the request"
    assert plain(argument) not in plain(made["asked"])


def test_a_number_that_is_a_telephone_number_follows() -> None:
    made = replaced({"asked": "Call +49 171 1234567", "arguments": {"number": 491711234567}})
    assert str(made["arguments"]["number"]) == re.sub(r"\D", "", made["asked"])


@pytest.mark.parametrize(
    "text",
    [
        "Work out 12.5% of 480",
        "What is 1,234,567.89 divided by 3.14159265358979?",
        "Move the meeting from 2026-11-21 10:30 to 21.11.2026 11:00",
        "Order 4711-22-33 has 12 parts; version 1.2.3.4 of part 8080",
        "Will you mark the report of May and read the art page?",
        "List all files in src/agent and rename a_b.txt to c.txt",
        "Convert 10000 Meter to miles, then 5, 10000 Euro to dollars",
        "git clone the repository at commit 3f2a9c1d",
        "Solve 100 200 300 4000 for x in row 17",
        "Can I get the inverse of it? My transcript is on its way",
        "Odd socks and Tea for two",
    ],
)
def test_what_is_not_personal_stays(text: str) -> None:
    assert replaced(text) == text


def test_two_people_never_become_one() -> None:
    names = [
        "Anna",
        "Maria",
        "Katarzyna",
        "Sarah",
        "Peter",
        "Paul",
        "Ingrid",
        "Olga",
        "Pedro",
        "Luis",
        "Giulia",
        "Emma",
    ]
    made = [replaced([f"and {name}" for name in names], key=bytes([number])) for number in range(50)]
    assert all(len(set(one)) == len(names) for one in made)


def test_surrogates_have_the_form_of_what_they_stand_for() -> None:
    made = replaced("x@y.org, DE89 3704 0044 0532 0130 00, +49 171 1234567, 12 Baker Street")
    mail, iban, phone, street = made.split(", ")
    assert re.fullmatch(r"[a-z]+\.[a-z]+@example\.(com|org|net)", mail)
    assert is_iban(iban)
    assert iban.startswith("DE")
    assert re.fullmatch(r"\+49 17\d \d{7}", phone)
    assert re.fullmatch(r"\d+ [A-Z][a-z]+ Street", street)


def test_a_secret_becomes_a_token_of_the_vaults_form() -> None:
    made = replaced(
        {"asked": "the token is secret_password_abcdefgh2345", "arguments": {"p": "secret_password_abcdefgh2345"}}
    )
    assert re.fullmatch(r"secret_password_[a-z2-7]{12}", made["arguments"]["p"])
    assert made["arguments"]["p"] in made["asked"]
    assert "abcdefgh2345" not in str(made)


def test_the_key_alone_decides_what_a_surrogate_is() -> None:
    text = "Mail anna.meier@firma.de and Katarzyna Nowak"
    assert replaced(text) == replaced(text)
    assert replaced(text) != replaced(text, b"another key")


def test_what_was_replaced_is_counted_once_per_value() -> None:
    surrogates = Surrogates(KEY)
    surrogates.replaced(["a@b.org and A@B.org", "a@b.org", "for Katarzyna Nowak"])
    assert dict(surrogates.counts()) == {"mail": 1, "name": 2}


@pytest.mark.parametrize(
    "text", ["a" * 60_000, "Aa " * 20_000, "a-" * 30_000, "1 " * 30_000, "a.b@" * 15_000, "A1" * 30_000]
)
def test_hostile_text_does_not_keep_it_busy(text: str) -> None:
    replaced(text)  # a search that is not bounded runs into the time limit of every test
