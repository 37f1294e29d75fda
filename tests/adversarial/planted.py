"""Secrets that belong to nobody, in the shapes that vendors give them, and every form in which one may lie in a file.

All of them follow from a seed. None is a literal of this file, and none was ever issued.
"""

# ruff: noqa: E501  (tables, one kind per line)

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

ALNUM = string.ascii_letters + string.digits
UPPER = string.ascii_uppercase + string.digits
LOWER = string.ascii_lowercase + string.digits
HEX = "0123456789abcdef"
URL64 = ALNUM + "-_"


@dataclass(frozen=True)
class Planted:
    """A secret and the text that it stands in."""

    kind: str
    value: str
    text: str
    """Contains `value` once."""

    @property
    def needles(self) -> tuple[str, ...]:
        """What must not be found: the value; of one of many lines, each line that holds key material."""
        lines = [line for line in self.value.splitlines() if len(line) >= 40]
        return tuple(lines) if "\n" in self.value else (self.value,)


class Maker:
    """Makes values from a seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def word(self, size: int, alphabet: str = ALNUM) -> str:
        """Random characters, a letter and a digit among them where the alphabet has both."""
        made = "".join(self.rng.choices(alphabet, k=size))
        if alphabet == string.digits or size < 6:
            return made
        letter = next(c for c in alphabet if c.isalpha())
        return made[:-3] + letter + "7" + self.rng.choice([c for c in alphabet if c.isalnum()])

    def jwt(self) -> str:
        part = [json.dumps(p).encode() for p in ({"alg": "HS256", "typ": "JWT"}, {"sub": self.word(12), "iat": 17e8})]
        return ".".join(base64.urlsafe_b64encode(p).decode().rstrip("=") for p in part) + "." + self.word(43, URL64)

    def digits(self, size: int) -> str:
        return str(self.rng.randrange(1, 10)) + "".join(self.rng.choices(string.digits, k=size - 1))

    def card(self, prefix: str, size: int) -> str:
        body = prefix + "".join(self.rng.choices(string.digits, k=size - 1 - len(prefix)))
        doubled = [int(d) * (2 if i % 2 == 0 else 1) for i, d in enumerate(reversed(body))]
        return body + str(-sum(d - 9 if d > 9 else d for d in doubled) % 10)

    def password(self) -> str:
        words = ["otter", "Maple", "quartz", "Harbor", "violet", "Tundra", "pepper", "Falcon"]
        marks = self.rng.choice("!#$%*+?^_~")
        return f"{self.rng.choice(words)}{self.digits(3)}{marks}{self.rng.choice(words)}"

    def rsa(self) -> str:
        """A key of the right form; its numbers are random, because making a real one takes long."""
        lines = [self.word(64, ALNUM + "+/") for _ in range(12)]
        return "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----"])

    def ec(self) -> str:
        key = ec.derive_private_key(self.rng.getrandbits(250) + 1, ec.SECP256R1())
        return _pem(key, serialization.PrivateFormat.TraditionalOpenSSL)

    def ed25519(self) -> str:
        return _pem(
            ed25519.Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32)), serialization.PrivateFormat.PKCS8
        )

    def openssh(self) -> str:
        return _pem(
            ed25519.Ed25519PrivateKey.from_private_bytes(self.rng.randbytes(32)), serialization.PrivateFormat.OpenSSH
        )

    def pgp(self) -> str:
        lines = [self.word(64, ALNUM + "+/") for _ in range(8)]
        head = ["-----BEGIN PGP PRIVATE KEY BLOCK-----", "Version: GnuPG v2", ""]
        return "\n".join([*head, *lines, "=" + self.word(4, ALNUM), "-----END PGP PRIVATE KEY BLOCK-----"])

    def encrypted_pem(self) -> str:
        lines = [self.word(64, ALNUM + "+/") for _ in range(6)]
        head = [
            "-----BEGIN RSA PRIVATE KEY-----",
            "Proc-Type: 4,ENCRYPTED",
            f"DEK-Info: AES-128-CBC,{self.word(32, HEX)}",
        ]
        return "\n".join([*head, "", *lines, "-----END RSA PRIVATE KEY-----"])


def _pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, form: serialization.PrivateFormat
) -> str:
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode().strip()


Make = Callable[[Maker], str]

BARE: dict[str, Make] = {
    "openai": lambda m: "sk-" + m.word(48),
    "openai project": lambda m: "sk-proj-" + m.word(74, URL64) + "T3BlbkFJ" + m.word(74, URL64),
    "openai service": lambda m: "sk-svcacct-" + m.word(60, URL64),
    "anthropic": lambda m: "sk-ant-api03-" + m.word(93, URL64) + "AA",
    "openrouter": lambda m: "sk-or-v1-" + m.word(64, HEX),
    "google api": lambda m: "AIza" + m.word(35, URL64),
    "google oauth client": lambda m: "GOCSPX-" + m.word(28, URL64),
    "google oauth access": lambda m: "ya29." + m.word(120, URL64),
    "google refresh": lambda m: "1//0" + m.word(60, URL64),
    "aws id": lambda m: "AKIA" + m.word(16, string.ascii_uppercase + "234567"),
    "aws session id": lambda m: "ASIA" + m.word(16, string.ascii_uppercase + "234567"),
    "github": lambda m: "ghp_" + m.word(36),
    "github oauth": lambda m: "gho_" + m.word(36),
    "github server": lambda m: "ghs_" + m.word(36),
    "github refresh": lambda m: "ghr_" + m.word(76),
    "github fine": lambda m: "github_pat_" + m.word(22) + "_" + m.word(59),
    "gitlab": lambda m: "glpat-" + m.word(20, URL64),
    "gitlab runner": lambda m: "glrt-" + m.word(20, URL64),
    "slack bot": lambda m: f"xoxb-{m.digits(12)}-{m.digits(13)}-{m.word(24)}",
    "slack user": lambda m: f"xoxp-{m.digits(12)}-{m.digits(12)}-{m.digits(13)}-{m.word(32, HEX)}",
    "slack config": lambda m: f"xoxe.xoxp-1-{m.word(160)}",
    "slack app": lambda m: f"xapp-1-A{m.word(10, UPPER)}-{m.digits(13)}-{m.word(64, HEX)}",
    "stripe": lambda m: "sk_live_" + m.word(24),
    "stripe restricted": lambda m: "rk_live_" + m.word(24),
    "stripe webhook": lambda m: "whsec_" + m.word(32),
    "hugging face": lambda m: "hf_" + m.word(34, string.ascii_letters),
    "npm": lambda m: "npm_" + m.word(36),
    "pypi": lambda m: "pypi-AgEIcHlwaS5vcmc" + m.word(150, URL64),
    "sendgrid": lambda m: f"SG.{m.word(22, URL64)}.{m.word(43, URL64)}",
    "mailgun": lambda m: "key-" + m.word(32, HEX),
    "mailchimp": lambda m: m.word(32, HEX) + "-us" + str(m.rng.randrange(1, 21)),
    "twilio": lambda m: "SK" + m.word(32, HEX),
    "digitalocean": lambda m: "dop_v1_" + m.word(64, HEX),
    "telegram": lambda m: f"{m.digits(10)}:AA{m.word(33, URL64)}",
    "discord": lambda m: f"M{m.word(25)}.{m.word(6, URL64)}.{m.word(38)}",
    "shopify": lambda m: "shpat_" + m.word(32, HEX),
    "square": lambda m: "sq0atp-" + m.word(22, URL64),
    "linear": lambda m: "lin_api_" + m.word(40),
    "notion": lambda m: "ntn_" + m.word(46),
    "notion old": lambda m: "secret_" + m.word(43),
    "airtable": lambda m: f"pat{m.word(14)}.{m.word(64, HEX)}",
    "figma": lambda m: "figd_" + m.word(40, URL64),
    "databricks": lambda m: "dapi" + m.word(32, HEX),
    "doppler": lambda m: "dp.pt." + m.word(43),
    "vault service": lambda m: "hvs." + m.word(90, URL64),
    "terraform": lambda m: f"{m.word(14)}.atlasv1.{m.word(67, URL64)}",
    "grafana": lambda m: f"glsa_{m.word(32)}_{m.word(8, HEX)}",
    "new relic": lambda m: "NRAK-" + m.word(27, UPPER),
    "postman": lambda m: f"PMAK-{m.word(24, HEX)}-{m.word(34, HEX)}",
    "atlassian": lambda m: "ATATT3xFfGF0" + m.word(180, URL64),
    "planetscale": lambda m: "pscale_tkn_" + m.word(43, URL64),
    "dockerhub": lambda m: "dckr_pat_" + m.word(27, URL64),
    "groq": lambda m: "gsk_" + m.word(52),
    "xai": lambda m: "xai-" + m.word(80),
    "perplexity": lambda m: "pplx-" + m.word(48),
    "replicate": lambda m: "r8_" + m.word(37),
    "age": lambda m: "AGE-SECRET-KEY-1" + m.word(58, UPPER),
    "facebook": lambda m: "EAA" + m.word(170),
    "sentry": lambda m: "sntryu_" + m.word(64, HEX),
    "sendinblue": lambda m: f"xkeysib-{m.word(64, HEX)}-{m.word(16)}",
    "rubygems": lambda m: "rubygems_" + m.word(48, HEX),
    "azure entra": lambda m: f"{m.word(3)}8Q~{m.word(34, ALNUM + '-_.~')}",
    "jwt": Maker.jwt,
    "rsa": Maker.rsa,
    "encrypted rsa": Maker.encrypted_pem,
    "ec": Maker.ec,
    "ed25519": Maker.ed25519,
    "openssh": Maker.openssh,
    "pgp": Maker.pgp,
    "visa": lambda m: m.card("4", 16),
    "mastercard": lambda m: m.card("5" + m.rng.choice("12345"), 16),
    "amex": lambda m: m.card("37", 15),
    "visa in groups": lambda m: " ".join(_fours(m.card("4", 16))),
    "mastercard in groups": lambda m: "-".join(_fours(m.card("5" + m.rng.choice("12345"), 16))),
}
"""What gives itself away, wherever it stands."""

BESIDE: dict[str, tuple[str, Make]] = {
    "password is": ("my password is {}", Maker.password),
    "password=": ("password={}", Maker.password),
    "Password:": ("Username: ada\nPassword: {}\n", Maker.password),
    "quoted password": ("DB_PASSWORD='{}'", lambda m: f"correct {m.word(6)} horse {m.digits(3)}"),
    "json password": ('{{"user": "ada", "password": "{}"}}', Maker.password),
    "yaml password": ("db:\n  user: ada\n  password: {}\n  port: 5432", Maker.password),
    "pin": ("my PIN is {}", lambda m: m.digits(6)),
    "passphrase": ("the passphrase is `{}`", lambda m: f"blue {m.digits(2)} otters {m.word(5)}"),
    "passwort": ("mein Passwort lautet {}", Maker.password),
    "mot de passe": ("le mot de passe est {}", Maker.password),
    "contraseña": ("la contraseña es {}", Maker.password),
    "api key": ("the api key: {}", lambda m: m.word(20, LOWER)),
    "x-api-key": ("x-api-key: {}", lambda m: m.word(32)),
    "aws secret": ("aws_secret_access_key = {}", lambda m: m.word(40, ALNUM + "+/")),
    "aws session": ("AWS_SESSION_TOKEN={}", lambda m: m.word(300, ALNUM + "+/")),
    "exported": ("export ACME_API_KEY={}", lambda m: m.word(32, LOWER)),
    "exported token": ("DEPLOY_TOKEN={}", lambda m: m.word(40, HEX)),
    "django": ("SECRET_KEY = '{}'", lambda m: m.word(50, LOWER + "!@#%^&*(-_=+)")),
    "bearer": ("Authorization: Bearer {}", lambda m: m.word(40, URL64)),
    "basic": ("Authorization: Basic {}", lambda m: base64.b64encode(f"ada:{m.password()}".encode()).decode()),
    "token header": ("authorization: token {}", lambda m: m.word(40, HEX)),
    "cookie": ("Cookie: theme=dark; sessionid={}; lang=en", lambda m: m.word(32, LOWER)),
    "set-cookie": ("Set-Cookie: session={}; HttpOnly; Path=/", lambda m: m.word(48, URL64)),
    "csrf cookie": ("Cookie: connect.sid=s%3A{}", lambda m: m.word(32)),
    "url": ("https://ada:{}@git.example.org/x.git", lambda m: m.word(14)),
    "postgres": ("postgresql://ada:{}@db.example.org:5432/shop", lambda m: m.word(16)),
    "mongodb": ("mongodb+srv://ada:{}@cluster0.example.net/?w=majority", lambda m: m.word(16)),
    "redis": ("redis://:{}@cache.example.org:6379/0", lambda m: m.word(24)),
    "odbc": ("Driver={{SQL}};Server=db.example.org;Uid=ada;Pwd={};Encrypt=yes", lambda m: m.word(14)),
    "azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=core.example.net",
        lambda m: base64.b64encode(m.rng.randbytes(64)).decode(),
    ),
    "azure sas": ("https://shop.example.net/c/f.txt?sv=2024-01-01&sp=r&sig={}&se=2027", lambda m: quote(base64.b64encode(m.rng.randbytes(32)).decode(), safe="")),
    "signed url": ("https://b.example.org/o?X-Amz-Date=2026&X-Amz-Signature={}", lambda m: m.word(64, HEX)),
    "query token": ("https://api.example.org/v1/me?access_token={}&page=2", lambda m: m.word(32, LOWER)),
    "slack hook": ("https://hooks.slack.com/services/{}", lambda m: f"T{m.word(9, UPPER)}/B{m.word(9, UPPER)}/{m.word(24)}"),
    "discord hook": ("https://discord.com/api/webhooks/" + "123456789012345678/{}", lambda m: m.word(68, URL64)),
    "oauth code": ("client_secret={}&grant_type=authorization_code", lambda m: m.word(32, URL64)),
    "oauth json": ('{{"access_token": "{}", "token_type": "Bearer", "expires_in": 3600}}', lambda m: m.word(48, URL64)),
    "refresh token": ('{{"refresh_token": "{}"}}', lambda m: m.word(64, URL64)),
    "gcp json": (
        '{{"type": "service_account", "private_key_id": "' + "ab12" * 10 + '", "private_key": "{}\\n", "client_email": "x@y.example"}}',
        lambda m: m.rsa().replace("\n", "\\n"),
    ),
    "npmrc": ("//registry.example.org/:_authToken={}", lambda m: m.word(36, LOWER + "-")),
    "netrc": ("machine git.example.org login ada password {}", lambda m: m.word(14)),
    "docker auth": ('{{"auths": {{"r.example.org": {{"auth": "{}"}}}}}}', lambda m: base64.b64encode(f"ada:{m.password()}".encode()).decode()),
    "curl -u": ("curl -u ada:{} https://api.example.org", lambda m: m.word(14)),
    "mysql -p": ("mysql -u root --password={} shop", lambda m: m.word(12)),
    "wifi": ("the wifi password is {}", Maker.password),
    "cvv card": ("card number {}", lambda m: m.card("4", 13)),
    "ssn": ("my social security number is {}", lambda m: f"{m.rng.randrange(100, 665)}-{m.rng.randrange(10, 99)}-{m.digits(4)}"),
    "ssn short": ("SSN: {}", lambda m: f"{m.rng.randrange(100, 665)}-{m.rng.randrange(10, 99)}-{m.digits(4)}"),
    "totp": ("otpauth://totp/Shop:ada?secret={}&issuer=Shop", lambda m: m.word(32, string.ascii_uppercase + "234567")),
    "recovery code": ("recovery code: {}", lambda m: "-".join(m.word(5, LOWER) for _ in range(4))),
    "seed phrase": (
        "seed phrase: {}",
        lambda m: " ".join(m.rng.choices(["abandon", "ability", "able", "about", "above", "absent", "absorb", "abstract", "absurd", "abuse", "access"], k=12)),
    ),
}  # fmt: skip
"""What only the words beside it give away: a template, and the value in it."""


def _fours(digits: str) -> list[str]:
    return [digits[i : i + 4] for i in range(0, len(digits), 4)]


def plant(seed: int) -> Iterator[Planted]:
    """One secret of every kind; other values for every seed."""
    maker = Maker(seed)
    frames = ("use {} please", "key: {}", "({})", "here it is:\n{}\nkeep it", "it says {}, then goes on")
    for kind, make in BARE.items():
        value = make(maker)
        yield Planted(kind, value, maker.rng.choice(frames).replace("{}", value))
    for kind, (template, make) in BESIDE.items():
        value = make(maker)
        yield Planted(kind, value, template.format(value))


def forms(value: str) -> Iterator[bytes]:
    """What `value` looks like in a file: as it is, and encoded. Written without the product's own encoders."""
    data = value.encode()
    texts = {value, json.dumps(value)[1:-1], json.dumps(json.dumps(value))[3:-3], quote(value), quote(value, safe=""), quote_plus(value)}  # fmt: skip
    texts |= {data.hex(), data.hex().upper(), value[::-1], "".join(f"%{byte:02X}" for byte in data)}
    for lead in range(3):
        encoded = base64.b64encode(b"x" * lead + data).decode()
        inner = encoded[4 if lead else 0 : len(encoded) // 4 * 4 - 4]
        if len(inner) >= 12:
            texts |= {inner, inner.replace("+", "-").replace("/", "_")}
    for text in texts:
        yield text.encode()
        yield text.encode("utf-16-le")
