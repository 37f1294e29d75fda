-- What permits something carries a seal: a keyed hash that only whoever has the vault's key can make. Rows from before
-- have none and permit nothing any more: they are asked about again.
ALTER TABLE grants ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE pending ADD COLUMN seal TEXT NOT NULL DEFAULT '';
ALTER TABLE rules ADD COLUMN seal TEXT NOT NULL DEFAULT '';

-- JSON: the labels that the call's own result brought in, beside those that its context had.
ALTER TABLE calls ADD COLUMN brought TEXT NOT NULL DEFAULT '[]';
-- When taking the call back was begun; `undone_at` says that it ended well.
ALTER TABLE calls ADD COLUMN undo_began_at REAL;
