"""The SQLite store's schema, as numbered SQL files that are never edited once released."""
