"""Questions in words about the tables: read by rules into a `GraphQuery`, or refused with what was not understood.

`tokens` cuts the question up; `vocabulary` knows what the schema's words and values are; `language` and `moments` know
those of English; `reading` makes items of them, `assembly` a request, `pattern` the joins. Nothing is left out: a word
that no rule accounts for refuses the question, because a wrong number is worse than none.
"""
