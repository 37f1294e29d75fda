"""Long conversations stay within the context, with calls and their results together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from agent_core.models import resolve
from agent_core.models.compaction import compaction
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.settings.sections import Models, OllamaSettings
from tests.servers.llm_script import fail, say
from tests.servers.scripted_llm import ScriptedLLM


def conversation(turns: int, *, words: int = 60, fact_words: int = 60) -> list[ModelMessage]:
    """A conversation in which every turn calls a tool."""
    messages: list[ModelMessage] = []
    for turn in range(turns):
        messages += [
            ModelRequest(parts=[UserPromptPart(f"Question {turn}: " + "word " * words)]),
            ModelResponse(parts=[ToolCallPart("look_up", {"topic": f"t{turn}"}, tool_call_id=f"c{turn}")]),
            ModelRequest(parts=[ToolReturnPart("look_up", "fact " * fact_words, tool_call_id=f"c{turn}")]),
            ModelResponse(parts=[TextPart(f"Answer {turn}: " + "word " * words)]),
        ]
    return messages


def assert_paired(messages: list[ModelMessage]) -> None:
    calls = [part.tool_call_id for m in messages for part in m.parts if isinstance(part, ToolCallPart)]
    returns = [part.tool_call_id for m in messages for part in m.parts if isinstance(part, ToolReturnPart)]
    assert calls == returns


class Seen:
    """A model that remembers what reached it."""

    def __init__(self) -> None:
        self.requests: list[list[ModelMessage]] = []
        self.model = FunctionModel(self._answer, model_name="seen")

    def _answer(self, messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        self.requests.append(messages)
        return ModelResponse(parts=[TextPart("done")])


async def test_without_a_language_model_the_oldest_messages_go() -> None:
    seen = Seen()
    agent = Agent(seen.model, capabilities=compaction(4000))
    await agent.run("And now?", message_history=conversation(40))
    (sent,) = seen.requests
    assert 4 < len(sent) < 100
    assert_paired(sent)
    assert "And now?" in str(sent[-1])
    assert "Answer 39" in str(sent)
    assert "Answer 10" not in str(sent)


async def test_a_short_conversation_is_left_alone() -> None:
    seen = Seen()
    history = conversation(3)
    await Agent(seen.model, capabilities=compaction(32_000, model=seen.model)).run("Go on.", message_history=history)
    (sent,) = seen.requests
    assert sent[: len(history)] == history


async def test_a_language_model_writes_a_summary_of_the_old_part(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    settings = Models(ollama=OllamaSettings(host=scripted_llm.url, num_ctx=8192))
    resolved = resolve("ollama:small:1b", factories={}, settings=settings)
    agent = Agent(resolved.model, capabilities=resolved.compaction())
    scripted_llm.script(say("SUMMARY: thirty questions were asked."), say("Finished."))
    result = await agent.run("And now?", message_history=conversation(32, fact_words=3))
    assert result.output == "Finished."
    summary_request, final = scripted_llm.model_requests
    assert "Question 0" in str(summary_request.body)
    assert "thirty questions were asked" in str(final.body)
    assert "Question 9:" not in str(final.body)
    assert_paired([message for message in result.all_messages() if isinstance(message, ModelRequest | ModelResponse)])


async def test_old_results_go_before_a_summary_is_paid_for(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    settings = Models(ollama=OllamaSettings(host=scripted_llm.url, num_ctx=8192))
    resolved = resolve("ollama:small:1b", factories={}, settings=settings)
    scripted_llm.script(say("Finished."))
    history = conversation(12, words=10, fact_words=400)
    agent = Agent(resolved.model, capabilities=resolved.compaction())
    await agent.run("And now?", message_history=history)
    (final,) = scripted_llm.model_requests
    assert "Question 0" in str(final.body)
    assert str(final.body).count("fact fact") < 400 * 6


async def test_a_summary_that_fails_does_not_end_the_run(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    settings = Models(ollama=OllamaSettings(host=scripted_llm.url, num_ctx=8192))
    resolved = resolve("ollama:small:1b", factories={}, settings=settings)
    agent = Agent(resolved.model, capabilities=resolved.compaction())
    scripted_llm.script(fail(400), say("Finished all the same."))
    result = await agent.run("And now?", message_history=conversation(32, fact_words=3))
    assert result.output == "Finished all the same."
    assert "Answer 31" in str(scripted_llm.model_requests[-1].body)


async def test_a_conversation_too_long_even_to_summarise_is_cut(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    settings = Models(ollama=OllamaSettings(host=scripted_llm.url, num_ctx=4096))
    resolved = resolve("ollama:small:1b", factories={}, settings=settings)
    agent = Agent(resolved.model, capabilities=resolved.compaction())
    scripted_llm.script(say("Finished."))
    result = await agent.run("And now?", message_history=conversation(200, fact_words=3))
    assert result.output == "Finished."
    assert resolved.estimate_tokens(result.all_messages()) < 4096


@pytest.mark.parametrize("model", [None, FunctionModel(lambda messages, info: ModelResponse(parts=[]))])
def test_no_capability_forces_streaming(model: Any) -> None:
    for capability in compaction(8000, model=model):
        for hook in ("on_event", "wrap_run_event_stream"):
            assert getattr(type(capability), hook, None) is getattr(AbstractCapability, hook, None)


def with_tools(agent: Agent[None, str], number: int) -> Agent[None, str]:
    for index in range(number):

        def look_up(topic: str, depth: int = 1) -> str:
            """Look a topic up in the big book of everything, at any depth that seems useful for the question.

            Args:
                topic: What to look up.
                depth: How many links to follow.
            """
            return topic

        agent.tool_plain(name=f"look_up_{index}")(look_up)
    return agent


async def test_tool_definitions_count_against_the_room() -> None:
    lean, loaded = Seen(), Seen()
    history = conversation(14)
    await Agent(lean.model, capabilities=compaction(8000)).run("?", message_history=history)
    agent = with_tools(Agent(loaded.model, capabilities=compaction(8000)), 30)
    await agent.run("?", message_history=history)
    assert len(loaded.requests[0]) < len(lean.requests[0])
    assert_paired(loaded.requests[0])


async def test_a_small_context_with_many_tools_goes_on_and_on(scripted_llm: ScriptedLLM) -> None:
    scripted_llm.add_ollama("small:1b")
    settings = Models(ollama=OllamaSettings(host=scripted_llm.url, num_ctx=6000))
    resolved = resolve("ollama:small:1b", factories={}, settings=settings)
    agent = with_tools(Agent(resolved.model, capabilities=resolved.compaction()), 20)
    history: list[ModelMessage] = []
    scripted_llm.script(*[say("Noted. " + "word " * 100)] * 60)
    for turn in range(25):
        result = await agent.run(f"Fact {turn}: " + "word " * 120, message_history=history)
        history = result.all_messages()
    assert "Fact 24" in str(history)
    summaries = len(scripted_llm.model_requests) - 25
    # Some, but not one for each turn.
    assert 1 <= summaries <= 10


async def test_a_turn_is_one_request_however_long_the_conversation_is() -> None:
    """Nothing beside the loop judges a response: a call of an unknown tool comes back as it was said."""
    asked: list[list[ModelMessage]] = []

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        asked.append(messages)
        return ModelResponse(parts=[ToolCallPart("no_such_tool", {"a": 1}, tool_call_id="c")])

    talk = Conversation.load(Conversation(conversation(40)).dump(), 0)
    speaker = Speaker(FunctionModel(answer), context_tokens=4000, compaction=lambda: compaction(4000))
    used = await take_turn(talk, speaker, "And now?")
    (sent,) = asked
    assert len(sent) < 100
    assert_paired(sent)
    assert [call.tool_name for call in talk.open_calls()] == ["no_such_tool"]
    assert talk.messages[:-1] == sent, "what was left out stays out: the next turn begins with what was sent"
    assert used.input_tokens == talk.messages[-1].usage.input_tokens
