-- How long what happened is kept.

ALTER TABLE runs ADD COLUMN forgotten_at REAL;  -- when the secrets of its conversation were deleted from the vault
CREATE INDEX feedback_by_run ON feedback (run_id);

-- What is done now and then, by whichever process comes first: when it was last done.
CREATE TABLE upkeep (
    task TEXT PRIMARY KEY,
    at   REAL NOT NULL
);
