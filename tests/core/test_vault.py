"""The vault: what is a secret and what is not, tokens there and back, and the file that keeps the values."""

from __future__ import annotations

import base64
import json
import random
import re
import sqlite3
import stat
import string
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote

import keyring
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailingKeyring

from agent_core.errors import ConfigurationError, UsageError
from agent_core.gate.detect import TOKEN, find_secrets, known_from_environment
from agent_core.gate.known import KnownSecrets
from agent_core.gate.redact import StreamRedactor, mask_personal
from agent_core.gate.vault import Vault

ALNUM = string.ascii_letters + string.digits
PEM = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEpAIBAAKCAQEA75/+\n" * 8 + "-----END RSA PRIVATE KEY-----"


def word(seed: int, size: int, alphabet: str = ALNUM) -> str:
    return "".join(random.Random(seed).choices(alphabet, k=size))


SECRETS = {
    "openai": f"sk-proj-{word(1, 48)}",
    "openai without digits": "sk-abcdefghijklmnopqrstuvwxyz",
    "anthropic": f"sk-ant-api03-{word(2, 60)}",
    "aws id": f"AKIA{word(3, 16, string.ascii_uppercase + string.digits)}",
    "github": f"ghp_{word(4, 36)}",
    "github fine": f"github_pat_{word(5, 60)}",
    "gitlab": f"glpat-{word(6, 20)}",
    "hugging face": f"hf_{word(7, 34)}",
    "slack": f"xoxb-{word(8, 12, string.digits)}-{word(9, 24)}",
    "google": f"AIza{word(10, 35)}",
    "stripe": f"sk_live_{word(11, 24)}",
    "jwt": f"eyJ{word(12, 20)}.eyJ{word(13, 30)}.{word(14, 40)}",
    "npm": f"npm_{word(15, 36)}",
    "pem": PEM,
}


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    vault = Vault(tmp_path / "vault.db", use_keyring=False)
    yield vault
    vault.close()


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("frame", ["use {} please", "key={}", '{{"a": "{}"}}', "({})", "\n{}\n", "see {}, then go on"])
def test_credentials_become_tokens_and_come_back(vault: Vault, name: str, frame: str) -> None:
    secret = SECRETS[name]
    text = frame.format(secret)
    tokenised = vault.tokenise(text, "r1")
    assert secret not in tokenised
    assert TOKEN.search(tokenised)
    assert vault.reveal(tokenised) == text
    assert json.loads(json.dumps(tokenised)) == tokenised


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("my password is hunter2!", "hunter2"),
        ("Password: Tr0ub4dor&3", "Tr0ub4dor&3"),
        ("DB_PASSWORD='correct horse 7'", "correct horse 7"),
        ('api_key = "zq81mmxp20"', "zq81mmxp20"),
        ("aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG"),
        ("the access token is a8f3k2-99x", "a8f3k2-99x"),
        ("postgres://ada:s3cr3t-pw@db.example.org:5432/x", "s3cr3t-pw"),
        ("curl -H 'Authorization: Bearer mF_9.B5f-4.1JqMabcdefgh'", "mF_9.B5f-4.1JqMabcdefgh"),
        ("Authorization: Basic YWRhOmxvdmVsYWNl", "YWRhOmxvdmVsYWNl"),
        ("client_secret: 8Q~xyz.abcDEF012", "8Q~xyz.abcDEF012"),
        ("my passphrase is `blue 42 otters`", "blue 42 otters"),
        ("log in as ada with password hunter2", "hunter2"),
        ("the password for the mail server is Gr33nTea", "Gr33nTea"),
        ("mein Passwort: Gr33nTea!", "Gr33nTea"),
        ("https://x.example/login?password=hunter2&user=ada", "hunter2"),
        ("tool --api-key abc123def --verbose", "abc123def"),
        ("export AZURE_KEY=abcd1234efgh5678", "abcd1234efgh5678"),
        ("my password is correcthorsebatterystaple", "correcthorse"),
        ("passcode: 829301", "829301"),
        ("dbPassword: S3cret!x", "S3cret!x"),
    ],
)
def test_context_gives_secrets_away(vault: Vault, text: str, secret: str) -> None:
    tokenised = vault.tokenise(text, "r1")
    assert secret not in tokenised
    assert vault.reveal(tokenised) == text


@pytest.mark.parametrize(
    "text",
    [
        "What is 17% of 2340?",
        "Remember that my badge number is 4411",
        "The password is required and must be changed.",
        "She forgot her password: reset it, please.",
        "password = os.environ['DB_PASSWORD']",
        "password = config.database.password",
        "api_key: str | None = None",
        'password: "${DB_PASSWORD}"',
        "set password=<your-password> first",
        "The secret is patience.",
        "PRIMARY_KEY=user_id2 CACHE_KEY=users:v2:index",
        "Password hashing: PBKDF2 or password SHA256 hash",
        "the token count2 is 12 and the API token 12 of 20",
        "password = user_password2",
        "api_key=client.get_key('x1')",
        "the secret ingredient is H2SO4 solution",
        "password changed on: 2026-11-21; password: 12 characters at least",
        "Bearer of good news",
        "the access key is under the mat",
        "class sk-loading-spinner-container",
        "https://example.org:8080/path?x=a@b.c",
        "email bo@example.com about https://example.org/a:b",
        "git clone git@github.com:pydantic/pydantic-ai.git",
        "pip install pydantic-ai==2.62.0 sha256:" + "ab" * 32,
        "The api key is at https://platform.example.org/keys",
        "token limit is 4096; max_tokens = 2048",
        "data:image/png;base64," + base64.b64encode(bytes(range(256))).decode(),
        "secret_invented_abcdefghijkl",
        "a private key is a number; -----BEGIN is how it starts",
    ],
)
def test_ordinary_text_is_left_alone(vault: Vault, text: str) -> None:
    assert vault.tokenise(text, "r1") == text
    assert vault.tokenise({"text": text}, "r1") == {"text": text}


def benign_ids(rng: random.Random) -> dict[str, str]:
    hexes = "0123456789abcdef"
    pick = lambda alphabet, size: "".join(rng.choices(alphabet, k=size))  # noqa: E731
    return {
        "sha1": pick(hexes, 40),
        "short sha": pick(hexes, 8),
        "sha256": pick(hexes, 64),
        "uuid": str(uuid.UUID(int=rng.getrandbits(128))),
        "isbn": f"978-{rng.randrange(10)}-{rng.randrange(100, 999)}-{rng.randrange(10000, 99999)}-{rng.randrange(10)}",
        "version": f"{rng.randrange(30)}.{rng.randrange(30)}.{rng.randrange(99)}rc{rng.randrange(9)}",
        "ulid": pick("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 26),
        "nanoid": pick(ALNUM + "_-", 21),
        "order": f"ORD-{rng.randrange(10**9)}-{pick(string.ascii_uppercase, 3)}",
        "doi": f"10.{rng.randrange(1000, 9999)}/{pick(string.ascii_lowercase, 6)}.{rng.randrange(2000, 2030)}",
        "base64": base64.b64encode(rng.randbytes(30)).decode(),
        "path": f"/srv/{pick(ALNUM, 8)}/{pick(ALNUM, 12)}.{pick(string.ascii_lowercase, 3)}",
        "url": f"https://example.org/{pick(ALNUM, 16)}?id={pick(ALNUM, 12)}&page={rng.randrange(99)}",
        "time": f"2026-{rng.randrange(10, 12)}-{rng.randrange(10, 28)}T11:00:00.{rng.randrange(10**6)}Z",
        "phone": f"+49 {rng.randrange(100, 999)} {rng.randrange(10**6, 10**7)}",
        "iban": f"DE{rng.randrange(10, 99)} {rng.randrange(1000, 9999)} {rng.randrange(1000, 9999)} 4567",
        "arn": f"arn:aws:s3:::{pick(string.ascii_lowercase, 12)}/{pick(hexes, 12)}",
        "etag": f'W/"{pick(hexes, 32)}"',
        "identifier": "_".join(pick(string.ascii_lowercase, rng.randrange(2, 9)) for _ in range(4)),
        "constant": "_".join(pick(string.ascii_uppercase, rng.randrange(2, 9)) for _ in range(3)),
        "docker": f"registry.example.org/{pick(string.ascii_lowercase, 6)}@sha256:{pick(hexes, 64)}",
    }


FRAMES = ["{}", "commit {}", "id: {}", "see {} and {}", '{{"id": "{}", "key": "{}"}}', "key {} is in row 4", "token {}"]


def test_at_most_one_benign_id_in_two_hundred_is_altered() -> None:
    rng = random.Random(20261121)
    known = KnownSecrets()
    total = altered = 0
    for _ in range(400):
        for made in benign_ids(rng).values():
            frame = rng.choice(FRAMES)
            total += 1
            altered += bool(find_secrets(frame.format(made, made), known))
    assert total > 8000
    assert altered / total <= 0.005


def test_fields_by_name_are_secret_whatever_they_hold(vault: Vault) -> None:
    value = {"login": {"user": "ada", "password": "lovelace", "attempts": 3}, "max_tokens": "2000", "tags": ["a", None]}
    tokenised = vault.tokenise(value, "r1")
    assert "lovelace" not in json.dumps(tokenised)
    assert tokenised["login"]["user"] == "ada"
    assert tokenised["max_tokens"] == "2000"
    assert vault.reveal(tokenised) == value
    schema = {"password": {"type": "string"}, "api_key": None, "client_secret": "${SECRET}"}
    assert "lovelace" not in vault.tokenise({"dbPassword": "lovelace"}, "r1")["dbPassword"]
    assert vault.tokenise(schema, "r1") == schema


def test_keys_of_objects_are_searched_too(vault: Vault) -> None:
    value = {SECRETS["github"]: [{"deep": (SECRETS["openai"],)}]}
    tokenised = vault.tokenise(value, "r1")
    assert SECRETS["github"] not in str(tokenised)
    assert SECRETS["openai"] not in str(tokenised)
    assert vault.reveal(tokenised) == {SECRETS["github"]: [{"deep": [SECRETS["openai"]]}]}


def test_a_value_that_was_seen_once_is_recognised_alone_and_encoded(vault: Vault) -> None:
    vault.tokenise("my password is hunter2-Otter!", "r1")
    secret = "hunter2-Otter"
    for text in (
        f"logged in with {secret}",
        quote(f"https://x/?p={secret}", safe=""),
        base64.b64encode(f"ada:{secret}".encode()).decode(),
        base64.b64encode(f"bo:{secret}:x".encode()).decode(),
        base64.urlsafe_b64encode(f"u{secret}??".encode()).decode(),
        secret.encode().hex(),
        json.dumps({"a": secret}),
    ):
        tokenised = vault.tokenise(text, "r1")
        assert TOKEN.search(tokenised), text
        assert vault.reveal(tokenised) == text
    assert vault.tokenise("hunter2-Otter's", "r1") != "hunter2-Otter's"
    assert vault.tokenise("xhunter2-Ottery", "r1") == vault.tokenise("xhunter2-Ottery", "r1")


def test_a_password_that_is_an_ordinary_word_does_not_spread(vault: Vault) -> None:
    value = {"password": "test", "env": "test", "text": "run every test"}
    tokenised = vault.tokenise(value, "r1")
    assert TOKEN.fullmatch(tokenised.pop("password"))
    assert tokenised == {"env": "test", "text": "run every test"}


def test_what_gives_a_value_away_may_come_after_it(vault: Vault) -> None:
    value = ["logged in with hunter2", {"password": "hunter2"}, "hunter2 worked; my password is hunter2"]
    tokenised = vault.tokenise(value, "r1")
    assert "hunter2" not in str(tokenised)
    assert vault.reveal(tokenised) == value


def test_a_document_full_of_keys_is_kept_in_one_go(vault: Vault) -> None:
    keys = [f"ghp_{word(seed, 36)}" for seed in range(2000)]
    tokenised = vault.tokenise({"text": " ".join(keys), "list": keys}, "r1")
    assert len(set(tokenised["list"])) == 2000
    assert tokenised["text"].split() == tokenised["list"]
    assert vault.tokenise(tokenised, "r1") == tokenised
    assert vault.forget("r1") == 2000


def test_known_values_are_found_by_name(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "v.db", {"mail_password": "ottersleap"}, use_keyring=False)
    assert vault.tokenise("it says ottersleap there", "r").startswith("it says secret_mailpassword_")
    assert vault.tokenise("ottersleaping", "r") == "ottersleaping"
    vault.close()


def test_credentials_are_taken_from_the_environment_by_their_names() -> None:
    environ = {
        "OPENAI_API_KEY": "abcdefgh1",
        "PATH": "/usr/bin:/bin",
        "X_TOKEN": "short",
        "Y_TOKEN": "changeme",
        "TOKENS": "a" * 9,
    }
    assert known_from_environment(environ) == {"OPENAI_API_KEY": "abcdefgh1"}


def test_one_token_per_value_and_run(vault: Vault) -> None:
    key = SECRETS["stripe"]
    first, second = vault.tokenise([key, f"again {key}"], "r1")
    assert second == f"again {first}"
    assert vault.tokenise(key, "r2") != first
    assert vault.tokenise(first, "r1") == first
    assert vault.tokenise(f"password={first}", "r1") == f"password={first}"


def test_tokens_mean_nothing_where_they_do_not_belong(vault: Vault, tmp_path: Path) -> None:
    token = vault.tokenise(SECRETS["openai"], "r1")
    other = Vault(tmp_path / "other" / "vault.db", use_keyring=False)
    assert other.reveal(token) == token
    assert vault.reveal(token, ["r2"]) == token
    assert vault.reveal(token, ["r1", "r2"]) == SECRETS["openai"]
    guess = token[:-1] + ("a" if token[-1] != "a" else "b")
    assert vault.reveal(guess) == guess
    assert not other.path.exists()
    other.close()


def test_a_revealed_value_is_not_revealed_again(vault: Vault) -> None:
    inner = vault.tokenise("api_key=zq81mmxp20", "r1")
    outer = vault.tokenise({"password": "x " + "y" * 9}, "r1")
    assert vault.reveal({"a": inner, "b": outer["password"]}) == {"a": "api_key=zq81mmxp20", "b": "x " + "y" * 9}


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_every_json_value_survives_the_way_there_and_back(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    vault = Vault(tmp_path_factory.mktemp("v") / "vault.db", use_keyring=False)
    try:
        assert vault.reveal(vault.tokenise(value, "r")) == value
    finally:
        vault.close()


def test_hashes_bind_to_the_value_and_not_to_the_token(vault: Vault) -> None:
    one, two = (
        vault.tokenise({"to": "bo", "password": "hunter2!"}, "r1"),
        vault.tokenise({"password": "hunter2!", "to": "bo"}, "r2"),
    )
    assert one != two
    assert vault.fingerprint(one) == vault.fingerprint(two) != ""
    assert vault.fingerprint({"to": "bo"}) == ""
    assert vault.fingerprint(vault.tokenise({"to": "bo", "password": "hunter3!"}, "r1")) != vault.fingerprint(one)
    assert vault.keyed_hash({"a": 1, "b": 2}) == vault.keyed_hash({"b": 2, "a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        vault.keyed_hash(float("nan"))


def test_the_file_is_private_and_holds_no_value_in_the_clear(vault: Vault) -> None:
    for name, secret in SECRETS.items():
        vault.tokenise(secret, f"run {name}")
    for path in vault_files(vault):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = path.read_bytes()
        assert not [name for name, secret in SECRETS.items() if secret[:20].encode() in content]


def vault_files(vault: Vault) -> list[Path]:
    return [path for path in vault.path.parent.iterdir() if path.is_file()]


def test_another_process_and_a_later_one_reveal_the_same(vault: Vault) -> None:
    before = vault.tokenise("nothing here yet", "r1")
    script = (
        "import sys; from pathlib import Path; from agent_core.gate.vault import Vault\n"
        "v = Vault(Path(sys.argv[1]), use_keyring=False); print(v.tokenise(sys.argv[2], 'r1')); v.close()"
    )
    key = SECRETS["gitlab"]
    done = subprocess.run(
        [sys.executable, "-c", script, str(vault.path), key], capture_output=True, text=True, check=True
    )
    assert before == "nothing here yet"
    assert vault.reveal(done.stdout.strip()) == key
    assert vault.tokenise(key, "r1") == done.stdout.strip()


def test_forgotten_values_are_gone_from_memory_and_file(vault: Vault) -> None:
    password = "password is hunter2-Otter!"
    token, kept = vault.tokenise(password, "r1"), vault.tokenise(SECRETS["npm"], "r2")
    size = len(vault_files(vault))
    assert vault.forget("r1") == 1
    assert vault.forget("r1") == 0
    assert vault.reveal(token) == token
    assert vault.reveal(kept) == SECRETS["npm"]
    assert vault.tokenise("hunter2-Otter", "r3") == "hunter2-Otter"
    assert len(vault_files(vault)) == size


def test_nothing_is_made_before_the_first_secret(vault: Vault) -> None:
    assert vault.tokenise({"a": ["plain", 1]}, "r") == {"a": ["plain", 1]}
    assert vault.reveal("secret_jwt_abcdefghijkl") == "secret_jwt_abcdefghijkl"
    assert vault.forget("r") == 0
    assert not list(vault.path.parent.iterdir())


def test_a_damaged_vault_is_one_clear_error(tmp_path: Path) -> None:
    def reopened() -> Vault:
        return Vault(tmp_path / "vault.db", use_keyring=False)

    vault = reopened()
    token = vault.tokenise(SECRETS["slack"], "r1")
    vault.close()
    with sqlite3.connect(vault.path) as db:
        db.execute("UPDATE secret SET scope = 'r2'")
    db.close()
    broken = reopened()
    with pytest.raises(ConfigurationError, match="changed"):
        broken.reveal(token)
    broken.close()
    key = vault.path.with_suffix(".key")
    kept = key.read_bytes()
    for damaged, why in ((base64.b64encode(b"0" * 32), "another key"), (b"?", "cannot be read"), (b"", "damaged")):
        key.write_bytes(damaged)
        broken = reopened()
        with pytest.raises(ConfigurationError, match=why):
            broken.reveal(token)
        broken.close()
    key.unlink()
    broken = reopened()
    with pytest.raises(ConfigurationError, match="neither"):
        broken.reveal(token)
    broken.close()
    key.write_bytes(kept)
    vault.path.write_bytes(b"not a database" * 100)
    broken = reopened()
    with pytest.raises(ConfigurationError, match="cannot be used"):
        broken.reveal(token)
    broken.close()


class Keyring(KeyringBackend):
    """A keyring in memory, as a desktop session would bring one."""

    priority = 1.0  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password


@pytest.fixture
def use_backend() -> Iterator[Callable[[KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_the_keyring_keeps_the_key_where_there_is_one(
    tmp_path: Path, use_backend: Callable[[KeyringBackend], None]
) -> None:
    use_backend(Keyring())
    vault = Vault(tmp_path / "vault.db")
    token = vault.tokenise(SECRETS["jwt"], "r")
    vault.close()
    assert [path.name for path in tmp_path.iterdir()] == ["vault.db"]
    again = Vault(tmp_path / "vault.db")
    assert again.reveal(token) == SECRETS["jwt"]
    again.close()
    use_backend(Keyring())  # another keyring: the key is lost
    lost = Vault(tmp_path / "vault.db")
    with pytest.raises(ConfigurationError, match="keyring"):
        lost.reveal(token)
    lost.close()


def test_a_key_file_serves_where_the_keyring_does_not(
    tmp_path: Path, use_backend: Callable[[KeyringBackend], None]
) -> None:
    use_backend(FailingKeyring())
    vault = Vault(tmp_path / "vault.db")
    token = vault.tokenise(SECRETS["jwt"], "r")
    vault.close()
    use_backend(Keyring())  # a desktop session later on
    again = Vault(tmp_path / "vault.db")
    assert again.reveal(token) == SECRETS["jwt"]
    again.close()


def test_many_that_begin_a_vault_at_once_agree_on_its_key(tmp_path: Path) -> None:
    vaults = [Vault(tmp_path / "vault.db", use_keyring=False) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        tokens = list(pool.map(lambda vault: vault.tokenise(SECRETS["aws id"], "r"), vaults))
    assert len(set(tokens)) == 1
    assert {vault.reveal(tokens[0]) for vault in vaults} == {SECRETS["aws id"]}
    for vault in vaults:
        vault.close()


def test_absurd_nesting_is_refused(vault: Vault) -> None:
    value: Any = "x"
    for _ in range(100_000):
        value = [value]
    with pytest.raises(UsageError):
        vault.tokenise(value, "r")
    while isinstance(value, list):  # taken apart by hand: freeing it in one go recurses as deep
        value = value[0]


STREAMED = (
    f"Here is the key: {SECRETS['openai']} and my password is hunter2! Then\n{PEM}\nnext, "
    f'api_key = "blue 42 otters", {SECRETS["aws id"]}; a known one: correct horse battery. Ende €.'
)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 64, 5000])
def test_a_secret_split_between_chunks_is_caught(size: int) -> None:
    known = KnownSecrets({"phrase": "correct horse battery"})
    redactor = StreamRedactor(known)
    parts = [redactor.feed(STREAMED[i : i + size]) for i in range(0, len(STREAMED), size)]
    text = "".join(parts) + redactor.close()
    for secret in (SECRETS["openai"], "hunter2", "MIIEpAIBAAKC", "blue 42", SECRETS["aws id"], "correct horse"):
        assert secret not in text
    # A short word in letters is shown at once: what a key begins with, when it comes letter by letter.
    text = re.sub(r"(?<= )[A-Za-z-]{1,12}(?=\[redacted:(?:openai_key|aws_access_key)\])", "", text)
    assert text.startswith("Here is the key: [redacted:openai_key] and my password is [redacted:password]! Then\n[")
    assert text.endswith("a known one: [redacted:phrase]. Ende €.")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=12)))
def test_a_stream_without_secrets_comes_out_as_it_went_in(chunks: list[str]) -> None:
    redactor = StreamRedactor()
    assert "".join(map(redactor.feed, chunks)) + redactor.close() == "".join(chunks)


def test_prose_is_shown_at_once_and_what_could_be_a_secret_when_its_word_has_ended() -> None:
    redactor = StreamRedactor()
    assert redactor.feed("The quick bro") == "The quick bro"
    assert redactor.feed("wn, x9") == "wn, "
    assert redactor.feed("Z ") == "x9Z "
    assert redactor.feed("My password is hun") == "My password is "
    assert redactor.feed("ter2 ") + redactor.close() == "[redacted:password] "


def test_an_endless_word_does_not_fill_the_memory() -> None:
    redactor = StreamRedactor()
    shown = sum(len(redactor.feed("ab" * 500)) for _ in range(100))
    assert 100_000 - shown <= 20_000


def test_a_piece_of_any_size_is_shown_when_its_words_have_ended() -> None:
    redactor = StreamRedactor()
    prose = "so it is said, " * 40_000
    assert redactor.feed(prose) == prose
    assert redactor.feed("x9" * 100_000)
    assert redactor.feed(f" {SECRETS['github']} ").endswith("[redacted:github_token] ")


class Counting(KnownSecrets):
    """Known secrets that count how much text they are asked to look at."""

    looked_at = 0

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        self.looked_at += len(text)
        return super().find(text)

    def unfinished(self, text: str) -> int:
        self.looked_at += len(text)
        return super().unfinished(text)


@pytest.mark.parametrize(
    "text",
    [
        "a1" * 12_000,
        "-----BEGIN PRIVATE KEY-----\n" * 900,
        'password: "' + "b c" * 8_000,
        "4 " * 12_000,
        "so it is " * 3_000,
    ],
    ids=["word", "keys", "quotation", "digits", "prose"],
)
def test_the_work_on_a_stream_grows_as_the_text_does(text: str) -> None:
    """Counted in characters that are looked at, whatever has to wait and however long."""
    known = Counting({"phrase": "correct horse battery"})
    redactor = StreamRedactor(known)
    for at in range(0, len(text), 10):
        redactor.feed(text[at : at + 10])
    assert known.looked_at <= 60 * len(text)


def test_a_stream_of_the_vault_gives_tokens(vault: Vault) -> None:
    stream = vault.stream("r1")
    text = stream.feed(SECRETS["github"][:9]) + stream.feed(SECRETS["github"][9:] + " ok") + stream.close()
    assert vault.reveal(text) == f"{SECRETS['github']} ok"


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("from ada.lovelace+x@example.co.uk to all", "lovelace"),
        ("jürgen@exämple.de wrote", "jürgen"),
        ("call +49 30 1234567 now", "1234567"),
        ("call (030) 123-4567 or 555-123-4567", "123"),
        ("card 4111 1111 1111 1111 ok", "1111"),
        ("pay DE89 3704 0044 0532 0130 00 today", "0532"),
    ],
)
def test_personal_data_is_masked_for_logs(text: str, gone: str) -> None:
    masked = mask_personal(text)
    assert gone not in masked
    assert masked.split()[0] in (text.split()[0], "[email]", "[address]")


@pytest.mark.parametrize(
    "text",
    ["order 4111 1111 1111 1112", "2026-11-21 08:12:28 took 1,234 ms", "commit 3f2a9c81d", "v1.22.333", "see RFC 2119"],
)
def test_numbers_that_are_nobodys_stay_in_logs(text: str) -> None:
    assert mask_personal(text) == text


def test_ordinary_text_costs_no_heavy_import(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from agent_core.gate.vault import Vault\n"
        "from agent_core.gate.redact import mask_personal\n"
        f"v = Vault(Path({str(tmp_path / 'v.db')!r})); v.tokenise('What is 17% of 2340?', 'r')\n"
        "mask_personal('hello')\n"
        "print([m for m in ('pydantic_ai', 'keyring', 'cryptography') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
