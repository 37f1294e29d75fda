"""Finding tools: what fits comes first, by more than whole words, within what is allowed."""

from __future__ import annotations

import pytest

from agent_core import Tool
from agent_core.tools.catalogue import SHOWN, Catalogue


def tool(name: str, description: str, examples: tuple[str, ...] = (), **properties: object) -> Tool:
    return Tool.from_schema(None, name, description, {"type": "object", "properties": properties}, examples=examples)


@pytest.fixture
def catalogue() -> Catalogue:
    tools = [
        tool("convert_currency", "Exchange money between currencies.", to={"type": "string", "enum": ["CHF", "NOK"]}),
        tool("translate", "Say a text in another language.", ("How do you say 'thank you' in Finnish?",)),
        tool("lookUpTrain", "Departures of a railway station.", station={"description": "Where to board."}),
        tool("vaccinate", "Record a vaccination of an animal."),
        *(tool(f"archive_{number}", f"Keep document number {number}.") for number in range(SHOWN)),
    ]
    return Catalogue({tool.name: tool for tool in tools})


@pytest.mark.parametrize(
    ("request_text", "expected"),
    [
        ("exchange 40 euros", "convert_currency"),
        ("40 CHF as NOK", "convert_currency"),
        ("thank you, but in Finnish", "translate"),
        ("when does the TRAIN leave", "lookUpTrain"),
        ("where do I board", "lookUpTrain"),
        ("the vaccines of my dog", "vaccinate"),
        ("a translator, please", "translate"),
    ],
)
def test_what_fits_comes_first(catalogue: Catalogue, request_text: str, expected: str) -> None:
    assert catalogue.find(request_text)[0].name == expected


def test_few_tools_are_all_shown_whatever_is_asked(catalogue: Catalogue) -> None:
    few = [f"archive_{number}" for number in range(3)]
    assert [tool.name for tool in catalogue.find("trains", only=few)] == few
    assert len(catalogue.find("trains")) == SHOWN
    assert [tool.name for tool in catalogue.find("trains", limit=1)] == ["lookUpTrain"]


def test_only_what_is_allowed_is_found(catalogue: Catalogue) -> None:
    allowed = [name for name in catalogue.tools if name != "translate"]
    found = catalogue.find("say thank you in Finnish", limit=5, only=[*allowed, "never_heard_of"])
    assert "translate" not in {tool.name for tool in found}
    assert len(found) == 5


@pytest.mark.parametrize("request_text", ["", "?!", "日本語", "\x00", "x" * 100_000, "^$ #abc"])
def test_any_text_gives_an_order_and_always_the_same(catalogue: Catalogue, request_text: str) -> None:
    found = [tool.name for tool in catalogue.find(request_text)]
    assert len(set(found)) == SHOWN
    assert found == [tool.name for tool in Catalogue(catalogue.tools).find(request_text)]


def test_no_tools_are_no_error() -> None:
    assert Catalogue({}).find("anything") == []
    assert Catalogue({}).find("anything", limit=-1) == []


def test_a_tool_that_takes_any_question_is_always_shown() -> None:
    def asked(name: str, **traits: bool) -> Tool:
        schema = {"type": "object", "properties": {"question": {"type": "string"}}, "required": ["question"]}
        return Tool.from_schema(None, name, "Look into the files.", schema, **traits)

    tools = [tool(f"archive_{number}", f"Keep document number {number}.") for number in range(2 * SHOWN)]
    tools.append(asked("own", read_only=True, private_data=True))
    tools.append(asked("elsewhere", read_only=True, private_data=True, open_world=True))
    tools.append(asked("changes", private_data=True))
    found = [tool.name for tool in Catalogue({tool.name: tool for tool in tools}).find("keep a document")]
    assert len(found) == SHOWN
    assert found[-1] == "own"
    assert not {"elsewhere", "changes"} & set(found)
