"""Against a real Ollama, with tiny models of our own: what the scripted server only imitates.

Measured with Ollama 0.17.4, and asserted below: `/v1` ignores `num_ctx`, at the top and under `options`, and cuts long
prompts without a word; `/api/chat` takes `num_ctx`, and refuses what does not fit if it is told to (`truncate: false`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pydantic_ai.models
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput
from pydantic_ai.exceptions import ModelAPIError, ModelServerError
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.tools import ToolDefinition

from agent_core import Assistant, tool
from agent_core.events import AnswerReady, TextDelta
from agent_core.models import PromptTooLongError, ResolvedModel, list_models, resolve
from agent_core.models.ollama import OllamaModelFacts
from agent_core.models.ollama import OllamaServer as Probe
from agent_core.models.ollama_chat import OllamaChatModel
from agent_core.models.ollama_wire import wire_tools
from agent_core.models.turn import Conversation, Speaker, take_turn
from agent_core.settings.sections import ModelRetries, Models, OllamaSettings
from tests.core.conftest import CommandLine
from tests.servers.llm_script import say
from tests.servers.ollama import CHAT_TEMPLATE, OllamaServer
from tests.servers.scripted_llm import ScriptedLLM
from tests.servers.tiny_llama import AGAIN, tiny_llama

# The first test of a machine may have to build Ollama.
pytestmark = pytest.mark.timeout(120, func_only=True)

NUMBERS = tuple(f"{word} " for word in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
REPLIES = {
    "call": ('{"name": "calc', 'ulate", "argum', 'ents": {"expression": "17*', '23"}}'),
    "answer": ("It", " is", " 391", "."),
    "print": ("```json\n", '{"name": "add", ', '"arguments": {"a": 2, "b": 3}}', "\n```"),
    "think": ("<think>", "Six times seven.", "</think>", "42."),
    "count": (*NUMBERS, AGAIN),
    "stick": ("again", AGAIN),
}
WITHOUT_TOOLS = "{{ range .Messages }}{{ .Role }}: {{ .Content }}\n{{ end }}AFTER_USER"
THOUGHTS = "{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"
THINKS = CHAT_TEMPLATE.replace("{{ .Content }}", THOUGHTS + "{{ .Content }}")


def weights(seed: int, context_tokens: int = 4096) -> bytes:
    """Models of the same weights share one process, so those that are compared need weights of their own."""
    return tiny_llama(REPLIES, context_tokens=context_tokens, seed=seed)


@pytest.fixture(scope="session")
def served(ollama: OllamaServer) -> OllamaServer:
    """The shared server with the models of this module."""
    common = weights(1, context_tokens=32_768)
    ollama.add("caller", common, after_user="call", after_tool="answer")
    ollama.add("sayer", common, after_user="answer")
    ollama.add("thinker", common, after_user="think", template=THINKS)
    ollama.add("counter", common, after_user="count")
    ollama.add("sticker", common, after_user="stick")
    ollama.add("gibberer", common, after_user="")
    ollama.add("printer", common, after_user="print", after_tool="answer")
    ollama.add("small:512", weights(2, context_tokens=512), after_user="answer")
    ollama.add("own", weights(3), after_user="answer", parameters={"num_ctx": 1536})
    ollama.add("free", weights(4, context_tokens=32_768), after_user="answer")
    ollama.add("dense", weights(7, context_tokens=32_768), after_user="answer")
    ollama.add("v1", weights(5, context_tokens=32_768), after_user="answer")
    ollama.add("toolless", weights(6), after_user="answer", template=WITHOUT_TOOLS)
    return ollama


@pytest.fixture(autouse=True)
def _ask_the_real_one(served: OllamaServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("OLLAMA_HOST", served.url)
    with pydantic_ai.models.override_allow_model_requests(True):
        yield


def local(name: str, *, retry: ModelRetries | None = None, **preferences: Any) -> ResolvedModel:
    settings = Models(ollama=OllamaSettings(**preferences), retry=retry or ModelRetries())
    return resolve(f"ollama:{name}", factories={}, settings=settings)


def chats(server: OllamaServer) -> int:
    """How many requests for a reply it has taken."""
    return len(statuses(server.log))


def statuses(log: str) -> list[int]:
    """How the requests for a reply that `log` tells of ended."""
    return [int(status) for status in re.findall(r'\| (\d{3}) \|.*POST +"/api/chat"', log)]


# -- what there is


def test_the_models_and_what_they_can_do_are_found(served: OllamaServer) -> None:
    probe = Probe(served.url)
    assert {"caller:latest", "small:512", "toolless:latest"} <= set(probe.model_names())
    facts = probe.facts("small:512")
    assert facts.capabilities == {"completion", "tools"}
    assert (facts.trained_tokens, facts.own_num_ctx, facts.remote) == (512, None, False)
    assert probe.facts("own").own_num_ctx == 1536
    assert probe.facts("thinker").capabilities == {"completion", "thinking", "tools"}
    assert not probe.facts("toolless").calls_tools
    listed = {model.name: model for model in list_models({})}
    assert listed["ollama:small:512"].ready
    assert listed["ollama:small:512"].note.startswith("completion, tools, trained for 512 tokens")
    assert "tools" not in listed["ollama:toolless:latest"].note


def test_auto_takes_a_model_that_calls_tools(ollama_program: Path, tmp_path: Path) -> None:
    with OllamaServer(ollama_program, tmp_path / "own") as server:
        settings = Models(ollama=OllamaSettings(host=server.url))
        factories: dict[str, Callable[[str], Any]] = {"offline": lambda name: Model}
        server.add("older", weights(1), after_user="answer")
        server.add("newer", weights(1), after_user="answer", template=WITHOUT_TOOLS)
        chosen = resolve("auto", factories=factories, settings=settings)
        assert chosen.name == "ollama:older:latest"
        assert server.url in chosen.why
        assert not chosen.remote


def test_models_list_and_doctor_see_it(cli: CommandLine, served: OllamaServer) -> None:
    listed = cli("models", "list", "--json").json
    notes = {model["name"]: model["note"] for model in listed["models"] if model["from"] == "Ollama"}
    assert "tools" in notes["ollama:caller:latest"]
    assert notes["ollama:toolless:latest"].startswith("completion, trained for")
    assert listed["chosen"]["name"].startswith("ollama:")
    assert "ollama:caller:latest" in cli("models", "list").out
    checks = {check["name"]: check for check in cli("doctor", "--json").json["checks"]}
    assert checks["model"]["status"] == "ok"
    assert served.url in checks["model"]["detail"]


# -- the context


@pytest.mark.parametrize(
    ("name", "num_ctx", "expected"),
    [
        ("small:512", None, 512),
        ("small:512", 2048, 512),
        ("own", None, 1536),
        ("own", 1024, 1024),
        ("free", None, 16_384),
        ("free", 20_000, 20_000),
    ],
)
async def test_the_context_that_we_count_on_is_the_one_that_the_server_uses(
    served: OllamaServer, name: str, num_ctx: int | None, expected: int
) -> None:
    resolved = local(name, num_ctx=num_ctx)
    assert resolved.context_tokens == expected
    assert (await Agent(resolved.model).run("?")).output == "It is 391."
    assert served.loaded()[name if ":" in name else f"{name}:latest"] == expected
    assert Probe(served.url).facts(name).loaded_tokens == expected
    assert resolved.context_tokens == expected


async def test_a_model_that_somebody_loaded_with_little_context_is_loaded_anew(served: OllamaServer) -> None:
    served.request("POST", "/api/chat", json={"model": "free", "messages": [], "options": {"num_ctx": 2048}})
    assert served.loaded()["free:latest"] == 2048
    resolved = local("free")
    assert resolved.context_tokens == 16_384
    assert (await Agent(resolved.model).run("word " * 3000)).usage.input_tokens > 2048


async def test_the_server_counts_the_prompt_that_it_was_given(served: OllamaServer) -> None:
    resolved = local("own")
    model = resolved.model
    short = await Agent(model).run("word " * 100)
    longer = await Agent(model).run("word " * 200)
    again = await Agent(model).run("word " * 200)
    assert longer.usage.input_tokens - short.usage.input_tokens == 100
    assert again.usage.input_tokens == longer.usage.input_tokens, "what was cached counts too"
    assert longer.usage.output_tokens >= 4


async def test_what_we_underestimate_is_refused_and_not_cut(served: OllamaServer) -> None:
    # The tiny tokenizer has one token for each of these letters, and we count three letters for one.
    dense = "qzxv" * 300
    resolved = local("own", num_ctx=1024)
    before = chats(served)
    request: list[ModelMessage] = [ModelRequest(parts=[UserPromptPart(dense)])]
    assert resolved.estimate_tokens(request) < 1024 * 3 / 4
    with pytest.raises(PromptTooLongError, match="1024") as caught:
        await Agent(resolved.model).run(dense)
    assert caught.value.context_tokens == 1024
    assert chats(served) == before + 1, "a refusal is not tried again"
    # From now on we know better, and do not even send it.
    assert resolved.estimate_tokens(request) > 1024
    with pytest.raises(PromptTooLongError):
        await Agent(resolved.model).run(dense)
    assert chats(served) == before + 1
    assert (await Agent(resolved.model).run("short?")).output == "It is 391."


async def test_the_oldest_messages_are_not_dropped_in_silence(served: OllamaServer) -> None:
    resolved = local("own", num_ctx=1024)
    dense = "qzxv" * 60
    history: list[ModelMessage] = []
    for _ in range(4):
        history += [ModelRequest(parts=[UserPromptPart(dense)]), ModelResponse(parts=[TextPart("Noted.")])]
    with pytest.raises(PromptTooLongError):
        await Agent(resolved.model).run(dense, message_history=history)
    # What a client gets that does not ask for a refusal.
    messages = [{"role": "user", "content": dense}, {"role": "assistant", "content": "Noted."}] * 4
    body = {"model": "own", "messages": [*messages, {"role": "user", "content": dense}], "stream": False}
    cut = served.request("POST", "/api/chat", json={**body, "options": {"num_ctx": 1024}}).json()
    assert cut["done"]
    assert cut["prompt_eval_count"] <= 1024


async def test_what_is_certainly_too_long_is_not_even_sent(served: OllamaServer) -> None:
    before = chats(served)
    with pytest.raises(PromptTooLongError, match="num_ctx"):
        await Agent(local("own").model).run("word " * 5000)
    assert chats(served) == before


async def test_a_long_conversation_is_compacted_until_it_fits(served: OllamaServer) -> None:
    resolved = local("free", num_ctx=2048)
    history: list[ModelMessage] = []
    for number in range(40):
        history.append(ModelRequest(parts=[UserPromptPart(f"{number}: " + "some words of the user " * 12)]))
        history.append(ModelResponse(parts=[TextPart("And here are the results. " * 6)]))
    assert resolved.estimate_tokens(history) > 2048
    result = await Agent(resolved.model, capabilities=resolved.compaction()).run("And now?", message_history=history)
    assert result.output == "It is 391."
    assert 0 < result.response.usage.input_tokens < 2048
    assert served.loaded()["free:latest"] == 2048


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_conversation_that_turns_out_too_long_is_compacted_and_asked_again(
    served: OllamaServer, streamed: bool
) -> None:
    resolved = local("dense", num_ctx=2048)
    said: list[str] = []
    conversation = Conversation()
    for number in range(12):
        conversation.messages.append(ModelRequest(parts=[UserPromptPart(f"Part {number}: {'qzxv' * 55}")]))
        conversation.messages.append(ModelResponse(parts=[TextPart("Noted.")]))
    assert resolved.estimate_tokens(conversation.messages) < 2048 * 3 / 4
    speaker = Speaker(resolved.model, context_tokens=resolved.context_tokens, compaction=resolved.compaction)
    earlier = len(served.log)
    usage = await take_turn(conversation, speaker, "And now?", said.append if streamed else None)
    assert 0 < usage.input_tokens < 2048 * 2
    assert conversation.messages[-1].parts == [TextPart("It is 391.")]
    assert "".join(said) == ("It is 391." if streamed else "")
    # Refused once. That a summary of all of it would not fit either is known by now: the oldest messages went.
    assert statuses(served.log[earlier:]) == [400, 200]
    text = str(conversation.messages)
    kept = [number for number in range(12) if f"Part {number}: qzxv" in text]
    assert {0, 11} <= set(kept), "what it began with, and the newest"
    assert not {1, 2, 3, 4} & set(kept)
    assert "And now?" in text


async def test_a_reply_that_fills_the_context_ends_and_the_prompt_stays_whole(served: OllamaServer) -> None:
    resolved = local("counter", num_ctx=512)
    # Longer than we think, so that the bound that we set on the reply lies beyond the end of the context.
    dense = "qzxv" * 40
    estimated = resolved.estimate_tokens([ModelRequest(parts=[UserPromptPart(dense)])])
    result = await Agent(resolved.model).run(dense)
    assert result.usage.input_tokens > estimated
    assert result.response.finish_reason == "length"
    assert result.output.startswith("one two three")
    # The last token that was written has not been read.
    assert result.usage.input_tokens + result.usage.output_tokens <= 512 + 1


@pytest.mark.parametrize("body", [{"num_ctx": 1024}, {"options": {"num_ctx": 1024}}])
def test_the_openai_endpoint_ignores_the_context_length_and_cuts(served: OllamaServer, body: dict[str, Any]) -> None:
    """Why we do not use it. Should this fail one day, a reason for our own client is gone."""
    messages = [{"role": "user", "content": "word " * 6000}]
    reply = served.request("POST", "/v1/chat/completions", json={"model": "v1", "messages": messages, **body}).json()
    assert served.loaded()["v1:latest"] == 4096
    assert reply["usage"]["prompt_tokens"] == 4096
    assert reply["choices"][0]["finish_reason"] == "stop"


# -- replies


async def test_text_is_streamed_as_it_is_written(served: OllamaServer) -> None:
    deltas: list[str] = []
    async with Agent(local("sayer").model).run_stream_events("?") as events:
        async for event in events:
            if isinstance(event, PartStartEvent) and isinstance(event.part, TextPart):
                deltas.append(event.part.content)
            elif isinstance(event, PartDeltaEvent):
                deltas.append(str(getattr(event.delta, "content_delta", "")))
    assert deltas == ["It", " is", " 391", "."]


@pytest.mark.parametrize("wanted", [True, False])
async def test_thoughts_are_kept_apart(served: OllamaServer, wanted: bool) -> None:
    outcome = await Agent(local("thinker").model).run("6*7?", model_settings={"thinking": wanted})
    thoughts = [part.content for part in outcome.response.parts if isinstance(part, ThinkingPart)]
    assert thoughts == ["Six times seven."]
    assert outcome.output == "42."


async def test_a_model_that_only_repeats_itself_is_asked_once(served: OllamaServer) -> None:
    """Ollama ends such a reply without the last line that says that it is done."""
    before = chats(served)
    result = await Agent(local("sticker").model).run("?")
    assert result.response.finish_reason == "length"
    assert result.output.startswith("againagain")
    assert chats(served) == before + 1


async def test_a_schema_makes_sense_of_a_model_that_writes_gibberish(served: OllamaServer) -> None:
    class Verdict(BaseModel):
        fits: bool
        colour: Literal["red", "green"]

    model = local("gibberer").model
    result = await Agent(model, output_type=NativeOutput(Verdict)).run("?", model_settings={"seed": 3})
    assert result.output.colour in ("red", "green")


# -- tools


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def test_a_call_arrives_and_its_result_goes_back(served: OllamaServer) -> None:
    agent = Agent(local("caller").model)
    asked: list[str] = []

    @agent.tool_plain
    def calculate(expression: str) -> str:
        """Calculate."""
        asked.append(expression)
        return "391"

    result = await agent.run("What is 17*23?")
    assert (asked, result.output) == (["17*23"], "It is 391.")
    (made,) = [part for message in result.all_messages() for part in message.parts if isinstance(part, ToolCallPart)]
    assert made.args_as_dict() == {"expression": "17*23"}
    assert result.usage.requests == 2


async def test_a_call_that_the_server_did_not_recognise_is_repaired(served: OllamaServer) -> None:
    result = await Agent(local("printer").model, tools=[add]).run("2+3?")
    returned = [part for message in result.all_messages() for part in message.parts if part.part_kind == "tool-return"]
    assert [part.content for part in returned] == [5]
    assert result.output == "It is 391."


def test_the_model_is_shown_all_that_a_schema_says(served: OllamaServer) -> None:
    street = {"type": "object", "properties": {"street": {"type": "string"}}}
    schema = {
        "type": "object",
        "required": ["speed", "to"],
        "properties": {
            "speed": {"type": "string", "enum": ["slow", "fast"], "description": "How fast."},
            "stops": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]"}},
            "note": {"anyOf": [{"type": "string", "maxLength": 40}, {"type": "null"}]},
            "to": street,
            "weight": {"type": "number", "minimum": 0.5},
        },
    }
    tools = wire_tools([ToolDefinition(name="ship", description="Ship it.", parameters_json_schema=schema)])
    body = {"model": "caller", "messages": [{"role": "user", "content": "?"}], "tools": tools, "stream": False}
    reply = served.request("POST", "/api/chat", json={**body, "_debug_render_only": True}).json()
    shown: str = reply["_debug_info"]["rendered_template"]
    for part in ("ship", "Ship it.", '"slow","fast"', "How fast.", "^[A-Z]", "maxLength", "street", "minimum", "0.5"):
        assert part in shown.replace("\\", ""), part
    assert '"required":["speed","to"]' in shown


def test_a_model_that_cannot_call_tools_is_not_asked_to(cli: CommandLine, served: OllamaServer) -> None:
    before = chats(served)
    ran = cli("ask", "What is 17*23?", "--model", "ollama:toolless")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "'toolless'" in ran.err
    assert "cannot call tools" in ran.err
    assert "models list" in ran.err
    assert chats(served) == before


def test_a_request_is_planned_run_and_answered(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    # A tiny model reads the schemas of all tools as slowly as a large one would.
    monkeypatch.setenv("AGENT_CORE_PLUGINS_DISABLED", "calendar,files,mail,notes,search,tables")
    answer = cli("ask", "What is 17*23?", "--model", "ollama:caller", "--json").json
    assert (answer["status"], answer["answer"], answer["model"]) == ("done", "It is 391.", "ollama:caller")
    assert [(call["tool"], call["status"]) for call in answer["calls"]] == [("calculate", "done")]
    assert answer["usage"]["requests"] == 2
    assert answer["usage"]["output_tokens"] >= 8


# -- failures


@pytest.mark.parametrize("name", ["caler", "small:513", "no such model"])
def test_an_unknown_model_is_one_line_that_names_it(cli: CommandLine, name: str) -> None:
    ran = cli("ask", "hi", "--model", f"ollama:{name}")
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1)
    assert f"'ollama:{name}'" in ran.err
    assert "did you mean" in ran.err or "models list" in ran.err


async def test_a_model_that_is_removed_meanwhile_is_named(served: OllamaServer) -> None:
    served.add("brief", weights(8), after_user="answer")
    model = local("brief").model
    served.request("DELETE", "/api/delete", json={"model": "brief"})
    with pytest.raises(ModelAPIError) as caught:
        await Agent(model).run("?")
    assert "brief" in str(caught.value)


async def test_the_end_of_the_process_that_runs_the_model_is_told_and_overcome(
    ollama_program: Path, tmp_path: Path
) -> None:
    with OllamaServer(ollama_program, tmp_path / "own") as server:
        server.add("counter", weights(1, context_tokens=32_768), after_user="count")
        model = local("counter", host=server.url).model

        async def read_until_it_breaks() -> None:
            async with Agent(model).run_stream("Count.") as result:
                pieces = result.stream_text(delta=True, debounce_by=None)
                await anext(pieces)
                server.kill_runners()
                async for _ in pieces:
                    pass

        with pytest.raises(ModelServerError, match="Ollama"):
            await read_until_it_breaks()
        # Within the same server the next request starts it anew.
        settings: Any = {"max_tokens": 3}
        assert (await Agent(model).run("Count.", model_settings=settings)).output == "one two three "


async def test_a_server_that_dies_within_a_reply_loses_nothing(
    ollama_program: Path, tmp_path: Path, assistants: Callable[..., Assistant], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    @tool(read_only=True)
    def calculate(expression: str) -> str:
        """Calculate."""
        ran.append(expression)
        return "391"

    common = weights(1, context_tokens=32_768)
    with OllamaServer(ollama_program, tmp_path / "own") as server:
        server.add("worker", common, after_user="call", after_tool="count")
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        events = assistants("ollama:worker", tools=[calculate]).stream("What is 17*23?")
        answer = None
        async for event in events:
            if isinstance(event, TextDelta):
                server.kill()
            if isinstance(event, AnswerReady):
                answer = event.answer
    assert answer is not None
    assert (answer.status, ran) == ("failed", ["17*23"])
    assert "'worker'" in answer.error["message"]
    assert "broke off" in answer.error["message"]
    assert answer.error["message"].count("\n") == 0
    # Another process, another port, the same models; and this time the model finds an end.
    with OllamaServer(ollama_program, tmp_path / "own") as server:
        server.add("worker", common, after_user="call", after_tool="answer")
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        answer = await assistants("ollama:worker", tools=[calculate]).resume(answer.run_id)
    assert (answer.status, answer.text, answer.error) == ("done", "It is 391.", None)
    assert ran == ["17*23"], "what was done is not done again"


async def test_a_server_that_is_gone_is_asked_as_often_as_the_settings_say(
    ollama_program: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "agent_core")
    with OllamaServer(ollama_program, tmp_path / "own") as server:
        server.add("sayer", weights(1), after_user="answer")
        model = local("sayer", host=server.url, retry=ModelRetries(attempts=3, first_wait_s=0.01)).model
    with pytest.raises(ModelAPIError):
        await Agent(model).run("?")
    assert caplog.text.count("asking again") == 2


# -- elsewhere


async def test_a_model_that_runs_elsewhere_is_seen_under_any_name(
    ollama_program: Path, tmp_path: Path, scripted_llm: ScriptedLLM
) -> None:
    """Ollama's naming rule for its cloud does not bind whoever makes or copies a model."""
    scripted_llm.add_ollama("big")
    scripted_llm.script(say("From afar."))
    allowed = {"OLLAMA_REMOTES": "127.0.0.1", "OLLAMA_NO_CLOUD": "0"}
    with OllamaServer(ollama_program, tmp_path / "own", **allowed) as server:
        template = "{{ .Tools }}{{ .Prompt }}"
        info = {"capabilities": ["completion", "tools"], "context_length": 8192}
        server.create(
            {"model": "mine", "from": "big", "remote_host": scripted_llm.url, "template": template, "info": info}
        )
        server.request("POST", "/api/copy", json={"source": "mine", "destination": "copied"})
        facts = Probe(server.url).facts("copied")
        assert "tools" in facts.capabilities
        assert facts.remote
        assert Probe(server.url).tool_model() is None, "auto never takes what leaves this machine"
        settings = Models(ollama=OllamaSettings(host=server.url))
        resolved = resolve("ollama:copied", factories={}, settings=settings)
        assert resolved.remote
        assert {model.name: model.remote for model in list_models({}, settings)}["ollama:copied:latest"]
        assert scripted_llm.model_requests == []
        # It really is: this request comes out at the other server.
        assert (await Agent(resolved.model).run("?")).output == "From afar."
        assert len(scripted_llm.model_requests) == 1


def test_a_model_given_by_an_app_says_itself_where_it_runs() -> None:
    facts = OllamaModelFacts("mine", frozenset({"completion"}), 4096, None, None, remote=True)
    model = OllamaChatModel("mine", host="http://127.0.0.1:9", facts=facts)
    assert model.remote
    parameters = ModelRequestParameters()
    assert model.estimate_tokens([ModelRequest(parts=[UserPromptPart("?")])], parameters) > 0
