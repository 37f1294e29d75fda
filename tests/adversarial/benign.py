"""Values that look random and are nobody's secret, by kind, from a seed; and the sentences that they stand in."""

# ruff: noqa: E501  (tables, one kind per line)

from __future__ import annotations

import base64
import random
import string
import uuid
from collections.abc import Callable, Iterator

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
WORDS = [
    "invoice",
    "parser",
    "budget",
    "request",
    "kernel",
    "matrix",
    "widget",
    "garden",
    "northern",
    "signal",
    "carbon",
    "harvest",
    "copper",
    "lantern",
    "module",
    "session",
    "token",
    "secret",
    "password",
    "handler",
    "factory",
    "context",
    "buffer",
    "config",
    "cipher",
    "public",
    "private",
    "account",
    "access",
]


def _pick(rng: random.Random, alphabet: str, size: int) -> str:
    return "".join(rng.choices(alphabet, k=size))


def _words(rng: random.Random, low: int, high: int) -> list[str]:
    return rng.choices(WORDS, k=rng.randrange(low, high + 1))


def _isbn13(rng: random.Random) -> str:
    body = "978" + _pick(rng, string.digits, 9)
    check = -sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(body)) % 10
    return f"978-{body[3]}-{body[4:7]}-{body[7:]}-{check}"


def _isbn10(rng: random.Random) -> str:
    body = _pick(rng, string.digits, 9)
    check = -sum(int(d) * (10 - i) for i, d in enumerate(body)) % 11
    return body + ("X" if check == 10 else str(check))


def _camel(rng: random.Random) -> str:
    first, *rest = _words(rng, 2, 5)
    return first + "".join(word.title() for word in rest)


def _formula(rng: random.Random) -> str:
    a, b, c = rng.sample(range(2, 99), 3)
    return rng.choice(
        [
            f"{a}*x^{b} + sin({c}*x)/{a}",
            f"x_{{{a}}} = \\frac{{{b}}}{{{c}}}",
            f"{a}.{b}e-{c}",
            f"({a}+{b}i)*({c}-{a}j)",
            f"{a}{b}{c}{a}{b}**{c} % {b}",
        ]
    )


KINDS: dict[str, Callable[[random.Random], str]] = {
    "uuid": lambda r: str(uuid.UUID(int=r.getrandbits(128), version=4)),
    "git hash": lambda r: _pick(r, HEX, 40),
    "short hash": lambda r: _pick(r, HEX, r.randrange(7, 13)),
    "md5": lambda r: _pick(r, HEX, 32),
    "sha256": lambda r: "sha256:" + _pick(r, HEX, 64),
    "sha512": lambda r: _pick(r, HEX, 128),
    "integrity": lambda r: "sha512-" + base64.b64encode(r.randbytes(64)).decode(),
    "isbn 13": _isbn13,
    "isbn 10": _isbn10,
    "ean": lambda r: _pick(r, string.digits, 13),
    "version": lambda r: f"{r.randrange(30)}.{r.randrange(30)}.{r.randrange(99)}-{r.choice(['rc', 'beta', 'dev'])}.{r.randrange(9)}",
    "pinned package": lambda r: f"{r.choice(WORDS)}-{r.choice(WORDS)}=={r.randrange(9)}.{r.randrange(99)}.{r.randrange(9)}",
    "order number": lambda r: r.choice(
        [f"ORD-{r.randrange(10**9):09}-{_pick(r, string.ascii_uppercase, 3)}", f"PO{r.randrange(10**8):08}", _pick(r, string.digits, 10)]
    ),
    "long number": lambda r: _pick(r, "123456789", 1) + _pick(r, string.digits, r.randrange(11, 22)),
    "tracking number": lambda r: "1Z" + _pick(r, string.ascii_uppercase + string.digits, 16),
    "phone": lambda r: r.choice(
        [
            f"+49 {r.randrange(100, 999)} {r.randrange(10**6, 10**7)}",
            f"+1-{r.randrange(200, 999)}-{r.randrange(200, 999)}-{r.randrange(1000, 9999)}",
            f"0{r.randrange(20, 99)} {r.randrange(1000, 9999)} {r.randrange(1000, 9999)}",
        ]
    ),
    "date": lambda r: f"{r.randrange(1900, 2100)}-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}",
    "timestamp": lambda r: f"2026-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}T{r.randrange(24):02}:11:07.{r.randrange(10**6):06}Z",
    "milliseconds": lambda r: str(1_700_000_000_000 + r.randrange(10**11)),
    "invoice like an iban": lambda r: f"{_pick(r, 'RXQJ', 1)}{_pick(r, 'XQZY', 1)}{r.randrange(10, 99)} {r.randrange(1000, 9999)} {r.randrange(1000, 9999)} {r.randrange(1000, 9999)} {r.randrange(10, 99)}",
    "file name": lambda r: f"{'_'.join(_words(r, 2, 4))}-{r.randrange(10**6)}.{r.choice(['pdf', 'tar.gz', 'py', 'docx'])}",
    "path": lambda r: f"/home/{r.choice(WORDS)}/{_pick(r, ALNUM, 12)}/{r.choice(WORDS)}.{r.choice(['md', 'txt'])}",
    "url": lambda r: f"https://example.org/{'/'.join(_words(r, 1, 3))}/{_pick(r, ALNUM, 14)}?id={_pick(r, ALNUM, 12)}&page={r.randrange(99)}#{r.choice(WORDS)}",
    "video url": lambda r: f"https://video.example.org/watch?v={_pick(r, ALNUM + '-_', 11)}&t={r.randrange(999)}s",
    "image data": lambda r: "data:image/png;base64,iVBORw0KGgo" + base64.b64encode(r.randbytes(r.randrange(60, 400))).decode(),
    "base64": lambda r: base64.b64encode(r.randbytes(r.randrange(12, 90))).decode(),
    "base64 of words": lambda r: base64.b64encode(" ".join(_words(r, 6, 20)).encode()).decode(),
    "hex colour": lambda r: "#" + _pick(r, HEX, r.choice([3, 6, 8])),
    "mathematics": _formula,
    "long word": lambda r: "".join(_words(r, 3, 5)) + r.choice(["keit", "ness", "isation", "en"]),
    "code identifier": lambda r: r.choice([_camel(r), "_".join(_words(r, 2, 5)), "-".join(_words(r, 2, 5)), "_".join(_words(r, 2, 3)).upper()]),
    "css class": lambda r: f"sk-{'-'.join(_words(r, 3, 5))}",
    "ulid": lambda r: "01" + _pick(r, "0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24),
    "nano id": lambda r: _pick(r, ALNUM + "_-", 21),
    "object id": lambda r: _pick(r, HEX, 24),
    "doi": lambda r: f"10.{r.randrange(1000, 9999)}/{_pick(r, string.ascii_lowercase, 6)}.{r.randrange(2000, 2030)}.{r.randrange(10**6)}",
    "arn": lambda r: f"arn:aws:s3:::{_pick(r, string.ascii_lowercase, 12)}/{_pick(r, HEX, 12)}",
    "account id": lambda r: _pick(r, "123456789", 1) + _pick(r, string.digits, 11),
    "etag": lambda r: f'W/"{_pick(r, HEX, 32)}"',
    "image digest": lambda r: f"registry.example.org/{r.choice(WORDS)}@sha256:{_pick(r, HEX, 64)}",
    "mac address": lambda r: ":".join(_pick(r, HEX, 2) for _ in range(6)),
    "ip address": lambda r: r.choice([".".join(str(r.randrange(256)) for _ in range(4)), ":".join(_pick(r, HEX, 4) for _ in range(8))]),
    "coordinates": lambda r: f"{r.uniform(-90, 90):.6f}, {r.uniform(-180, 180):.6f}",
    "gene": lambda r: _pick(r, "ACGT", r.randrange(20, 120)),
    "chemical": lambda r: f"C{r.randrange(2, 40)}H{r.randrange(2, 80)}N{r.randrange(1, 9)}O{r.randrange(1, 9)}",
    "plate": lambda r: f"{_pick(r, string.ascii_uppercase, 2)}-{_pick(r, string.ascii_uppercase, 2)} {r.randrange(10, 9999)}",
    "address": lambda r: f"{r.choice(WORDS)}.{r.choice(WORDS)}@example.org",
    "money": lambda r: f"{r.randrange(1, 999)},{r.randrange(1000):03}.{r.randrange(100):02} EUR",
    "run id": lambda r: f"run_{_pick(r, HEX, 12)}",
    "public key": lambda r: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + _pick(r, ALNUM + "+/", 43) + " ada@example.org",
    "certificate": lambda r: "-----BEGIN CERTIFICATE-----\n" + "\n".join(_pick(r, ALNUM + "+/", 64) for _ in range(4)) + "\n-----END CERTIFICATE-----",
    "fingerprint": lambda r: "SHA256:" + _pick(r, ALNUM + "+/", 43),
}  # fmt: skip

FRAMES = (
    "{}",
    "see {} for more",
    "id: {}",
    '{{"id": "{}", "name": "ada"}}',
    "commit {} by ada",
    "the value is {}.",
    "- {}\n- next",
    "What is in {}?",
    "ref={} status=ok",
    "key {} is in row 4",
)


def benign(seed: int, number: int) -> Iterator[tuple[str, str]]:
    """(kind, text) of so many values, all kinds in turn."""
    rng = random.Random(seed)
    kinds = list(KINDS.items())
    for index in range(number):
        kind, make = kinds[index % len(kinds)]
        yield kind, rng.choice(FRAMES).format(make(rng))
