from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword

from agent_core import FinishedCall, ToolArgumentError, ToolContext, ToolError, TransientToolError
from agent_core.errors import ConfigurationError
from agent_core.testing import check_tool
from agent_plugin_mail import SentMail, draft_mail, send_mail
from agent_plugin_mail.settings import MailSettings
from tests.servers.certificates import Authority
from tests.servers.mailbox import Mailbox

MESSAGE = {"to": "bo@example.com", "subject": "Bonus", "body": "It is 60."}


Serve = Callable[..., Awaitable[MailSettings]]


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    async with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def serve(mailbox: Mailbox) -> Serve:
    """Start a server on a free port; the settings that reach it."""

    async def start(tls: ssl.SSLContext | None = None, **options: Any) -> MailSettings:
        port = await mailbox.listen(tls, **options)
        return MailSettings("127.0.0.1", port, "none", sender="Ann Ames <ann@example.org>", timeout_s=5)

    return start


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """The file that a client trusts this machine by, and a server's context."""
    authority = Authority(tmp_path)
    return authority.ca_file, authority.server("127.0.0.1")


def context(tmp_path: Path, settings: MailSettings | None = None, **options: Any) -> ToolContext:
    options.setdefault("call_key", "run1/s2/0/c1")
    return ToolContext(workspace=tmp_path, data_dir=tmp_path / "state" / "mail", settings=settings, **options)


def arguments(tool: Any, args: dict[str, Any]) -> dict[str, Any]:
    return tool.arguments.keywords(tool.arguments.validate(args))


async def send(ctx: ToolContext, **args: Any) -> SentMail:
    keywords = arguments(send_mail, MESSAGE | args)
    assert send_mail.function is not None
    return await asyncio.to_thread(send_mail.function, ctx, **keywords)


def preview(ctx: ToolContext, **args: Any) -> str:
    assert send_mail.preview is not None
    shown: Any = send_mail.preview(ctx, **arguments(send_mail, MESSAGE | args))
    assert shown.kind == "mail"
    return shown.text


async def test_a_message_arrives_as_it_was_previewed(tmp_path: Path, serve: Serve, mailbox: Mailbox) -> None:
    ctx = context(tmp_path, await serve())
    args: dict[str, Any] = {
        "to": "Bo Bergé <bo@example.com> and eve@example.com",
        "cc": ["carl@example.net"],
        "bcc": "dora@example.net",
        "subject": "Grüße – 60 €",
        "body": "Hello Bo,\n.\n\nthe result is 60 €.\n" + "long line " * 200,
    }
    shown = preview(ctx, **args)
    result = await send(ctx, **args)

    [message] = mailbox.messages
    assert shown.splitlines()[:5] == [
        f"From: {message['From']}",
        f"To: {message['To']}",
        f"Cc: {message['Cc']}",
        "Bcc: dora@example.net",
        f"Subject: {message['Subject']}",
    ]
    assert shown.split("\n\n", 1)[1].splitlines() == message.get_content().splitlines() == args["body"].splitlines()
    assert message["Bcc"] is None
    assert mailbox.envelopes == [
        ("ann@example.org", ["bo@example.com", "eve@example.com", "carl@example.net", "dora@example.net"])
    ]
    assert result.message_id == message["Message-ID"]
    assert result.refused == {}
    assert "bo@example.com" in result.text
    assert "Grüße" in result.text


async def test_a_repeated_delivery_is_recognisable(tmp_path: Path, serve: Serve, mailbox: Mailbox) -> None:
    settings = await serve()
    for key in ("run1/s2/0/c1", "run1/s2/0/c1", "run1/s3/0/c1"):
        await send(context(tmp_path, settings, call_key=key))
    first, again, other = (message["Message-ID"] for message in mailbox.messages)
    assert first == again != other
    assert first.endswith("@example.org>")


def test_a_preview_needs_no_server_and_is_stable(tmp_path: Path) -> None:
    shown = preview(context(tmp_path))
    assert shown == "From: (not configured)\nTo: bo@example.com\nSubject: Bonus\n\nIt is 60."
    assert preview(context(tmp_path)) == shown
    assert "Subject: (none)" in preview(context(tmp_path), subject="")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (MailSettings(), "plugins.mail.host"),
        (MailSettings(host="127.0.0.1", port=1), "plugins.mail.sender"),
        (MailSettings(host="127.0.0.1", port=1, username="ann@example.org"), "agent-core keys set mail"),
    ],
)
async def test_what_is_not_set_up_is_named(tmp_path: Path, settings: MailSettings, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        await send(context(tmp_path, settings))


@pytest.mark.parametrize(
    "to",
    [
        "bo",
        "",
        "   ",
        [],
        ["bo@example.com", ""],
        "bo@example",
        "bo@@example.com",
        "bo@exa mple.com",
        "bo@-example.com",
        "bo@example..com",
        "bo@127.0.0.1",
        "bo@[127.0.0.1]",
        "bo..b@example.com",
        "bo@example.com\r\nBcc: eve@evil.example",
        "bo@example.com\nX: y",
        "bo@example.com\0",
        "bo@example.com\u2028Bcc: eve@evil.example",
        "bo@ex\u202eample.com",
        "b\u200bo@example.com",
        "bo＠example.com",
        "bo@example．com",
        "bo@ｅxample.com",
        "bo@example.com)eve@evil.example",
        "bo@example.com>eve@evil.example",
        "ceo@bank.example <eve@evil.example>",
        "=?utf-8?q?ceo=40bank.example?= <eve@evil.example>",
        "=?utf-8?q?eve=40evil.example=2C?=@example.com",
        "friends: bo@example.com, eve@evil.example;",
        '"bo smith"@example.com',
        "x" * 65 + "@example.com",
        [f"u{n}@example.com" for n in range(101)],
        "bo@xn--\u00e9.example",
        "bo@example.com (eve@evil.example)",
        "(" * 9000,
        '"' * 2001,
    ],
)
def test_an_address_that_is_not_one_is_refused(tmp_path: Path, to: Any) -> None:
    with pytest.raises(ToolArgumentError) as caught:
        preview(context(tmp_path), to=to)
    assert "\n" not in str(caught.value)
    assert "to" in str(caught.value)


@pytest.mark.parametrize(
    ("to", "shown"),
    [
        ("bo@example.com; ann@example.org.", "bo@example.com, ann@example.org"),
        (["bo@EXAMPLE.com", "bo@example.com"], "bo@example.com"),
        ("Berg, Bo <bo@example.com>", None),
        ('"Berg, Bo" <bo@example.com>', "Berg, Bo <bo@example.com>"),
        ('"Bo (work)" <bo@example.com>', "Bo (work) <bo@example.com>"),
        ("o'neil+tag@sub.example.co.uk", "o'neil+tag@sub.example.co.uk"),
        ("bo@bücher.example", "bo@xn--bcher-kva.example (that is bo@bücher.example)"),
        ("bo@xn--bcher-kva.example", "bo@xn--bcher-kva.example (that is bo@bücher.example)"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_common_ways_to_write_addresses(tmp_path: Path, to: Any, shown: str | None) -> None:
    if shown is None:
        with pytest.raises(ToolArgumentError, match="Berg"):
            preview(context(tmp_path), to=to)
    else:
        assert preview(context(tmp_path), to=to).splitlines()[1] == f"To: {shown}"


async def test_an_international_domain_is_sent_as_punycode(tmp_path: Path, serve: Serve, mailbox: Mailbox) -> None:
    await send(context(tmp_path, await serve()), to="bo@straße.example")
    assert mailbox.envelopes[0][1] == ["bo@xn--strae-oqa.example"]


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "Bonus\r\nBcc: eve@evil.example"},
        {"subject": "Bonus\x0bX"},
        {"subject": "Bonus \u202egnp.exe"},
        {"subject": "Bonus\ud800"},
        {"subject": "x" * 501},
        {"body": "x\0y"},
        {"body": "x\x1b]52;c;cm0=\x07"},
        {"body": "pay \u202e0001"},
        {"body": "x" * 1_000_001},
        {"body": " ", "subject": ""},
        {"cc": "nobody"},
        {"bcc": "eve@evil.example\nTo: x@example.com"},
    ],
)
async def test_text_that_cannot_be_sent_as_shown_is_refused(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, changed: dict[str, Any]
) -> None:
    ctx = context(tmp_path, await serve())
    with pytest.raises(ToolArgumentError) as caught:
        await send(ctx, **changed)
    assert len(str(caught.value)) < 400
    assert not mailbox.messages


def test_emoji_and_right_to_left_text_may_be_written(tmp_path: Path) -> None:
    shown = preview(context(tmp_path), subject="שלום 👩‍👩‍👧", body="مرحبا")
    assert "Subject: שלום 👩‍👩‍👧" in shown


async def test_a_refused_recipient_is_reported_and_the_others_served(
    tmp_path: Path, serve: Serve, mailbox: Mailbox
) -> None:
    mailbox.answers["gone@example.com"] = "550 no such user here"
    result = await send(context(tmp_path, await serve()), to="bo@example.com, gone@example.com")
    assert result.to == ["bo@example.com"]
    assert result.refused == {"gone@example.com": "550 no such user here"}
    assert "gone@example.com" in result.text
    assert mailbox.envelopes[0][1] == ["bo@example.com"]


@pytest.mark.parametrize(
    ("stage", "answer", "kind", "says"),
    [
        ("RCPT", "550 no such user", ToolError, "bo@example.com"),
        ("RCPT", "450 greylisted", TransientToolError, "greylisted"),
        ("MAIL", "553 not your address", ToolError, "ann@example.org"),
        ("MAIL", "451 later", TransientToolError, "later"),
        ("DATA", "554 looks like spam", ToolError, "spam"),
        ("DATA", "452 disk full", TransientToolError, "disk full"),
        ("DATA", "421 going down", TransientToolError, "going down"),
    ],
)
async def test_a_refusal_says_nothing_was_sent(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, stage: str, answer: str, kind: type[ToolError], says: str
) -> None:
    mailbox.answers[stage] = answer
    with pytest.raises(ToolError, match=says) as caught:
        await send(context(tmp_path, await serve()))
    assert type(caught.value) is kind
    assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize("stage", ["EHLO", "MAIL", "RCPT"])
@pytest.mark.parametrize("how", ["drop_at", "stall_at"])
async def test_a_connection_lost_before_the_content_may_be_tried_again(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, stage: str, how: str
) -> None:
    setattr(mailbox, how, stage)
    settings = await serve()
    settings = MailSettings(settings.host, settings.port, "none", sender=settings.sender, timeout_s=0.3)
    with pytest.raises(TransientToolError, match="Nothing was sent"):
        await send(context(tmp_path, settings))


@pytest.mark.parametrize("how", ["drop_at", "stall_at"])
async def test_a_connection_lost_after_the_content_is_not_tried_again(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, how: str
) -> None:
    setattr(mailbox, how, "DATA")
    settings = await serve()
    settings = MailSettings(settings.host, settings.port, "none", sender=settings.sender, timeout_s=0.3)
    with pytest.raises(ToolError, match="may have been delivered") as caught:
        await send(context(tmp_path, settings))
    assert not isinstance(caught.value, TransientToolError)


async def test_nonsense_after_the_content_leaves_the_outcome_unknown(
    tmp_path: Path, serve: Serve, mailbox: Mailbox
) -> None:
    mailbox.answers["DATA"] = "oops"
    with pytest.raises(ToolError, match="may have been delivered"):
        await send(context(tmp_path, await serve()))


async def test_a_server_that_is_not_there_may_be_tried_again(tmp_path: Path, serve: Serve) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    settings = MailSettings("127.0.0.1", port, "none", sender="ann@example.org", timeout_s=5)
    with pytest.raises(TransientToolError, match=str(port)):
        await send(context(tmp_path, settings))
    server.close()
    await server.wait_closed()
    with pytest.raises(TransientToolError, match=str(port)):
        await send(context(tmp_path, settings))


def check_password(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"ann@example.org", b"s3cret"), handled=False)


def with_login(settings: MailSettings, **changes: Any) -> MailSettings:
    values = {"host": settings.host, "port": settings.port, "timeout_s": 5.0, "username": "ann@example.org"} | changes
    return MailSettings(**values)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("security", ["starttls", "ssl"])
async def test_login_over_an_encrypted_connection(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, certificate: tuple[Path, ssl.SSLContext], security: str
) -> None:
    authority, server_tls = certificate
    options: dict[str, Any] = {"authenticator": check_password, "auth_required": True}
    if security == "starttls":
        settings = await serve(tls_context=server_tls, require_starttls=True, **options)
    else:
        settings = await serve(tls=server_tls, auth_require_tls=False, **options)
    settings = with_login(settings, security=security, ca_file=str(authority))
    await send(context(tmp_path, settings, secrets={"mail": "s3cret"}))
    assert mailbox.envelopes == [("ann@example.org", ["bo@example.com"])]

    with pytest.raises(ToolError, match="keys set mail") as caught:
        await send(context(tmp_path, settings, secrets={"mail": "wr0ng"}))
    assert "wr0ng" not in str(caught.value)
    assert len(mailbox.messages) == 1


async def test_a_certificate_that_is_not_trusted_stops_everything(
    tmp_path: Path, serve: Serve, mailbox: Mailbox, certificate: tuple[Path, ssl.SSLContext]
) -> None:
    settings = with_login(await serve(tls_context=certificate[1]), security="starttls")
    with pytest.raises(ToolError, match=r"plugins\.mail\.ca_file"):
        await send(context(tmp_path, settings, secrets={"mail": "s3cret"}))
    missing = with_login(settings, ca_file=str(tmp_path / "none.pem"))
    with pytest.raises(ToolError, match=r"none\.pem"):
        await send(context(tmp_path, missing, secrets={"mail": "s3cret"}))
    assert not mailbox.messages


async def test_a_server_without_starttls_gets_nothing(tmp_path: Path, serve: Serve, mailbox: Mailbox) -> None:
    settings = with_login(await serve(), security="starttls")
    with pytest.raises(ToolError, match="STARTTLS"):
        await send(context(tmp_path, settings, secrets={"mail": "s3cret"}))
    assert not mailbox.messages


async def test_no_password_leaves_the_machine_unencrypted(tmp_path: Path) -> None:
    settings = MailSettings("mail.example.com", 25, "none", username="ann@example.org")
    with pytest.raises(ToolError, match="unencrypted"):
        await send(context(tmp_path, settings, secrets={"mail": "s3cret"}))


def draft(ctx: ToolContext, **args: Any) -> tuple[Any, FinishedCall]:
    saved: list[Any] = []
    ctx = context(ctx.workspace, ctx.settings, user=ctx.user, call_key=ctx.call_key, save=saved.append)
    assert draft_mail.function is not None
    values = draft_mail.arguments.validate(MESSAGE | args)
    result = draft_mail.function(ctx, **draft_mail.arguments.keywords(values))
    return result, FinishedCall(values, None, saved[0])


def test_a_draft_is_a_message_that_mail_programs_open(tmp_path: Path) -> None:
    result, call = draft(context(tmp_path), bcc="dora@example.net", subject="Päckchen")
    path = Path(result.path)
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert (message["To"], message["Bcc"], message["Subject"]) == ("bo@example.com", "dora@example.net", "Päckchen")
    assert message.get_content().strip() == MESSAGE["body"]
    assert path.stat().st_mode & 0o077 == 0
    assert path.is_relative_to(tmp_path / "state" / "mail")

    assert draft_mail.undo is not None
    draft_mail.undo(context(tmp_path), call)
    assert not path.exists()
    assert "gone" in str(draft_mail.undo(context(tmp_path), call))


def test_a_draft_that_was_worked_on_is_not_deleted(tmp_path: Path) -> None:
    result, call = draft(context(tmp_path))
    Path(result.path).write_text("my own words")
    assert draft_mail.undo is not None
    with pytest.raises(ToolError, match="changed"):
        draft_mail.undo(context(tmp_path), call)
    assert Path(result.path).read_text() == "my own words"


def test_drafts_of_one_user_lie_apart_and_inside(tmp_path: Path) -> None:
    folders = {
        Path(draft(context(tmp_path, user=user))[0].path).parent for user in ("local", "..", "a/../../b", "Ä" * 300)
    }
    assert len(folders) == 4
    assert {folder.resolve().parent for folder in folders} == {(tmp_path / "state" / "mail" / "drafts").resolve()}


def test_traits_say_what_leaves_the_machine() -> None:
    assert send_mail.traits.open_world
    assert not send_mail.traits.internal
    assert send_mail.undo is None
    assert "called back" in send_mail.undo_note
    assert draft_mail.traits.internal
    assert "required" in send_mail.parameters
    assert set(send_mail.parameters["required"]) == {"to", "body"}


def test_loading_the_plugin_imports_no_mail_library() -> None:
    code = "import sys, agent_plugin_mail; print({'smtplib', 'email.message', 'idna', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_the_tools_conform(tmp_path: Path, serve: Serve, mailbox: Mailbox) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    ctx = ToolContext(workspace, tmp_path / "state", settings=await serve(), call_key="k")
    assert (await check_tool(send_mail, MESSAGE, ctx))["to"] == ["bo@example.com"]
    assert Path((await check_tool(draft_mail, MESSAGE, ctx))["path"]).exists()
    assert len(mailbox.messages) == 1
