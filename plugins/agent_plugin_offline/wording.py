"""The words that a tool is asked for with, and how telling each of them is among the tools at hand."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.proposals import ToolSpec
from agent_plugin_offline.slots import Slot, slots_of
from agent_plugin_offline.text import STOP_WORDS, VERBS, identifier_words, stem, tokenize, words

_KINDRED = (
    "find search look locate seek hunt",
    "show display open view print see read output inspect",
    "write save store record put create make copy jot overwrite",
    "add create insert schedule book put enter arrange block plan set pencil organise organize",
    "add append attach stick tack",
    "delete remove erase drop cancel clear forget discard trash scrap wipe throw toss rid eliminate",
    "send email mail message write shoot drop",
    "compute calculate work evaluate figure determine solve",
    "get fetch retrieve check obtain pull load download",
    "edit change replace modify update swap substitute alter correct set",
    "move rename relocate shift transfer put",
    "remember note memorize record keep memorise jot store",
    "recall remember know remind",
    "sum total tot",
    "average mean",
    "count many number",
    "occur mention contain include appear",
    "sms text message",
    "set turn switch adjust",
    "say contain hold write",
    "solve roots zeros solutions solution",
)
_THINGS = (
    "web internet online website websites site sites",
    "mail email message letter line reply",
    "event appointment meeting entry session calendar agenda diary",
    "folder directory",
    "file document",
    "price cost quote",
)
"""Words that ask for the same, and for the same thing; a shared group makes a word half as good as the tool's own."""

_NAME, _EXAMPLES, _DESCRIPTION, _CHOICES, _PARAMETERS, _KIN = 3.0, 2.0, 1.5, 1.5, 0.7, 0.8


_WEAK_WORDS = frozenset(
    map(
        stem,
        words(
            "tell say know want need think like give make go thing something anything work way value one out up use ask"
        ),
    )
)
"""They may belong to any request: explained where a tool uses them, but no reason to choose it."""
_WEAK = 0.01


_FILE_KINDS = words("csv tsv xlsx xls ods json yaml pdf docx txt md html ics eml png jpg")
_ARITHMETIC = frozenset(map(stem, ["calculate", "compute", "calculator", "math", "arithmetic"]))


_ACTIONS = frozenset(
    (word,)
    for word in words(
        "add append block book buy cancel clear close compose copy create delete disable draft edit email enable "
        "forget insert invite lock log mail make mark message move open order pay place play post print put "
        "remember remove rename replace reserve save schedule send set share start stop store submit switch "
        "text turn unlock update upload write"
    )
)
"""First words of tools that do something; their results are receipts."""


def looks_up(tool: ToolSpec, reading_tools: Collection[str]) -> bool:
    """Whether a tool only looks something up: declared so, or (where nothing is declared) not named after an action."""
    return tool.name in reading_tools or identifier_words(tool.name)[:1] not in _ACTIONS


def _groups() -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, group in enumerate((*_KINDRED, *_THINGS)):
        for word in group.split():
            found.setdefault(stem(word), set()).add(number)
    return {word: frozenset(numbers) for word, numbers in found.items()}


_GROUP_OF = _groups()
_THING_STEMS = tuple(frozenset(map(stem, group.split())) for group in _THINGS)
_ALSO_THINGS = words("email order note plan")


@dataclass(frozen=True)
class Wording:
    """The vocabulary of one tool: stem to weight."""

    tool: ToolSpec
    slots: tuple[Slot, ...]
    weights: Mapping[str, float] = field(repr=False)
    leads: frozenset[str] = field(repr=False)
    """First words of its examples and of its name."""
    openings: frozenset[tuple[str, ...]] = field(repr=False)
    """First two and first three words of its examples."""

    structural: frozenset[str] = field(repr=False)
    """Stems that ask wherever they stand: of its name, description and parameters, not of its examples' arguments."""
    own_verbs: frozenset[str] = field(repr=False)
    """Stems of the first word of its name and of those of its examples."""

    @cached_property
    def name_verbs(self) -> frozenset[str]:
        """Stems of the first word of its name and of those that ask for the same."""
        return kin(frozenset(stem(word) for word in identifier_words(self.tool.name)[:1]))

    @cached_property
    def objects(self) -> frozenset[str]:
        """Stems of what it deals in, the later words of its name, with all that mean the same."""
        named = frozenset(
            stem(word) for word in identifier_words(self.tool.name)[1:] if word not in VERBS - _ALSO_THINGS
        )
        return named.union(*(group for group in _THING_STEMS if group & named))

    @cached_property
    def file_kinds(self) -> frozenset[str]:
        """File suffixes that its texts name: a tool that speaks of CSV is meant for a .csv file."""
        texts = " ".join([self.tool.description, *self.tool.examples, *(slot.described for slot in self.slots)])
        return frozenset(re.findall(r"\b[a-z]{2,4}\b", texts.lower())) & _FILE_KINDS

    @cached_property
    def is_general_arithmetic(self) -> bool:
        """Whether it computes whatever it is given, rather than one operation."""
        return bool(_ARITHMETIC & {stem(word) for word in identifier_words(self.tool.name)})

    @cached_property
    def computes_one_thing(self) -> bool:
        """Whether it does one certain thing with a formula, such as to integrate it."""
        return not self.is_general_arithmetic and any(slot.role == "expression" for slot in self.slots)

    def weight(self, word: str) -> float:
        """How strongly `word` asks for this tool; 0 when it is none of its words."""
        return self.weights.get(stem(word), 0.0)


class Wordings:
    """The vocabularies of all tools at hand, weighed against each other."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        raw = [_vocabulary(tool) for tool in tools]
        spread = Counter(word for weights in raw for word in weights)
        self.all: list[Wording] = []
        for tool, weights in zip(tools, raw, strict=True):
            rare = {word: weight * math.log(1 + len(tools) / spread[word]) for word, weight in weights.items()}
            openings = frozenset(tuple(text.lower().split()[:length]) for text in tool.examples for length in (2, 3))
            own = _leads(tool)
            leads = kin(own)
            self.all.append(Wording(tool, slots_of(tool), rare, leads, openings, _structural(tool) | leads, own))


def wordings_of(tools: Sequence[ToolSpec]) -> Wordings:
    """The vocabularies of `tools`, worked out once per set of tools."""
    key = tuple((tool.name, tool.description, repr(tool.parameters), tuple(tool.examples)) for tool in tools)
    known = _KNOWN.pop(key, None) or Wordings(tools)
    _KNOWN[key] = known
    while len(_KNOWN) > _SETS:
        _KNOWN.pop(next(iter(_KNOWN)), None)
    return known


_KNOWN: dict[tuple[object, ...], Wordings] = {}
"""The sets of tools that were used last, the latest at the end."""
_SETS = 32


def _vocabulary(tool: ToolSpec) -> dict[str, float]:
    weights: dict[str, float] = {}
    for vocabulary, weight in (
        (identifier_words(tool.name), _NAME),
        ([word for example in tool.examples for word in _asking_words(example)], _EXAMPLES),
        ([token.lower for token in tokenize(tool.description)], _DESCRIPTION),
        ([word for slot in slots_of(tool) for choice in slot.choices for word in identifier_words(choice)], _CHOICES),
        ([word for name in tool.parameters.get("properties", {}) for word in identifier_words(name)], _PARAMETERS),
    ):
        for word in vocabulary:
            if word not in STOP_WORDS and word.isalpha():
                weights[stem(word)] = max(weight, weights.get(stem(word), 0.0))
    own = {group for word in weights for group in _GROUP_OF.get(word, ()) if weights[word] >= _DESCRIPTION}
    for word, groups in _GROUP_OF.items():
        if groups & own:
            weights.setdefault(word, _KIN)
    weights.update((word, _WEAK) for word in _WEAK_WORDS & weights.keys())
    return weights


def _structural(tool: ToolSpec) -> frozenset[str]:
    texts = [" ".join(identifier_words(tool.name)), tool.description, " ".join(tool.parameters.get("properties", {}))]
    words = {part for text in texts for token in tokenize(text) for part in identifier_words(token.text)}
    asking = {word for example in tool.examples for word in _asking_words(example) if stem(word) in _GROUP_OF}
    return frozenset(stem(word) for word in words | asking if word.isalpha())


@lru_cache(maxsize=4096)
def _asking_words(example: str) -> tuple[str, ...]:
    """The words of an example outside its quotes, addresses and names: those ask, the others are arguments."""
    request = read_request(example)
    values = [span for span in request.spans if span.kinds & {"quoted", "email", "url", "path", "expression", "moment"}]
    tokens = (token for token in request.tokens if not any(s.start <= token.start < s.end for s in values))
    return tuple(token.lower for index, token in enumerate(tokens) if index == 0 or not token.capitalised)


def _leads(tool: ToolSpec) -> frozenset[str]:
    words = [example.split()[0].lower().strip(",") for example in tool.examples if example.split()]
    named = [*words, *identifier_words(tool.name)[:1], *tool.description.lower().split()[:1]]
    return frozenset(stem(word) for word in named if word not in STOP_WORDS)


def kin(words: frozenset[str]) -> frozenset[str]:
    """Stems with all that ask for the same."""
    groups = {group for word in words for group in _GROUP_OF.get(word, ())}
    return words | {word for word, own in _GROUP_OF.items() if own & groups}
