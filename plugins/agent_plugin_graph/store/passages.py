"""Passages and their entities in the SQLite file."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

from agent_plugin_graph.index.terms import indexed_terms
from agent_plugin_graph.passage import Passage
from agent_plugin_graph.store.database import Database, many
from agent_plugin_graph.store.protocol import Entity, IndexedPassage, Lookup, Mention, Source, Surroundings
from agent_plugin_graph.store.scope import EVERYWHERE, Scope, type_of
from agent_plugin_graph.store.scoring import MOST_SCORED, TITLE_WEIGHT, telling

_PASSAGES = (
    "SELECT id, key, title, text, (SELECT uri FROM source WHERE source.id = source_id), locator, link, names, "
    "context, date FROM passage"
)
_GIVEN_IDS = "id IN (SELECT value FROM json_each(?))"
_MENTIONS = "SELECT entity_id, passage_id, defining FROM mention"
_GIVEN_PASSAGES = "WHERE passage_id IN (SELECT value FROM json_each(?))"
_GIVEN_ENTITIES = "WHERE entity_id IN (SELECT value FROM json_each(?))"
_BATCH = 500


class PassageTables(Database):
    """The half of the store that documents are kept in."""

    def put_passages(self, passages: Sequence[IndexedPassage]) -> None:
        """Add passages with their entities, replacing those of the same ids."""
        with self.transaction():
            known = self._numbers([indexed.passage.id for indexed in passages])
            self._remove(list(known.values()))
            sources = {uri: self._source(uri) for uri in {indexed.passage.source for indexed in passages}}
            for indexed in passages:
                self._put(indexed, sources[indexed.passage.source])

    def put_source(self, source: Source) -> None:
        """Note a source with its content's hash."""
        self.write(
            "INSERT INTO source (uri, content_hash, root, memo) VALUES (?, ?, ?, ?) ON CONFLICT (uri) "
            "DO UPDATE SET content_hash = excluded.content_hash, root = excluded.root, memo = excluded.memo",
            (source.uri, source.content_hash, source.root, source.memo),
        )

    def link(self, phrases: Mapping[str, Sequence[str]]) -> None:
        """Join entities, by key, to every passage whose text has their terms in a row."""
        for key, phrase in phrases.items():
            self._link(key, phrase)

    def _link(self, key: str, phrase: Sequence[str]) -> None:
        entity = self.value("SELECT id FROM entity WHERE key = ?", (key,))
        if entity is None or not phrase:
            return
        wanted = f'text: "{" ".join(phrase)}"'
        added = self.write(
            "INSERT OR IGNORE INTO mention (entity_id, defining, passage_id) SELECT ?, 0, rowid FROM passage_terms "
            "WHERE passage_terms MATCH ? AND rowid NOT IN (SELECT passage_id FROM mention WHERE entity_id = ?)",
            (entity, wanted, entity),
        )
        if added:
            self.write("UPDATE entity SET mentions = mentions + ? WHERE id = ?", (added, entity))

    def forget_passages(self, uri: str) -> int:
        """Remove a source's passages, with the entities that only they mention; how many passages."""
        numbers = [
            row[0]
            for row in self.rows(
                "SELECT id FROM passage WHERE source_id = (SELECT id FROM source WHERE uri = ?)", (uri,)
            )
        ]
        with self.transaction():
            self._remove(numbers)
        return len(numbers)

    def sources(self) -> Sequence[Source]:
        """All sources, by address."""
        return [Source(*row) for row in self.rows("SELECT uri, content_hash, root, memo FROM source ORDER BY uri")]

    def passage_count(self) -> int:
        """How many passages there are."""
        return int(self.value("SELECT count(*) FROM passage"))

    def passages(self, numbers: Collection[int]) -> Mapping[int, Passage]:
        """Passages by number."""
        return {row[0]: _passage(row[1:]) for row in self.rows(f"{_PASSAGES} WHERE {_GIVEN_IDS}", many(numbers))}

    def all_passages(self) -> Iterator[tuple[int, Passage]]:
        """Every passage with its number."""
        last = 0
        while rows := self.rows(f"{_PASSAGES} WHERE id > ? ORDER BY id LIMIT {_BATCH}", (last,)):
            for row in rows:
                yield row[0], _passage(row[1:])
            last = rows[-1][0]

    def frequencies(self, terms: Collection[str]) -> Mapping[str, int]:
        """In how many passages each term stands."""
        found = {term: self.value("SELECT doc FROM passage_vocabulary WHERE term = ?", (term,)) for term in terms}
        return {term: count for term, count in found.items() if count}

    def lookup(self, terms: Collection[str], keys: Collection[str]) -> Lookup:
        """How many passages there are, how many of them hold each term, and the entities of these keys."""
        return Lookup(self.passage_count(), self.frequencies(terms), self.entities(keys))

    def lexical(
        self,
        terms: Collection[str],
        limit: int,
        scope: Scope = EVERYWHERE,
        frequencies: Mapping[str, int] | None = None,
    ) -> Sequence[tuple[int, float]]:
        """The passages that fit the terms best by BM25 over title and text; in a large graph, by its rarest terms."""
        chosen = telling(self.frequencies(terms) if frequencies is None else frequencies)
        if not chosen:
            return []
        within, values = in_scope(scope, "passage_terms.rowid")
        return self.rows(
            "SELECT rowid, -bm25(passage_terms, ?, 1.0) AS score FROM passage_terms "  # noqa: S608 - ours
            f"WHERE passage_terms MATCH ?{within} ORDER BY score DESC LIMIT ?",
            (TITLE_WEIGHT, " OR ".join(f'"{term}"' for term in chosen), *values, limit),
        )

    def holding(
        self, passages: Collection[int], terms: Collection[str], frequencies: Mapping[str, int] | None = None
    ) -> Mapping[int, frozenset[str]]:
        """Which of the terms each of these passages holds, those apart that stand in very many passages."""
        wanted = set(passages)
        found: dict[int, set[str]] = defaultdict(set)
        for term, count in (self.frequencies(terms) if frequencies is None else frequencies).items():
            if count <= MOST_SCORED:
                # As one value: a row for each passage would take most of the time.
                listed = self.value(
                    "SELECT json_group_array(rowid) FROM passage_terms WHERE passage_terms MATCH ?", (f'"{term}"',)
                )
                for number in wanted.intersection(json.loads(listed)):
                    found[number].add(term)
        return {number: frozenset(held) for number, held in found.items()}

    def entities(self, keys: Collection[str]) -> Sequence[Entity]:
        """The entities of these keys, as far as there are any."""
        sql = "SELECT id, key, name, mentions FROM entity WHERE key IN (SELECT value FROM json_each(?))"
        return [Entity(*row) for row in self.rows(sql, many(keys))]

    def entities_by_number(self, numbers: Collection[int]) -> Mapping[int, Entity]:
        """Entities by number."""
        sql = "SELECT id, key, name, mentions FROM entity WHERE id IN (SELECT value FROM json_each(?))"
        return {row[0]: Entity(*row) for row in self.rows(sql, many(numbers))}

    def titles(self) -> Iterator[str]:
        """The keys of two or more words that some passage defines."""
        for row in self.rows(
            "SELECT key FROM entity WHERE instr(key, ' ') AND EXISTS "
            "(SELECT 1 FROM mention WHERE entity_id = entity.id AND defining = 1)"
        ):
            yield row[0]

    def mentions_in(self, passages: Collection[int]) -> Sequence[Mention]:
        """What these passages mention."""
        return self.rows(f"{_MENTIONS} {_GIVEN_PASSAGES}", many(passages))

    def mentions_of(self, entities: Collection[Entity], most: int, scope: Scope = EVERYWHERE) -> Sequence[Mention]:
        """Where these entities are mentioned: `most` passages of each, those that define it first."""
        few = [entity.number for entity in entities if entity.mentions <= most]
        within, values = in_scope(scope, "passage_id")
        rows = self.rows(f"{_MENTIONS} {_GIVEN_ENTITIES}{within}", (*many(few), *values))
        for entity in entities:
            if entity.mentions > most:
                first = f"{_MENTIONS} WHERE entity_id = ?{within} ORDER BY defining DESC LIMIT ?"
                rows += self.rows(first, (entity.number, *values, most))
        return rows

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
        mentioned = self.mentions_in(passages)
        met = self.entities_by_number({number for number, _, _ in mentioned})
        leading = {entity.number: entity for entity in entities}
        leading |= {number: entity for number, entity in met.items() if 1 < entity.mentions <= common}
        places = self.mentions_of([entity for n, entity in leading.items() if n not in known], most, scope)
        return Surroundings(met, mentioned, places)

    def _numbers(self, keys: Sequence[str]) -> dict[str, int]:
        return dict(self.rows("SELECT key, id FROM passage WHERE key IN (SELECT value FROM json_each(?))", many(keys)))

    def _source(self, uri: str) -> int:
        self.write("INSERT OR IGNORE INTO source (uri) VALUES (?)", (uri,))
        return int(self.value("SELECT id FROM source WHERE uri = ?", (uri,)))

    def _put(self, indexed: IndexedPassage, source: int) -> None:
        passage = indexed.passage
        number = self._db.execute(
            "INSERT INTO passage (key, source_id, title, text, locator, link, names, context, date, type) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (passage.id, source, passage.title, passage.text, passage.locator, passage.link,
             json.dumps(passage.names, ensure_ascii=False), passage.context, passage.date, type_of(passage.source)),
        ).lastrowid  # fmt: skip
        self._db.execute(
            "INSERT INTO passage_terms (rowid, title, text) VALUES (?, ?, ?)", (number, *indexed_terms(passage))
        )
        edges: list[tuple[int, int, int | None]] = []
        for key in indexed.mentioned:
            row = self._db.execute(
                "INSERT INTO entity (key, name, mentions) VALUES (?, ?, 1) ON CONFLICT (key) "
                "DO UPDATE SET mentions = mentions + 1, name = iif(?, excluded.name, name) RETURNING id",
                (key, indexed.written[key], key in indexed.defined),  # a title is written as it should be
            ).fetchone()
            edges.append((row[0], int(key in indexed.defined), number))
        self._db.executemany("INSERT INTO mention (entity_id, defining, passage_id) VALUES (?, ?, ?)", edges)

    def _remove(self, numbers: Sequence[int]) -> None:
        for number, passage in self.passages(numbers).items():
            self.write(
                "INSERT INTO passage_terms (passage_terms, rowid, title, text) VALUES ('delete', ?, ?, ?)",
                (number, *indexed_terms(passage)),
            )
            entities = [row[0] for row in self.rows("SELECT entity_id FROM mention WHERE passage_id = ?", (number,))]
            self.write("DELETE FROM mention WHERE passage_id = ?", (number,))
            for entity in entities:
                self.write("UPDATE entity SET mentions = mentions - 1 WHERE id = ?", (entity,))
                self.write("DELETE FROM entity WHERE id = ? AND mentions = 0", (entity,))
            self.write("DELETE FROM passage WHERE id = ?", (number,))


def in_scope(scope: Scope, number: str) -> tuple[str, list[str]]:
    """A condition to add to those on a passage's number, which is the expression `number`, and its values."""
    conditions: list[str] = []
    values: list[str] = []
    if scope.source:
        place = scope.source.rstrip("/")
        conditions.append("(s.uri IN (?, ?) OR substr(s.uri, 1, length(?)) = ? OR substr(s.uri, -length(?)) = ?)")
        values += [scope.source, place, f"{place}/", f"{place}/", f"/{place}", f"/{place}"]
    for condition, value in (("p.type = ?", scope.type), ("p.date >= ?", scope.since), ("p.date <= ?", scope.until)):
        if value:
            conditions.append(condition)
            values.append(value)
    if scope.until:
        conditions.append("p.date <> ''")
    if not conditions:
        return "", []
    inside = "SELECT 1 FROM passage AS p JOIN source AS s ON s.id = p.source_id WHERE"
    return f" AND EXISTS ({inside} p.id = {number} AND {' AND '.join(conditions)})", values


def _passage(row: Sequence[str]) -> Passage:
    key, title, text, source, locator, link, names, context, date = row
    return Passage(key, title, text, source, locator, link, tuple(json.loads(names)), context, date)
