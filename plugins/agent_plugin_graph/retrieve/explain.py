"""Why a passage came up: the words that it shares with the question, and its path through the graph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agent_plugin_graph.index.terms import stem, terms, words
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.retrieve.search import Ranking
from agent_plugin_graph.retrieve.walk import DEFINING_WEIGHT

_MOST_WORDS = 5


def why(number: int, ranking: Ranking, passages: Mapping[int, Passage]) -> str:
    """The reasons in one line: its path from the question, then the words that they share.

    Args:
        number: Of the passage.
        ranking: What found it.
        passages: It, and the passages that chains to it begin at.
    """
    reasons = [_path(number, ranking, passages), _shared_words(passages[number], ranking)]
    return "; ".join(reason for reason in reasons if reason) or "stands near the others in the graph"


def _path(number: int, ranking: Ranking, passages: Mapping[int, Passage]) -> str:
    around = ranking.around
    asked = [entity for entity in ranking.question.entities if number in around.of_entity.get(entity, {})]
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
    return f'"{passage.title}"' if passage.title else passage.link or passage.id


def _shared_words(passage: Passage, ranking: Ranking) -> str:
    wanted = ranking.question.weights
    held = set(terms(" ".join((passage.title, *passage.names, passage.text))))
    shared = sorted((term for term in wanted if term in held), key=lambda term: -wanted[term])[:_MOST_WORDS]
    said = {stem(word): word for word in reversed(words(ranking.question.text))}
    return "shares " + ", ".join(f'"{said.get(term, term)}"' for term in shared) if shared else ""
