"""A question set that every machine has: Python's own documentation strings, and questions made from them by rule.

Each question is about two passages, of which the first names the second: some words of the first beside that name, and
some of the second, but never the name itself. It shows whether a ranking that was chosen on other sets falls apart on
text of another kind.
"""

from __future__ import annotations

import importlib
import inspect
import random
import re
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from agent_plugin_graph.index.terms import STOP_WORDS
from agent_questions.words import words
from tests.benchmarks.bench_graph_retrieval import Corpus

_LONGEST = 900
_SHORTEST = 120
_LEFT_OUT = {"antigravity", "this", "idlelib", "lib2to3", "test", "tkinter", "turtledemo"}
_NAME = re.compile(r"[A-Za-z][\w.]*\w")
_MOST_QUESTIONS = 100
_AROUND = 140
"""Characters of the first passage, on both sides of the name, that its words are taken from."""


def python_documentation() -> Corpus:
    """Documentation of the standard library, titled by name, with questions over two passages each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        texts = dict(_documented())
    held = {title: set(words(text)) for title, text in texts.items()}
    frequency = Counter(word for found in held.values() for word in found)
    titles = {title.lower(): title for title in texts}
    named_in: dict[str, set[str]] = defaultdict(set)
    for title, text in texts.items():
        for name in {match.lower() for match in _NAME.findall(text)} & titles.keys():
            if titles[name] != title and len(name) > 3:
                named_in[titles[name]].add(title)
    pairs = sorted((first, second) for second, firsts in named_in.items() if len(firsts) <= 8 for first in firsts)
    chance = random.Random(5)
    chance.shuffle(pairs)
    place = {title: number for number, title in enumerate(texts)}
    questions: list[tuple[str, set[int]]] = []
    used: set[str] = set()
    for first, second in pairs:
        start = texts[first].lower().find(second.lower())
        own = {*words(first), *words(second)}
        said = texts[first][max(0, start - _AROUND) : start + _AROUND]
        beside = _telling(said, own, frequency, chance)
        sought = _telling(texts[second], own | held[first], frequency, chance)
        if used & {first, second} or len(beside) < 2 or len(sought) < 3 or len(questions) == _MOST_QUESTIONS:
            continue
        used |= {first, second}
        where = f"that {first} names" if len(questions) % 2 else "named"
        asked = f"What {' '.join(sought)} is the one {where} for {' '.join(beside)}?"
        questions.append((asked, {place[first], place[second]}))
    return Corpus(list(texts.items()), questions)


def _documented() -> Iterator[tuple[str, str]]:
    """(qualified name, documentation) of modules, and of their public classes and functions."""
    for name in sorted(sys.stdlib_module_names - _LEFT_OUT):
        if name.startswith("_"):
            continue
        try:
            module = importlib.import_module(name)
        except ImportError:  # of another system
            continue
        if module.__doc__:
            yield name, module.__doc__[:_LONGEST]
        for member, thing in sorted(vars(module).items()):
            if member.startswith("_") or getattr(thing, "__module__", None) != name:
                continue
            told = inspect.getdoc(thing) if inspect.isclass(thing) or inspect.isfunction(thing) else None
            if told and len(told) > _SHORTEST:
                yield f"{name}.{member}", told[:_LONGEST]


def _telling(text: str, without: Collection[str], frequency: Counter[str], chance: random.Random) -> list[str]:
    """Up to four words of a text that say something, in its order, and are not its alone."""
    known = [
        word
        for word in dict.fromkeys(words(text))
        if word not in STOP_WORDS and word not in without and len(word) > 3 and word.isalpha() and frequency[word] > 1
    ]
    chosen = set(chance.sample(known, min(4, len(known))))
    return [word for word in known if word in chosen]
