-- Counts what happens to the vectors of passages, so that who holds all of them in memory knows when to read them again.
CREATE TABLE vector_changes (count INTEGER NOT NULL);
INSERT INTO vector_changes (count) VALUES (0);
CREATE TRIGGER vector_of_new_passage AFTER INSERT ON passage WHEN new.embedding_id IS NOT NULL
BEGIN UPDATE vector_changes SET count = count + 1; END;
CREATE TRIGGER vector_of_passage AFTER UPDATE OF embedding_id ON passage WHEN old.embedding_id IS NOT new.embedding_id
BEGIN UPDATE vector_changes SET count = count + 1; END;
CREATE TRIGGER vector_of_gone_passage AFTER DELETE ON passage WHEN old.embedding_id IS NOT NULL
BEGIN UPDATE vector_changes SET count = count + 1; END;
