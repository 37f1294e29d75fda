CREATE TABLE source (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL UNIQUE,
    content_hash TEXT NOT NULL DEFAULT '',
    root TEXT NOT NULL DEFAULT ''
);

CREATE TABLE passage (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    source_id INTEGER NOT NULL REFERENCES source (id),
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    locator TEXT NOT NULL,
    link TEXT NOT NULL,
    names TEXT NOT NULL,
    context TEXT NOT NULL
);
CREATE INDEX passage_by_source ON passage (source_id);

-- Holds terms only: the text stands in `passage`.
CREATE VIRTUAL TABLE passage_terms USING fts5 (title, text, content = '', tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE passage_vocabulary USING fts5vocab (passage_terms, row);

CREATE TABLE entity (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    mentions INTEGER NOT NULL
);

-- Both directions are covered by an index of their own; `defining` first, so that a limit keeps the definitions.
CREATE TABLE mention (
    entity_id INTEGER NOT NULL,
    defining INTEGER NOT NULL,
    passage_id INTEGER NOT NULL,
    PRIMARY KEY (entity_id, defining DESC, passage_id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX mention_by_passage ON mention (passage_id, entity_id, defining);

CREATE TABLE node (
    id INTEGER PRIMARY KEY,
    label TEXT NOT NULL,
    key TEXT NOT NULL,
    properties TEXT NOT NULL,
    UNIQUE (label, key)
);

CREATE TABLE edge (
    type TEXT NOT NULL,
    start_id INTEGER NOT NULL,
    end_id INTEGER NOT NULL,
    PRIMARY KEY (type, start_id, end_id)
) WITHOUT ROWID;
CREATE INDEX edge_backwards ON edge (type, end_id, start_id);

-- Which sources a node or edge came from, and with what properties: it goes with the last of them.
CREATE TABLE node_source (
    source_id INTEGER NOT NULL,
    node_id INTEGER NOT NULL,
    properties TEXT NOT NULL,
    PRIMARY KEY (source_id, node_id)
) WITHOUT ROWID;
CREATE INDEX node_source_by_node ON node_source (node_id);

CREATE TABLE edge_source (
    source_id INTEGER NOT NULL,
    type TEXT NOT NULL,
    start_id INTEGER NOT NULL,
    end_id INTEGER NOT NULL,
    PRIMARY KEY (source_id, type, start_id, end_id)
) WITHOUT ROWID;

CREATE TABLE property (
    label TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    is_key INTEGER NOT NULL,
    PRIMARY KEY (label, name)
) WITHOUT ROWID;

CREATE TABLE relationship (
    type TEXT NOT NULL,
    start_label TEXT NOT NULL,
    end_label TEXT NOT NULL,
    PRIMARY KEY (type, start_label, end_label)
) WITHOUT ROWID;
