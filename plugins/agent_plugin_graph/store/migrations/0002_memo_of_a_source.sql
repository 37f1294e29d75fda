-- What an ingest noted for the next time: of a page, what its server called this version of it.
ALTER TABLE source ADD COLUMN memo TEXT NOT NULL DEFAULT '';
