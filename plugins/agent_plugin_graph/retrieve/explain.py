"""Why a passage came up: the words that it shares with the question, and its path through the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_plugin_graph.index.terms import terms
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.retrieve.search import Ranking
from agent_plugin_graph.retrieve.walk import DEFINING_WEIGHT
from agent_questions.words import stem, words

_MOST_WORDS = 5
_NEAR_ENOUGH = 0.8
"""Of the nearest passage's similarity: what is less near did not come up for its meaning."""


def why(number: int, ranking: Ranking, passages: Mapping[int, Passage]) -> str:
    """The reasons in one line: its path from the question, then the words that they share, then its meaning.

    Args:
        number: Of the passage.
        ranking: What found it.
        passages: It, and the passages that chains to it begin at.
    """
    reasons = [_path(number, ranking, passages), _shared_words(passages[number], ranking), _meaning(number, ranking)]
    return "; ".join(reason for reason in reasons if reason) or "stands near the others in the graph"


def path(number: int, ranking: Ranking, passages: Mapping[int, Passage]) -> tuple[str, ...]:
    """How the graph leads to a passage: names and [passages] by turns; empty where it was found without the graph.

    Args:
        number: Of the passage.
        ranking: What found it.
        passages: It, and `ranking.before` of it.
    """
    steps = ranking.steps(number)
    first = steps[0].first if steps else number
    asked = ranking.asked_of(first)
    if not steps and not asked:
        return ()
    told = [ranking.around.entities[min(asked)].name] if asked else []
    told.append(f"[{_bare_label(passages[first])}]")
    for step in steps:
        told += [ranking.around.entities[step.entity].name, f"[{_bare_label(passages[step.second])}]"]
    return tuple(told)


def _meaning(number: int, ranking: Ranking) -> str:
    return "is near to the question in meaning" if ranking.near.get(number, 0.0) >= _NEAR_ENOUGH else ""


def _path(number: int, ranking: Ranking, passages: Mapping[int, Passage]) -> str:
    around = ranking.around
    asked = ranking.asked_of(number)
    defined = [entity for entity in asked if around.of_entity[entity][number] == DEFINING_WEIGHT]
    if defined:
        return f"is about {_names(defined, ranking)}, which the question names"
    chain = ranking.chains.get(number)
    if chain:
        verb = "is about" if around.of_entity[chain.entity][number] == DEFINING_WEIGHT else "mentions"
        return f"{verb} {_names([chain.entity], ranking)}, which {_label(passages[chain.first])} names too"
    return f"mentions {_names(asked, ranking)}, which the question names" if asked else ""


def _names(entities: Iterable[int], ranking: Ranking) -> str:
    return " and ".join(f'"{ranking.around.entities[entity].name}"' for entity in entities)


def _label(passage: Passage) -> str:
    return f'"{passage.title}"' if passage.title else _bare_label(passage)


def _bare_label(passage: Passage) -> str:
    return passage.title or passage.link or passage.id


def _shared_words(passage: Passage, ranking: Ranking) -> str:
    wanted = ranking.question.weights
    held = set(terms(" ".join((passage.title, *passage.names, passage.text))))
    shared = sorted((term for term in wanted if term in held), key=lambda term: -wanted[term])[:_MOST_WORDS]
    said = {stem(word): word for word in reversed(words(ranking.question.text))}
    return "shares " + ", ".join(f'"{said.get(term, term)}"' for term in shared) if shared else ""
