"""Questions in words about data with a schema: read by rules into a typed request, or refused with what is not known.

A library, not a plugin: the graph and the tables read questions with it, each compiling the `Request` into a query of
its own. `words` and `tokens` cut the question up; `vocabulary` knows what the schema's words and values are; `language`
and `moments` know those of English; `reading` makes items of them, `assembly` a request, and `understanding` takes the
likeliest. Nothing is left out: a word that no rule accounts for refuses the question, because a wrong number is worse
than none.
"""
