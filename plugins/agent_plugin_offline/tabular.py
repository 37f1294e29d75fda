"""Questions about rows and columns: which figure, of what, for which rows, by what, the first how many.

A tool that answers such questions shows it by its parameters: an operation with sums and means among its choices, a
column, a condition. What the columns are called is not known here; what people say goes to the tool as they say it
("the longest trip", "from France"), and the tool finds the column.
"""

from __future__ import annotations

import re

from agent_plugin_offline.explanation import Explanation
from agent_plugin_offline.grammar import COMMON_VERBS
from agent_plugin_offline.lexicon import UNIT_CLASS
from agent_plugin_offline.numbers import find_numbers
from agent_plugin_offline.slots import Slot
from agent_plugin_offline.text import STOP_WORDS, identifier_words, stem, words

_NOUN = r"[A-Za-z_][\w-]*"
_ASCENDING = (
    r"cheapest|shortest|youngest|oldest|earliest|lightest|slowest|coldest|smallest|lowest|least|worst|minimum|fewest"
)
_DESCENDING = (
    r"dearest|priciest|longest|newest|latest|heaviest|tallest|fastest|hottest|warmest|largest|biggest|highest"
    r"|greatest|most|best|maximum|top"
)
_SUPERLATIVE = rf"(?P<least>{_ASCENDING})|(?P<most>{_DESCENDING})"
_END = (
    r"(?=[\s,]*(?:[.?!]*$|\b(?:in|of|from|per|by|for|where|with|which|that|who|and|are|is|was|were"
    r"|have|has|did|do|does|according|using|listed|recorded|given)\b))"
)
_COUNT = r"\d{1,4}|two|three|four|five|six|seven|eight|nine|ten"

_RANKED = re.compile(
    rf"\b(?:the\s+|my\s+|our\s+)?(?:top\s+(?P<top>{_COUNT})|(?P<count>{_COUNT})\s+(?P<phrase>(?:{_ASCENDING}|{_DESCENDING})(?:\s+(?!by\b)[a-z]+)??))"
    rf"(?:\s+(?P<rows>{_NOUN}))?(?:\s+(?:by|in\s+terms\s+of)\s+(?P<column>{_NOUN}))?{_END}",
    re.IGNORECASE,
)
_SORTED = re.compile(
    rf"\b(?:sort|order|rank|sorted|ordered|ranked)\b(?P<between>[^,.]*?)\s+by\s+(?:the\s+)?(?P<column>{_NOUN})(?P<how>[\s,]+(?:from\s+)?(?P<end>\w+)(?:\s+(?:first|to\s+\w+|order))?)?(?=[\s.?!]*$|\s+in\b)",
    re.IGNORECASE,
)
_EXTREME = re.compile(
    rf"\b(?:the\s+|my\s+|our\s+|its\s+)*(?P<phrase>(?:{_SUPERLATIVE})(?:\s+expensive|\s+recent)?(?:\s+(?!(?:in|of|from|per|by|for|where|with|are|is)\b){_NOUN}){{0,2}}?){_END}",
    re.IGNORECASE,
)
_MANY = re.compile(
    rf"\b(?:how\s+many|(?:the\s+)?number\s+of|count(?:\s+(?:of|up|how\s+many))?(?:\s+the|\s+all(?:\s+the)?)?)\s+"
    rf"(?P<different>(?:different|distinct|unique)\s+)?(?P<said>(?:(?!(?:in|of|from|per|by|for|where|with|are|is|have|has|do|does|did|were|was|there|and)\b)['\"]?[A-Za-z_][\w-]*['\"]?\s+){{0,2}}?)(?P<rows>{_NOUN}){_END}",
    re.IGNORECASE,
)
_FAR = re.compile(
    r"\bhow\s+(?P<how>much|far|long)\s+(?:money\s+|time\s+)?(?:did|do|have|has|was|is|were|are)\s+(?:(?:i|we|they|he|she|you|been)\s+)?(?P<verb>[a-z]+)"
    r"(?:\s+(?:in\s+total|altogether|overall|so\s+far))?",
    re.IGNORECASE,
)
_MEAN = re.compile(
    rf"\b(?:the\s+)?(?P<figure>average|mean|median)\s+(?:of\s+)?(?:the\s+)?(?:(?P<value>(?-i:[A-Z])\w+)\s+(?=(?-i:[a-z])))?(?P<column>{_NOUN}){_END}",
    re.IGNORECASE,
)
_DISTINCT = re.compile(
    rf"^(?:which|what)\s+(?:(?:different|distinct|unique)\s+)?(?P<column>{_NOUN})\s+(?:appear|occur|are\s+there|exist|are\s+(?:listed|mentioned|named))\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"(?<!^)\b(?:where|whose|that\s+(?:have|has|are|is)|which\s+(?:have|has|are|is)|with(?=\s+(?:an?\s+|the\s+)?[a-z_][\w-]*\s*(?:=|!=|<|>|is\b|of\b|equal|over|above|under|below|at\s+least|at\s+most|more|less)))\s+"
    r"(?P<condition>.+?)(?=[\s,]+(?:in\s*$|sorted\b|grouped\b)|[\s,.?!]*$)",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?P<condition>(?:(?!(?:are|is|were|was|have|has|rows|orders|items|which|that|all|with|of)\b)[a-z]\w*\s+)??(?:over|above|under|below|more\s+than|less\s+than|fewer\s+than|greater\s+than|at\s+least|at\s+most)\s+"
    r"[$€£]?\d(?:[\d.,]*\d)?(?:\s+(?!(?:in|of|from|for|on|and|or|per|by|to|according|using|euros?|dollars?|pounds?)\b)[a-z]+(?=[\s.?!]*$|\s+(?:in|of|from|per|by)\b))?)(?!\w)"
    r"(?:\s+(?:euros?|dollars?|pounds?)\b)?",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    r"(?:\b(?:have|has|had|are|is|was|were|do|does|did)(?:n['’]t|\s+not)?\s+(?:\w+\s+){1,3})?\((?P<condition>[a-z_]\w*\s+(?:is|=|equals|>|<)\s+[^()]+)\)",
    re.IGNORECASE,
)
_MOST = re.compile(
    rf"\b(?P<verb>(?!(?:is|are|was|were|the|of|has|have)\b)[a-z]+)\s+(?:the\s+)?(?P<end>most|least|fewest)\b(?:\s+(?P<noun>(?!(?:in|of|from|per|by|for|where|with|according)\b){_NOUN}))?",
    re.IGNORECASE,
)
_FROM_TO = re.compile(
    rf"\bfrom\s+(?:the\s+)?(?P<phrase>{_ASCENDING}|{_DESCENDING})\s+to\s+(?:the\s+)?(?:{_ASCENDING}|{_DESCENDING})",
    re.IGNORECASE,
)
_PER = re.compile(rf"^(?:the\s+)?(?P<column>{_NOUN})\s+(?=(?:per|by|for\s+each|for\s+every)\s)", re.IGNORECASE)
_EITHER_WAY = re.compile(r"oldest|youngest", re.IGNORECASE)
"""Of an age the oldest is the largest, of a date the earliest: the table knows which it holds."""
_VALUE = re.compile(
    r"\b(?:from|for|in|by|on|to|with|of(?=\s+(?:the\s+)?(?-i:[A-Z]))|marked(?:\s+as)?|made\s+by|placed\s+by)\s+(?:the\s+|customer\s+)?"
    r"(?P<value>'[^']+'|\"[^\"]+\"|(?!(?:total|all|the|this|that|which|each|every|here|my|file|folder|table|order)\b)[A-Za-z][\w-]*(?:\s+(?-i:[A-Z])[\w-]*|\s+(?:department|team|region|city|country|customer|category|group|office|section|status|branch))?)"
    r"(?=[\s,]*(?:[.?!]*$|\b(?:in|from|on|to|with|per|by|for|and|is|are|does|do|did)\b|according\b|using\b))",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(
    rf"(?:what(?:['’]s|\s+is|\s+are|\s+was)|show(?:\s+me)?|give\s+me|find|get)\s+the\s+(?P<column>{_NOUN})\s+(?:of|for)\s+(?:the\s+)?(?P<value>'[^']+'|{_NOUN})(?=[\s.?!]*$)",
    re.IGNORECASE,
)
_STATE = re.compile(
    r"\b(?:are|is|were|was|have\s+been|has\s+been|still)\s+(?:still\s+|already\s+|marked\s+|in\s+)?(?P<value>'[^']+'|[A-Za-z][\w-]*)(?=[\s.?!]*$)",
    re.IGNORECASE,
)
_ADJECTIVE = re.compile(
    r"^(?:show|list|display|find|get|give|print)\s+(?:me\s+)?(?:all\s+)?(?:the\s+|of\s+the\s+)?(?P<value>[a-z][\w-]*)\s+(?P<rows>[a-z][\w-]*s)(?=\s+(?:in|from|of)\b|[\s.?!]*$)",
    re.IGNORECASE,
)
_GROUPED = re.compile(
    rf"\b(?:per|for\s+each|for\s+every|by\s+each|(?:grouped|broken\s+down|split|group|by)\s+by|by|each|every)\s+(?:the\s+)?(?P<column>{_NOUN})(?=[\s,]*(?:[.?!]*$|\b(?:in|of|from|for|where|and|with|according|using)\b))",
    re.IGNORECASE,
)
_COMPUTING = re.compile(r"(?:calculate|compute|determine|work\s+out|figure\s+out|evaluate)\b", re.IGNORECASE)
_DOER = re.compile(rf"who\s+{_NOUN}\b", re.IGNORECASE)
_WHICH_ROWS = re.compile(
    rf"(?:show|list|find|tell|give)?\s*(?:me\s+)?(?:which|what)\s+(?!is\b|are\b|was\b|were\b|has\b|have\b)(?P<rows>{_NOUN})",
    re.IGNORECASE,
)
_LISTED_ROWS = re.compile(
    rf"(?:show|list|find|give|get|display|print|which|what)\s+(?:me\s+)?(?:all\s+)?(?:of\s+)?(?:the\s+|my\s+)?(?P<rows>{_NOUN})",
    re.IGNORECASE,
)
_SAYS_WHERE_IT_STANDS = re.compile(
    r"[\s,]*\b(?:according\s+to|based\s+on|listed|recorded|as\s+per|shown|given)\b", re.IGNORECASE
)
_GENERAL_ROWS = words(
    "rows row lines line records record entries entry items item values cells columns column times orders table file "
    "spreadsheet sheet data list total amount"
)
_NEVER_A_VALUE = (
    STOP_WORDS
    | _GENERAL_ROWS
    | words(
        "new old different distinct unique all first last next whole entire average mean total biggest largest "
        "smallest csv excel text pdf calendar upcoming recent"
    )
)


def take_table_question(found: Explanation) -> None:
    """Take what a clause asks of a table, for a tool that answers such questions about a file that is named."""
    slots = {slot.name: slot for slot in found.slots}
    operation = next(
        (slot for slot in found.slots if slot.role == "choice" and {"sum", "mean", "count"} <= set(slot.choices)), None
    )
    if operation is None or not any(slot.role == "file" and slot.name in found.args for slot in found.slots):
        return
    if aside := _SAYS_WHERE_IT_STANDS.search(found.text):
        found.explain(*aside.span(), cue=False)
    _Question(found, operation, slots).read()


_DONE = re.compile(
    r"\s*(?:did|do|have|has)\s+(?:i|we|they|he|she|you|[A-Z]\w+)\s+(?P<verb>[a-z]+)(?:\s+(?:in\s+total|altogether|overall))?",
    re.IGNORECASE,
)


def _measures(noun: str) -> bool:
    """Whether a noun is an amount that is added up, rather than things that are counted: kilometres, units."""
    return noun in UNIT_CLASS or stem(noun) in UNIT_CLASS or noun in _QUANTITIES


_QUANTITIES = words("units pieces points goals steps pages copies runs laps litres metres kilometres grams")


class _Question:
    """One clause about a table, read piece by piece; what is read is blanked out for the pieces that follow."""

    def __init__(self, found: Explanation, operation: Slot, slots: dict[str, Slot]) -> None:
        self.found = found
        self.operation = operation
        self.slots = slots

    @property
    def text(self) -> str:
        """The clause with blanks where it is explained already."""
        text = list(self.found.text)
        for low, high in self.found.taken:
            text[low:high] = " " * (high - low)
        return "".join(text)

    def read(self) -> None:
        """Read it, from the most telling forms to the least."""
        if lead := _COMPUTING.match(self.text):
            self.found.explain(*lead.span(), cue=False)
        self._condition(_BRACKETED)
        forms = (self._ranked, self._sorted, self._from_to, self._distinct, self._many, self._far, self._mean)
        any(form() for form in (*forms, self._most, self._extreme, self._per))  # the first that fits
        self._attribute()
        self._condition(_WHERE)
        self._group()
        self._condition(_COMPARED)
        self._bare_value()
        self._rows()

    def _slot(self, word: str) -> Slot | None:
        return next(
            (s for n, s in self.slots.items() if word in identifier_words(n) and n not in self.found.args), None
        )

    def _put(self, word: str, value: object, start: int, end: int) -> None:
        slot = self._slot(word)
        if slot is not None:
            self.found.take(slot, value, start, end, cue=False)

    def _operate(self, name: str, start: int, end: int) -> None:
        if name in self.operation.choices and self.operation.name not in self.found.args:
            self.found.take(self.operation, name, start, end, cue=False)

    def _ranked(self) -> bool:
        """Read a rank: "the three cheapest products", "top 5 customers by total"."""
        match = _RANKED.search(self.text)
        if match is None:
            return False
        number = find_numbers(match["top"] or match["count"])
        if not number:
            return False
        phrase = match["phrase"] or ""
        ascending = re.match(_ASCENDING, phrase, re.IGNORECASE) is not None
        either = _EITHER_WAY.match(phrase) is not None
        self._operate("list", *match.span())
        self._put("limit", int(number[0].value), *match.span())
        if by := (
            match["column"] or " ".join(part for part in (phrase or "top", match["rows"]) if part and match["rows"])
        ):
            self._put("sort", by, *match.span())
        if not either:
            self._put("order", "ascending" if ascending else "descending", *match.span())
        return True

    def _from_to(self) -> bool:
        """Read "from the cheapest to the dearest": sorted by what the first of them speaks of."""
        match = _FROM_TO.search(self.text)
        if match is None:
            return False
        ascending = re.fullmatch(_ASCENDING, match["phrase"], re.IGNORECASE) is not None
        self._operate("list", *match.span())
        self._put("sort", match["phrase"], *match.span())
        if not _EITHER_WAY.match(match["phrase"]):
            self._put("order", "ascending" if ascending else "descending", *match.span())
        return True

    def _most(self) -> bool:
        """Read "who earns the most", "which crop weighed the least": the largest or smallest of what the verb says."""
        match = _MOST.search(self.text)
        if match is None or match["verb"].lower() in STOP_WORDS:
            return False
        self._operate("max" if match["end"].lower() == "most" else "min", *match.span())
        self._put("column", match["noun"] or match["verb"], *match.span())
        for lead in (_DOER, _WHICH_ROWS):
            if doer := lead.match(self.found.text):
                self.found.explain(*doer.span(), cue=False)
                break
        return True

    def _per(self) -> bool:
        """Read a mere "hours per site": a sum for each."""
        match = _PER.match(self.text)
        if match is None or _named_figure(self.text) or match["column"].lower() in STOP_WORDS | _GENERAL_ROWS:
            return False
        self._operate("sum", *match.span())
        self._put("column", match["column"], *match.span())
        return True

    def _sorted(self) -> bool:
        match = _SORTED.search(self.text)
        if match is None:
            return False
        end = (match["end"] or "").lower()
        falling = re.fullmatch(rf"{_DESCENDING}|descending|desc|high|z|falling|expensive", end) is not None
        rising = re.fullmatch(rf"{_ASCENDING}|ascending|asc|low|a|rising|alphabetical", end) is not None
        self._operate("list", *match.span())
        self._put("sort", match["column"], *match.span())
        if falling or rising:
            self._put("order", "descending" if falling else "ascending", *match.span())
        return True

    def _distinct(self) -> bool:
        match = _DISTINCT.search(self.text)
        if match is None or match["column"].lower() in _GENERAL_ROWS - {"orders", "amount", "total"}:
            return False
        self._operate("distinct", *match.span())
        self._put("column", match["column"], *match.span())
        return True

    def _many(self) -> bool:
        match = _MANY.search(self.text)
        if match is None:
            return False
        rest = self.text[match.end() :]
        if match["different"]:
            self._operate("distinct", *match.span())
            self._put("column", match["rows"], *match.span())
            return True
        said = match["said"].strip().strip("'\"")
        rows = match["rows"].lower()
        if said and not rows.endswith("s") and (said.endswith("s") or rows in COMMON_VERBS):
            said = ""  # "how many employees work in ...": the rows come first, and what they do second
        general = rows in _GENERAL_ROWS  # then it is the tool's own word
        done = _DONE.match(rest)
        if done and _measures(rows):
            self._operate("sum", match.start(), match.end() + done.end())
            if self._named_column() is None:
                self._put("column", f"{rows} {done['verb']}", match.start(), match.end())
            return True
        self._operate("count", match.start(), match.start("rows") if general else match.end())
        if said and said.lower() not in _NEVER_A_VALUE:
            self._put("where", said, match.start("said"), match.end("said"))
        asked = re.match(
            r"\s*(?:are\s+there|do(?:es)?\s+(?:i|we|it)?\s*have|do(?:es)?\b|is\s+there|has\b(?=\s+got|\s*$)|have\b(?=\s+got|\s*$)|did\s+(?:i|we)\s+\w+)",
            rest,
            re.IGNORECASE,
        )
        if asked:
            self.found.explain(match.end(), match.end() + asked.end(), cue=False)
        if (state := _STATE.search(self.text, match.end())) and state["value"].lower() not in _NEVER_A_VALUE:
            self._put("where", state["value"], *state.span())
        return True

    def _far(self) -> bool:
        """Read "how far did I travel", "how much did we spend": a sum, of what the verb or "far" speaks of."""
        match = _FAR.search(self.text)
        if match is None:
            return False
        column = self._named_column()
        self._operate("sum", *match.span())
        if column is None:
            self._put("column", match["verb"] if match["how"].lower() == "much" else match["how"], *match.span())
        return True

    def _mean(self) -> bool:
        """Read "the average total": the first word is the figure, the second the column, whatever it is called."""
        match = _MEAN.search(self.text)
        if match is None or self._named_column():
            return False
        self._operate("median" if match["figure"].lower() == "median" else "mean", *match.span())
        self._put("column", match["column"], *match.span())
        if match["value"]:
            self._put("where", match["value"], *match.span("value"))
        return True

    def _named_column(self) -> str | None:
        """A column that is called one: "the amount column"."""
        match = re.search(
            rf"\b(?:the\s+)?(?P<name>{_NOUN})\s+column\b|\bcolumn\s+(?P<after>{_NOUN})", self.text, re.IGNORECASE
        )
        return (match["name"] or match["after"]) if match else None

    def _extreme(self) -> bool:
        match = _EXTREME.search(self.text)
        if match is None:
            return False
        phrase = match["phrase"]
        least = match["least"] is not None
        noun = re.sub(
            r"^(?:highest|lowest|largest|smallest|biggest|maximum|minimum|greatest|most|least|top|fewest)\s+(?=\w)(?!expensive|recent)",
            "",
            phrase,
            flags=re.IGNORECASE,
        )
        if noun.lower() in ("most", "top", "best", "first"):
            return False
        if _EITHER_WAY.match(phrase):
            self._operate("list", *match.span())
            self._put("sort", phrase, *match.span())
            self._put("limit", 1, *match.span())
            return True
        noun = self._without_value(noun, match.start("phrase"))
        self._operate("min" if least else "max", *match.span())
        if noun.lower().split()[-1] in ("value", "values") or self._named_column():
            return True
        self._put("column", noun, *match.span())
        if doer := _DOER.match(self.found.text):
            self.found.explain(*doer.span(), cue=False)
        return True

    def _without_value(self, noun: str, start: int) -> str:
        """A column without the value before it, which has a capital: "Maths score" is the score of Maths."""
        parts = noun.split()
        if len(parts) > 1 and parts[0][:1].isupper() and not parts[-1][:1].isupper():
            self._put("where", parts[0], start, start + 1)
            return " ".join(parts[1:])
        return noun

    def _condition(self, pattern: re.Pattern[str]) -> None:
        match = pattern.search(self.text)
        if match is None or self._slot("where") is None or not re.search(r"\w", match["condition"]):
            return
        condition = re.sub(r"^(?:the|an?)\s+", "", " ".join(match["condition"].split()), flags=re.IGNORECASE)
        condition = re.sub(r"(?<=\w)\s+(?:of|equal\s+to)\s+(?=\S)", " = ", condition, flags=re.IGNORECASE)
        if re.fullmatch(r"[\w-]+ [\w-]+", condition) and pattern is _WHERE:
            column, value = condition.split()
            condition = f"{column} = {value}" if value.lower() not in STOP_WORDS else condition
        self._put("where", condition, *match.span())

    def _attribute(self) -> None:
        """Read "what is the price of the desk": one column of the rows that hold a value."""
        match = (
            None if self.operation.name in self.found.args or _named_figure(self.text) else _ATTRIBUTE.search(self.text)
        )
        if match and match["column"].lower() not in _NEVER_A_VALUE and match["value"].lower() not in _NEVER_A_VALUE:
            self._operate("list", *match.span())
            self._put("column", match["column"], *match.span())
            self._put("where", match["value"].strip("'\""), *match.span())

    def _group(self) -> None:
        match = _GROUPED.search(self.text)
        figure = self.found.args.get(self.operation.name) or _named_figure(self.text)
        if match is None or figure is None or match["column"].lower() in STOP_WORDS | _GENERAL_ROWS:
            return
        if re.match(r"by\b", match[0], re.IGNORECASE) and re.search(
            r"\bhow\s+(?:far|much|many|long)\b", self.found.text, re.IGNORECASE
        ):
            return  # "how far did I travel by car"
        self._put("group", match["column"], *match.span())

    def _bare_value(self) -> None:
        if self._slot("where") is None:
            return
        adjective = _ADJECTIVE.search(self.text)
        if (
            adjective
            and adjective["value"].lower() not in _NEVER_A_VALUE
            and self.operation.name not in self.found.args
        ):
            if re.fullmatch(rf"{_ASCENDING}|{_DESCENDING}|{_COUNT}", adjective["value"], re.IGNORECASE):
                return
            self._operate("list", *adjective.span())
            self._put("where", adjective["value"], *adjective.span())
            return
        named = sorted(_VALUE.finditer(self.text), key=lambda match: match["value"].islower())
        for match in named:  # what is written with a capital says which rows, "on trips" only what they are
            value = match["value"].strip("'\"")
            if value.lower() in _NEVER_A_VALUE and not value.isupper():
                continue
            if (
                self.operation.name in self.found.args
                or _named_figure(self.text)
                or re.match(r"(?:show|list|find|which|give)\b", self.found.text, re.IGNORECASE)
            ):
                self._put("where", value, *match.span())
                if not value.islower():
                    for other in named[1:]:
                        self.found.explain(*other.span(), cue=False)
                return

    def _rows(self) -> None:
        """What the rows are called says nothing more: "which product is the cheapest", "all orders over 90"."""
        asked = self.operation.name in self.found.args
        match = (_WHICH_ROWS if asked else _LISTED_ROWS).match(self.text)
        if match is None or not self.found.is_free(*match.span("rows")):
            return
        if not asked and not any("where" in identifier_words(name) for name in self.found.args):
            return
        self._operate("list", *match.span("rows"))
        self.found.explain(*match.span("rows"), cue=False)


def _named_figure(text: str) -> str | None:
    found = re.search(
        r"\b(?:sum|add\s+up|total|tot\s+up|average|mean|median|min(?:imum)?|max(?:imum)?|count)\b", text, re.IGNORECASE
    )
    return found[0].lower() if found else None
