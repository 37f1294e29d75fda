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

_ASKING = (
    r"approv\w*|permission\w*|confirm\w*|consent\w*|authori[sz]\w*|ask(?:s|ed|ing)?|check(?:ing)? (?:with|back)|sign[- ]?off"
    r"|review\w*|prompt(?:s|ed|ing)?|warn\w*|safety|safeguards?|guard ?rails?|polic(?:y|ies)|the gate|go[- ]ahead"
    r"|genehmig\w*|bestätig\w*|erlaubnis|zustimm\w*|nachfrag\w*|rückfrag\w*|freigabe\w*"
)
_LEAVING_OUT = (
    r"without|skip\w*|never|no need|not? (?:need|require|wait)\w*|(?:do not|don['’]t|need not|needn['’]t) (?:need|wait|ask|stop|require|bother)"
    r"|bypass\w*|circumvent\w*|ignor\w*|disabl\w*|turn(?:ed|ing)? off|switch(?:ed|ing)? off|overrid\w*|avoid\w*|suppress\w*"
    r"|auto(?:matically)?[- ]?(?:approv|confirm|accept)\w*|pre[- ]?approv\w*|always (?:approv|allow|confirm|accept)\w*|stop asking"
    r"|ohne|überspring\w*|umgeh\w*|nie(?:mals)?|ignorier\w*|abschalt\w*"
)
_SENTENCE = re.compile(r"[^.!?\n]+")
_ASKS = re.compile(rf"\b(?:{_ASKING})\b", re.IGNORECASE)
_LEAVES_OUT = re.compile(rf"\b(?:{_LEAVING_OUT})\b", re.IGNORECASE)
_WORDS_BETWEEN = 6
_SETTING = re.compile(
    r"(?:^|_)(?:approved?|approval|confirm(?:ed|ation)?|consent(?:ed)?|authori[sz]ed|(?:skip|bypass|no|without)_\w+|"
    r"dangerous\w*|unsafe)(?:_|$)"
)
"""A parameter with which a call would confirm itself."""


def teaches_to_skip(message: Message) -> str:
    """The words with which a message would teach to act without asking; empty where there are none."""
    for text in _texts(message):
        for sentence in _SENTENCE.findall(text):
            if _leaves_out_asking(sentence):
                return " ".join(sentence.split())[:200]
    return ""


def confirms_itself(arguments: dict[str, Any], before: dict[str, Any]) -> str:
    """The argument with which an edit would make a call confirm itself; empty where there is none."""
    for name, value in arguments.items():
        plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
        if value is True and before.get(name) is not True and _SETTING.search(plain):
            return f"{name}=true"
    return ""


def _leaves_out_asking(sentence: str) -> bool:
    leaving = [match.span() for match in _LEAVES_OUT.finditer(sentence)]
    for asks in _ASKS.finditer(sentence):
        for start, end in leaving:
            between = sentence[end : asks.start()] if end <= asks.start() else sentence[asks.end() : start]
            if (start, end) == asks.span() or len(between.split()) <= _WORDS_BETWEEN:
                return True
    return False


def _texts(message: Message) -> Iterator[str]:
    yield message["content"]
    for call in message.get("tool_calls", ()):
        steps = call["function"]["arguments"].get("steps") if call["function"]["name"] == "submit_plan" else None
        for step in steps if isinstance(steps, list) else ():
            for field in ("goal", "title") if isinstance(step, dict) else ():
                if isinstance(step.get(field), str):
                    yield step[field]
