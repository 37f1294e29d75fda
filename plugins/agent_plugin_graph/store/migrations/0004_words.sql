-- What else people call a label, a relationship, a property ("Visit.billing") or a value ("Hospital.state=TX").
CREATE TABLE word (
    subject TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (subject, word)
) WITHOUT ROWID;
