"""Words as they are compared: tokens with their stems, and the small words that steer what a sentence claims."""

from __future__ import annotations

import re
from functools import lru_cache


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(text.split())


TOKEN = re.compile(
    r"\d{1,4}(?:[-/.]\d{1,2}[-/.]\d{1,4})(?!\w)|\d{1,2}:\d{2}|\d+(?:[.,]\d+)*|[^\W\d_][^\W_]*(?:['’-][^\W_]+)*|[%€$£°/]"
)

_FORMS = (
    "use used using uses; be am is are was were been being; have has had having; do does did done doing; "
    "go went gone goes; "
    "buy bought; bring brought; think thought; teach taught; catch caught; seek sought; fight fought; "
    "sell sold; tell told; hold held; say said; pay paid; lay laid; make made; lead led; read; feed fed; "
    "meet met; leave left; lose lost; build built; send sent; spend spent; lend lent; bend bent; keep kept; "
    "sleep slept; feel felt; mean meant; deal dealt; win won; find found; get got gotten; sit sat; "
    "give gave given; take took taken; write wrote written; drive drove driven; ride rode ridden; "
    "rise rose risen; speak spoke spoken; break broke broken; choose chose chosen; freeze froze frozen; "
    "steal stole stolen; wear wore worn; bear bore borne; tear tore torn; swear swore sworn; "
    "begin began begun; swim swam swum; ring rang rung; sing sang sung; sink sank sunk; drink drank drunk; "
    "shrink shrank shrunk; run ran; come came; become became; overcome overcame; know knew known; "
    "grow grew grown; throw threw thrown; blow blew blown; fly flew flown; draw drew drawn; show shown; "
    "withdraw withdrew withdrawn; see saw seen; eat ate eaten; fall fell fallen; shake shook shaken; "
    "hide hid hidden; bite bit bitten; forbid forbade forbidden; forget forgot forgotten; "
    "forgive forgave forgiven; stand stood; understand understood; undertake undertook undertaken; "
    "strike struck; stick stuck; shoot shot; shut; put; cut; set; let; hit; cost; "
    "die died dying dies; lie lay lain lying; tie tied tying; man men; woman women; child children; "
    "person people persons; foot feet; tooth teeth; mouse mice; life lives; wife wives; half halves; "
    "knife knives; leaf leaves; good better best; bad worse worst; far further farther; "
    "analysis analyses; crisis crises; basis bases; datum data; medium media; criterion criteria; "
    "wake woke woken; hang hung; light lit; bind bound; wind wound; uphold upheld; overtake overtook overtaken"
)
_IRREGULAR = {form: forms.split()[0] for forms in _FORMS.split(";") for form in forms.split()}

_MERGED_WRONGLY = listed("good better best bad worse worst left lay found people persons leaves lives")
"""Forms that are words of their own as well: they keep their own stem, and meaning is the lexicon's business."""

FUNCTION_WORDS = listed(
    """a an the of to in on at by for with from as and or but if than then that this these those it its it's he she
    they them their theirs his her hers him we us our you your i me my mine who whom whose which what when where why
    how there here be am is are was were been being have has had having do does did done doing will would shall should
    can could may might must not no nor so such too very also just only about into onto upon over under between among
    during through per via within without against across along around because since while until although though
    unless whether both either neither each every all any some most more less few many much other another same own
    out up off down again once ever never always yet still already even however therefore thus hence moreover
    furthermore further one's oneself itself himself herself themselves according due s t"""
)
"""Words that say little by themselves; those of them that change a claim are compared by their classes."""

LIGHT = listed(
    """make take get give use put set come go say state tell note mention provide include contain involve concern
    become remain need able thing way case kind type sort number time part certain such various document text passage
    handbook source according report describe explain mean refer relate apply call name know consider person people
    someone anyone everybody everyone total order term fact place"""
)
"""Words that a paraphrase adds or drops without a change of meaning."""


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """A word without the endings of number, possession, tense and degree, as far as rules can tell them."""
    word = word.lower().replace("’", "'").removesuffix("'s").strip("'")
    if word not in _MERGED_WRONGLY and word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) < 4 or not word.isalpha():
        return word
    for ending, left in (("sses", "ss"), ("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if word.endswith(ending):
            return word[: -len(ending)] + left
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) >= 3 and any(letter in "aeiouy" for letter in root):
            return _mended(root)
    return word.removesuffix("e") if len(word) > 3 else word


def _mended(root: str) -> str:
    if root[-1] == root[-2] and root[-1] not in "lsz":
        return root[:-1]
    if root.endswith("i"):
        return root[:-1] + "y"
    return root.removesuffix("e") if len(root) > 3 else root


_ENDINGS: tuple[str, ...] = tuple(
    ending
    for line in (
        "isation ization ational ation ition ement ment ness tion sion ance ence ancy ency ability ibility able ible ",
        "ive ous ful less ally ity ship hood ant ent ist ism ian al er or ly ic y e",
    )
    for ending in line.split()
)


def stemmed(text: str) -> frozenset[str]:
    """The stems of the words of a list that is written as text; expressions of several words are joined by "_"."""
    return frozenset("_".join(stem(part) for part in word.split("_")) for word in text.split())


@lru_cache(maxsize=100_000)
def root(word: str) -> str:
    """What words of one family share: "approval" and "approve", "payment" and "pay"."""
    for _ in range(2):
        for ending in _ENDINGS:
            short = word.removesuffix(ending)
            if short != word and len(short) >= (4 if len(ending) < 3 else 3):
                word = short
                break
    return word


def related(one: str, other: str) -> bool:
    """Whether two stems are of one family: a noun and its verb, an adjective and its adverb."""
    if one == other:
        return True
    short, long = sorted((root(one), root(other)), key=len)
    if len(short) < 3:
        return False
    shared = next((i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    return shared >= max(4, len(long) - 2) or (short == long)


NEGATIONS = listed(
    """not no never neither nor without none nobody nothing cannot n't unable fail lack hardly barely scarcely except
    excluding rather-than instead-of far-from neither nowhere"""
)

_PREFIXES = ("un", "in", "im", "ir", "il", "non", "dis", "mis")


def without_negation(word: str) -> str | None:
    """The stem that a prefix negates: "unpaid" is not "paid"."""
    for prefix in _PREFIXES:
        rest = word.removeprefix(prefix).lstrip("-")
        if rest != word and len(rest) >= 4:
            return rest
    return None


QUANTIFIERS = {
    "all": "all every each always entire whole everyone everybody everything wherever whenever throughout "
    "both entirely completely fully universally invariably",
    "most": "most mostly majority usually generally typically normally largely mainly predominantly often frequently",
    "some": "some several sometimes occasionally partly partially certain part many",
    "few": "few rarely seldom little hardly minority",
    "only": "only solely exclusively alone sole just merely nothing-but",
    "except": "except excluding apart unless other-than otherwise",
}
MODALS = {
    "must": "must shall required mandatory compulsory obligatory have-to need obliged require necessary oblige",
    "should": "should recommended advised ought recommend advise encouraged advisable suggested",
    "may": "may can could might allowed permitted optional possible possibly able free eligible entitled voluntary "
    "perhaps potentially allow permit",
}
CONNECTIVES = {
    "cause": "because due therefore thus hence consequently caused cause led lead resulted result since thanks owing "
    "so trigger prompt",
}


def _classes(groups: dict[str, str]) -> dict[str, frozenset[str]]:
    return {name: frozenset(stem(word) for word in text.split()) for name, text in groups.items()}


CLASSES: dict[str, frozenset[str]] = {
    **{f"q-{name}": found for name, found in _classes(QUANTIFIERS).items()},
    **{f"m-{name}": found for name, found in _classes(MODALS).items()},
    **{f"c-{name}": found for name, found in _classes(CONNECTIVES).items()},
}
