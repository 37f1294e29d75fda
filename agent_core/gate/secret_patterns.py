"""The patterns that secrets are found by. What else must hold of a match is decided in `detect`.

All repetitions are bounded or cannot overlap, so that a hostile text costs no more than another of its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

LONG_RUN = re.compile(r"[\w-]{15}|-----BEGIN|\d{4}[ -]\d{4}|\dQ~")
"""Nearly every vendor's key holds an unbroken run this long, but cards are written in groups; other text need not load
the patterns."""

MORE_SHAPES: Mapping[str, str] = {
    "airtable_token": r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{64}\b",
    "age_key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b",
    "atlassian_token": r"\bAT(?:ATT3|CTT3|BB)(?=\w*[a-z])[\w=-]{28,}",
    "aws_secret_key": r"(?i:aws_?secret_?(?:access_?)?key)\W{1,4}(?P<value>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+])",
    "azure_secret": r"(?<![\w.~-])[\w.~-]{3}\dQ~[\w.~-]{31,34}(?![\w~-])",
    "brevo_key": r"\bxkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}\b",
    "databricks_token": r"\bdapi[a-f0-9]{32}(?:-\d)?\b",
    "digitalocean_token": r"\bdo[opr]_v1_[a-f0-9]{64}\b",
    "discord_token": r"(?<![\w.-])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w.-])",
    "discord_webhook": r"\bdiscord(?:app)?\.com/api/webhooks/\d{15,22}/(?P<value>[\w-]{50,})",
    "docker_token": r"\bdckr_[op]at_[\w-]{20,}",
    "doppler_token": r"\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{40,}",
    "facebook_token": r"(?<![\w+/])EAA[A-Za-z0-9]{80,}",
    "figma_token": r"\bfig[dor]_[\w-]{35,}",
    "gitlab_token": r"\bgl(?:pat|ptt|dt|rt|soat|ft|cbt|imt|agent)-[\w-]{20,}",
    "google_access_token": r"\bya29\.[\w-]{20,}",
    "google_refresh_token": r"(?<![\w/.])1//0[\w-]{30,}",
    "grafana_token": r"\bgl(?:sa|c)_[\w=+/]{32,}",
    "groq_key": r"\bgsk_[A-Za-z0-9]{40,}",
    "huggingface_token": r"\b(?:hf_|api_org_)[A-Za-z0-9]{30,}",
    "mailchimp_key": r"\b[a-f0-9]{32}-us\d{1,2}\b",
    "mailgun_key": r"\bkey-[a-f0-9]{32}\b",
    "newrelic_key": r"\bNR(?:AK|JS|II)-[A-Za-z0-9_-]{19,}",
    "notion_token": r"\bsecret_[A-Za-z0-9]{43}\b",
    "npm_token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "openvpn_static_key": r"-----BEGIN OpenVPN Static key V1-----[a-f0-9\s]{400,700}",
    "planetscale_key": r"\bpscale_(?:tkn|pw|oauth)_[\w.=-]{32,}",
    "postman_key": r"\bPMAK-[a-f0-9]{24}-[a-f0-9]{34}\b",
    "prefixed_key": (
        r"(?<![\w/+.-])(?!sha\d)[a-z][a-z0-9]{1,11}(?:[_-][a-z][a-z0-9]{1,9}){0,2}[_-]"
        r"(?P<value>[A-Za-z0-9]{32,256})(?![\w+/=])"
    ),
    "pypi_token": r"\bpypi-AgE[\w-]{50,}",
    "replicate_token": r"\br8_[A-Za-z0-9]{35,}",
    "rubygems_key": r"\brubygems_[a-f0-9]{48}\b",
    "sendgrid_key": r"\bSG\.[\w-]{20,24}\.[\w-]{39,50}",
    "sentry_token": r"\bsntry[su]_[\w=+/-]{40,}",
    "shopify_token": r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b",
    "slack_config_token": r"\bxoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{100,}",
    "slack_webhook": r"\bhooks\.slack\.com/services/(?P<value>T\w{8,}/B\w{8,}/\w{20,})",
    "square_token": r"\bsq0(?:atp|csp)-[\w-]{22,43}",
    "telegram_token": r"\b\d{8,10}:AA[\w-]{33}(?![\w-])",
    "terraform_token": r"\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,}",
    "twilio_key": r"\bSK[a-f0-9]{32}\b",
    "vault_token": r"\bhv[sbr]\.[\w-]{24,}",
    "xai_key": r"\bxai-[A-Za-z0-9]{60,}",
    "card_number": (
        r"(?<![\w.,+/=#-])(?:(?:4\d{3}|5[1-5]\d\d|2[2-7]\d\d|6011|65\d\d)(?P<gap>[ -]?)\d{4}(?P=gap)\d{4}(?P=gap)\d{4}"
        r"|3[47]\d\d(?P<amex>[ -]?)\d{6}(?P=amex)\d{5})(?![\w/=+-]|[.,]\d)"
    ),
}
"""Credentials by their shape, beside those that the harness knows; a group `value` is the secret part."""

_NAMED = (
    r"pass(?:word|phrase|wd|code)|pwd|pw|"
    r"(?:api|access|secret|private|auth|encryption|signing|account|master|deploy|shared[ _-]?access)"
    r"[ _-]?(?:access[ _-]?)?key|"
    r"(?:access|auth|refresh|bearer|session|api|bot|secret|security|deploy|csrf|xsrf)[ _-]?token|"
    r"(?:client|app|webhook|shared)?[ _-]?secret|"
    r"(?:recovery|backup|one[- ]time|2fa|mfa|otp)[ _-]?(?:code|key|phrase)|"
    r"passwort|kennwort|mot de passe|contrase[ñn]a|senha|wachtwoord|lösenord|hasło|пароль|密码|パスワード"
)
_ASSIGNED = (
    rf"(?:(?<![A-Za-z])(?i:{_NAMED})|(?<=[a-z])(?:Password|Passphrase|Secret|SecretKey|ApiKey|AccessToken))"
    r"(?: for [\w.@-]{1,40}(?: [\w.@-]{1,40}){0,2})?[\"'`]?[ \t]{0,3}"
    r"(?:[:=]{1,2}>?(?![:=])|[：＝]"
    r"|(?i:\b(?:is|was|are|ist|lautet|est|es|é|är|to)\b)(?i: now\b| set to\b)? ?:?)[ \t]{0,3}"
)
_BARE = r"(?:(?!&\w{1,40}=)[^\s\"'`,;<>(){}\[\]]){6,512}"
"""A value without quotation marks: up to a space, a bracket, or the next parameter of a query."""
_RECOVERY_WORDS = r"\b(?i:seed|recovery|backup|mnemonic|secret)(?i: phrase| words)?(?: is| are|:|=) {0,3}[\"'`]?"
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
    "login": rf"(?<![\w-])(?:-u|--user|--proxy-user)[ =][\"']?[^\s:\"']{{1,64}}:(?P<value>{_BARE})",
    "header_token": r"\b(?i:authorization)[\"']?[:=] {0,3}[\"']?(?i:token) {1,3}(?P<value>[\w.-]{16,512})",
    "session": (
        r"(?<![A-Za-z])[\w.-]{0,40}(?i:sess(?:ion)?(?:[._-]?id)?|[._-]sid|auth|csrf|xsrf|jwt|remember)[\w.-]{0,24}"
        r"=(?P<value>[\w%.~+/:-]{16,4096})"
    ),
    "signature": r"(?<=[?&;])(?i:sig|(?:x-\w{2,5}-)?signature|token|auth)=(?P<value>[\w%.~+/-]{16,2048})",
    "registry_login": r"\"auth\": {0,3}\"(?P<value>[A-Za-z0-9+/]{12,1024}={0,2})(?![^\"\s])",
    "otp_secret": r"\botpauth://[^\s\"'<>]{1,200}?[?&]secret=(?P<value>[A-Za-z2-7]{16,128})",
    "pin": (
        r"(?<![\w-])(?:(?i:my|the|your|our|card|bank|phone|door|alarm)(?:'s)? ){1,3}(?i:pin)(?i: number| code)?"
        r"(?: for [\w.@-]{1,40}(?: [\w.@-]{1,40}){0,2})? ?(?:[:=]|is|was) {0,3}(?P<value>\d{4,12})(?!\w)"
    ),
    "card_by_name": r"\b(?i:card)(?i: number| no\.?)?(?: is|:|=)? {0,3}(?P<value>\d(?:[ -]?\d){12,18})(?!\w)",
    "social_security_number": (
        r"\b(?i:ssn|social security(?: number| no\.?)?)[\"']?(?: is|:|=|#)? {0,3}[\"']?"
        r"(?P<value>\d{3}(?P<between>[ -]?)\d{2}(?P=between)\d{4})(?!\w)"
    ),
    "recovery_words": (
        rf"{_RECOVERY_WORDS}"
        r"(?P<value>[a-z]{3,8}(?: [a-z]{3,8}){11,23})(?![a-z])"
    ),
    "exported": rf"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:KEY|TOKEN|SECRET|PASS)=[\"']?(?P<value>{_BARE})",
}
"""Values that what is beside them gives away: the group `value`, or else the last that matched, is the secret."""

NEEDED: Mapping[str, str] = {
    "url_password": "://",
    "session": "=",
    "signature": "=",
    "registry_login": '"auth"',
    "otp_secret": "otpauth://",
    "exported": "=",
}
"""Text without which the pattern of that name cannot match: looking for it first costs next to nothing."""

OPEN = re.compile(
    rf"{_ASSIGNED}(?:\"[^\"\n]{{0,512}}|'[^'\n]{{0,512}}|`[^`\n]{{0,512}})\Z"
    rf"|\d[\d -]{{0,24}}\Z|{_RECOVERY_WORDS}[a-z ]{{0,220}}\Z"
    r"|(?<![\w+/-])(?:[\w+/-]{40,}\r?\n[ \t]{0,8})+[\w+/-]*\Z"
)
"""What has begun and not ended: a quotation after a telling name, digits in groups, recovery words, encoded lines."""

LOUD = re.compile(
    r"\d|[=%\\]|&#|://|-----|[\w-]{15}|(?<![\w-])-(?:u|-user|-proxy-user)[ =]"
    r"|(?i:key|token|secret|code|phrase|pass|pwd|pw|kennwort|mot de|contrase|senha|wachtwoord|lösenord|hasło|пароль)"
    r"|密码|パスワード|(?i:bearer|auth|seed|recovery|backup|mnemonic)"
)
"""What every pattern here needs: a text without it holds no secret, unless one that is known."""
LOUDEST = 16
"""No match of `LOUD` needs to be looked at further back than this."""

SECRET_FIELD = re.compile(rf"(?i)(?:.{{0,60}}[_-])?(?:{_NAMED})")
"""Names of JSON fields whose values are secret."""
PLACEHOLDER = re.compile(
    r"(?i)[$<{].*|%(?:[a-z_]\w*%?|\(\w{1,40}\)\w|\{.*)|\*+|x+|\.+|-+|_+"
    r"|(?:your|my|the|some|example|sample|dummy)[_ -].*|changeme|none|null|true|false"
    r"|pass(?:word|phrase|wd|code)?|pwd|secret|token|string|str|required|optional|undefined|redacted|hidden|masked"
)
"""What stands in examples and forms instead of a secret."""

CODE = re.compile(
    r"[A-Za-z_][\w.]*\.[A-Za-z_]\w*|[a-z]+(?:_[a-z]+)+\d*"
    r"|\.{0,2}/(?!.*=\Z)(?!.*(?<![A-Za-z0-9+])(?=[A-Za-z+]*\d)(?=[a-z0-9+]*[A-Z])(?=[A-Z0-9+]*[a-z])[A-Za-z0-9+]{20}).*"
    r"|[A-Za-z]+://.*|[A-Z][A-Z0-9_]*"
    r"|(?=\d*[.,:/-])\d[\d.,:/-]*|\d{1,5}"
)
"""What stands after `password =` without being one: a name in code, a path (but not base64 that begins with a slash),
an address, a date, a small number."""
