"""Calls that a model printed as text: recognised in every notation, and never seen in prose."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_ai import Agent
from pydantic_ai.exceptions import AgentRunError
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.tools import ToolDefinition

from agent_core.models.call_prefix import may_be_call
from agent_core.models.printed_calls import printed_calls
from agent_core.models.repair import RepairingModel
from agent_core.models.retrying import RetryingModel
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.settings.sections import ModelRetries
from tests.servers.llm_script import Call, Turn, call, calls, say
from tests.servers.scripted_llm import ScriptedLLM

TOOLS = {
    "get_weather": {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "days": {"type": "integer", "minimum": 1},
            "metric": {"type": "boolean"},
        },
        "required": ["city"],
        "additionalProperties": False,
    },
    "add": {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
    },
    "list-files": {"type": "object", "properties": {}},
    "save": {"type": "object", "properties": {"path": {"type": "string"}, "text": {"type": "string"}}},
}

PARIS = [("get_weather", {"city": "Paris"})]
PARIS_3 = [("get_weather", {"city": "Paris", "days": 3})]
SUMS = [("add", {"a": 1, "b": 2}), ("add", {"a": 3, "b": 4})]

PRINTED = {
    "bare object": ('{"name": "get_weather", "arguments": {"city": "Paris"}}', PARIS),
    "parameters instead of arguments": ('{"name": "get_weather", "parameters": {"city": "Paris"}}', PARIS),
    "arguments as a string": ('{"name": "get_weather", "arguments": "{\\"city\\": \\"Paris\\"}"}', PARIS),
    "openai shape": (
        '{"type": "function", "id": "c1", "function": {"name": "get_weather", "arguments": {"city": "Paris"}}}',
        PARIS,
    ),
    "tool_calls list": ('{"tool_calls": [{"name": "get_weather", "arguments": {"city": "Paris"}}]}', PARIS),
    "array": (
        '[{"name": "add", "arguments": {"a": 1, "b": 2}}, {"name": "add", "arguments": {"a": 3, "b": 4}}]',
        SUMS,
    ),
    "one object per line": (
        '{"name": "add", "arguments": {"a": 1, "b": 2}}\n{"name": "add", "arguments": {"a": 3, "b": 4}}',
        SUMS,
    ),
    "semicolons (llama)": (
        '{"name": "add", "parameters": {"a": 1, "b": 2}}; {"name": "add", "parameters": {"a": 3, "b": 4}}',
        SUMS,
    ),
    "fenced": ('```json\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}\n```', PARIS_3),
    "fence never closed": ('```json\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}}', PARIS_3),
    "fence without a language": ('```\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```\n', PARIS),
    "hermes": ('<tool_call>\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n</tool_call>', PARIS),
    "hermes, two": (
        '<tool_call>{"name": "add", "arguments": {"a": 1, "b": 2}}</tool_call>\n'
        '<tool_call>{"name": "add", "arguments": {"a": 3, "b": 4}}</tool_call>',
        SUMS,
    ),
    "hermes, never closed": ('<tool_call>{"name": "get_weather", "arguments": {"city": "Paris"}}', PARIS),
    "mistral": ('[TOOL_CALLS] [{"name": "get_weather", "arguments": {"city": "Paris"}}]', PARIS),
    "mistral, new": ('[TOOL_CALLS]add[ARGS]{"a": 1, "b": 2}[TOOL_CALLS]add[ARGS]{"a": 3, "b": 4}', SUMS),
    "llama function tag": ('<function=get_weather>{"city": "Paris", "days": 3}</function>', PARIS_3),
    "qwen coder": (
        "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n3\n"
        "</parameter>\n</function>\n</tool_call>",
        PARIS_3,
    ),
    "llama python tag": ('<|python_tag|>{"name": "get_weather", "parameters": {"city": "Paris"}}<|eom_id|>', PARIS),
    "python tag with python": ('<|python_tag|>get_weather(city="Paris", days=3)', PARIS_3),
    "python": ("get_weather(city='Paris', days=3)", PARIS_3),
    "python list": ("[add(a=1, b=2), add(a=3, b=4)]", SUMS),
    "python lines": ("add(a=1, b=2)\nadd(a=3, b=4)", SUMS),
    "python by position": ("add(1, 2)", SUMS[:1]),
    "python in a fence": ("```python\nget_weather(city='Paris')\n```", PARIS),
    "python with json words": (
        "get_weather(city='Paris', metric=true)",
        [("get_weather", {"city": "Paris", "metric": True})],
    ),
    "no arguments": ('{"name": "list-files", "arguments": {}}', [("list-files", {})]),
    "numbers in quotes": ('{"name": "add", "arguments": {"a": "1", "b": "2"}}', SUMS[:1]),
    "missing brace": ('```json\n{"name": "get_weather", "arguments": {"city": "Paris", "days": 3}\n```', PARIS_3),
    "trailing comma, single quotes": ("{'name': 'get_weather', 'arguments': {'city': 'Paris', 'days': 3,},}", PARIS_3),
    "end of turn left in": ('{"name": "get_weather", "arguments": {"city": "Paris"}}<|im_end|>', PARIS),
    "text that looks like the end of a tag": (
        '{"name": "save", "arguments": {"path": "a.md", "text": "```\\n</tool_call>\\n{\\"a\\": 1}"}}',
        [("save", {"path": "a.md", "text": '```\n</tool_call>\n{"a": 1}'})],
    ),
}

PROSE = {
    "an answer": "It is sunny in Paris.",
    "empty": "",
    "an example in prose": 'Call it like this: {"name": "get_weather", "arguments": {"city": "Paris"}}',
    "prose after the call": '{"name": "get_weather", "arguments": {"city": "Paris"}} is what such a call looks like.',
    "prose after the fence": (
        '```json\n{"name": "get_weather", "arguments": {"city": "Paris"}}\n```\nThis is how a call looks.'
    ),
    "two fences with words between": (
        '```json\n{"name": "list-files", "arguments": {}}\n```\nor\n'
        '```json\n{"name": "list-files", "arguments": {}}\n```'
    ),
    "unknown tool": '{"name": "delete_everything", "arguments": {}}',
    "one of two is unknown": '[{"name": "list-files", "arguments": {}}, {"name": "rm", "arguments": {}}]',
    "missing argument": '{"name": "get_weather", "arguments": {"days": 3}}',
    "wrong type": '{"name": "get_weather", "arguments": {"city": "Paris", "days": "soon"}}',
    "invented argument": '{"name": "get_weather", "arguments": {"city": "Paris", "mood": "good"}}',
    "out of bounds": '{"name": "get_weather", "arguments": {"city": "Paris", "days": 0}}',
    "a name without arguments": '{"name": "list-files"}',
    "data that has a name": '{"name": "get_weather", "city": "Paris"}',
    "a json answer": '{"temperature": 21, "city": "Paris"}',
    "python that computes": "get_weather(city=open('/etc/passwd').read())",
    "python with an expression": "add(a=1+1, b=2)",
    "python in prose": "get_weather(city) is a function that reports the weather.",
    "a method": "api.get_weather(city='Paris')",
    "star arguments": "get_weather(**{'city': 'Paris'})",
    "assignment": "x = get_weather(city='Paris')",
    "infinity": '{"name": "add", "arguments": {"a": Infinity, "b": 1}}',
    "a tag in prose": "Models write <tool_call>{...}</tool_call> when they call a tool.",
    "a deep nest": "[" * 5000,
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_printed_call_is_found(name: str) -> None:
    text, expected = PRINTED[name]
    assert printed_calls(text, TOOLS) == expected
    assert printed_calls(f"\n  {text}  \n", TOOLS) == expected


@pytest.mark.parametrize("name", PROSE)
def test_prose_stays_prose(name: str) -> None:
    assert printed_calls(PROSE[name], TOOLS) == []


@pytest.mark.parametrize("name", PRINTED)
def test_a_call_is_held_back_until_it_is_whole(name: str) -> None:
    text, _ = PRINTED[name]
    released = [end for end in range(len(text) + 1) if not may_be_call(text[:end], TOOLS)]
    assert released == []


def test_prose_is_shown_from_its_first_letters() -> None:
    assert not may_be_call("The", TOOLS)
    assert not may_be_call("Sure", TOOLS)
    assert not may_be_call("# Title", TOOLS)
    assert not may_be_call("1. First", TOOLS)
    assert not may_be_call("```bash\nls", TOOLS)
    assert not may_be_call("<p>", TOOLS)
    assert not may_be_call("[1]", TOOLS)
    assert not may_be_call('{"temperature"', TOOLS)
    assert not may_be_call('{"name": "rm', TOOLS)
    assert not may_be_call("address", TOOLS)
    assert not may_be_call("add two numbers", TOOLS)
    assert not may_be_call("get_weather(city) is a function", TOOLS)
    assert not may_be_call('{"name": "list-files", "arguments": {}} is', TOOLS)
    assert may_be_call("ad", TOOLS)
    assert may_be_call("", TOOLS)
    assert not may_be_call("anything", {})


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for call_found in printed_calls(text, TOOLS):
        assert call_found.name in TOOLS
    assert may_be_call(text, TOOLS) in (True, False)


@given(
    st.sampled_from(
        ["{", "[", "```json\n", "<tool_call>", "[TOOL_CALLS]", "<function=add>", "add(", '{"name": "add", ']
    ),
    st.text(alphabet="{}[]()\"\\:,abn1 \n<>/=`'", max_size=120),
)
def test_what_begins_like_a_call_is_read_without_an_error(start: str, rest: str) -> None:
    for call_found in printed_calls(start + rest, TOOLS):
        assert call_found.name in TOOLS
    may_be_call(start + rest, TOOLS)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "unit", ['{"name": "add", ', "[", "<tool_call>", "```json\n", "add(", '{"a":', "((((", "\\", '"']
)
def test_hostile_repetition_is_no_call_and_no_hang(unit: str) -> None:
    text = unit * (40_000 // len(unit))
    assert printed_calls(text, TOOLS) == []
    may_be_call(text, TOOLS)


def repairing(llm: ScriptedLLM) -> RepairingModel:
    return RepairingModel(RetryingModel(llm.chat_model(), ModelRetries(attempts=1)), printed_calls=True)


def weather_agent(model: RepairingModel, asked: list[str]) -> Agent:
    agent = Agent(model)

    @agent.tool_plain
    def get_weather(city: str, days: int = 1) -> str:
        asked.append(f"{city} {days}")
        return "sunny"

    return agent


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("name", ["bare object", "fenced", "hermes", "python", "missing brace", "qwen coder"])
async def test_the_printed_call_runs(scripted_llm: ScriptedLLM, name: str, streamed: bool) -> None:
    asked: list[str] = []
    model = repairing(scripted_llm)
    agent = weather_agent(model, asked)
    scripted_llm.script(say(PRINTED[name][0]), say("It is sunny."))
    async with model:
        if streamed:
            async with agent.run_stream("Weather in Paris?") as result:
                shown = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
            messages = result.all_messages()
        else:
            outcome = await agent.run("Weather in Paris?")
            shown, messages = [outcome.output], outcome.all_messages()
    assert "".join(shown) == "It is sunny."
    assert len(asked) == 1
    first = messages[1]
    assert isinstance(first, ModelResponse)
    assert [type(part) for part in first.parts] == [ToolCallPart]
    assert first.usage.input_tokens > 0


async def test_two_printed_calls_in_a_stream_become_two_calls(scripted_llm: ScriptedLLM) -> None:
    asked: list[str] = []
    model = repairing(scripted_llm)
    text = "[get_weather(city='Ulm'), get_weather(city='Bonn', days=2)]"
    scripted_llm.script(say(text), say("Sunny in both."))
    async with model, weather_agent(model, asked).run_stream("Weather?") as result:
        assert await result.get_output() == "Sunny in both."
    assert sorted(asked) == ["Bonn 2", "Ulm 1"]


async def test_prose_streams_piece_by_piece(scripted_llm: ScriptedLLM) -> None:
    model = repairing(scripted_llm)
    scripted_llm.script(say("The weather in Paris is fine today."))
    async with model, weather_agent(model, []).run_stream("Weather?") as result:
        shown = [piece async for piece in result.stream_text(delta=True, debounce_by=None)]
    assert len(shown) == 7
    assert "".join(shown) == "The weather in Paris is fine today."


async def test_held_text_that_turns_out_to_be_prose_is_shown_whole(scripted_llm: ScriptedLLM) -> None:
    text = 'get_weather(city="Paris") would be the call to make, but I cannot.'
    model = repairing(scripted_llm)
    scripted_llm.script(say(text), say('{"name": "get_weather", "arguments": {"town": "Ulm"}}'))
    async with model:
        agent = weather_agent(model, [])
        async with agent.run_stream("Weather?") as result:
            assert await result.get_output() == text
        async with agent.run_stream("Weather?") as result:
            assert await result.get_output() == '{"name": "get_weather", "arguments": {"town": "Ulm"}}'


@pytest.mark.parametrize("streamed", [False, True])
async def test_real_calls_pass_untouched(scripted_llm: ScriptedLLM, streamed: bool) -> None:
    asked: list[str] = []
    model = repairing(scripted_llm)
    agent = weather_agent(model, asked)
    beside_text = calls(Call("get_weather", {"city": "Ulm"}), text="get_weather(city='Rome')")
    scripted_llm.script(beside_text, call("get_weather", {"city": "Bonn"}), say("Done."))
    async with model:
        if streamed:
            async with agent.run_stream("Weather?") as result:
                output = await result.get_output()
        else:
            output = (await agent.run("Weather?")).output
    # A text that begins a streamed answer ends it where text is allowed; whole replies always run their calls.
    assert "Rome 1" not in asked
    assert output in ("Done.", "get_weather(city='Rome')")


async def test_a_model_without_tools_may_print_what_it_likes() -> None:
    text = PRINTED["fenced"][0]

    def answer(messages: list[object], info: AgentInfo) -> ModelResponse:
        from pydantic_ai.messages import TextPart

        return ModelResponse(parts=[TextPart(text)])

    result = await Agent(RepairingModel(FunctionModel(answer), printed_calls=True)).run("Show me a call.")  # type: ignore[arg-type]
    assert result.output == text


MALFORMED = {
    "never closed": '{"city": "Ulm", "days": 3',
    "python quotes and a comma too many": "{'city': 'Ulm', 'days': 3,}",
    "fenced": '```json\n{"city": "Ulm", "days": 3}\n```',
    "unquoted keys": '{city: "Ulm", days: 3}',
}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("printed", [False, True])
@pytest.mark.parametrize("name", MALFORMED)
async def test_malformed_arguments_are_repaired(
    scripted_llm: ScriptedLLM, name: str, printed: bool, streamed: bool
) -> None:
    model = RepairingModel(scripted_llm.chat_model(), printed_calls=printed)
    conversation = Conversation()
    scripted_llm.script(call("get_weather", MALFORMED[name]))
    shown: list[str] = []
    speaker = Speaker(model, tools=[ToolDefinition(name="get_weather", parameters_json_schema=TOOLS["get_weather"])])
    async with model:
        await take_turn(conversation, speaker, "Weather?", shown.append if streamed else None)
    (asked,) = conversation.open_calls()
    assert asked.args_as_dict() == {"city": "Ulm", "days": 3}
    assert shown == []


HALF = '{"path": "report.md", "text": "The first half of the rep'


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    "turn",
    [
        call("save", HALF),
        call("save", HALF + "ort}"),
        call("save", HALF.replace('"', "'")),
        call("save", '{"path": "report.md", "text": "ends", ', cut_off=True),
        say('{"name": "save", "arguments": ' + HALF),
        say('{"name": "save", "arguments": ' + HALF + "}}"),
        say('```json\n{"name": "save", "arguments": {"path": "a", "text": "b"}', cut_off=True),
    ],
)
async def test_half_a_value_never_passes_for_a_whole_one(scripted_llm: ScriptedLLM, turn: Turn, streamed: bool) -> None:
    model = RepairingModel(scripted_llm.chat_model(), printed_calls=True)
    saved: list[str] = []
    agent = Agent(model)

    @agent.tool_plain
    def save(path: str, text: str) -> str:
        saved.append(text)
        return "saved"

    async def ask() -> None:
        if not streamed:
            await agent.run("Save the report.")
            return
        async with agent.run_stream("Save the report.") as result:
            await result.get_output()

    scripted_llm.script(turn, say("I could not."))
    async with model:
        with contextlib.suppress(AgentRunError):
            await ask()
    assert saved == []


async def test_what_cannot_be_repaired_goes_back_to_the_model(scripted_llm: ScriptedLLM) -> None:
    model = RepairingModel(scripted_llm.chat_model(), printed_calls=False)
    asked: list[str] = []
    agent = weather_agent(model, asked)
    scripted_llm.script(call("get_weather", '{"city": "Ul'), call("get_weather", {"city": "Ulm"}), say("Sunny."))
    async with model:
        assert (await agent.run("Weather?")).output == "Sunny."
    assert asked == ["Ulm 1"]
    assert "INVALID_JSON" in str(scripted_llm.model_requests[1].body)
