-- By these a search is narrowed. `type` follows from the source's address.
ALTER TABLE passage ADD COLUMN date TEXT NOT NULL DEFAULT '';
ALTER TABLE passage ADD COLUMN type TEXT NOT NULL DEFAULT '';
UPDATE passage SET type = type_of((SELECT uri FROM source WHERE source.id = source_id));

-- Vectors by their content, so that what is edited elsewhere in a document is not embedded again.
CREATE TABLE embedding (
    id INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    vector BLOB NOT NULL
);
ALTER TABLE passage ADD COLUMN embedding_id INTEGER;
CREATE INDEX passage_by_embedding ON passage (embedding_id);

CREATE TABLE vector_model (
    name TEXT NOT NULL,
    dimensions INTEGER NOT NULL
);

CREATE TABLE search_time (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    ms REAL NOT NULL
);
