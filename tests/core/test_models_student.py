"""A small local model goes first, where it was measured to be good enough, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import ToolDefinition

from agent_core import Assistant
from agent_core.errors import ConfigurationError
from agent_core.models import resolve_roles
from agent_core.models.promotion import Measured, RoutingTable, parameters_hash, promote, read_routing, roll_back
from agent_core.models.student import METADATA_KEY, StudentFirstModel
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.settings.sections import Models
from agent_core.tools.plugins import load_plugins
from tests.servers.llm_script import Call, calls, fail
from tests.servers.scripted_llm import ScriptedLLM

SUM = {"type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "number"}}}}
SEND = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
TOOLS = [ToolDefinition(name=n, parameters_json_schema=s) for n, s in (("add_up", SUM), ("send", SEND), ("rest", SEND))]


def measured(parameters: dict[str, Any] = SUM) -> Measured:
    return Measured(parameters_hash(parameters), cases=200, correct=196, correct_before=150, lower_bound=0.12)


TABLE = RoutingTable("student", {"add_up": measured()}, shown=("add_up", "send"), data_sha256="d" * 64)


class Pupil:
    """A scripted student, and what it was asked."""

    def __init__(self, *said: ModelResponse | Exception) -> None:
        self.said = list(said)
        self.asked: list[tuple[list[ModelMessage], AgentInfo]] = []

    @property
    def model(self) -> FunctionModel:
        def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
            self.asked.append((messages, info))
            said = self.said.pop(0)
            if isinstance(said, Exception):
                raise said
            return said

        return FunctionModel(answer, model_name="student")


def teacher() -> FunctionModel:
    async def stream(messages: list[ModelMessage], info: AgentInfo):
        yield "by the "
        yield "teacher"

    return FunctionModel(
        lambda messages, info: ModelResponse([TextPart("by the teacher")]), stream_function=stream, model_name="teacher"
    )


def proposing(*named: tuple[str, dict[str, Any] | str]) -> ModelResponse:
    return ModelResponse([ToolCallPart(name, args, f"c{number}") for number, (name, args) in enumerate(named)])


async def ask(
    pupil: Pupil,
    prompt: Any = "add up 1 and 2",
    table: RoutingTable = TABLE,
    conversation: Conversation | None = None,
    tools: Sequence[ToolDefinition] = TOOLS,
    on_text: Callable[[str], None] | None = None,
) -> ModelResponse:
    speaker = Speaker(StudentFirstModel(teacher(), pupil.model, table), "Much to obey.", tools)
    conversation = conversation or Conversation()
    await take_turn(conversation, speaker, prompt, on_text)
    last = conversation.messages[-1]
    assert isinstance(last, ModelResponse)
    return last


def outcome(response: ModelResponse) -> str | None:
    return (response.metadata or {}).get(METADATA_KEY, {}).get("outcome")


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_call_of_a_tool_that_was_handed_over_is_taken(streamed: bool) -> None:
    pupil = Pupil(proposing(("add_up", {"numbers": [1, 2]})))
    told: list[str] = []
    response = await ask(pupil, on_text=told.append if streamed else None)
    assert [(call.tool_name, call.args) for call in response.tool_calls] == [("add_up", {"numbers": [1, 2]})]
    assert response.model_name == "student"
    assert (outcome(response), told) == ("served", [])


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("said", "came_of_it", "why"),
    [
        (ModelResponse([TextPart("three")]), "abstained", ""),
        (proposing(("send", {"to": "bo"})), "not promoted", "send is not the local model's"),
        (proposing(("add_up", {"numbers": [1]}), ("send", {"to": "bo"})), "not promoted", "send"),
        (proposing(("add_up", {"numbers": "one, two"})), "invalid", "is not of type"),
        (proposing(("add_up", "{broken")), "invalid", "not a JSON object"),
        (proposing(("rm", {})), "not promoted", "rm"),
        (ModelHTTPError(500, "student"), "failed", "500"),
        (ConnectionError("refused"), "failed", "refused"),
    ],
)
async def test_everything_else_is_the_teachers_and_is_counted(
    said: ModelResponse | Exception, came_of_it: str, why: str, streamed: bool
) -> None:
    told: list[str] = []
    response = await ask(Pupil(said), on_text=told.append if streamed else None)
    assert response.parts == [TextPart("by the teacher")]
    assert told == (["by the ", "teacher"] if streamed else [])
    assert outcome(response) == came_of_it
    assert why in (response.metadata or {})[METADATA_KEY]["reason"]


async def test_what_came_of_it_is_journaled_with_the_messages() -> None:
    conversation = Conversation()
    await ask(Pupil(proposing(("send", {"to": "bo"}))), conversation=conversation)
    kept = Conversation.load(conversation.dump(), conversation.turn)
    assert isinstance(last := kept.messages[-1], ModelResponse)
    assert (last.metadata or {})[METADATA_KEY] == {
        "model": "student",
        "outcome": "not promoted",
        "tools": ["send"],
        "reason": "send is not the local model's",
    }


async def test_the_student_reads_the_request_alone_and_only_tools_that_it_knows() -> None:
    pupil = Pupil(proposing(("add_up", {"numbers": [1]})))
    await ask(pupil)
    [(messages, info)] = pupil.asked
    assert [tool.name for tool in info.function_tools] == ["add_up", "send"]
    assert [(m.instructions, len(m.parts)) for m in messages if isinstance(m, ModelRequest)] == [(None, 1)]
    assert (info.model_settings or {}).get("temperature") == 0.0


async def test_it_is_not_asked_about_what_it_did_not_learn() -> None:
    """A tool that has changed, a conversation that goes on, an attachment, a table without tools."""
    changed = {**SUM, "required": ["numbers"]}
    earlier = [ModelRequest([UserPromptPart("hello")]), ModelResponse([TextPart("hello")])]
    pupil = Pupil()
    for response in (
        await ask(pupil, tools=[replace(TOOLS[0], parameters_json_schema=changed)]),
        await ask(pupil, "and 3?", conversation=Conversation(list(earlier), 1)),
        await ask(pupil, ["add up what is attached", "Attached: 1, 2"]),
        await ask(pupil, table=replace(TABLE, tools={})),
        await ask(pupil, tools=[]),
    ):
        assert response.parts == [TextPart("by the teacher")]
        assert outcome(response) is None
    assert pupil.asked == []


def test_a_table_is_read_as_it_was_written_and_a_step_back_is_one_call(tmp_path: Path) -> None:
    assert read_routing(tmp_path) is None
    with pytest.raises(ConfigurationError, match="nothing to go back"):
        roll_back(tmp_path)
    later = replace(TABLE, model="ollama:student:2", tools={**TABLE.tools, "send": measured(SEND)})
    promote(tmp_path, TABLE)
    promote(tmp_path, later)
    assert read_routing(tmp_path) == later
    assert roll_back(tmp_path) == TABLE == read_routing(tmp_path)
    assert roll_back(tmp_path) is None
    assert read_routing(tmp_path) is None


def test_a_table_is_whole_or_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    promote(tmp_path, TABLE)

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        promote(tmp_path, replace(TABLE, model="other"))
    assert read_routing(tmp_path) == TABLE


@pytest.mark.parametrize(
    "held",
    [
        b"",
        b"{",
        b"[]",
        b'{"schema_version": 2, "versions": []}',
        b'{"schema_version": 1, "versions": [{"model": "x"}]}',
        b'{"schema_version": 1, "versions": [{"model":"x","tools":{"a":{}},"shown":[]}]}',
        b"\xff\xfe",
    ],
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, held: bytes) -> None:
    (tmp_path / "routing.json").write_bytes(held)
    with pytest.raises(ConfigurationError, match=r"routing\.json cannot be read .* move it away"):
        read_routing(tmp_path)


def roles(table: RoutingTable, **options: Any) -> Any:
    factories = {"house": lambda name: teacher(), "student": lambda name: Pupil().model}
    chosen = resolve_roles(["planner"], factories=factories, settings=Models(default="house"), routing=table, **options)
    return chosen["planner"]


def test_the_choice_names_the_student_and_what_it_is_for() -> None:
    resolved = roles(TABLE)
    assert isinstance(resolved.model, StudentFirstModel)
    assert (resolved.name, resolved.remote) == ("house", False)
    assert resolved.why.endswith("before it student for add_up")


def test_a_model_that_somebody_asks_for_answers_itself() -> None:
    assert not isinstance(roles(TABLE, model="house").model, StudentFirstModel)


def test_without_its_model_the_table_counts_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    for name in ("gone", "ollama:gone:1b"):
        assert not isinstance(roles(replace(TABLE, model=name)).model, StudentFirstModel)
        assert name in caplog.text
    assert not isinstance(roles(replace(TABLE, model="house")).model, StudentFirstModel)


async def test_an_assistant_works_with_it_over_the_wire(
    scripted_llm: ScriptedLLM, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`offline` is in use; a model in Ollama calculates, and is passed over when it fails."""
    scripted_llm.add_ollama("pupil:1b")
    (tmp_path / "config.toml").write_text(
        f'[models]\ndefault = "offline"\nretry = {{attempts = 1}}\nollama = {{host = "{scripted_llm.url}"}}\n'
    )
    parameters = load_plugins(["calculator"]).tools["calculate"].parameters
    promote(
        tmp_path, RoutingTable("ollama:pupil:1b", {"calculate": measured(parameters)}, shown=("calculate", "solve"))
    )
    scripted_llm.script(calls(Call("calculate", {"expression": "6*7"})), fail(500))
    async with Assistant(home=tmp_path, workspace=tmp_path, plugins=["calculator", "offline"]) as assistant:
        served = await assistant.ask("How much are six sevens?")
        assert [(call.tool, call.args["expression"]) for call in served.calls] == [("calculate", "6*7")]
        assert "42" in served.text
        passed_over = await assistant.ask("What is 2 + 3?")
        assert "5" in passed_over.text
    shown = [tool["function"]["name"] for tool in scripted_llm.model_requests[0].body["tools"]]
    assert shown == ["calculate", "solve"]
    assert len(scripted_llm.model_requests) == 2
    (tmp_path / "routing.json").write_text("{")
    async with Assistant(home=tmp_path, workspace=tmp_path, plugins=["calculator", "offline"]) as assistant:
        assert "5" in (await assistant.ask("What is 2 + 3?")).text
    assert "routing.json" in caplog.text
