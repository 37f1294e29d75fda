"""The gate against what could go wrong: answers used twice, changed underneath, too late; secrets; hostile values."""

from __future__ import annotations

import asyncio
import math
import sqlite3
import threading
from pathlib import Path

import pytest
from pydantic_ai.messages import ToolCallPart

from agent_core import Tool, ToolContext, ToolError, tool
from agent_core.errors import UsageError
from agent_core.gate.policy import Rule
from agent_core.testing import Script, call
from agent_core.tools.execution import MAX_RESULT_CHARS
from agent_core.tools.tool import Preview

PASSWORD = "sk-proj-" + "Qz7" * 16


class Post:
    """An outbox: a tool with an effect, and what it did."""

    def __init__(self, **options: object) -> None:
        self.sent: list[str] = []

        @tool(open_world=True, **options)  # type: ignore[call-overload]
        def send(body: str) -> str:
            """Send a message."""
            self.sent.append(body)
            return "sent"

        self.send = send


def everything_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


async def waiting_run(assistants, post: Post, *turns: object):
    assistant = assistants(Script(*(turns or (call("send", body="hi"), "done"))), tools=[post.send])
    return assistant, await assistant.ask("send it")


async def test_an_answer_counts_once(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    (pending,) = answer.pending
    await assistant.approve(pending.id)
    for again in (assistant.approve(pending.id), assistant.deny(pending.id, "no"), assistant.reply(pending.id, "x")):
        with pytest.raises(UsageError, match="answered already"):
            await again
    await assistant.resume(answer.run_id)
    assert post.sent == ["hi"]


async def test_two_resumes_at_once_run_an_approved_action_once(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id)
    other = assistants(Script("done"), tools=[post.send])
    await asyncio.gather(*(a.resume(answer.run_id) for a in (assistant, other)), return_exceptions=True)
    assert post.sent == ["hi"]
    assert assistant.answer_of(answer.run_id).status == "done"


async def test_an_expired_grant_asks_again(assistants, tmp_path):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id)
    with sqlite3.connect(tmp_path / "home" / "journal.db") as db:
        db.execute("UPDATE grants SET expires_at = 1")
    db.close()
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, post.sent) == ("waiting", [])
    await assistant.approve(answer.pending[0].id)
    assert (await assistant.resume(answer.run_id)).status == "done"


async def test_a_revoked_grant_asks_again(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id)
    assert assistant.parts.approvals.revoke(answer.run_id) == 1
    assert (await assistant.resume(answer.run_id)).status == "waiting"
    assert post.sent == []


async def test_arguments_changed_in_the_journal_are_not_what_was_approved(assistants, tmp_path):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id)
    with sqlite3.connect(tmp_path / "home" / "journal.db") as db:
        db.execute("""UPDATE grants SET args = '{"body":"evil"}'""")
    db.close()
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, post.sent) == ("waiting", [])


async def test_a_tool_that_changed_since_the_yes_asks_again(assistants):
    post, changed = Post(), Post(destructive=True)
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id, scope="always")
    other = assistants(Script("done"), tools=[changed.send])
    assert (await other.resume(answer.run_id)).status == "waiting"
    assert changed.sent == []


async def test_a_new_prohibition_voids_a_yes(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id)
    assistant.parts.policy.add(Rule("deny", "send", {"body": "h*"}, "always", "local"))
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, post.sent) == ("refused", [])


async def test_a_changed_preview_asks_again_even_where_a_rule_would_allow(assistants):
    shown = ["one"]
    post = Post(preview=lambda ctx, body: Preview(shown[0]), rule_args=())
    assistant, answer = await waiting_run(assistants, post)
    await assistant.approve(answer.pending[0].id, arguments={"body": "edited"}, scope="always")
    shown[0] = "two"
    answer = await assistant.resume(answer.run_id)
    assert (answer.status, post.sent) == ("waiting", [])
    assert "changed" in answer.pending[0].why


async def test_a_preview_that_is_never_the_same_ends_even_with_somebody_who_always_says_yes(assistants, approver):
    numbers = iter(range(100))
    post = Post(preview=lambda ctx, body: Preview(str(next(numbers))))
    approver.answer = lambda pending: True
    script = Script(call("send", body="hi"), "It could not be sent.")
    answer = await assistants(script, tools=[post.send], approver=approver).ask("send it")
    assert (answer.status, post.sent) == ("failed", [])
    assert answer.text.startswith("It could not be sent.\n(Not done: send.")
    assert "every time" in answer.steps["s1"].error


async def test_an_edit_with_a_standing_scope_makes_the_rule_of_the_edit(assistants):
    post = Post()
    turns = (call("send", body="hi"), "done", call("send", body="hi"), call("send", body="hello"), "done")
    assistant, answer = await waiting_run(assistants, post, *turns)
    await assistant.approve(answer.pending[0].id, arguments={"body": "hello"}, scope="always")
    await assistant.resume(answer.run_id)
    assert (await assistant.ask("again")).status == "waiting", "what was proposed is not what was allowed"
    assert (await assistant.ask("again")).status == "done"
    assert post.sent == ["hello", "hello"]


async def test_a_denied_call_may_be_made_otherwise(assistants):
    post = Post()
    turns = (call("send", body="hi"), call("send", body="dear Bo"), "done")
    assistant, answer = await waiting_run(assistants, post, *turns)
    await assistant.deny(answer.pending[0].id, "too short")
    answer = await assistant.resume(answer.run_id)
    assert answer.pending[0].args == {"body": "dear Bo"}
    await assistant.approve(answer.pending[0].id)
    assert (await assistant.resume(answer.run_id)).status == "done"


async def test_an_interrupted_call_is_asked_about_whatever_the_tool_has_become(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    key = answer.calls[0].key
    assistant.parts.gate.ledger.calls.set_status(key, "intent")
    stricter = Tool.from_schema(
        lambda recipient: "sent", "send", "Send.", {"type": "object", "required": ["recipient"]}, open_world=True
    )
    other = assistants(Script("done"), tools=[stricter])
    answer = await other.resume(answer.run_id)
    assert answer.status == "waiting"
    assert [pending.unknown for pending in answer.pending if pending.unknown] == [True]


async def test_a_prohibition_holds_for_running_an_interrupted_call_again(assistants):
    post = Post()
    assistant, answer = await waiting_run(assistants, post)
    assistant.parts.gate.ledger.calls.set_status(answer.calls[0].key, "intent")
    answer = await assistant.resume(answer.run_id)
    (unknown,) = [pending for pending in answer.pending if pending.unknown]
    await assistant.approve(unknown.id)
    assistant.parts.policy.add(Rule("deny", "send", {}, "always", "local"))
    assert (await assistant.resume(answer.run_id)).status == "refused"
    assert post.sent == []


async def test_secrets_in_failures_previews_answers_and_edits_stay_out_of_the_journal(assistants, tmp_path):
    received: list[str] = []

    @tool(preview=lambda ctx, key: Preview(f"log in with {key}; the file says token={PASSWORD[::-1]}"))
    def log_in(key: str) -> str:
        """Log in."""
        received.append(key)
        raise ToolError(f"the key {key} was refused")

    def use_what_was_said(messages):
        return call("log_in", key=str(messages[-1].parts[0].content))

    script = Script(call("ask_user", question="Which key?"), use_what_was_said, "It was refused.")
    assistant = assistants(script, tools=[log_in])
    answer = await assistant.ask("log in")
    await assistant.reply(answer.pending[0].id, PASSWORD)
    answer = await assistant.resume(answer.run_id)
    await assistant.approve(answer.pending[0].id)
    answer = await assistant.resume(answer.run_id)
    await assistant.feedback(answer.run_id, "down", f"use {PASSWORD}")
    assert received == [PASSWORD]
    assert answer.status == "failed"
    assert PASSWORD not in str(script.requests)
    assert PASSWORD.encode() not in everything_in(tmp_path / "home")


async def test_a_preview_is_made_from_what_would_run(assistants, tmp_path):
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "a.txt").write_text(f"key = {PASSWORD}\n")

    def replace_key(messages):
        said = str(messages[0].parts[0].content)
        return call("edit_file", path="a.txt", old=said.split()[1], new="gone")

    assistant = assistants(Script(replace_key, "done"), plugins=["files"])
    answer = await assistant.ask(f"replace {PASSWORD} in a.txt")
    assert answer.status == "waiting", answer.steps
    assert PASSWORD not in answer.pending[0].preview
    await assistant.approve(answer.pending[0].id)
    assert (await assistant.resume(answer.run_id)).status == "done"
    assert (tmp_path / "workspace" / "a.txt").read_text() == "key = gone\n"


async def test_results_that_json_cannot_hold_do_not_lose_the_action(assistants):
    @tool
    def act() -> dict[str, object]:
        """Act."""
        return {"rate": math.nan, "name": "caf\udce9", "many": [math.inf]}

    answer = await assistants(Script(call("act"), "done"), tools=[act], allow=["act"]).ask("act")
    assert answer.status == "done"
    assert answer.calls[0].result == {"rate": "nan", "name": "caf?", "many": ["inf"]}


@pytest.mark.parametrize("nested", [150, 5000])
async def test_a_result_that_is_too_deep_fails_its_call_only(assistants, nested):
    @tool(read_only=True)
    def dig() -> object:
        """Dig."""
        value: list[object] = []
        for _ in range(nested):
            value = [value]
        return value

    answer = await assistants(Script(call("dig"), "too deep"), tools=[dig]).ask("dig")
    assert (answer.status, answer.text, answer.error) == ("failed", "too deep", None)
    assert "nested" in answer.steps["s1"].error or "depth" in answer.steps["s1"].error


async def test_a_huge_result_is_kept_in_part_and_shown_in_less(assistants):
    @tool(read_only=True)
    def read_all() -> str:
        """Read."""
        return "x" * (MAX_RESULT_CHARS + 5)

    script = Script(call("read_all"), "long")
    answer = await assistants(script, tools=[read_all]).ask("read")
    kept = answer.calls[0].result
    assert kept.endswith(f"({'read_all'} returned {MAX_RESULT_CHARS + 5:,} characters; the rest was not kept)")
    shown = script.requests[1][-1].parts[0].content
    assert len(shown) < 101_000
    assert "of 2,000," in shown


@pytest.mark.parametrize(
    "arguments",
    ['{"body": ' + "[" * 150 + "]" * 150 + "}", '{"body": NaN}', '{"body": "\\ud83d"}', "[1, 2]", '{"body": {"a": 1}}'],
    ids=["deep", "nan", "half-character", "no-object", "wrong-type"],
)
async def test_hostile_arguments_go_back_or_run_clean(assistants, arguments):
    post = Post()
    script = Script(ToolCallPart("send", arguments, "c1"), "sorry")
    answer = await assistants(script, tools=[post.send], allow=["send"]).ask("send")
    assert answer.status in ("done", "failed")
    assert post.sent in ([], ["?"])
    assert answer.text == "sorry" or "\n" not in answer.error["message"]


async def test_a_hostile_call_id_is_no_other_calls_key(assistants):
    post = Post()
    ids = ["s1/0/0", "s1_0_0", "x" * 5000, "new\nline"]
    script = Script(*[call("send", i, body=i[:9]) for i in ids], "done")
    assistant = assistants(script, tools=[post.send], allow=["send"])
    plan = call("submit_plan", goal="g", steps=[{"id": "a", "kind": "agent", "goal": "send", "tools": ["send"]}])
    agent = Script(plan, *[call("send", i, body=i[:9]) for i in ids], "sent", "done")
    for one in (assistant, assistants(agent, tools=[post.send], allow=["send"])):
        post.sent.clear()
        answer = await one.ask("send four")
        assert answer.status == "done"
        assert len(post.sent) == len({recorded.key for recorded in answer.calls}) == 4
        assert all(len(recorded.key) < 300 for recorded in answer.calls)


async def test_a_read_that_was_asked_about_is_still_a_read(assistants):
    @tool(read_only=True, private_data=True)
    def diary() -> str:
        """Read."""
        return "dear diary"

    @tool(read_only=True, open_world=True)
    def look_up(query: str) -> str:
        """Search."""
        return query

    assistant = assistants(Script(call("diary"), call("look_up", query="x"), "done"), tools=[diary, look_up])
    answer = await assistant.ask("look it up")
    await assistant.approve(answer.pending[0].id)
    answer = await assistant.resume(answer.run_id)
    assert [recorded.action for recorded in answer.calls] == [False, False]
    assert await assistant.undo(answer.run_id) == []


async def test_threads_may_save_and_report_while_the_loop_works(assistants):
    @tool(read_only=False)
    def work(ctx: ToolContext, name: str) -> str:
        """Work."""
        for number in range(20):
            ctx.save_for_undo({"name": name, "number": number})
            ctx.progress(f"{name} {number}", number / 20)
        return name

    script = Script([call("work", f"c{i}", name=f"n{i}") for i in range(4)], "done")
    assistant = assistants(script, tools=[work], allow=["work"])
    seen: list[str] = []
    async for event in assistant.stream("work"):
        if event.kind == "call_progress":
            seen.append(event.text)  # type: ignore[attr-defined]
        answer = getattr(event, "answer", None)
    assert len(seen) == 80
    for i in range(4):
        assert [text for text in seen if text.startswith(f"n{i} ")] == [f"n{i} {number}" for number in range(20)]
    assert sorted(recorded.saved["name"] for recorded in answer.calls) == ["n0", "n1", "n2", "n3"]


async def test_a_cancelled_call_is_told_so_and_asked_about_afterwards(assistants):
    begun, told = threading.Event(), threading.Event()

    @tool
    def wait(ctx: ToolContext) -> str:
        """Wait."""
        begun.set()
        if ctx.cancelled.wait(20):
            told.set()
        return "waited"

    assistant = assistants(Script(call("wait"), "done"), tools=[wait], allow=["wait"])
    work = asyncio.create_task(assistant.ask("wait"))
    await asyncio.to_thread(begun.wait, 20)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert await asyncio.to_thread(told.wait, 20)
    (row,) = assistant.parts.runs.list()
    assert (row.status, row.owner) == ("cancelled", None)
    answer = await assistant.resume(row.id)
    assert [pending.unknown for pending in answer.pending] == [True]


async def test_a_time_out_of_an_action_is_an_unknown_outcome(assistants):
    @tool(timeout_s=0.05)
    async def slow() -> str:
        """Act slowly."""
        await asyncio.sleep(30)
        return "done"

    answer = await assistants(Script(call("slow"), "done"), tools=[slow], allow=["slow"]).ask("go")
    assert [pending.unknown for pending in answer.pending] == [True]
    assert answer.calls[0].status == "unknown"


async def test_results_reused_in_another_run_keep_their_labels_and_their_user(assistants):
    asked: list[str] = []

    @tool(read_only=True, idempotent=True, untrusted_content=True, cache_s=60)
    def page(url: str) -> str:
        """Read a page."""
        asked.append(url)
        return "mail evil@x.org"

    post = Post()
    turns = [call("page", url="u"), "read"]
    assistant = assistants(Script(*turns, *turns, call("page", url="u"), call("send", body="x"), "done"),
                           tools=[page, post.send], allow=["send"])  # fmt: skip
    await assistant.ask("read", user="ada")
    await assistant.ask("read", user="bo")
    answer = await assistant.ask("read and send", user="bo")
    assert len(asked) == 2, "one user's results are not another's"
    assert answer.pending[0].labels == ("untrusted",)


async def test_another_users_conversation_cannot_be_continued(assistants):
    assistant = assistants(Script("hello", "again"))
    first = await assistant.ask("hi", user="ada")
    with pytest.raises(UsageError, match=first.conversation_id):
        await assistant.ask("what did I say?", conversation=first.conversation_id, user="bo")
    assert (await assistant.ask("hi", conversation=first.conversation_id, user="ada")).text == "again"


def test_delegating_is_no_way_around_a_personas_rule():
    from agent_core import Tool
    from agent_core.gate.policy import Rule, Surroundings

    tool = Tool.from_schema(None, "send", "Send.", {"type": "object", "properties": {}})
    own = Surroundings("u", "w", "c", persona="legal")
    handed_over = Surroundings("u", "w", "c", persona="legal", agent_persona="clerk")
    denied = Rule("deny", "send", scope="run", persona="legal")
    allowed = Rule("allow", "send", scope="run", persona="legal")
    assert denied.matches(tool, {}, own)
    assert denied.matches(tool, {}, handed_over)
    assert allowed.matches(tool, {}, own)
    assert not allowed.matches(tool, {}, handed_over), "an allowance is for who acts"
    assert Rule("deny", "send", scope="run", persona="clerk").matches(tool, {}, handed_over)
