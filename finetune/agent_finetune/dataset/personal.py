"""Where personal data stands in a text: addresses of mail, houses and accounts, telephone numbers, names.

What has a form is found by its form, and accounts and cards by their check digits too. Names are found by lists of
names in many languages, by titles, and beside addresses of mail; a name in a script without capitals is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module

Personal = tuple[int, int, str]
"""Start, end, and one of the kinds below."""
KINDS = ("mail", "iban", "phone", "street", "postcode", "name")

_MAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}(?![A-Za-z0-9])")
_PHONE = re.compile(
    r"(?<![\w.,+/-])(?:(?:\+|00)[1-9]\d{0,2}[ ./-]?(?:\(0?\d{1,4}\)[ ./-]?)?\d{1,5}(?:[ ./-]?\d{2,5}){1,4}"
    r"|\(0?\d{2,4}\)[ -]?\d{3,4}[ -]?\d{3,4}|[2-9]\d{2}[-.]\d{3}[-.]\d{4}"
    r"|0[1-9]\d{1,3}[ /-]\d{3,4}(?:[ -]?\d{2,4}){1,2}"
    r"|01[5-7]\d{8,9})(?![\w-]|[.,]\d)"
)
_WORD = r"[^\W\d_]{1,30}(?:(?!['’]s\b)['’-][^\W\d_]{1,30}){0,3}"
"""A word, without the 's of what is somebody's; bounded, because in some texts a search would never end."""
_STREET = re.compile(
    rf"\b(?:[A-ZÄÖÜ]{_WORD}[ -])?(?:{_WORD}-)?(?:{_WORD})?"
    r"(?:[Ss]tra(?:ß|ss)e|[Ss]tr\.|gasse|weg|[Aa]llee|[Pp]latz|ring|ufer|damm|laan|straat) \d{1,4}[a-z]?(?!\w|[.,:]\d)"
    rf"|\b\d{{1,5}}[a-zA-Z]?,? (?:[A-Z]{_WORD} ){{1,3}}(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct"
    r"|Boulevard|Blvd|Square|Terrace|Close|Crescent)\b\.?"
    rf"|\b(?:rue|avenue|boulevard|via|viale|piazza|calle|plaza|rua|ulica|ul\.) (?:{_WORD} ){{0,3}}?{_WORD},? "
    r"\d{1,4}(?!\w|[.,:]\d)"
)
_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b|(?<=, [A-Z]{2} )\d{5}\b")
_AFTER_STREET = re.compile(r"(?:,? |,?\n)(?:[A-Z]{1,2}-)?(\d{4,5})(?= [A-ZÄÖÜ])")
_TITLED = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Sr|Sra|Mme|Monsieur|Madame|Signora?|Señora?)\.? "
    rf"((?:{_WORD} ){{0,2}}?{_WORD})"
)
_BEFORE_MAIL = re.compile(rf"(?<!\w)((?:{_WORD} ){{1,3}})[<(]?(?=[\w.%+-]{{1,64}}@)")
_CAPITALISED = re.compile(_WORD)
_LOCALES = (
    "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "en_GB", "en_IE", "en_IN", "en_US", "es_ES", "es_MX", "fi_FI", "fr_FR",
    "hr_HR", "hu_HU", "it_IT", "nl_NL", "no_NO", "pl_PL", "pt_BR", "pt_PT", "ro_RO", "sv_SE", "tr_TR",
)  # fmt: skip
_WORDS_TOO = frozenset(
    re.findall(
        r"\w+",
        "an april art august autumn be bill bishop bob brook by can carol chance chase chip christian clay cliff daisy "
        "dale das dawn dean den der dick die do drew earl ein eine eve faith flora frank gay gene ginger glen grace "
        "grant guy harmony harry hazel heath heather holly hope hunter i if in iris ist it ivy jack jade jasmine jay "
        "jean joy june lance lee lily logan long mai marina mark mason max may me mercy mike miles my nick no norm odd "
        "of olive on or page pat patience pearl penny per peter piper ray reed rich rob robin rocky rose ruby rusty "
        "sage sandy see sky so sommer stone sue summer sunny tab tea teddy terra to tom tony trip tyler us victor "
        "violet wade ward we will willow winter wolf woody young ",
    )
)
"""First names that are words as well: where a sentence begins they are names only before a known last name."""
_CAPITALISED_TOO = frozenset(
    re.findall(
        r"\w+",
        "an april art august be bishop by can das dean den der die do earl ein eine guy i if in ist it june mai may me "
        "my no odd of on or page see so sommer stone summer tea to us we wolf young",
    )
)
"""Those that have a capital within a sentence, too, where they are words: months, titles, headings, German nouns."""


@dataclass(frozen=True)
class Names:
    """Names that people have, as lists know them."""

    first: frozenset[str]
    last: frozenset[str]


@cache
def names() -> Names:
    """First and last names of many countries."""
    first: set[str] = set()
    last: set[str] = set()
    for locale in _LOCALES:
        provider = import_module(f"faker.providers.person.{locale}").Provider
        for known, attributes in (
            (first, ("first_names", "first_names_male", "first_names_female")),
            (last, ("last_names",)),
        ):
            for attribute in attributes:
                known |= {str(name) for name in getattr(provider, attribute, ()) or () if str(name)[:1].isupper()}
    return Names(frozenset(first), frozenset(last))


def find_personal(text: str) -> Iterator[Personal]:
    """Personal data in a text; what is found may overlap."""
    for match in _MAIL.finditer(text) if "@" in text else ():
        yield *match.span(), "mail"
    if any(map(str.isdigit, text)):
        yield from _numbers(text)
    yield from _names(text)


def is_iban(text: str) -> bool:
    """Whether its check digits are right (ISO 13616)."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _numbers(text: str) -> Iterator[Personal]:
    for match in _IBAN.finditer(text):
        if is_iban(match.group()):
            yield *match.span(), "iban"
    for match in _PHONE.finditer(text):
        if 7 <= sum(map(str.isdigit, match.group())) <= 15:
            yield *match.span(), "phone"
    for match in _STREET.finditer(text):
        yield *match.span(), "street"
        if following := _AFTER_STREET.match(text, match.end()):
            yield *following.span(1), "postcode"
    for match in _POSTCODE.finditer(text):
        yield *match.span(), "postcode"


def _names(text: str) -> Iterator[Personal]:
    known = names()
    for match in _TITLED.finditer(text):
        yield from _capitalised(text, *match.span(1))
    for match in _BEFORE_MAIL.finditer(text) if "@" in text else ():
        for start, end, kind in _capitalised(text, *match.span(1)):
            if text[start:end] in known.first or not _begins_sentence(text, start):
                yield start, end, kind
    words = [match for match in _CAPITALISED.finditer(text) if match.group()[0].isupper()]
    for at, match in enumerate(words):
        word = match.group()
        if word not in known.first:
            continue
        following = words[at + 1] if at + 1 < len(words) else None
        beside = following is not None and text[match.end() : following.start()] in (
            " ",
            " van ",
            " von ",
            " de ",
            " di ",
        )
        first = _begins_sentence(text, match.start())
        is_word = word.lower() in (_WORDS_TOO if first else _CAPITALISED_TOO)
        if beside and following is not None and (following.group() in known.last or not is_word):
            yield *match.span(), "name"
            yield *following.span(), "name"
        elif not first and not is_word:
            yield *match.span(), "name"


def _capitalised(text: str, start: int, end: int) -> Iterator[Personal]:
    for match in _CAPITALISED.finditer(text, start, end):
        if match.group()[0].isupper():
            yield *match.span(), "name"


def _begins_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \"'(„“‘*-")
    return not before or before[-1] in ".!?:\n"
