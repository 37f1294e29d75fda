"""The words of English that say what is done with what a question names, whatever the tables are about."""

from __future__ import annotations

from agent_questions.dimensions import DIMENSIONS
from agent_questions.words import stem, words

FILLER = frozenset(
    words("""
    a according across all also altogether am among amongst amount an any appear appeared appears are as at be been
    being calculate called came can column columns come compute could data database dataset determine did different
    distinct do does done dr during entire entries ever exist exists figure file files for from full get give got
    graph had happen happened happens has have having he held her his i identify in individual individuals into is
    it its kind kinds know known like list listed listing look looking made make may me mr mrs ms my named names
    need occur occurred of on one ones our overall people person place placed please present receive received
    receives record recorded records registered report represented respectively retrieve return s see separate shall
    she should so sort stored system table tables take taken tell that the their then there these they this those to
    took type types unique us use used value various want was we were whole will would yet you your
    """)
)
"""Words that add nothing once everything else is accounted for. What negates, compares or orders is not among them."""
VERBS = frozenset(words("are been can did do does had has have is was were"))
"""Where what is said of something begins."""
RELATIVES = frozenset(words("that which who whom whose"))
"""Where what is said belongs to the name before it; the verb after it does, too."""
_COUNTED = words("zero one two three four five six seven eight nine ten eleven twelve")
NUMBERS = {word: n for n, word in enumerate(_COUNTED)} | {"twenty": 20, "thirty": 30, "fifty": 50, "hundred": 100}
UNITS = {"day": 1, "week": 7}
"""Of durations, in days."""


def _read(text: str) -> dict[str, str]:
    """Phrases to what stands before the colon of their line, which may go on."""
    found: dict[str, str] = {}
    for line in text.replace("|\n", "|").strip().splitlines():
        meaning, _, phrases = line.partition(": ")
        found.update({" ".join(phrase.split()): meaning for phrase in phrases.split("|")})
    return found


def _detail(said: list[str]) -> object:
    if len(said) == 2:
        return said[0], said[1] == "up"
    return said[0] if said else None


_PHRASES = _read("""
count: how many | number of | count of | count | total number of | total count of | how many times | what number of |
    volume of | how many total
aggregate avg: average | avg | mean | on average | typical | average amount of
aggregate median: median | median of | middle value
filler: work out | works out | working out | going by | looking at | turn up | turns up | turned up | show up |
    shows up | break down | come up | comes up | at all | so far | each one | all in all
aggregate sum: add up | adds up to | add up to | adds up | come to | comes to | came to | amount to | amounts to |
    sum to | sums to | sum up | tot up | total up | add together | total | sum | sum total |
    total amount of | combined | in total | total sum of |
    grand total | overall total | aggregate | cumulative
aggregate much: how much | how much money | what amount
superlative most up: most | greatest number of | highest number of | largest number of | highest count of |
    maximum number of | biggest number of
superlative most down: fewest | least | lowest number of | smallest number of | minimum number of
superlative value up: highest | largest | biggest | greatest | maximum | max | maximal | top
superlative value down: lowest | smallest | minimum | min | minimal | bottom
superlative common up: most common | most frequent | most popular | most often | most frequently | commonest |
    most commonly | most usual
superlative common down: least common | least frequent | rarest | least popular
superlative life down: oldest | eldest | earliest born
superlative life up: youngest
superlative date up: latest | most recent | newest | most recently | last
superlative date down: earliest | first
superlative duration up: longest | longest lasting
superlative duration down: shortest
superlative money up: most expensive | costliest | priciest | dearest | most costly
superlative money down: cheapest | least expensive | least costly | most affordable
superlative wage up: best paid | highest paid | highest earning | top paid | highest earner
superlative wage down: lowest paid | worst paid | lowest earning | least paid
group: per | each | for each | every | for every | in each | of each | at each | by each | to each | grouped by |
    broken down by | split by | in every | at every | for all | from each | with each
by: by
which: which | what | list | show | name | who | whose | whom | give me | show me | find | in which | at which |
    to which | in what | at what | display | by which | which of
when: when | what date | on what date | on which date
where: where
not: not | except | except for | other than | excluding | non | isn't | aren't | wasn't | weren't | isnt | arent |
    not in | not from | != | ≠ | besides | apart from | haven't | hasn't | hadn't | don't | doesn't | didn't | never |
    did not | does not | do not | has not | have not | had not | was not | were not | is not | are not | not yet
equals: = | equals | equal to
truth: yes | true
order: sort | sorted | sort by | sorted by | order by | ordered by | rank | ranked | rank by | ranked by | in order of
direction up: ascending | increasing | rising | alphabetically | in ascending order | in alphabetical order |
    lowest first | smallest first | cheapest first | oldest first | earliest first | from low to high
direction down: descending | decreasing | falling | in descending order | highest first | largest first |
    biggest first | newest first | latest first | most expensive first | best first | from high to low
empty: without | without a | without any | with no | have no | has no | had no | missing | lacking | without an |
    do not have a | does not have a | did not have a | no | lack | lacks
set: with a | with an | have a | has a | had a | have any | with any | has an | have an | had an | that have a |
    with | had any
or: or
and: and | as well as | and also | along with | plus
either: either | both
part year: year | years | calendar year
part quarter: quarter | quarters
part month: month | months | calendar month
duration: how long | duration | length | long | number of days | how many days | time in days | lasted | lasting |
    how long in days | length in days | duration in days
days: days | day
mentions: mention | mentions | mentioning | mentioned | contain | contains | containing | that say | say | says |
    saying | include | includes
about: about | regarding | concerning
currency: dollars | dollar | usd | euros | euro
percent: percentage of | percent of | percentage | percent | share of | proportion of | fraction of
""")
PHRASES: dict[str, tuple[str, object]] = {
    word: ("superlative", ("dimension", word in one.more))
    for one in DIMENSIONS
    for word in (*one.more, *one.less)
    if word.endswith("st")
} | {phrase: (said.split()[0], _detail(said.split()[1:])) for phrase, said in _PHRASES.items()}
"""What a phrase does: the kind of its item, and a detail; of a superlative, by what, and whether the most is meant."""
COMPARATIVES = {
    word: ">" if word in one.more else "<"
    for one in DIMENSIONS
    for word in (*one.more, *one.less)
    if not word.endswith("st")
}
"""What stands before "than" and a number, and says of what it is: "older than 40"."""
GENERAL = frozenset(words("higher lower larger bigger smaller greater longer shorter"))
"""Comparatives that may be of anything that is named beside them."""
COMPARISONS = _read("""
>: > | more than | greater than | higher than | larger than | bigger than | over | above | exceeding | exceeds |
    exceed | exceeded | in excess of | longer than | upwards of | more then | beyond | bigger then | costing more than |
    greater
<: < | less than | fewer than | lower than | smaller than | under | below | shorter than | cheaper than | beneath
>=: >= | ≥ | at least | no less than | no fewer than | not less than | not fewer than | minimum of | a minimum of
<=: <= | ≤ | at most | no more than | not more than | up to | maximum of | a maximum of | not over | no longer than |
    not exceeding
=: exactly | equal to | equals | precisely | equal | of exactly | =
""")
"""What stands before a number."""
AFTERWARDS = _read("""
>=: or more | or higher | or longer | or above | or over | and above | plus | and over | and more | or greater
<=: or less | or fewer | or below | or lower | or under | or shorter
""")
"""What stands after one."""

LIFE = frozenset(
    map(stem, words("born birth birthday dob birthdate died death founded established graduated graduation"))
)
"""Words of dates that belong to somebody, and are not when something took place."""
BIRTH = frozenset(map(stem, words("born birth birthday dob birthdate")))
ROWS = frozenset(words("row rows line lines entry entries record records item items"))
"""What stands for whatever a table is about."""
RATES = frozenset(
    map(stem, words("price age rating score grade temperature temp rate percent percentage weight height salary wage"))
)
"""Of these a sum over rows says nothing, so that a mere "price per city" may be a mean as well."""
MONEY = frozenset(map(stem, words("price cost amount bill billing charge fee total paid")))
WAGE = frozenset(map(stem, words("salary wage pay income earnings compensation")))
