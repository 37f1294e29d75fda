"""Whether a text is in the language that is judged here: English. What is not is left unjudged rather than marked."""

from __future__ import annotations

from collections.abc import Sequence

from agent_core.loop.support.words import TOKEN, listed

_ENGLISH = listed(
    """the and of to for with that this are were been by from which not be have has it its they their than or who would
    can must may will his her what when where there but after before all more only each any at on is was as if while
    because do"""
)
_OTHERS = (
    listed(
        """der die das und ist nicht ein eine einen einem einer den dem des von zu zum zur mit auf für im sich sind wird
        werden oder auch aus bei nach wie le la les un une et est dans que qui pour pas sur du au aux avec sont ce cette
        el los las del una por con para como más se su het een van niet zijn op voor met wordt dat naar ook che di il lo
        gli non sono della nel alla uma os não em dos da ao och att det som är på av till inte og ikke til er af jest
        nie na się że w z y e en ett"""
    )
    - _ENGLISH
)
"""The commonest small words of languages that are written in the same letters."""
_LATIN_UP_TO = "\u024f"


def is_english(text: str) -> bool | None:
    """Whether a text is English by its small words and letters; None where it has none of them."""
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter > _LATIN_UP_TO for letter in letters) * 2 > len(letters):
        return False
    words = [match[0] for match in TOKEN.finditer(text) if match[0].islower()]
    ours = sum(word in _ENGLISH for word in words)
    theirs = sum(word in _OTHERS for word in words)
    return None if ours == theirs == 0 else ours > theirs


def can_be_judged(sentence: str, passages: Sequence[str]) -> bool:
    """Whether a sentence and its passages are in the language that is known here."""
    text = "\n".join(passages)[:_ENOUGH]
    there = is_english(text)
    if there is None and len(text.split()) < _TELLING:
        there = True
    return bool(there) and is_english(sentence) is not False


_ENOUGH = 20_000
"""Characters of the passages that tell their language."""
_TELLING = 12
"""So many English words without one of the small ones there are not."""
