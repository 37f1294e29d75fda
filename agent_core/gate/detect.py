"""Where secrets stand in a text: credentials by their shape, values by the name beside them, and values known exactly.

The shapes of vendors' keys are the harness's; added here are those it leaves out and what only context gives away.
Nothing is judged by its randomness alone: git hashes, UUIDs and order numbers are random too, and an assistant that
hides those from its own tools is broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from agent_core.gate.known import KnownSecrets

TOKEN = re.compile(r"secret_[a-z0-9]{1,24}_[a-z2-7]{12}")
"""The form of the vault's tokens: letters, digits and underscores: JSON, URLs, Markdown and models leave it alone."""

_LONG_RUN = re.compile(r"[\w-]{15}|-----BEGIN")
"""Every vendor's key is an unbroken run at least this long; other text need not load the patterns."""

_MORE_SHAPES: Mapping[str, str] = {
    "gitlab_token": r"\bgl(?:pat|ptt|dt|rt|soat)-[\w-]{20,}",
    "huggingface_token": r"\bhf_[A-Za-z0-9]{30,}",
    "npm_token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "pypi_token": r"\bpypi-AgE[\w-]{50,}",
    "sendgrid_key": r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}",
    "groq_key": r"\bgsk_[A-Za-z0-9]{40,}",
    "xai_key": r"\bxai-[A-Za-z0-9]{60,}",
    "digitalocean_token": r"\bdo[opr]_v1_[a-f0-9]{64}\b",
    "slack_webhook": r"\bhooks\.slack\.com/services/(?P<value>T\w{8,}/B\w{8,}/\w{20,})",
    "telegram_token": r"\b\d{8,10}:AA[\w-]{33}(?![\w-])",
    "age_key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    "aws_secret_key": r"(?i:aws_?secret_?(?:access_?)?key)\W{1,4}(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
}

_NAMED = (
    r"pass(?:word|phrase|wd|code)|pwd|pw|"
    r"(?:api|access|secret|private|auth|encryption|signing)[ _-]?(?:access[ _-]?)?key|"
    r"(?:access|auth|refresh|bearer|session|api|bot|secret)[ _-]?token|(?:client|app|webhook|shared)?[ _-]?secret|"
    r"passwort|kennwort|mot de passe|contrase[ñn]a|senha|wachtwoord"
)
_ASSIGNED = (
    rf"(?<![A-Za-z])(?i:{_NAMED})(?: for [\w.@-]{{1,40}}(?: [\w.@-]{{1,40}}){{0,2}})?[\"'`]?[ \t]{{0,3}}"
    r"(?:[:=]{1,2}>?|(?i:\b(?:is|was|ist|est|es|é)\b) ?:?)[ \t]{0,3}"
)
_BARE = r"(?:(?!&\w{1,40}=)[^\s\"'`,;<>(){}\[\]]){6,512}"
"""A value without quotation marks: up to a space, a bracket, or the next parameter of a query."""
_IN_CONTEXT: Mapping[str, str] = {
    "bearer_token": r"\b(?i:bearer) {1,3}(?P<value>[A-Za-z0-9._~+/-]{20,2048}={0,2})",
    "basic_login": r"\b(?i:authorization)[\"']?[:=] {0,3}[\"']?(?i:basic) {1,3}(?P<value>[A-Za-z0-9+/]{8,1024}={0,2})",
    "url_password": r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@\"'<>]{0,128}:(?P<value>[^\s/@\"'<>]{3,256})@(?=[\w\[])",
    "password": (
        rf"{_ASSIGNED}"
        r"(?:\"(?P<double>[^\"\n]{4,512})\"|'(?P<single>[^'\n]{4,512})'|`(?P<back>[^`\n]{4,512})`"
        rf"|(?P<value>{_BARE}))"
    ),
    "spoken_password": (
        r"(?<![\w-])(?i:--?(?:password|token|secret|api-?key)|pass(?:word|phrase|wd)) "
        rf"(?P<value>{_BARE})"
    ),
    "header_token": r"\b(?i:authorization)[\"']?[:=] {0,3}[\"']?(?i:token) {1,3}(?P<value>[\w.-]{16,512})",
    "exported": rf"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASS)=[\"']?(?P<value>{_BARE})",
}

_OPEN = re.compile(
    rf"-----BEGIN(?:(?!-----END)[\s\S])*\Z|{_ASSIGNED}(?:\"[^\"\n]{{0,512}}|'[^'\n]{{0,512}}|`[^`\n]{{0,512}})\Z"
)
"""A private key or a quotation after a telling name that has begun and not ended."""

_SECRET_FIELD = re.compile(rf"(?i)(?:.{{0,60}}[_-])?(?:{_NAMED})")
_PLACEHOLDER = re.compile(
    r"(?i)[$%<{].*|\*+|x+|\.+|-+|_+|(?:your|my|the|some|example|sample|dummy)[_ -].*|changeme|none|null|true|false"
    r"|pass(?:word|phrase|wd|code)?|pwd|secret|token|string|str|required|optional|undefined|redacted|hidden|masked"
)
_CODE = re.compile(
    r"[A-Za-z_][\w.]*\.[A-Za-z_]\w*|[a-z]+(?:_[a-z]+)+\d*|\.{0,2}/.*|[A-Za-z]+://.*|[A-Z][A-Z0-9_]*"
    r"|(?=\d*[.,:/-])\d[\d.,:/-]*|\d{1,5}"
)
"""What stands after `password =` without being one: a name in code, a path, an address, a date, a small number."""


@dataclass(frozen=True, order=True)
class Found:
    """A secret in a text: `text[start:end]`, and what kind it is."""

    start: int
    end: int
    kind: str


def find_secrets(text: str, known: KnownSecrets) -> list[Found]:
    """All secrets in `text`, in order, none overlapping. What has the form of a vault token is not one."""
    tokens = [match.span() for match in TOKEN.finditer(text)]
    exact = (Found(start, end, kind) for start, end, kind in known.find(text))
    found = sorted((*exact, *_by_shape(text), *_by_context(text)), key=lambda f: (f.start, -f.end))
    merged: list[Found] = []
    for secret in found:
        if any(start < secret.end and secret.start < end for start, end in tokens):
            continue
        if merged and secret.start < merged[-1].end:
            last = merged[-1]
            merged[-1] = Found(last.start, max(last.end, secret.end), last.kind)
        else:
            merged.append(secret)
    return merged


def unfinished(text: str, known: KnownSecrets) -> int:
    """How many characters at the end of `text` could become part of a secret when more text follows."""
    opened = _OPEN.search(text)
    return max(len(text) - opened.start() if opened else 0, _last_word(text), known.unfinished(text))


def is_secret_field(name: str, value: str) -> bool:
    """Whether a JSON field of this name holds a secret, whatever its value looks like."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)  # camelCase
    return bool(_SECRET_FIELD.fullmatch(words)) and len(value) >= 4 and not _PLACEHOLDER.fullmatch(value)


def known_from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The credentials among environment variables, by name."""
    telling = ("_API_KEY", "_TOKEN", "_SECRET", "_PASSWORD", "_SECRET_KEY", "_ACCESS_KEY")
    return {
        name: value
        for name, value in environ.items()
        if name.upper().endswith(telling) and len(value) >= 8 and not _PLACEHOLDER.fullmatch(value)
    }


def _by_shape(text: str) -> Iterator[Found]:
    if not _LONG_RUN.search(text):
        return
    for kind, pattern in _shapes():
        for match in pattern.finditer(text):
            if kind != "openai_key" or not _is_slug(match.group()):
                yield Found(*_value_span(match), kind)


def _by_context(text: str) -> Iterator[Found]:
    for kind, pattern in _contexts():
        for match in pattern.finditer(text):
            start, end = _value_span(match)
            if kind in _JUDGES and match.lastgroup == "value":
                end = start + len(text[start:end].rstrip(".,!?:"))  # the end of the sentence, more likely
            value = text[start:end]
            if not _PLACEHOLDER.fullmatch(value) and _JUDGES.get(kind, bool)(value):
                yield Found(start, end, kind)


@cache
def _shapes() -> tuple[tuple[str, re.Pattern[str]], ...]:
    from pydantic_ai_harness.guardrails.detectors import DEFAULT_SECRET_PATTERNS

    return tuple((kind, re.compile(shape)) for kind, shape in {**DEFAULT_SECRET_PATTERNS, **_MORE_SHAPES}.items())


@cache
def _contexts() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile(shape)) for kind, shape in _IN_CONTEXT.items())


def _value_span(match: re.Match[str]) -> tuple[int, int]:
    """The span of the group that holds the value; the whole match where the pattern has no groups."""
    return match.span(match.lastgroup) if match.lastgroup else match.span()


def _last_word(text: str) -> int:
    """How long the word is that the text ends in."""
    start = len(text)
    while start and not text[start - 1].isspace():
        start -= 1
    return len(text) - start


def _is_slug(text: str) -> bool:
    """Words joined by hyphens ("sk-loading-spinner-container") that begin like a key."""
    return all(part.isalpha() and part.islower() and len(part) <= 14 for part in text.split("-"))


def _is_password(value: str) -> bool:
    """Whether what stands where a password would is one, and not a word of the sentence or a piece of code."""
    if len(value) < 6 or _CODE.fullmatch(value):
        return False
    if value.isalpha() and value == value.lower():
        return len(value) >= 18  # several words run together
    marks = any(not c.isalpha() and c not in "-_'’ " for c in value)
    mixed = value not in (value.lower(), value.upper(), value.title(), value.capitalize())
    return marks or mixed


def _is_spoken_password(value: str) -> bool:
    """The same where only a space stands between: small letters and digits, as no word has them."""
    return _is_password(value) and any(c.islower() for c in value) and any(c.isdigit() for c in value)


def _is_exported(value: str) -> bool:
    """The same for `SOME_KEY=value`, which may well be the key of a table or a cache."""
    return bool(re.fullmatch(r"[\w+/=.~-]{12,}", value)) and _is_spoken_password(value)


_JUDGES: Mapping[str, Callable[[str], bool]] = {
    "password": _is_password,
    "spoken_password": _is_spoken_password,
    "exported": _is_exported,
}
"""What else must hold of a value that only its context gives away."""
