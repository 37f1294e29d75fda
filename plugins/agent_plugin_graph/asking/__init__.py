"""Questions in words about the tables of a graph: what `agent_questions` reads, as a `GraphQuery` and its answer.

`joins` finds the way between the labels that a question names, `compiling` the query, `telling` says both in words.
"""
