"""Secrets of every kind, on every way into the program; afterwards every byte of every file it wrote is searched.

Nothing is decided by what the program says about itself: the journal with its log, the vault, crash reports and
plugins' folders are read as bytes, and so is what was printed. Looked for are the values, and what they look like in
base64 (at each of three alignments), hex, a URL, JSON, UTF-16 and backwards.
"""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from agent_core import Assistant, Tool, ToolContext, ToolError, tool
from agent_core.gate.detect import TOKEN
from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor
from agent_core.gate.vault import Vault
from agent_core.loop.opening import Attachment
from agent_core.planning.plan import Plan
from agent_core.testing import Script, call
from agent_core.tools.tool import FinishedCall, Preview
from tests.adversarial import attacks
from tests.adversarial.conftest import Cases
from tests.adversarial.planted import Planted, forms, plant
from tests.servers.llm_script import call as llm_call
from tests.servers.llm_script import fail, say
from tests.servers.scripted_llm import ScriptedLLM
from tests.terminals import Terminal

ATTACK = attacks.SECRETS

Make = Callable[..., Assistant]
NEVER_REPORTED = json.dumps("ok")


def together(planted: Iterable[Planted]) -> str:
    """One text that holds them all, and words between."""
    return "\n\nThis is the next one.\n".join(secret.text for secret in planted)


def leaks(home: Path, planted: Iterable[Planted], *printed: str) -> list[tuple[str, str, bytes]]:
    """(kind, file, form) of everything that was found."""
    files = {str(path.relative_to(home)): path.read_bytes() for path in home.rglob("*") if path.is_file()}
    files |= {f"printed {number}": text.encode() for number, text in enumerate(printed)}
    return [
        (secret.kind, name, form)
        for secret in planted
        for needle in secret.needles
        for form in forms(needle)
        for name, data in files.items()
        if form in data
    ]


def assert_kept_nowhere(home: Path, planted: list[Planted], cases: Cases, *printed: str) -> None:
    assert (home / "journal.db").stat().st_size > 0
    assert leaks(home, planted, *printed) == []
    cases.count(len(planted))


@pytest.fixture(autouse=True)
def _many_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run of this suite makes a call for every secret."""
    monkeypatch.setenv("AGENT_CORE_LIMITS_CALLS", "1000")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def token_in(messages: list[Any]) -> str:
    """What the model sees in place of the first secret."""
    found = TOKEN.search(str(messages))
    assert found, messages
    return found.group()


# -- ways in, with an app's own tools


async def test_a_request(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(1))
    script = Script("It is done.")
    answer = await assistants(script).ask(together(planted))
    assert answer.status == "done"
    assert_kept_nowhere(home, planted, cases, str(script.requests), json.dumps(answer.to_json()))


async def test_an_attachment(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(2))
    half = len(planted) // 2
    attached = [Attachment(secret.text, "nothing") for secret in planted[:half]]
    attached.append(Attachment("all.txt", together(planted[half:])))
    script = Script("It is done.")
    await assistants(script).ask("What is in it?", attachments=attached)
    assert_kept_nowhere(home, planted, cases, str(script.requests))


@pytest.mark.parametrize("shape", ["text", "object", "list", "names", "nested"])
async def test_a_result_of_a_tool(assistants: Make, home: Path, cases: Cases, shape: str) -> None:
    planted = list(plant(3 + len(shape)))
    texts = [secret.text for secret in planted]
    results: dict[str, Any] = {
        "text": together(planted),
        "object": {f"n{i}": text for i, text in enumerate(texts)},
        "list": texts,
        "names": dict.fromkeys(texts, 1),
        "nested": [json.dumps({"a": [text]}) for text in texts],
    }

    @tool(read_only=True, idempotent=True, cache_s=3600)
    def look() -> Any:
        """Look."""
        return results[shape]

    script = Script(call("look"), "It is done.")
    answer = await assistants(script, tools=[look]).ask("Look.")
    assert answer.status == "done"
    assert_kept_nowhere(home, planted, cases, str(script.requests), json.dumps(answer.to_json()))


async def test_an_error_of_a_tool(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(11))

    @tool(read_only=True)
    def look(number: int) -> str:
        """Look."""
        raise ToolError(f"the server says: {planted[number].text}")

    calls = [call("look", f"c{i}", number=i) for i in range(len(planted))]
    script = Script(calls, "It failed.")
    answer = await assistants(script, tools=[look]).ask("Look everywhere.")
    assert_kept_nowhere(home, planted, cases, str(script.requests), json.dumps(answer.to_json()))


async def test_a_defect_of_a_tool_and_its_traceback(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(12))[:20]

    for number, secret in enumerate(planted):

        @tool(read_only=True)
        def look(secret: Planted = secret) -> str:
            """Look."""
            raise RuntimeError(secret.text)

        broken = Tool.from_schema(look.function, "look", "Look.", {"type": "object", "properties": {}}, read_only=True)
        answer = await assistants(Script(call("look", f"c{number}"), "It failed."), tools=[broken]).ask("Look.")
        assert "RuntimeError" in json.dumps(answer.to_json()) or answer.calls
    assert_kept_nowhere(home, planted, cases)


async def test_progress_and_previews_and_what_undo_needs(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(13))
    undone: list[str] = []

    def preview(ctx: ToolContext, number: int) -> Preview:
        return Preview(f"This will be done with {planted[number].text}")

    def undo(ctx: ToolContext, finished: FinishedCall) -> str:
        undone.append(finished.saved["before"])
        return "undone"

    @tool(preview=preview, undo=undo)
    def act(ctx: ToolContext, number: int) -> str:
        """Act."""
        ctx.progress(f"half of it: {planted[number].text}", 0.5)
        ctx.save_for_undo({"before": planted[number].text})
        return "acted"

    calls = [call("act", f"c{i}", number=i) for i in range(len(planted))]
    heard: list[Any] = []
    assistant = assistants(Script(calls, "It is done."), tools=[act], listener=heard.append)
    answer = await assistant.ask("Act.")
    shown = json.dumps([pending.to_json() for pending in answer.pending])
    assert len(answer.pending) == len(planted)
    for pending in answer.pending:
        await assistant.approve(pending.id)
    answer = await assistant.resume(answer.run_id)
    await assistant.undo(answer.run_id)
    assert sorted(undone) == sorted(secret.text for secret in planted), "undo works on the real values"
    assert_kept_nowhere(home, planted, cases, shown, str(heard))


@pytest.mark.parametrize("size", [1, 3, 17, 4096])
async def test_text_that_a_model_streams(assistants: Make, home: Path, cases: Cases, size: int) -> None:
    """It knows or made up a secret, and it is split between chunks."""
    from pydantic_ai.models.function import FunctionModel

    planted = list(plant(14 + size))

    async def speak(messages: Any, info: Any) -> Any:
        said = together(planted)
        for at in range(0, len(said), size):
            yield said[at : at + size]

    heard: list[Any] = []
    model = FunctionModel(stream_function=speak, model_name="speaker")
    answer = await assistants(model, listener=heard.append).ask("Speak.")
    assert answer.status == "done"
    assert any(event.kind == "text_delta" for event in heard)
    said = "".join(event.text for event in heard if event.kind == "text_delta")
    assert_kept_nowhere(home, planted, cases, str(heard), said)


async def test_arguments_by_a_model(assistants: Make, home: Path, cases: Cases) -> None:
    """As an object, and as JSON in which every character is escaped."""
    planted = list(plant(19))
    got: list[str] = []

    @tool
    def login(text: str, password: str = "") -> str:
        """Log in."""
        got.append(text + password)
        return "done"

    def escaped(text: str) -> str:
        return "".join(f"\\u{ord(c):04x}" for c in text)

    calls = [
        call("login", f"c{i}", text=secret.text, password=secret.value)
        if i % 2
        else _raw_call("login", f"c{i}", f'{{"text": "{escaped(secret.text)}"}}')
        for i, secret in enumerate(planted)
    ]
    script = Script(calls, "It is done.")
    answer = await assistants(script, tools=[login], allow=["*"]).ask("Log in.")
    assert answer.status == "done"
    wanted = [s.text + s.value if i % 2 else s.text for i, s in enumerate(planted)]
    assert sorted(got) == sorted(wanted), "the tool gets the real values"
    assert_kept_nowhere(home, planted, cases, json.dumps(answer.to_json()), str(script.requests[-1]))


def _raw_call(name: str, call_id: str, arguments: str) -> Any:
    from pydantic_ai.messages import ToolCallPart

    return ToolCallPart(name, arguments, call_id)


async def test_a_plan(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(20))
    got: list[str] = []

    @tool
    def keep(text: str) -> str:
        """Keep a text."""
        got.append(text)
        return f"kept {text}"

    steps = [
        {"id": f"s{i}", "kind": "tool", "title": s.text[:150], "tool": "keep", "args": {"text": s.text}}
        for i, s in enumerate(planted)
    ]
    script = Script(call("submit_plan", goal=together(planted[:9]), steps=steps), "It is done.")
    heard: list[Any] = []
    assistant = assistants(script, tools=[keep], allow=["*"], listener=heard.append)
    answer = await assistant.ask("Keep them.", plan_first=True)
    shown = json.dumps(answer.to_json())
    (pending,) = answer.pending
    await assistant.approve(pending.id)
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done", answer
    assert sorted(got) == sorted(secret.text for secret in planted)
    assert_kept_nowhere(home, planted, cases, shown, json.dumps(answer.to_json()), str(heard))


async def test_inputs_of_a_workflow(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(21))
    got: list[str] = []

    @tool
    def keep(text: str) -> str:
        """Keep a text."""
        got.append(text)
        return "kept"

    names = [f"v{i}" for i in range(len(planted))]
    plan = Plan.model_validate(
        {
            "goal": "keep them",
            "inputs": {name: {"type": "string"} for name in names},
            "steps": [
                {"id": f"s{i}", "kind": "tool", "title": "t", "tool": "keep", "args": {"text": {"$input": name}}}
                for i, name in enumerate(names)
            ]
            + [{"id": "end", "kind": "answer", "title": "t", "goal": "say so", "depends_on": ["s0"]}],
        }
    )
    assistant = assistants(Script("It is done.", "It is done."), tools=[keep], allow=["*"])
    answer = await assistant.run_workflow(plan, {n: s.text for n, s in zip(names, planted, strict=True)})
    assert answer.status == "done", answer
    assert sorted(got) == sorted(secret.text for secret in planted)
    assert_kept_nowhere(home, planted, cases, json.dumps(answer.to_json()))


async def test_what_a_person_answers_edits_refuses_and_corrects(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(22))
    got: list[str] = []

    @tool
    def login(text: str) -> str:
        """Log in."""
        got.append(text)
        return "done"

    for number, secret in enumerate(planted):
        way = ("answer", "edit", "deny", "correct")[number % 4]
        first = (
            call("ask_user", f"q{number}", question="Which?")
            if way == "answer"
            else call("login", f"c{number}", text="x")
        )
        script = Script(first, "It is done.")
        assistant = assistants(script, tools=[login], allow=["*"] if way == "correct" else [])
        answer = await assistant.ask("Log in.")
        for pending in answer.pending:
            if way == "answer":
                await assistant.reply(pending.id, secret.text)
            elif way == "edit":
                await assistant.approve(
                    pending.id, arguments={"text": secret.text}, scope="always" if number % 8 == 1 else "once"
                )
            else:
                await assistant.deny(pending.id, f"No: {secret.text}")
        if way == "correct":
            await assistant.feedback(answer.run_id, "down", secret.text)
        else:
            answer = await assistant.resume(answer.run_id)
            assert answer.status in ("done", "refused"), answer
    assert [s.text for i, s in enumerate(planted) if i % 4 == 1] == [text for text in got if text != "x"]
    assert_kept_nowhere(home, planted, cases)


async def test_what_an_application_hands_in(assistants: Make, home: Path, cases: Cases) -> None:
    planted = list(plant(23))
    external = Tool.from_schema(None, "fetch", "Fetch.", {"type": "object", "properties": {"n": {"type": "integer"}}})
    calls = [call("fetch", f"c{i}", n=i) for i in range(len(planted))]
    script = Script(calls, "It is done.")
    assistant = assistants(script, tools=[external])
    answer = await assistant.ask("Fetch.")
    for pending in answer.pending:
        await assistant.reply(pending.id, {"text": planted[pending.args["n"]].text})
    answer = await assistant.resume(answer.run_id)
    assert answer.status == "done", answer
    assert_kept_nowhere(home, planted, cases, str(script.requests), json.dumps(answer.to_json()))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64, one byte further": lambda text: base64.b64encode(b" " + text.encode()).decode(),
    "base64, two bytes further": lambda text: base64.b64encode(b"  " + text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 over lines": lambda text: "\n".join(textwrap.wrap(base64.b64encode(text.encode()).decode(), 76)),
    "hex": lambda text: text.encode().hex(),
    "URL": lambda text: quote(text, safe=""),
    "every byte of a URL": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
}


@pytest.mark.parametrize("encoding", ENCODINGS)
async def test_encoded_before_it_was_ever_seen(assistants: Make, home: Path, cases: Cases, encoding: str) -> None:
    planted = list(plant(30))

    @tool(read_only=True)
    def look() -> list[str]:
        """Look."""
        return [f"data: {ENCODINGS[encoding](secret.text)} end" for secret in planted]

    script = Script(call("look"), "It is done.")
    await assistants(script, tools=[look]).ask("Look.")
    assert_kept_nowhere(home, planted, cases, str(script.requests))


BROKEN: dict[str, Callable[[str], str]] = {
    **ENCODINGS,
    "JSON": lambda text: json.dumps(json.dumps(text)),
    "over lines": lambda text: "\n".join(textwrap.wrap(text, 10)) if "\n" not in text else text,
    "over quoted lines": lambda text: "\n> ".join(textwrap.wrap(text, 10)) if "\n" not in text else text,
}


@pytest.mark.parametrize("encoding", BROKEN)
async def test_encoded_without_its_context_after_it_was_seen(
    assistants: Make, home: Path, cases: Cases, encoding: str
) -> None:
    """The second time there is nothing beside the value that would give it away."""
    planted = [secret for secret in plant(31) if len(secret.value) >= 12]

    @tool(read_only=True)
    def look() -> list[str]:
        """Look."""
        return [f"data: {BROKEN[encoding](secret.value)} end" for secret in planted]

    script = Script(call("look"), "It is done.")
    await assistants(script, tools=[look]).ask(together(planted))
    assert_kept_nowhere(home, planted, cases, str(script.requests))
    again = letters(str(script.requests[-1][-1]))
    assert [secret.kind for secret in planted if letters(secret.value) in again] == []


WRAPPED: dict[str, Callable[[str], str]] = {
    "base64 of base64": lambda text: ENCODINGS["base64"](ENCODINGS["base64"](text)),
    "base64 of hex": lambda text: ENCODINGS["base64"](ENCODINGS["hex"](text)),
    "URL of base64": lambda text: ENCODINGS["every byte of a URL"](ENCODINGS["base64"](text)),
    "base64 of a URL in JSON": lambda text: json.dumps(ENCODINGS["base64"](ENCODINGS["every byte of a URL"](text))),
    "every character of HTML": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML in hex": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
}
FORMS = {"plain": str, **BROKEN, **WRAPPED}


def letters(text: str) -> str:
    """What of a text is neither space, mark nor the end of a line."""
    return "".join(char for char in text.replace("\\n", "") if char.isalnum())


def common_beginning(one: str, other: str) -> str:
    differs = (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return one[: next(differs, min(len(one), len(other)))]


@pytest.mark.parametrize("encoding", WRAPPED)
async def test_encoded_more_than_once(assistants: Make, home: Path, cases: Cases, encoding: str) -> None:
    """First with its context, and later without."""
    planted = [secret for secret in plant(33) if len(secret.value) >= 12]
    results = [[WRAPPED[encoding](getattr(secret, part)) for secret in planted] for part in ("text", "value")]

    @tool(read_only=True)
    def look(time: int) -> list[str]:
        """Look."""
        return results[time]

    script = Script(call("look", time=0), call("look", "c2", time=1), "It is done.")
    await assistants(script, tools=[look]).ask("Look.")
    first, second = (str(request[-1]) for request in script.requests[1:])
    for secret, with_context, alone in zip(planted, *results, strict=True):
        assert with_context not in first, secret.kind
        assert alone[4:-8] not in second, secret.kind
    assert_kept_nowhere(home, planted, cases, first, second)


NOTHING_BESIDE = "otter391_Falcon8Qx"
"""Nothing tells it from an identifier: what it is, only what stands beside it says."""


@pytest.mark.parametrize("form", FORMS)
def test_what_nothing_gives_away_is_data_until_it_was_seen_and_never_again(
    tmp_path: Path, cases: Cases, form: str
) -> None:
    """Where recognising ends: random characters without a shape or a word beside them, plain or encoded."""
    hidden = f"it says {FORMS[form](NOTHING_BESIDE)} there"
    vault = Vault(tmp_path / "vault.db", use_keyring=False)
    assert vault.tokenise(hidden, "c") == hidden
    vault.tokenise(f"my password is {NOTHING_BESIDE}", "c")
    caught = vault.tokenise({"a": [hidden]}, "c")
    assert vault.reveal(caught) == {"a": [hidden]}
    written = FORMS[form](NOTHING_BESIDE)
    shown = [caught["a"][0]]
    for size in (1, 2, 3, 5, 8, 13):
        stream = vault.stream("c")
        shown.append("".join(stream.feed(hidden[at : at + size]) for at in range(0, len(hidden), size)))
        shown[-1] += stream.close()
    vault.close()
    for text in shown:
        assert TOKEN.search(text)
        assert text.startswith("it says ")
        assert text.endswith(" there")
        assert letters(written)[2:-3] not in letters(text)
    cases.count(len(shown))


LATE_MARKS = {"discord", "terraform", "azure entra", "mailchimp"}
"""What tells these apart stands in their middle: of the letters that come before it, plain ones have been shown."""
PUBLIC = {"linear": len("lin_api_"), "notion": len("ntn_"), "perplexity": len("pplx-")}
"""The vendor's own name, which is no part of the secret."""


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_no_beginning_of_a_secret_is_shown_while_it_streams(cases: Cases, size: int, known: bool) -> None:
    shown_of: dict[str, str] = {}
    planted = [*plant(34), *plant(35)]
    for secret in planted:
        at = secret.text.index(secret.value)
        stream = StreamRedactor(KnownSecrets({"known": secret.value} if known else {}))
        shown = ""
        for start in range(0, len(secret.text), size):
            shown += stream.feed(secret.text[start : start + size])
            beginning = common_beginning(shown[at:], secret.value)
            if len(beginning) > len(shown_of.get(secret.kind, "")):
                shown_of[secret.kind] = beginning
        shown += stream.close()
        assert "[redacted:" in shown, secret.kind
    for kind, beginning in shown_of.items():
        assert not known, kind
        if kind in LATE_MARKS:
            assert beginning[1:].islower() or len(beginning) == 1, (kind, beginning)
        else:
            assert len(beginning) <= PUBLIC.get(kind, 0), (kind, beginning)
    cases.count(len(planted))


# -- ways in, from the command line


@pytest.fixture
def llm(scripted_llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch) -> ScriptedLLM:
    monkeypatch.setenv("OPENAI_BASE_URL", scripted_llm.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", OWN_KEY)
    monkeypatch.setenv("AGENT_CORE_MODELS_DEFAULT", "openai-chat:scripted")
    return scripted_llm


OWN_KEY = "own-key-Zx81mQp20-of-the-provider"
"""A provider's key without any shape: it is known because it stands in the environment."""
OWN = Planted("key in the environment", OWN_KEY, OWN_KEY)


@pytest.mark.parametrize("how", ["--json", "--stream-json"])
def test_standard_input_and_files(cli: Any, llm: ScriptedLLM, cases: Cases, how: str) -> None:
    planted = [*plant(40 + len(how)), OWN]
    half = len(planted) // 2
    (cli.workspace / "a.txt").write_text(together(planted[:half]))
    llm.script(say("Thanks for the file."))
    ran = cli.process(
        "ask", "What is in it?", "-f", "a.txt", how, input=together(planted[half:]), stdin=None
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    shown = cli.process("runs", "list")
    run_id = json.loads(cli.process("runs", "list", "--json").stdout)[0]["run_id"]
    details = [cli.process("runs", "show", run_id, *more) for more in ([], ["--json"])]
    printed = [shown.stdout, ran.stdout, ran.stderr, *(one.stdout + one.stderr for one in details)]
    assert_kept_nowhere(cli.home, planted, cases, *printed, *(json.dumps(r.body) for r in llm.model_requests))


def test_a_model_server_that_quotes_what_it_got(cli: Any, llm: ScriptedLLM, cases: Cases) -> None:
    planted = [*plant(50)][:60]
    for secret in [OWN, *planted[::6]]:
        llm.script(fail(401, message=f"Incorrect API key provided: {secret.text}"))
        ran = cli("ask", "Hello", "--json")
        assert ran.code == 1
        assert leaks(cli.home, [secret], ran.out, ran.err) == []
    cases.count(1 + len(planted[::6]))


def test_a_crash_report(cli: Any, cases: Cases, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody expected, whose words hold a secret: the file keeps the traceback and not the secret."""
    from agent_core.cli import failures

    planted = [*plant(51)]
    monkeypatch.setenv("ACME_API_KEY", "otter-quartz-violet")
    known = Planted("in the environment", "otter-quartz-violet", "otter-quartz-violet")
    printed: list[str] = []
    for secret in [*planted, known]:
        try:
            raise RuntimeError(secret.text)
        except RuntimeError as error:
            printed.append(str(failures._told(error)))  # pyright: ignore[reportPrivateUsage]
    assert len(list((cli.home / "crashes").iterdir())) == len(planted) + 1
    assert leaks(cli.home, [*planted, known], *printed) == []
    cases.count(len(planted) + 1)


def test_the_environment_of_the_program(
    cli: Any, llm: ScriptedLLM, cases: Cases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their values have no shape; a file of the workspace holds all of them."""
    names = [
        f"{vendor}_{what}" for vendor in ("ACME", "SHOP", "MAIL") for what in ("API_KEY", "TOKEN", "SECRET", "PASSWORD")
    ]
    planted = [Planted(name, f"quiet river {name.lower()} stone", "") for name in names]
    for secret in planted:
        monkeypatch.setenv(secret.kind, secret.value)
    (cli.workspace / "dump.txt").write_text("\n".join(f"it said {secret.value} there" for secret in planted))
    llm.script(llm_call("read_file", {"path": "dump.txt"}), say("It is a dump."))
    ran = cli.process("ask", "What is in dump.txt?", "--json")
    assert ran.returncode == 0, ran.stderr
    assert_kept_nowhere(cli.home, planted, cases, ran.stdout, ran.stderr, json.dumps(llm.model_requests[-1].body))


def test_keys_are_kept_by_the_keyring_or_not_at_all(cli: Any, cases: Cases) -> None:
    secret = Planted("provider key", "plain-words-as-a-key-4711", "")
    ran = cli("keys", "set", "openai", stdin=f"{secret.value}\n".encode())
    assert ran.code == 2, "there is no keyring here"
    assert leaks(cli.home, [secret], ran.out, ran.err) == [] if cli.home.exists() else True
    cases.count(1)


def test_a_note_is_the_exception_and_stays_one(cli: Any, llm: ScriptedLLM, cases: Cases) -> None:
    """What the user asks to be remembered is kept as it was said, in the notes' own file and nowhere else."""
    secret = next(s for s in plant(52) if s.kind == "github")

    def remember(body: dict[str, Any]) -> Any:
        return llm_call("remember", {"text": f"the key is {TOKEN.search(json.dumps(body)).group()}"})  # type: ignore[union-attr]

    llm.script(remember, say("I will."))
    ran = cli.process("ask", f"Remember that the key is {secret.value}", "--json")
    assert ran.returncode == 0, ran.stderr
    found = {name for _, name, _ in leaks(cli.home, [secret])}
    assert found
    assert all(name.startswith("plugins/notes/") for name in found), found
    for folder in cli.home.rglob("*.db*"):
        assert folder.stat().st_mode & 0o077 == 0
    cases.count(1)


@pytest.mark.parametrize("kind", ["openai", "ed25519", "password is", "visa", "jwt", "postgres"])
def test_a_run_that_was_killed_goes_on_with_the_real_value(cli: Any, llm: ScriptedLLM, cases: Cases, kind: str) -> None:
    """kill -9 at the question; another process approves, a third one resumes: the file holds the secret."""
    planted = [secret for secret in plant(53) if secret.kind == kind]
    for number, secret in enumerate(planted):

        def write(body: dict[str, Any], number: int = number) -> Any:
            tokens = TOKEN.findall(json.dumps(body["messages"]))
            return llm_call("write_file", {"path": f"{number}.txt", "content": tokens[-1]})

        llm.script(write)
        terminal = Terminal(
            [*cli.command, "ask", f"Write it to {number}.txt: {secret.text}"], cli.workspace, cli.environ
        )
        terminal.wait_for("> ")
        terminal.close()  # SIGKILL
        [approve] = [p["id"] for p in json.loads(cli.process("approvals", "list", "--json").stdout)]
        assert cli.process("approvals", "approve", approve).returncode == 0
        run_id = json.loads(cli.process("runs", "list", "--json").stdout)[0]["run_id"]
        llm.script(say("It is written."))
        ran = cli.process("runs", "resume", run_id)
        assert (ran.returncode, ran.stdout) == (0, "It is written.\n"), ran.stderr
        assert (cli.workspace / f"{number}.txt").read_text().strip() == secret.value
        assert leaks(cli.home, [secret], terminal.screen, ran.stdout, ran.stderr) == []
    cases.count(len(planted))


def test_the_search_finds_what_is_there(home: Path) -> None:
    """A search that finds nothing anywhere proves nothing."""
    home.mkdir()
    for number, secret in enumerate(plant(60)):
        file = home / f"{number}.bin"
        for name, encode in ENCODINGS.items():
            needle = secret.needles[0]
            file.write_bytes(b"\0\xff" + encode(needle).encode() + b"\0")
            if name != "base64 over lines" and len(needle) >= 12:
                assert leaks(home, [secret]), (secret.kind, name)
        file.unlink()
