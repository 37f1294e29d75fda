"""Passages and their entities on a Neo4j server: `(:_Source)<-[:_FROM]-(:_Passage)-[:_MENTIONS]->(:_Entity)`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from agent_plugin_graph.index.terms import indexed_terms
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.neo4j.connection import PART, TERMS_INDEX, Connection
from agent_plugin_graph.store.protocol import Entity, IndexedPassage, Lookup, Mention, Source, Surroundings
from agent_plugin_graph.store.scope import EVERYWHERE, Scope, type_of
from agent_plugin_graph.store.scoring import MOST_SCORED, TITLE_WEIGHT, Corpus, telling

_BATCH = 500
_CANDIDATES = 5
"""Passages that the server finds for each that is wanted."""
_ENTITY = "e.number, e.key, e.name, e.mentions"


class PassageNodes(Connection):
    """The half of the store that documents are kept in."""

    def put_passages(self, passages: Sequence[IndexedPassage]) -> None:
        """Add passages with their entities, replacing those of the same ids."""
        if not passages:
            return
        with self.transaction():
            self._remove("p.id IN $ids", ids=[indexed.passage.id for indexed in passages])
            first = self.numbers(len(passages))
            made = [_properties(indexed.passage, number) for number, indexed in enumerate(passages, start=first)]
            self.rows(
                "UNWIND $made AS row MERGE (s:_Source {uri: row.source}) "
                "ON CREATE SET s.content_hash = '', s.root = '' "
                "CREATE (p:_Passage)-[:_FROM]->(s) SET p = row.properties",
                made=made,
            )
            texts = [_terms(row["properties"]) for row in made]
            self._count_terms(Counter(term for text in texts for term in set(text)))
            self._count(len(texts), sum(map(len, texts)))
            self._mention(dict(enumerate(passages, start=first)))

    def put_source(self, source: Source) -> None:
        """Note a source with its content's hash."""
        self.rows(
            "MERGE (s:_Source {uri: $uri}) SET s.content_hash = $content_hash, s.root = $root, s.memo = $memo",
            **asdict(source),
        )

    def link(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Join entities, by key, to the passages from before this transaction whose text has their terms in a row."""
        asked = [{"key": key, "query": f'text_terms:"{" ".join(phrase)}"'} for key, phrase in phrases.items() if phrase]
        for start in range(0, len(asked), PART):
            # Outside of the transaction: inside, the server would index all that is new in it for every single phrase.
            found = self.committed(
                f"UNWIND $asked AS row CALL (row) {{ CALL db.index.fulltext.queryNodes('{TERMS_INDEX}', row.query) "
                "YIELD node RETURN collect(node.number) AS numbers } RETURN row.key, numbers",
                asked=asked[start : start + PART],
            )
            self.rows(
                "UNWIND $found AS row MATCH (e:_Entity {key: row[0]}) MATCH (p:_Passage) WHERE p.number IN row[1] "
                "AND NOT EXISTS { (p)-[:_MENTIONS]->(e) } CREATE (p)-[:_MENTIONS {defining: false}]->(e) "
                "WITH e, count(*) AS added SET e.mentions = e.mentions + added",
                found=[row for row in found if row[1]],
            )

    def forget_passages(self, uri: str) -> int:
        """Remove a source's passages, with the entities that only they mention; how many passages."""
        removed = 0
        while part := self._remove("EXISTS { (p)-[:_FROM]->(:_Source {uri: $uri}) }", uri=uri):
            removed += part
        return removed

    def sources(self) -> Sequence[Source]:
        """All sources, by address."""
        return [
            Source(*row)
            for row in self.rows(
                "MATCH (s:_Source) RETURN s.uri, s.content_hash, s.root, coalesce(s.memo, '') ORDER BY s.uri"
            )
        ]

    def passage_count(self) -> int:
        """How many passages there are."""
        return int(self.value("MATCH (m:_Meta {name: 'graph'}) RETURN m.passages"))

    def passages(self, numbers: Collection[int]) -> Mapping[int, Passage]:
        """Passages by number."""
        return dict(self._read("WHERE p.number IN $numbers", numbers=list(numbers)))

    def all_passages(self) -> Iterator[tuple[int, Passage]]:
        """Every passage with its number."""
        last = 0
        while batch := self._read("WHERE p.number > $last", last=last, end=f"ORDER BY p.number LIMIT {_BATCH}"):
            yield from batch
            last = batch[-1][0]

    def frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        """In how many passages each term stands."""
        return dict(self.rows("MATCH (t:_Term) WHERE t.term IN $terms RETURN t.term, t.passages", terms=list(terms)))

    def lookup(self, terms: Collection[str], keys: Collection[str]) -> Lookup:
        """How many passages there are, how many of them hold each term, and the entities of these keys."""
        ((passages, frequencies, entities),) = self.rows(
            "MATCH (m:_Meta {name: 'graph'}) "
            "CALL () { MATCH (t:_Term) WHERE t.term IN $terms RETURN collect([t.term, t.passages]) AS held } "
            f"CALL () {{ MATCH (e:_Entity) WHERE e.key IN $keys RETURN collect([{_ENTITY}]) AS named }} "
            "RETURN m.passages, held, named",
            terms=list(terms),
            keys=list(keys),
        )
        return Lookup(passages, dict(frequencies), [Entity(*entity) for entity in entities])

    def lexical(
        self,
        terms: Collection[str],
        limit: int,
        scope: Scope = EVERYWHERE,
        frequencies: Mapping[str, int] | None = None,
    ) -> Sequence[tuple[int, float]]:
        """The passages that fit the terms best by BM25 over title and text; in a large graph, by its rarest terms."""
        frequencies = self.frequencies(terms) if frequencies is None else frequencies
        chosen = telling(frequencies)
        if not chosen:
            return []
        within, values = in_scope(scope)
        # A search within a scope goes through all that fits: the index does not know of scopes.
        bound = "" if within else ", {limit: $candidates}"
        candidates = self.rows(
            f"CALL db.index.fulltext.queryNodes('{TERMS_INDEX}', $query{bound}) YIELD node AS p, score "
            f"{within} WITH p, score ORDER BY score DESC LIMIT $candidates MATCH (m:_Meta {{name: 'graph'}}) "
            "RETURN p.number, p.title_terms, p.text_terms, m.passages, m.tokens",
            query=" OR ".join(f'title_terms:"{term}"^{TITLE_WEIGHT} OR text_terms:"{term}"' for term in chosen),
            candidates=_CANDIDATES * limit,
            **values,
        )
        if not candidates:
            return []
        passages, tokens = candidates[0][3:]
        corpus = Corpus(passages, tokens, frequencies)
        scored = [(number, corpus.score(title, text, chosen)) for number, title, text, *_ in candidates]
        return sorted(scored, key=lambda item: (-item[1], item[0]))[:limit]

    def holding(
        self, passages: Collection[int], terms: Collection[str], frequencies: Mapping[str, int] | None = None
    ) -> Mapping[int, frozenset[str]]:
        """Which of the terms each of these passages holds, those apart that stand in very many passages."""
        frequencies = self.frequencies(terms) if frequencies is None else frequencies
        wanted = {term for term, count in frequencies.items() if count <= MOST_SCORED}
        rows = self.rows(
            "MATCH (p:_Passage) WHERE p.number IN $numbers RETURN p.number, p.title_terms + ' ' + p.text_terms",
            numbers=list(passages),
        )
        found = {number: wanted.intersection(text.split()) for number, text in rows}
        return {number: frozenset(held) for number, held in found.items() if held}

    def entities(self, keys: Collection[str]) -> Sequence[Entity]:
        """The entities of these keys, as far as there are any."""
        rows = self.rows(f"MATCH (e:_Entity) WHERE e.key IN $keys RETURN {_ENTITY}", keys=list(keys))
        return [Entity(*row) for row in rows]

    def entities_by_number(self, numbers: Collection[int]) -> Mapping[int, Entity]:
        """Entities by number."""
        rows = self.rows(f"MATCH (e:_Entity) WHERE e.number IN $numbers RETURN {_ENTITY}", numbers=list(numbers))
        return {row[0]: Entity(*row) for row in rows}

    def titles(self) -> Iterator[str]:
        """The keys of two or more words that some passage defines."""
        for row in self.rows(
            "MATCH (e:_Entity) WHERE e.key CONTAINS ' ' "
            "AND EXISTS { (e)<-[:_MENTIONS {defining: true}]-() } RETURN e.key"
        ):
            yield row[0]

    def mentions_in(self, passages: Collection[int]) -> Sequence[Mention]:
        """What these passages mention."""
        return [
            tuple(row)
            for row in self.rows(
                "MATCH (p:_Passage)-[m:_MENTIONS]->(e) WHERE p.number IN $numbers "
                "RETURN e.number, p.number, m.defining",
                numbers=list(passages),
            )
        ]

    def mentions_of(self, entities: Collection[Entity], most: int) -> Sequence[Mention]:
        """Where these entities are mentioned: `most` passages of each, those that define it first."""
        return [
            tuple(row)
            for row in self.rows(
                "MATCH (e:_Entity) WHERE e.number IN $numbers CALL (e) { MATCH (p:_Passage)-[m:_MENTIONS]->(e) "
                "RETURN p.number AS passage, m.defining AS defining ORDER BY defining DESC, passage LIMIT $most } "
                "RETURN e.number, passage, defining",
                numbers=[entity.number for entity in entities],
                most=most,
            )
        ]

    def surroundings(
        self,
        passages: Collection[int],
        entities: Collection[Entity],
        known: Collection[int],
        common: int,
        most: int,
        scope: Scope = EVERYWHERE,
    ) -> Surroundings:
        """One step from passages and entities, all of it within the scope."""
        within, values = in_scope(scope)
        rows = self.rows(
            "CALL () { MATCH (q:_Passage)-[m:_MENTIONS]->(e:_Entity) WHERE q.number IN $passages "
            "RETURN e, collect([q.number, m.defining]) AS met "
            "UNION ALL MATCH (e:_Entity) WHERE e.number IN $asked RETURN e, [] AS met } "
            "CALL (e, met) { WITH e, met WHERE NOT e.number IN $known AND (size(met) = 0 OR 1 < e.mentions <= $common) "
            f"MATCH (p:_Passage)-[m:_MENTIONS]->(e) {within} WITH p, m ORDER BY m.defining DESC, p.number LIMIT $most "
            "RETURN collect([p.number, m.defining]) AS places } "
            f"RETURN {_ENTITY}, met, places",
            passages=list(passages),
            asked=[entity.number for entity in entities],
            known=list(known),
            common=common,
            most=most,
            **values,
        )
        mentioned = [(row[0], passage, defining) for row in rows for passage, defining in row[4]]
        places = [(row[0], passage, defining) for row in rows for passage, defining in row[5]]
        return Surroundings({row[0]: Entity(*row[:4]) for row in rows if row[4]}, mentioned, places)

    def _read(self, condition: str, end: str = "", **parameters: Any) -> list[tuple[int, Passage]]:
        found = self.rows(f"MATCH (p:_Passage)-[:_FROM]->(s:_Source) {condition} RETURN p, s.uri {end}", **parameters)
        return [(node["number"], _passage(dict(node), uri)) for node, uri in found]

    def _mention(self, numbered: Mapping[int, IndexedPassage]) -> None:
        """Join passages to their entities, old and new."""
        counted = Counter(key for indexed in numbered.values() for key in indexed.mentioned)
        written = {key: indexed.written[key] for indexed in numbered.values() for key in indexed.mentioned}
        first = self.numbers(len(counted)) if counted else 0
        self.rows(
            "UNWIND $entities AS row MERGE (e:_Entity {key: row.key}) "
            "ON CREATE SET e.number = row.number, e.name = row.name, e.mentions = 0 "
            "SET e.mentions = e.mentions + row.count",
            entities=[
                {"key": key, "name": written[key], "count": count, "number": number}
                for number, (key, count) in enumerate(counted.items(), start=first)
            ],
        )
        self.rows(
            "UNWIND $edges AS row MATCH (p:_Passage {number: row.passage}) MATCH (e:_Entity {key: row.key}) "
            "CREATE (p)-[:_MENTIONS {defining: row.defining}]->(e)",
            edges=[
                {"passage": number, "key": key, "defining": key in indexed.defined}
                for number, indexed in numbered.items()
                for key in indexed.mentioned
            ],
        )

    def _remove(self, condition: str, **parameters: Any) -> int:
        """Remove passages for which the condition holds, with what only they mention; how many, which may be a part."""
        with self.transaction():
            rows = self.rows(
                f"MATCH (p:_Passage) WHERE {condition} RETURN p.number, p.title_terms, p.text_terms LIMIT {PART}",
                **parameters,
            )
            numbers = [number for number, _, _ in rows]
            if numbers:
                texts = [f"{title} {text}".split() for _, title, text in rows]
                held = Counter(term for text in texts for term in set(text))
                self._count_terms(Counter({term: -count for term, count in held.items()}))
                self._count(-len(texts), -sum(map(len, texts)))
                self.rows(
                    "MATCH (p:_Passage)-[:_MENTIONS]->(e:_Entity) WHERE p.number IN $numbers "
                    "WITH e, count(p) AS gone SET e.mentions = e.mentions - gone "
                    "WITH e WHERE e.mentions <= 0 DETACH DELETE e",
                    numbers=numbers,
                )
                self.rows("MATCH (p:_Passage) WHERE p.number IN $numbers DETACH DELETE p", numbers=numbers)
            return len(numbers)

    def _count(self, passages: int, tokens: int) -> None:
        """Keep how much there is, of which the length of a passage is a share."""
        self.rows(
            "MATCH (m:_Meta {name: 'graph'}) SET m.locked = true "
            "SET m.passages = m.passages + $passages, m.tokens = m.tokens + $tokens",
            passages=passages,
            tokens=tokens,
        )

    def _count_terms(self, changes: Counter[str]) -> None:
        """Keep in how many passages each term stands. Sorted, so that two writers wait for each other in one order."""
        self.rows(
            "UNWIND $changes AS row MERGE (t:_Term {term: row[0]}) "
            "SET t.passages = coalesce(t.passages, 0) + row[1] WITH t WHERE t.passages <= 0 DELETE t",
            changes=sorted([term, count] for term, count in changes.items()),
        )


def in_scope(scope: Scope) -> tuple[str, dict[str, str]]:
    """What narrows the passages `p` that were matched before, and its parameters; nothing where all are meant."""
    conditions: list[str] = []
    values: dict[str, str] = {}
    if scope.source:
        place = scope.source.rstrip("/")
        conditions.append(
            "EXISTS { MATCH (p)-[:_FROM]->(s) WHERE s.uri IN [$source, $place] "
            "OR s.uri STARTS WITH $place + '/' OR s.uri ENDS WITH '/' + $place }"
        )
        values |= {"source": scope.source, "place": place}
    for condition, name, value in (
        ("p.type = $type", "type", scope.type),
        ("p.date >= $since", "since", scope.since),
        ("'' < p.date <= $until", "until", scope.until),
    ):
        if value:
            conditions.append(condition)
            values[name] = value
    return (f"WHERE {' AND '.join(conditions)}" if conditions else ""), values


def _properties(passage: Passage, number: int) -> dict[str, Any]:
    told = asdict(passage)
    source = told.pop("source")
    titled, written = indexed_terms(passage)
    told |= {"names": list(passage.names), "number": number, "title_terms": titled, "text_terms": written}
    told["type"] = type_of(source)
    return {"source": source, "properties": told}


def _terms(properties: Mapping[str, str]) -> list[str]:
    return [*properties["title_terms"].split(), *properties["text_terms"].split()]


def _passage(properties: dict[str, Any], source: str) -> Passage:
    kept: dict[str, Any] = {field.name: properties[field.name] for field in fields(Passage) if field.name != "source"}
    kept |= {"names": tuple(kept["names"]), "source": source}
    return Passage(**kept)
