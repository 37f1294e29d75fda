"""What an app may hand in, and a state folder may have become: one line, and nothing lost."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from agent_core import Assistant, tool
from agent_core.errors import AgentCoreError, ConfigurationError, JournalError, UsageError
from agent_core.loop.opening import MAX_REQUEST_CHARS, Attachment
from agent_core.testing import Script, call


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def one_line(error: BaseException, *named: str) -> None:
    text = str(error)
    assert "\n" not in text
    assert "Traceback" not in text
    for name in named:
        assert name in text


async def test_a_journal_of_a_newer_version_is_refused_and_left_alone(assistants, tmp_path):
    assistant = assistants(Script("hello"))
    await assistant.ask("hi")
    await assistant.aclose()
    journal = tmp_path / "home" / "journal.db"
    db = sqlite3.connect(journal)
    db.execute("PRAGMA user_version = 99")
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    copy = tmp_path / "newer"
    copy.mkdir()
    (copy / "journal.db").write_bytes(journal.read_bytes())
    before = digests(copy)
    with pytest.raises(JournalError) as caught:
        assistants(Script("hello"), home=copy)
    one_line(caught.value, "journal.db", "99", "upgrade")
    assert digests(copy) == before


@pytest.mark.parametrize("damage", ["no-database", "header-only", "cut", "scribbled"])
async def test_a_damaged_journal_is_refused_and_left_alone(assistants, tmp_path, damage):
    home = tmp_path / "damaged"
    assistant = assistants(Script(*["hello"] * 30), home=home)
    for number in range(30):
        await assistant.ask(f"hi {number}")
    await assistant.aclose()
    journal = home / "journal.db"
    whole = journal.read_bytes()
    noise = hashlib.shake_256(b"noise").digest(len(whole))
    journal.write_bytes(
        {
            "no-database": noise,
            "header-only": whole[:100],
            "cut": whole[: len(whole) // 2],
            "scribbled": whole[:4096] + noise[4096:],
        }[damage]
    )
    before = journal.read_bytes()

    async def use() -> None:
        broken = assistants(Script("hello"), home=home)
        for row in broken.parts.runs.list():
            broken.answer_of(row.id)
        await broken.ask("hi")

    with pytest.raises(JournalError) as caught:
        await use()
    one_line(caught.value, "journal.db", "damaged")
    if damage in ("no-database", "header-only"):
        assert journal.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"model": "openai:"}, "openai:"),
        ({"model": "no-such-model"}, "no-such-model"),
        ({"persona": "nobody"}, "nobody"),
        ({"persona": "./no/such/folder"}, "no/such/folder"),
        ({"plugins": ["no_such_plugin"]}, "no_such_plugin"),
        ({"workspace": "/no/such/folder"}, "/no/such/folder"),
        ({"home": "/proc/no-such/home"}, "/proc/no-such/home"),
        ({"home": "/dev/null"}, "/dev/null"),
        ({"allow": ["send_mail("]}, "send_mail("),
        ({"deny": ["send_mail(=x)"]}, "send_mail(=x)"),
    ],
)
async def test_names_that_do_not_exist(tmp_path, options, named):
    given = {"model": "offline", "plugins": False, "home": tmp_path / "home", "workspace": tmp_path, **options}

    async def use() -> None:
        async with Assistant(given.pop("model"), **given) as assistant:
            await assistant.ask("hello")

    with pytest.raises(AgentCoreError) as caught:
        await use()
    one_line(caught.value, named)
    assert caught.value.exit_code == 2


async def test_ids_that_do_not_exist(assistants):
    assistant = assistants(Script("hello"))
    for work in (
        lambda: assistant.resume("run_x"),
        lambda: assistant.undo("run_x"),
        lambda: assistant.feedback("run_x", "up"),
        lambda: assistant.approve("ask_x"),
        lambda: assistant.deny("ask_x", "no"),
        lambda: assistant.reply("ask_x", "yes"),
        lambda: assistant.ask("hi", conversation="conv_x"),
    ):
        with pytest.raises(UsageError) as caught:
            await work()
        one_line(caught.value, "_x'")
    with pytest.raises(UsageError, match="run_x"):
        assistant.answer_of("run_x")
    assert assistant.parts.runs.list() == []


async def test_answers_of_the_wrong_kind(assistants):
    @tool(open_world=True)
    def send(body: str) -> str:
        """Send."""
        return body

    assistant = assistants(Script(call("ask_user", question="Who?"), call("send", body="x"), "done"), tools=[send])
    answer = await assistant.ask("hi")
    question = answer.pending[0].id
    with pytest.raises(UsageError, match="is a question"):
        await assistant.approve(question)
    for value in (object(), [object()]):
        with pytest.raises(UsageError, match="cannot be kept"):
            await assistant.reply(question, value)
    await assistant.reply(question, "Bo \udcff")
    answer = await assistant.resume(answer.run_id)
    with pytest.raises(UsageError, match="yes or a no"):
        await assistant.reply(answer.pending[0].id, "yes")
    with pytest.raises(AgentCoreError, match="body"):
        await assistant.approve(answer.pending[0].id, arguments={"body": 5})
    with pytest.raises(AgentCoreError, match="subject"):
        await assistant.approve(answer.pending[0].id, arguments={"subject": "x"})
    assert [pending.id for pending in assistant.pending()] == [answer.pending[0].id]


@pytest.mark.parametrize("text", ["", "   \n\t", "x" * (MAX_REQUEST_CHARS + 1)])
async def test_requests_that_cannot_be_taken(assistants, text):
    assistant = assistants(Script())
    for work in (assistant.ask, assistant.plan):
        with pytest.raises(UsageError) as caught:
            await work(text)
        one_line(caught.value)
        assert len(str(caught.value)) < 300
    assert assistant.parts.runs.list() == []


async def test_attachments_that_cannot_be_taken(assistants):
    with pytest.raises(UsageError, match="attachments"):
        await assistants(Script()).ask("read", attachments=[Attachment("a", "x" * 10_000_001)])


@pytest.mark.parametrize("text", ["word " * 200_000, "é" * 1_000_000, "{" * 1_000_000, "half \ud83d character \udcff"])
async def test_requests_of_any_text_arrive(assistants, text):
    script = Script("read")
    answer = await assistants(script).ask(text)
    assert (answer.status, answer.text) == ("done", "read")
    assert str(script.requests[0][0].parts[-1].content)[:1000] == text[:1000].encode("utf-8", "replace").decode()


FULL_DISK = textwrap.dedent(
    """
    import asyncio, resource, signal, sys
    from pathlib import Path
    from agent_core import Assistant, tool
    from agent_core.errors import AgentCoreError
    from agent_core.testing import Script, call

    home = Path(sys.argv[1])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    @tool(read_only=True)
    def read() -> str:
        "Read."
        size = max(path.stat().st_size for path in home.iterdir() if path.name.startswith("journal"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 4096, resource.RLIM_INFINITY))
        return "x" * 500_000

    async def main():
        model = Script(call("read"), "done").model
        assistant = Assistant(model, tools=[read], plugins=False, home=home, workspace=home)
        try:
            await assistant.ask("read")
        except AgentCoreError as error:
            print(f"{type(error).__name__}: {error}")
        try:
            await assistant.aclose()
        except AgentCoreError as error:
            print(error)

    asyncio.run(main())
    """
)


def test_a_full_disk_is_one_line_and_the_run_goes_on_when_there_is_room(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    program = tmp_path / "program.py"
    program.write_text(FULL_DISK)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", str(program), str(home)], capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.startswith("JournalError: "), ran.stderr
    assert len(ran.stdout.splitlines()) == 1
    assert "journal.db" in ran.stdout
    assert "Traceback" not in ran.stderr

    @tool(read_only=True, name="read")
    def read_less() -> str:
        """Read."""
        return "little"

    with Assistant(Script("done").model, tools=[read_less], plugins=False, home=home, workspace=home) as assistant:
        (row,) = assistant.parts.runs.list()
        assert assistant.resume_sync(row.id).text == "done"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_home_is_one_line(tmp_path):
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    with pytest.raises(ConfigurationError) as caught:
        Assistant("offline", plugins=False, home=home, workspace=tmp_path)
    one_line(caught.value, str(home))
    assert list(home.iterdir()) == []
