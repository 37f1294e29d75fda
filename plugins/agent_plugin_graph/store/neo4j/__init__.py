"""The store on a Neo4j server: passages, entities and typed nodes are nodes that its own tools show."""
