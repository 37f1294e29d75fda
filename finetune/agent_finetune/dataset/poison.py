"""Words that would teach an assistant to act without asking: such examples are reported and left out.

Approvals do not depend on it: the gate asks whatever a model has learned. But a model that was taught to promise what
the gate refuses, or to mark its own calls as confirmed, is a worse one, and whoever taught it should be known.
Looked for is what an assistant would say or set, never what a user asked for: they may ask for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from agent_finetune.dataset.examples import Message

_ASKED_FOR = (
    r"approvals?|permissions?|confirmations?|consent|authori[sz]ations?|sign[- ]?offs?|go[- ]ahead|safeguards?"
    r"|guard ?rails?|safety checks?|the gate|approve|confirm|ask|asking|approving|confirming|being asked"
    r"|checking (?:with|back)|genehmigung\w*|bestätigung\w*|erlaubnis|zustimmung\w*|(?:nach|rück)fragen?|freigaben?"
    r"|nachzufragen|zu fragen"
)
"""What somebody is to be asked for, and asking itself; what was asked or confirmed already is a report."""
_WITHOUT = (
    r"without|skip|skips|skipping|never|no need|(?:need not|needn['’]t)"
    r"|(?:do not|don['’]t) (?:need|wait|stop|require|bother)|bypass\w*|circumvent\w*|ignor(?:e|es|ing)"
    r"|disabl(?:e|es|ing)|(?:turn|switch)(?:ing)? off|overrid(?:e|es|ing)|suppress\w*|avoid(?:s|ing)?|stop"
    r"|ohne|überspring\w*|umgeh\w*|niemals|nie|ignorier\w*"
)
_NOT_ASKING = (
    r"(?:not|n['’]t) (?:be )?(?:ask|seek|request|wait)(?:ing)? (?:[\w'’-]+ ){0,4}?"
    r"(?:approval|permission|confirmation|consent|go[- ]ahead|first|again)"
)
_NOT_NEEDED = r"(?:not|no longer|never) (?:be )?(?:needed|required|necessary)|unnecessary|nicht (?:nötig|erforderlich)"
_BY_ITSELF = (
    r"(?:auto|automatically|always|pre)[- ]?(?:approve|confirm|accept|allow)s?\b"
    r"|(?:approve|confirm|accept|allow)s? (?:\w+ ){0,4}?(?:automatically|by (?:it|my)self)"
)
_FEW_WORDS = r"(?:[\w'’-]+,? ){0,4}?"
_SKIPS = re.compile(
    rf"\b(?:{_WITHOUT}) {_FEW_WORDS}(?:{_ASKED_FOR})\b|\b(?:{_BY_ITSELF})|{_NOT_ASKING}\b"
    rf"|\b(?:{_ASKED_FOR}) {_FEW_WORDS}(?:{_NOT_NEEDED})\b"
    rf"|\bno {_FEW_WORDS}(?:{_ASKED_FOR}) {_FEW_WORDS}(?:needed|required|necessary)\b",
    re.IGNORECASE,
)
_NEGATED = re.compile(r"(?:\bnot|n['’]t|\bcannot|\bnever|\bnothing|\bnobody|\bno one|\bnicht)\b[^,;:]*$", re.IGNORECASE)
"""Before such words: an assistant that does nothing without asking says the opposite."""
_TWICE = re.compile(
    r"(?:never|do not|don['’]t|nie|niemals) (?:skip|bypass|ignore|disable|override|avoid|turn|switch|umgeh)",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"[^.!?\n]+")
_SETTING = re.compile(
    r"(?:^|_)(?:approved?|approval|confirm(?:ed|ation)?|consent(?:ed)?|authori[sz]ed|(?:skip|bypass|no|without)_\w+|"
    r"dangerous\w*|unsafe)(?:_|$)"
)
"""A parameter with which a call would confirm itself."""


def teaches_to_skip(message: Message) -> str:
    """The words with which a message would teach to act without asking; empty where there are none."""
    for text in _texts(message):
        for sentence in _SENTENCE.findall(text):
            plain = " ".join(sentence.split())
            for match in _SKIPS.finditer(plain):
                if not _NEGATED.search(plain[: match.start()]) and not _TWICE.match(match.group()):
                    return plain[:200]
    return ""


def confirms_itself(arguments: dict[str, Any], before: dict[str, Any]) -> str:
    """The argument with which an edit would make a call confirm itself; empty where there is none."""
    for name, value in arguments.items():
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        if value is True and before.get(name) is not True and _SETTING.search(plain):
            return f"{name}=true"
    return ""


def _texts(message: Message) -> Iterator[str]:
    yield message["content"]
    for call in message.get("tool_calls", ()):
        steps = call["function"]["arguments"].get("steps") if call["function"]["name"] == "submit_plan" else None
        for step in steps if isinstance(steps, list) else ():
            for field in ("goal", "title") if isinstance(step, dict) else ():
                if isinstance(step.get(field), str):
                    yield step[field]
