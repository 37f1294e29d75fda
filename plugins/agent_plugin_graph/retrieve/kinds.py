"""What kind of thing a question asks for - a number, a time, a person, a reason - and whether a text holds one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from agent_plugin_graph.index.names import spans
from agent_plugin_graph.index.terms import STOP_WORDS
from agent_questions.words import fold, words

_NUMBERS = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|eighty|"
    r"ninety|hundred|thousand|million|half|third|quarter|dozen|single|double|once|twice"
)
_NUMBER = rf"\d|\b(?:{_NUMBERS})\b"
_DURATION = (
    r"(?:second|minute|hour|day|night|week|fortnight|month|year|decade)s?\b|\b(?:until|permanent\w*|indefinite\w*|"
    r"lifetime)\b"
)
_MONTHS = (
    r"january|february|march|april|june|july|august|september|october|november|december|spring|summer|autumn|winter"
)
_TIME = (
    rf"\d{{1,2}}[:.]\d\d|\b[12]\d{{3}}\b|\d\s?[ap]\.?m\b|\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)days?|{_MONTHS}|"
    r"may|morning|noon|midday|evening|night|midnight|daily|weekly|monthly|yearly|annually|weekend|every|each|"
    r"after|before|during|until|when|whenever|as soon as|once|if|o'clock|\d+(?:st|nd|rd|th)|first|last|"
    r"(?:second|minute|hour|day|week|month|year)s?)\b"
)
_MONEY = (
    r"[€$£¥]|\b(?:euros?|dollars?|pounds?|cents?|pence|francs?|kroner?|crowns?|guilders?|shillings?|marks?|yen|free|"
    r"eur|usd|gbp|chf|sek|nok|dkk|per cent|percent|no charge|florins?|ducats?)\b|%"
)
_MEASURE = (
    rf"(?:{_NUMBER})[^.;]{{0,12}}?(?:\b|\d)(?:k?g|grams?|kilos?|kilograms?|tonnes?|tons?|lb|m|cm|mm|km|miles?|"
    r"(?:kilo|centi|milli)?met(?:re|er)s?|feet|foot|inch(?:es)?|yards?|hectares?|acres?|lit(?:re|er)s?|ml|l|degrees?|c|"
    r"celsius|bar|psi|k?w|watts?|volts?|v|db|decibels?|lux|lumens?|knots|rpm|mph|mbit|gb|mb|people|persons|passengers|"
    r"%|per cent)(?![a-z])|°"
)
_PLACED = re.compile(
    r"\b(?:at|in|on|near|behind|beside|under|next to|opposite|outside|inside|from|to|into|between|above|below|by)\s+"
    r"(?:the|a|an|our|[A-Z])|\b(?:room|floor|street|road|office|hall|desk|counter|building|station|website|portal|shed)\b"
)
_REASON = (
    r"\b(?:because|since|so that|in order|due to|owing to|therefore|as it|otherwise|reason\w*|for fear|prevent\w*|"
    r"avoid\w*|protect\w*|cause[sd]?|thus|hence|to (?:keep|make|save|stop|allow|ensure|reduce))\b"
)
_WAY = (
    r"\b(?:by|via|using|use|with|through|press\w*|turn\w*|open\w*|close\w*|fill\w*|call\w*|write\w*|send\w*|must|should|"
    r"then|first|form|online|app|hold|pull|push|switch\w*|remove\w*|place\w*|put|ask|book\w*|apply|step|contact\w*)\b"
)
_VERDICT = (
    r"\b(?:not?|never|nor|only|may|must|can|cannot|allowed|permitted|forbidden|prohibited|required|need(?:s|ed)?|"
    r"unless|except|always|without|except|entitled|free|available|possible|included|yes|welcome|banned|shall|should)\b"
)
_YES_NO = re.compile(
    r"^\W*(?:(?:so|and|but|hi|hello|please|ok|okay)\W+)?(?:is|are|was|were|am|do|does|did|can|could|may|might|must|shall|"
    r"should|will|would|has|have|had|isn't|aren't|don't|doesn't|can't)\b",
    re.IGNORECASE,
)
_PRICED = r"cost|costs|pay|paid|charge|charged|price|fee|fare|rent|earn|salary|fine|deposit|spend|money|expensive|worth"


def _holds(pattern: str) -> Callable[[str, str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda question, text: compiled.search(text) is not None


def _holds_name(question: str, text: str) -> bool:
    """Whether the text names somebody or something that the question does not."""
    said = set(words(question))
    return any(fold(word) not in said | STOP_WORDS for name in _named(text) for word in name.split())


def _named(text: str) -> Iterator[str]:
    """Capitalised words; the first of a sentence counts where another follows."""
    yield from spans(text)
    yield from re.findall(r"(?<=[a-z,;:] )[A-Z]\w+", text)


_ROLE = re.compile(
    r"\b\w+(?:er|or|ist|ant|ent|man|woman|men|team|board|committee|office|desk|council|department|staff|master|mayor|"
    r"chair|warden|head|clerk|service|company|firm|society|members?)s?\b",
    re.IGNORECASE,
)


def _holds_somewhere(question: str, text: str) -> bool:
    return _holds_name(question, text) or _PLACED.search(text) is not None


def _holds_somebody(question: str, text: str) -> bool:
    return _holds_name(question, text) or _ROLE.search(text) is not None


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str, str], bool]], ...] = tuple(
    (name, re.compile(asks, re.IGNORECASE), holds)
    for name, asks, holds in (
        ("money", rf"\bhow much\b(?=.*\b(?:{_PRICED})\b)|"
         r"\bwhat\b.*\b(?:price|fee|cost|charge|fare|rent|salary|fine)s?\b|"
         r"\bhow (?:expensive|cheap)\b", _holds(_MONEY)),
        ("duration", r"\bhow (?:long|soon|old|fast|quickly)\b|\bhow (?:many|much) (?:\w+ )?"
         r"(?:second|minute|hour|day|night|week|month|year|time)s?\b|\bfor how\b",
         _holds(rf"(?:{_NUMBER}|\ba\b).*{_DURATION}|{_DURATION}|{_MEASURE}|\b[12]\d{{3}}\b")),
        ("often", r"\bhow (?:often|frequently|regularly)\b|\bhow many times\b",
         _holds(r"\b(?:once|twice|times|every|each|daily|weekly|monthly|yearly|annually|hourly|per|always|never)\b")),
        ("measure", r"\bhow (?:heavy|tall|high|deep|wide|thick|large|big|loud|bright|hot|cold|warm|far|strong|steep|"
         r"small|full|light|hard)\b|\bwhat\b.*\b(?:size|weight|height|width|depth|length|distance|temperature|pressure|"
         r"speed|capacity|area|voltage|power)\b", _holds(_MEASURE)),
        ("count", r"\bhow (?:many|much)\b|\bwhat (?:number|percentage|share|amount)\b|\bwhich (?:number|page|room)\b",
         _holds(_NUMBER)),
        ("time", r"^\W*(?:\w+\s+){0,3}?(?:when|what (?:year|date|day|days|time|month|hours))\b|"
         r"\b(?:by|since|until|from) when\b|"
         r"\b(?:which|what) (?:\w+ )?(?:year|day|days|date|month|weekday|hours|century)\b|\bopening hours\b",
         _holds(_TIME)),
        ("person", r"\b(?:who|whom|whose)\b", _holds_somebody),
        ("place", r"\bwhere\b|\b(?:which|what) (?:place|room|floor|street|address|town|city|country|village)\b",
         _holds_somewhere),
        ("reason", r"\bwhy\b|\bwhat (?:for|causes?|caused|is the reason)\b|\bhow come\b|\breasons?\b", _holds(_REASON)),
        ("way", r"\bhow (?:do|does|did|can|could|should|to|is|are|was|were|must|would|will)\b|"
         r"\bwhat (?:should|do|must|can|shall) (?:i|we|you|one) do\b|\bwhat (?:happens|if)\b", _holds(_WAY)),
        ("verdict", _YES_NO.pattern, _holds(_VERDICT)),
    )
)  # fmt: skip


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_READ = 2_000
"""Characters of a sentence that are looked through: more is no sentence, and would take long."""


def asked_kind(question: str) -> str:
    """The kind of thing that a question asks for; empty for one that asks for anything.

    Where several sentences are said, it is the last one with a question mark that asks.
    """
    said = [sentence for sentence in _SENTENCE_END.split(question) if sentence.endswith("?")]
    asking = said[-1] if said else question
    return next((name for name, asks, _ in _KINDS if asks.search(asking[:_READ])), "")


def holds_kind(kind: str, question: str, text: str) -> bool:
    """Whether a text holds something of a kind; of no kind in particular, any text does."""
    return next((holds(question, text[:_READ]) for name, _, holds in _KINDS if name == kind), True)
