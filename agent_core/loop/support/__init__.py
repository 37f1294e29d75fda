"""Does a passage say what a sentence says? Without a language model: words are aligned, and what differs is weighed.

`support.judge(sentence, passages)` is the door. `language` says whether it can be judged at all, `reading` makes words
of text, `lexicon` knows which mean the same and which exclude each other, `quantities` reads figures with their units
and dates, `alignment` finds for each word of the sentence where the passages say it, `measures` finds what is told
differently, and `judging` weighs that with weights that were learned from labelled sentences. That words are missing
counts for little: a paraphrase misses as many as an alteration does.
"""

from __future__ import annotations

from agent_core.loop.support.judging import Judgement, judge

__all__ = ["Judgement", "judge"]
