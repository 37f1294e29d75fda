-- The journal: crash log, audit trail, undo log and training source in one file.
-- Times are seconds since the epoch (UTC). JSON columns hold tokenised values: secrets never enter this file.

CREATE TABLE runs (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    user            TEXT NOT NULL,
    workspace       TEXT NOT NULL,
    request         TEXT NOT NULL,              -- what the user said, as they said it
    options         TEXT NOT NULL DEFAULT '{}', -- JSON: model, persona, allow/deny patterns, attachments, plan approval
    status          TEXT NOT NULL,              -- running | waiting | done | failed | refused | cancelled
    answer          TEXT,
    error           TEXT,                       -- JSON {type, message}
    usage           TEXT NOT NULL DEFAULT '{}', -- JSON {requests, input_tokens, output_tokens, cost_usd}
    active_s        REAL NOT NULL DEFAULT 0,    -- time spent working; waiting for a person does not count
    created_at      REAL NOT NULL,
    updated_at      REAL NOT NULL,
    owner           TEXT,                       -- lease: process that works on the run
    lease_until     REAL
);
CREATE INDEX runs_by_conversation ON runs (conversation_id, created_at);

CREATE TABLE plans (
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    revision   INTEGER NOT NULL,
    plan       TEXT NOT NULL,                   -- JSON of planning.plan.Plan
    author     TEXT NOT NULL,                   -- planner | user | workflow
    created_at REAL NOT NULL,
    PRIMARY KEY (run_id, revision)
);

CREATE TABLE steps (
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id         TEXT NOT NULL,
    status     TEXT NOT NULL,                   -- done | failed | denied | skipped
    result     TEXT,
    labels     TEXT NOT NULL DEFAULT '[]',
    error      TEXT,
    ended_at   REAL NOT NULL,
    PRIMARY KEY (run_id, id)
);

-- The model's side of the work: one row per agent of a run ('' is the planner), replaced turn by turn.
CREATE TABLE histories (
    run_id   TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    agent    TEXT NOT NULL,
    turn     INTEGER NOT NULL,
    messages TEXT NOT NULL,                     -- JSON of pydantic-ai messages
    labels   TEXT NOT NULL DEFAULT '[]',
    PRIMARY KEY (run_id, agent)
);

CREATE TABLE events (
    run_id TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq    INTEGER NOT NULL,
    at     REAL NOT NULL,
    kind   TEXT NOT NULL,
    data   TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
);

CREATE TABLE calls (
    key          TEXT PRIMARY KEY,              -- run/step/turn/tool_call_id
    run_id       TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step_id      TEXT NOT NULL,
    tool         TEXT NOT NULL,
    args         TEXT NOT NULL,
    args_hash    TEXT NOT NULL,
    action       INTEGER NOT NULL,              -- 1: may change something; 0: only reads
    status       TEXT NOT NULL,                 -- waiting | intent | done | failed | denied | unknown
    result       TEXT,
    labels       TEXT NOT NULL DEFAULT '[]',
    error        TEXT,                          -- JSON {failure, message}
    saved        TEXT,                          -- what the tool kept for its undo
    started_at   REAL,
    ended_at     REAL,
    undone_at    REAL
);
CREATE INDEX calls_by_run ON calls (run_id);

CREATE TABLE grants (
    nonce          TEXT PRIMARY KEY,
    call_key       TEXT NOT NULL,
    tool           TEXT NOT NULL,
    schema_hash    TEXT NOT NULL,
    asked_hash     TEXT NOT NULL,               -- hash of the arguments that were asked about
    args           TEXT NOT NULL,               -- the arguments that may run (edited or not)
    args_hash      TEXT NOT NULL,
    preview_hash   TEXT NOT NULL,
    verdict        TEXT NOT NULL,               -- approved | denied
    reason         TEXT,
    policy_version TEXT NOT NULL,
    granted_by     TEXT NOT NULL,
    expires_at     REAL NOT NULL,
    spent_at       REAL,
    revoked_at     REAL
);
CREATE INDEX grants_by_call ON grants (call_key);

-- What waits for a person: one row is one question, which may cover several calls (a map).
CREATE TABLE pending (
    id          TEXT PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    step_id     TEXT NOT NULL,
    kind        TEXT NOT NULL,                  -- call | question | plan | limit
    data        TEXT NOT NULL,                  -- JSON of gate.approvals.Pending
    answer      TEXT,                           -- JSON of a question's, plan's or limit's answer
    created_at  REAL NOT NULL,
    answered_at REAL
);
CREATE INDEX pending_by_run ON pending (run_id, answered_at);

CREATE TABLE rules (
    id              TEXT PRIMARY KEY,
    effect          TEXT NOT NULL,              -- allow | ask | deny
    tool            TEXT NOT NULL,              -- pattern
    arguments       TEXT NOT NULL DEFAULT '{}', -- JSON {parameter: pattern}
    scope           TEXT NOT NULL,              -- session | project | always
    scope_id        TEXT NOT NULL,              -- conversation, workspace or user that it holds for
    persona         TEXT,
    schema_hash     TEXT,                       -- the tool as it was when the rule was made
    created_at      REAL NOT NULL,
    revoked_at      REAL
);

CREATE TABLE cache (
    key        TEXT PRIMARY KEY,                -- user, tool, schema and arguments, hashed
    result     TEXT NOT NULL,
    labels     TEXT NOT NULL,
    expires_at REAL NOT NULL
);

CREATE TABLE feedback (
    id         INTEGER PRIMARY KEY,
    run_id     TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    rating     TEXT,                            -- up | down
    correction TEXT,
    created_at REAL NOT NULL
);
