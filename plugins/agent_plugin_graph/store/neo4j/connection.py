"""A connection to a Neo4j server: prepared when it is opened, written in transactions, its errors in a line."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, cast

from agent_core.errors import ConfigurationError, ToolError, TransientToolError
from agent_plugin_graph.store.scope import type_of

if TYPE_CHECKING:
    from typing import LiteralString

    from neo4j import Session, Transaction

OLDEST = (5, 11)
"""The server that has all that is used here."""
TIMEOUT_S = 120.0
PART = 2_000
"""Rows that one transaction of a large change takes."""
_VERSION = 2
_WAITS_S = 30.0
TERMS_INDEX = "_passage_terms"
VECTOR_INDEX = "_embedding_vectors"

_SETUP = (
    "CREATE CONSTRAINT _passage_id IF NOT EXISTS FOR (p:_Passage) REQUIRE p.id IS UNIQUE",
    "CREATE CONSTRAINT _passage_number IF NOT EXISTS FOR (p:_Passage) REQUIRE p.number IS UNIQUE",
    "CREATE CONSTRAINT _entity_key IF NOT EXISTS FOR (e:_Entity) REQUIRE e.key IS UNIQUE",
    "CREATE CONSTRAINT _entity_number IF NOT EXISTS FOR (e:_Entity) REQUIRE e.number IS UNIQUE",
    "CREATE CONSTRAINT _source_uri IF NOT EXISTS FOR (s:_Source) REQUIRE s.uri IS UNIQUE",
    "CREATE CONSTRAINT _term IF NOT EXISTS FOR (t:_Term) REQUIRE t.term IS UNIQUE",
    "CREATE CONSTRAINT _embedding_hash IF NOT EXISTS FOR (v:_Embedding) REQUIRE v.hash IS UNIQUE",
    "CREATE CONSTRAINT _row_id IF NOT EXISTS FOR (r:_Row) REQUIRE r._id IS UNIQUE",
    "CREATE CONSTRAINT _meta_name IF NOT EXISTS FOR (m:_Meta) REQUIRE m.name IS UNIQUE",
    # Terms come analysed, so that the server only has to split them.
    f"CREATE FULLTEXT INDEX {TERMS_INDEX} IF NOT EXISTS FOR (p:_Passage) ON EACH [p.title_terms, p.text_terms] "
    "OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: false}}",
    "CALL db.awaitIndexes(60)",
    "MERGE (m:_Meta {name: 'graph'}) ON CREATE SET m.next = 1, m.passages = 0, m.tokens = 0",
)
_SETTLED = f"MATCH (m:_Meta {{name: 'graph'}}) SET m.version = {_VERSION}"


class Connection:
    """An open driver. It may be used from several threads, one at a time."""

    def __init__(self, address: str, auth: tuple[str, str] | None, database: str | None = None) -> None:
        """Connect, and prepare the database if it is new.

        Raises:
            ConfigurationError: the server is too old, the password is wrong, or the graph was made by a newer version.
            TransientToolError: nobody answers.
        """
        from neo4j import GraphDatabase

        self.address = address
        self._database = database
        self._lock = threading.RLock()
        self._transaction: Transaction | None = None
        # Terms that no passage has yet, and the like, are no news.
        self.driver = GraphDatabase.driver(
            address,
            auth=auth,
            notifications_min_severity="OFF",
            connection_timeout=_WAITS_S,
            connection_acquisition_timeout=_WAITS_S,
            max_transaction_retry_time=_WAITS_S,
        )
        try:
            self._settle()
        except BaseException:
            self.driver.close()
            raise

    def close(self) -> None:
        """Let go of the connections; may be called twice."""
        with self._lock:
            self.driver.close()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """What is written inside becomes durable together, or not at all. May be nested."""
        with self._lock:
            if self._transaction is not None:
                yield
                return
            with (
                self._explained(),
                self._session() as session,
                session.begin_transaction(timeout=TIMEOUT_S) as transaction,
            ):
                self._transaction = transaction
                try:
                    yield
                finally:
                    self._transaction = None
                transaction.commit()

    def bulk(self) -> AbstractContextManager[None]:
        """No transaction: a large one does not fit into a server's memory, so what is put is put in parts."""
        return nullcontext()

    def repeat(self, cypher: str, **parameters: Any) -> int:
        """Run a statement that changes `$most` things and returns how many, until there are none left; how many.

        Outside of a transaction each time is one of its own.
        """
        total = 0
        while changed := self.value(cypher, most=PART, **parameters):
            total += int(changed)
        return total

    def rows(self, cypher: str, **parameters: Any) -> list[Any]:
        """All rows of a statement of our own, as lists; what others said is in the parameters only."""
        with self._lock, self._explained():
            if self._transaction is not None:
                return [r.values() for r in self._transaction.run(cast("LiteralString", cypher), parameters)]
            return self.committed(cypher, **parameters)

    def committed(self, cypher: str, **parameters: Any) -> list[Any]:
        """The same by a transaction of its own, also inside of one: what that has written is not seen."""
        from neo4j import RoutingControl

        writes = any(word in cypher for word in ("MERGE", "CREATE", "SET ", "DELETE", "DROP ", "REMOVE "))
        with self._explained():
            found = self.driver.execute_query(
                cast("LiteralString", cypher),
                parameters,
                routing_=RoutingControl.WRITE if writes else RoutingControl.READ,
                database_=self._database,
            )
        return [record.values() for record in found.records]

    def value(self, cypher: str, **parameters: Any) -> Any:
        """The first column of the first row; None without one."""
        found = self.rows(cypher, **parameters)
        return found[0][0] if found else None

    def numbers(self, count: int) -> int:
        """Reserve that many numbers in a row; the first of them."""
        # The first SET takes the lock under which the counter is read.
        taken = (
            "MATCH (m:_Meta {name: 'graph'}) SET m.locked = true SET m.next = m.next + $count RETURN m.next - $count"
        )
        return int(self.value(taken, count=count))

    def _session(self) -> Session:
        return self.driver.session(database=self._database)

    def _settle(self) -> None:
        """Look at the server's version and the graph's in one request, and prepare the graph if it is new."""
        version, made = self.rows(
            "CALL dbms.components() YIELD versions OPTIONAL MATCH (m:_Meta {name: 'graph'}) "
            "RETURN versions[0], m.version LIMIT 1"
        )[0]
        if tuple(int(part) for part in str(version).split(".")[:2]) < OLDEST:
            raise ConfigurationError(
                f"The Neo4j at {self.address} is version {version}; a graph needs {OLDEST[0]}.{OLDEST[1]} or newer."
            )
        if made is None or made < _VERSION:
            for statement in _SETUP:
                self.rows(statement)
            if made is not None:
                self._name_types()
            self.rows(_SETTLED)
        elif made > _VERSION:
            raise ConfigurationError(
                f"The graph at {self.address} was made by a newer agent-core (schema {made}; this one knows "
                f"{_VERSION}). Nothing was changed; upgrade agent-core or choose another database."
            )

    def _name_types(self) -> None:
        """Version 2: passages say what their source is, and of what day they are."""
        for (uri,) in self.rows("MATCH (s:_Source) RETURN s.uri"):
            self.repeat(
                "MATCH (p:_Passage)-[:_FROM]->(:_Source {uri: $uri}) WHERE p.type IS NULL WITH p LIMIT $most "
                "SET p.type = $type, p.date = '' RETURN count(*)",
                uri=uri,
                type=type_of(uri),
            )

    @contextmanager
    def _explained(self) -> Generator[None]:
        """The driver's errors in a person's words; it never names a password."""
        from neo4j.exceptions import AuthError, DriverError, Forbidden, Neo4jError

        try:
            yield
        except AuthError as error:
            raise ConfigurationError(f"The Neo4j at {self.address} refuses the user or the password.") from error
        except Forbidden as error:
            raise ToolError(f"This user may not do that on the Neo4j at {self.address}: {error.message}") from error
        except Neo4jError as error:
            if error.is_retryable():
                raise TransientToolError(f"The Neo4j at {self.address} is busy: {error.message}") from error
            raise ToolError(f"The Neo4j at {self.address} cannot do that: {error.message}") from error
        except DriverError as error:
            raise TransientToolError(f"No Neo4j answers at {self.address}: {error}") from error
