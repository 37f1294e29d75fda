"""As much grammar as it takes to see where a phrase ends: which words are verbs here, and what is asked for."""

from __future__ import annotations

from collections.abc import Sequence

from agent_plugin_offline.text import PREPOSITIONS, STOP_WORDS, VERBS, Token, stem, words

COMMON_VERBS = VERBS | words(
    "accept access achieve act adjust allow announce answer appear apply approve arrange arrive ask assess assign "
    "assist assume attend avoid base become begin believe belong boil borrow break bring build call cancel carry "
    "catch categorize cause celebrate charge classify clean close collect combine come comment compile complete "
    "confirm connect consider consist contain continue contribute control cook cool copy cost count cover cut deal "
    "decide decrease define deliver depart depend design detect develop diagnose differ discover discuss divide "
    "download draft drive drop duplicate earn eat edit enable encrypt end enjoy enroll ensure enter erase escape "
    "establish examine exclude exist expand expect expire explain explore export express extract face fall feature "
    "feel fill filter finish fit fix fly focus follow forecast format forget form gain gather go grant grow handle "
    "happen have head heat help hold host identify illustrate impact implement import improve include increase "
    "indicate inform install integrate intend interest introduce invest investigate invite involve issue join jump "
    "keep know launch lead learn leave let like link listen live load log lose love lower maintain manage mark match "
    "mean measure meet melt mention merge monitor mount move multiply name need note notify obtain occur offer open "
    "operate opt organize outline own paint park pass pay perform persist pick place post prefer prepare present "
    "press prevent print process produce profit promote protect prove publish pull purchase push raise reach react "
    "receive recommend record reduce refer reflect register reject release rent repeat replace reply represent "
    "request require reset resolve respond restart restore result review ride rise roll rotate sail save say score "
    "see seek sell serve share shift ship sign sit sleep solve sort speak specialize specify spend split stand state "
    "stay step stream study subscribe subtract suit summarize supply support suppose surround take taste teach tend "
    "test think throw tie toss touch track trade train transfer travel treat try tune type understand unlock upload "
    "vary verify wait wake walk want warm wash watch wear win wish withdraw wonder yield"
)
_VERB_STEMS = frozenset(map(stem, COMMON_VERBS))
_BEFORE_VERBS = words(
    "to please and or then also just not i you we they he she it who that which can could would will should shall "
    "may might must do does did don't doesn't didn't let's help me us kindly never always first finally"
)
_DETERMINERS = words("a an the this these those my your his her its our their any some all each every no such both")
_QUESTION_WORDS = words("what which who whom whose when where why how")


def verbal(tokens: Sequence[Token]) -> list[bool]:
    """Per word, whether it is used as a verb: by its stem, its ending and its neighbours."""
    return [_is_verb(tokens, index) for index in range(len(tokens))]


def _is_verb(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if token.is_stop or token.before or (token.capitalised and index and not tokens[index - 1].ends_sentence):
        return False
    if token.stem not in _VERB_STEMS and stem(f"{token.lower}e") not in _VERB_STEMS:
        return False
    before = tokens[index - 1] if index else None
    if before is None or before.ends_clause or before.lower in _BEFORE_VERBS:
        return True
    if before.lower in _DETERMINERS or before.lower in PREPOSITIONS:
        return False
    following = tokens[index + 1] if index + 1 < len(tokens) and not token.after else None
    inflected = token.lower.endswith(("s", "ed", "ing")) and token.lower != token.stem
    return (
        inflected and following is not None and (following.is_stop or following.capitalised or bool(following.before))
    )


def asked_for(tokens: Sequence[Token]) -> tuple[int, int]:
    """First and last word of what is asked for: "best pizza place" of "find the best pizza place in Rome".

    Last is before first where there is no such thing.
    """
    first = 0
    verbs = verbal(tokens)
    while first < len(tokens) and ((tokens[first].is_stop and tokens[first].lower not in PREPOSITIONS) or verbs[first]):
        first += 1
    last = first
    while last < len(tokens) and not (
        tokens[last].lower in PREPOSITIONS or tokens[last].lower in _QUESTION_WORDS or verbs[last]
    ):
        if tokens[last].after or tokens[last].lower in STOP_WORDS - {"and", "or"}:
            return first, last if not tokens[last].is_stop else last - 1
        last += 1
    return first, last - 1
