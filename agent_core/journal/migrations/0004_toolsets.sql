-- What a model was shown beside the conversation: whoever learns from a choice has to know what it was made among.
CREATE TABLE definitions (
    hash       TEXT PRIMARY KEY,
    definition TEXT NOT NULL                    -- JSON {name, description, parameters}
);
CREATE TABLE toolsets (
    hash        TEXT PRIMARY KEY,               -- named by the events `model_asked`
    definitions TEXT NOT NULL                   -- JSON: hashes, in the order in which they were shown
);
