"""The patterns that secrets are found by. What else must hold of a match is decided in `detect`.

All repetitions are bounded or cannot overlap, so that a hostile text costs no more than another of its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LONG_RUN = re.compile(r"[\w-]{15}|-----BEGIN")
"""Every vendor's key is an unbroken run at least this long; other text need not load the patterns."""

MORE_SHAPES: Mapping[str, str] = {
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
"""Credentials by their shape, beside those that the harness knows; a group `value` is the secret part."""

_NAMED = (
    r"pass(?:word|phrase|wd|code)|pwd|pw|"
    r"(?:api|access|secret|private|auth|encryption|signing)[ _-]?(?:access[ _-]?)?key|"
    r"(?:access|auth|refresh|bearer|session|api|bot|secret)[ _-]?token|(?:client|app|webhook|shared)?[ _-]?secret|"
    r"passwort|kennwort|mot de passe|contrase[ñn]a|senha|wachtwoord"
)
_ASSIGNED = (
    rf"(?:(?<![A-Za-z])(?i:{_NAMED})|(?<=[a-z])(?:Password|Passphrase|Secret|SecretKey|ApiKey|AccessToken))"
    r"(?: for [\w.@-]{1,40}(?: [\w.@-]{1,40}){0,2})?[\"'`]?[ \t]{0,3}"
    r"(?:[:=]{1,2}>?|(?i:\b(?:is|was|ist|est|es|é)\b) ?:?)[ \t]{0,3}"
)
_BARE = r"(?:(?!&\w{1,40}=)[^\s\"'`,;<>(){}\[\]]){6,512}"
"""A value without quotation marks: up to a space, a bracket, or the next parameter of a query."""
IN_CONTEXT: Mapping[str, str] = {
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
"""Values that what is beside them gives away: the last group that matched is the secret."""

OPEN = re.compile(
    rf"-----BEGIN(?:(?!-----END)[\s\S])*\Z|{_ASSIGNED}(?:\"[^\"\n]{{0,512}}|'[^'\n]{{0,512}}|`[^`\n]{{0,512}})\Z"
)
"""A private key or a quotation after a telling name that has begun and not ended."""

SECRET_FIELD = re.compile(rf"(?i)(?:.{{0,60}}[_-])?(?:{_NAMED})")
"""Names of JSON fields whose values are secret."""
PLACEHOLDER = re.compile(
    r"(?i)[$%<{].*|\*+|x+|\.+|-+|_+|(?:your|my|the|some|example|sample|dummy)[_ -].*|changeme|none|null|true|false"
    r"|pass(?:word|phrase|wd|code)?|pwd|secret|token|string|str|required|optional|undefined|redacted|hidden|masked"
)
"""What stands in examples and forms instead of a secret."""

CODE = re.compile(
    r"[A-Za-z_][\w.]*\.[A-Za-z_]\w*|[a-z]+(?:_[a-z]+)+\d*|\.{0,2}/.*|[A-Za-z]+://.*|[A-Z][A-Z0-9_]*"
    r"|(?=\d*[.,:/-])\d[\d.,:/-]*|\d{1,5}"
)
"""What stands after `password =` without being one: a name in code, a path, an address, a date, a small number."""
