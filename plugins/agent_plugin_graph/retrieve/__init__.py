"""From a question to passages: words and names first, then a walk over the graph, then one ranking."""
