"""Dates and times of day as people say them, as stretches of text: "the 3rd of next month at a quarter to ten"."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = (
    r"(?:mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday|s)?|thu(?:rs?(?:day)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)s?\b"
)
_ONES = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_NTH = (
    r"(?:\d{1,2}(?:st|nd|rd|th)|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth"
    r"|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
    r"|(?:twenty|thirty)[- ](?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth))\b"
)
_YEAR = r"(?:,?\s+(?:of\s+)?20\d\d\b)?"
_PART = r"(?:morning|afternoon|evening|night|lunchtime|noon|midday)"
_MANY = rf"(?:\d+|an?|{_ONES}|a\s+couple\s+of|a\s+few)"
_SPAN = r"(?:minutes?|hours?|days?|weeks?|fortnights?|months?|years?)"
_DAY = (
    rf"(?:(?:on\s+)?(?:{_WEEKDAY}|{_PART})\s+)?(?:the\s+)?(?:"
    rf"\d{{4}}-\d\d?-\d\d?|\d{{1,2}}/\d{{1,2}}/(?:\d{{4}}|\d\d)(?!\w)|\d{{1,2}}\.\d{{1,2}}\.(?:\d{{4}}\b|\d\d\b)|(?<=on\s)\d{{1,2}}\.\d{{1,2}}\.|(?<=on\s)\d{{1,2}}/\d{{1,2}}(?!\w)"
    rf"|(?:{_NTH}|\d{{1,2}})\s+(?:of\s+)?{_MONTH}{_YEAR}"
    rf"|{_MONTH}\s+(?:the\s+)?(?:{_NTH}|\d{{1,2}}(?![\d:]))(?:,?\s+20\d\d\b)?"
    rf"|{_MONTH}{_YEAR}"
    rf"|{_NTH}\s+of\s+(?:the|this|next)\s+month"
    rf"|(?<=the\s)\d{{1,2}}(?:st|nd|rd|th)\b"
    rf")"
    rf"|(?:(?:next|this|last|coming|the\s+coming|on)\s+)?{_WEEKDAY}(?:\s+(?:week|fortnight|after\s+next)\b)?(?:\s+{_PART}\b)?(?:\s+the\s+{_NTH})?"
    rf"|(?:(?:the\s+)?day\s+(?:after\s+tomorrow|before\s+yesterday)|today|tonight|tomorrow|yesterday|tmrw|tmr|tomorow)(?:\s+{_PART})?\b"
    rf"|(?:this|next|last|coming|the\s+coming|the\s+next|the\s+whole\s+of\s+next)\s+(?:week(?:end)?|fortnight|month|year|quarter|spring|summer|autumn|winter|{_PART}|{_MANY}\s+{_SPAN})\b"
    rf"|the\s+(?:weekend|rest\s+of\s+the\s+(?:day|week|month))\b"
    rf"|(?:in\s+{_MANY}\s+{_SPAN}(?:['’]s?\s+time)?|{_MANY}\s+{_SPAN}\s+(?:from\s+(?:today|now|tomorrow)|ago|hence))\b"
    rf"|\b20\d\d(?=\s*(?:[?.!]|$))"
)
_HALF = rf"(?:\s?[ap]\.?m\b\.?|\s+in\s+the\s+{_PART}|\s+at\s+night|\s+o['’]?clock(?:\s+in\s+the\s+{_PART})?)"
_CLOCK = (
    rf"(?:half(?:\s+past)?|(?:a\s+)?quarter\s+(?:past|to)|(?:(?:\d{{1,2}}|{_ONES}|twenty|twenty-five)\s+(?:minutes\s+)?past|(?:{_ONES}|twenty|twenty-five)\s+to|(?:\d{{1,2}})\s+minutes\s+to))\s+(?:\d{{1,2}}|{_ONES})\b(?:{_HALF})?"
    rf"|\d{{1,2}}:\d\d(?!\d|[.:/]\d)(?:\s?[ap]\.?m\b\.?|\s+in\s+the\s+{_PART})?"
    rf"|\d{{1,2}}\.[0-5]\d(?:\s?[ap]\.?m\b\.?|\s+in\s+the\s+{_PART})"
    rf"|(?:(?<=\bat\s)|(?<=\bfrom\s)|(?<=\btill\s)|(?<=\buntil\s))\d{{1,2}}\.[0-5]\d(?![\d%]|\s*(?:[-+*/]|each|per|euros?|pounds?|dollars?|an?\s))"
    rf"|(?:\d{{1,2}}|{_ONES}){_HALF}"
    rf"|noon\b|midnight\b|midday\b|first\s+thing\b"
)
_BARE_HOUR = rf"(?:\d{{1,2}}|{_ONES})\b(?!\s*[/:.]\d|\s*(?:%|percent|euros?|pounds?|dollars?|of|people|{_SPAN})\b)"
_GLUE = r"(?:\s*,\s*|\s+(?:at|on|from|for|the\s+)?\s*|\s*,?\s+(?:at|on|from|around|about|@)\s+|\s*@\s*)"
_WHOLE = re.compile(
    rf"(?<![\w/.])(?:(?:{_DAY})(?:{_GLUE}(?:{_CLOCK})|\s*,?\s+(?:at|from)\s+{_BARE_HOUR}(?:{_HALF})?)?"
    rf"|(?:{_CLOCK})(?:{_GLUE}(?:{_DAY}))?"
    rf"|(?<=\bat\s){_BARE_HOUR}(?:{_GLUE}(?:{_DAY}))?)(?![\w@])",
    re.IGNORECASE,
)
_VERB = re.compile(r"(?:may|mar|sun|sat|second|first|third)$", re.IGNORECASE)


def spoken_times(text: str) -> Iterator[tuple[int, int, str]]:
    """Stretches that say when, as (start, end, kind): `day`, `clock` or `both`."""
    for match in _WHOLE.finditer(text):
        said = match.group()
        if _VERB.match(said) and not (said[0].isupper() and said.lower() in ("may", "mar", "sun", "sat")):
            continue
        end = match.end() - (said[-1] == "." and not re.search(r"[ap]\.m\.$|^[\d.]+$", said, re.IGNORECASE))
        clock = re.search(_CLOCK, said, re.IGNORECASE) is not None or re.search(r"\bat\s+\S+$", said) is not None
        day = re.search(_DAY, said, re.IGNORECASE) is not None
        yield match.start(), end, "both" if clock and day else "clock" if clock or not day else "day"
