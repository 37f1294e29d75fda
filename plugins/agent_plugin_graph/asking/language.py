"""The words of English that say what is done with what a question names, whatever the tables are about."""

from __future__ import annotations

from agent_plugin_graph.index.terms import stem

FILLER = frozenset(
    """
    a an the of in at on to for from with by that which who whom whose this these those there their his her its it they
    he she we i me my our us you your is are was were be been being am do does did done has have had having can could
    would will shall should may please and s
    so then also as all any
    amongst among during across into
    tell show give find get got list display name see know want need like look retrieve return report calculate compute
    determine identify
    received receive receives recorded record registered stored held known exist exists happen happened happens occur
    occurred take took taken place made make came come
    people person individual individuals ones one
    system database data dataset graph table tables file files records entries
    overall altogether combined respectively
    different distinct unique various separate individual
    whole entire full
    value amount figure
    kind kinds sort
    been ever used use named called
    dr mr mrs ms
    """.split()
)
"""Words that add nothing once everything else is accounted for. What negates, compares or orders is not among them."""

VERBS = frozenset("is are was were been have has had do does did can".split())
"""Where what is said of something begins."""
RELATIVES = frozenset("that who whom which whose".split())
"""Where what is said belongs to the name before it; the verb after it does, too."""

NUMBERS = {
    word: n
    for n, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
} | {"twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100, "dozen": 12}

UNITS = {"day": 1, "week": 7}
"""Of durations, in days."""

PHRASES: dict[str, tuple[str, object]] = {}
"""What a phrase does: the kind of its item, and a detail."""


def _add(kind: str, detail: object, *phrases: str) -> None:
    PHRASES.update({phrase: (kind, detail) for phrase in phrases})


_add("count", None, "how many", "number of", "count of", "count", "total number of", "total count of", "how many times")
_add("count", None, "what number of", "volume of", "how many total")
_add("aggregate", "avg", "average", "avg", "mean", "on average", "typical", "average amount of")
_add("aggregate", "sum", "total", "sum", "sum of", "sum total", "total amount of", "total of", "combined", "in total")
_add("aggregate", "sum", "total sum of", "grand total", "overall total", "aggregate", "cumulative")
_add("aggregate", "how much", "how much", "how much money", "what amount")
_add("superlative", ("most", True), "most", "greatest number of", "highest number of", "largest number of")
_add("superlative", ("most", True), "highest count of", "maximum number of", "biggest number of")
_add("superlative", ("most", False), "fewest", "least", "lowest number of", "smallest number of", "minimum number of")
_add("superlative", ("value", True), "highest", "largest", "biggest", "greatest", "maximum", "max", "maximal", "top")
_add("superlative", ("value", False), "lowest", "smallest", "minimum", "min", "minimal", "bottom")
_add("superlative", ("common", True), "most common", "most frequent", "most popular", "most often", "most frequently")
_add("superlative", ("common", False), "least common", "least frequent", "rarest", "least popular")
_add("superlative", ("common", True), "commonest", "most commonly", "most usual")
_add("superlative", ("life", False), "oldest", "eldest", "earliest born")
_add("superlative", ("life", True), "youngest")
_add("superlative", ("date", True), "latest", "most recent", "newest", "most recently", "last")
_add("superlative", ("date", False), "earliest", "first")
_add("superlative", ("duration", True), "longest", "longest lasting")
_add("superlative", ("duration", False), "shortest")
_add("superlative", ("money", True), "most expensive", "costliest", "priciest", "dearest", "most costly")
_add("superlative", ("money", False), "cheapest", "least expensive", "least costly", "most affordable")
_add("superlative", ("wage", True), "best paid", "highest paid", "highest earning", "top paid", "highest earner")
_add("superlative", ("wage", False), "lowest paid", "worst paid", "lowest earning", "least paid")
_add("group", None, "per", "each", "for each", "every", "for every", "in each", "of each", "at each", "by each", "to each")
_add("group", None, "grouped by", "broken down by", "split by", "in every", "at every", "for all", "from each", "with each")
_add("by", None, "by")
_add("which", None, "which", "what", "list", "show", "name", "who", "whose", "whom", "give me", "show me", "find")
_add("which", None, "in which", "at which", "to which", "in what", "at what", "display", "by which", "which of")
_add("when", None, "when", "what date", "on what date", "on which date")
_add("where", None, "where")
_add("not", None, "not", "except", "except for", "other than", "excluding", "non", "isn t", "aren t", "wasn t", "weren t")
_add("empty", None, "without", "without a", "without any", "with no", "have no", "has no", "had no", "missing", "lacking")
_add("empty", None, "without an", "do not have a", "does not have a", "did not have a", "no", "lack", "lacks")
_add("set", None, "with a", "with an", "have a", "has a", "had a", "have any", "with any", "has an", "have an", "had an")
_add("set", None, "that have a", "with", "had any")
_add("or", None, "or")
_add("and", None, "and", "as well as", "and also", "along with", "plus")
_add("either", None, "either")
_add("part", "year", "year", "years", "calendar year")
_add("part", "quarter", "quarter", "quarters")
_add("part", "month", "month", "months", "calendar month")
_add("duration", None, "how long", "duration", "length", "long", "number of days", "how many days", "days", "time in days")
_add("duration", None, "lasted", "lasting", "how long in days", "length in days", "duration in days")
_add("having to do", None, "mention", "mentions", "mentioning", "mentioned", "contain", "contains", "containing")
_add("having to do", None, "that say", "say", "says", "saying", "include", "includes")
_add("about", None, "about", "regarding", "concerning")
_add("days", None, "days", "day")
_add("currency", None, "dollars", "dollar", "usd", "euros", "euro")
_add("percent", None, "percentage of", "percent of", "percentage", "percent", "share of", "proportion of", "fraction of")

COMPARISONS: dict[str, str] = {}
for _sign, _phrases in {
    ">": "more than|greater than|higher than|larger than|bigger than|over|above|exceeding|exceeds|exceed|exceeded|"
    "in excess of|longer than|upwards of|more then|beyond|bigger then|costing more than|greater",
    "<": "less than|fewer than|lower than|smaller than|under|below|shorter than|cheaper than|beneath",
    ">=": "at least|no less than|no fewer than|not less than|not fewer than|minimum of|a minimum of",
    "<=": "at most|no more than|not more than|up to|maximum of|a maximum of|not over|no longer than|not exceeding",
    "=": "exactly|equal to|equals|precisely|equal|of exactly",
}.items():
    COMPARISONS.update(dict.fromkeys(_phrases.split("|"), _sign))
AFTERWARDS = {"or more": ">=", "or higher": ">=", "or longer": ">=", "or above": ">=", "or over": ">=", "and above": ">="}
AFTERWARDS |= {"or less": "<=", "or fewer": "<=", "or below": "<=", "or lower": "<=", "or under": "<=", "plus": ">="}
AFTERWARDS |= {"and over": ">=", "and more": ">=", "or shorter": "<=", "or greater": ">="}

LIFE = frozenset(map(stem, "born birth birthday dob birthdate died death founded established graduated graduation".split()))
"""Words of dates that belong to somebody, and are not when something took place."""
MONEY = frozenset(map(stem, "price cost amount bill billing charge fee total paid".split()))
WAGE = frozenset(map(stem, "salary wage pay income earnings compensation".split()))
ENDS = frozenset(map(stem, "end return discharge close due ship deliver finish arrive complete left until to".split()))
