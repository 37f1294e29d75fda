"""From requests with known calls to the engine's weights: what competes with what, and which of it is right.

The groups of weights are learned one on top of the other: "fill" (the value of a parameter), "joint" (all values of a
call), "wording" and "tool" (which tool), "fits" (whether any tool), "parallel" (one call or several). The later ones
see arguments that were filled with weights from *other* requests, so that they learn how far filling can be trusted.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from agent_plugin_offline.calls import ToolSpec
from agent_plugin_offline.candidates import read_request
from agent_plugin_offline.choosing import Attempt, attempt, to_args
from agent_plugin_offline.evidence import Evidence
from agent_plugin_offline.features import Features, features_of
from agent_plugin_offline.filling import WEIGHED, beam_of, tables_of
from agent_plugin_offline.joint import joint_features
from agent_plugin_offline.options import Option
from agent_plugin_offline.parallel import hypotheses
from agent_plugin_offline.parameters import Parameter
from agent_plugin_offline.retrieval import NO_TOOL, wording_features
from agent_plugin_offline.scoring import alternatives, dot
from agent_plugin_offline.tools import view_tools
from agent_plugin_offline.training import Contest, learn

Weights = dict[str, dict[str, float]]
_FOLDS = 3
_DISTRACTORS = 3
_TRIVIA = re.compile(r"[ ,./\-_*^]")


@dataclass(frozen=True, eq=False)
class Case:
    """A request, the tools at hand and the right calls: (tool name, {parameter: accepted values})."""

    request: str
    tools: tuple[ToolSpec, ...]
    calls: tuple[tuple[str, Mapping[str, Sequence[Any]]], ...] = ()
    """Empty: no tool fits. "" among the accepted values: the parameter may be left out."""


def same_value(value: Any, accepted: Any) -> bool:
    """Whether two JSON values are the same but for case, spaces and punctuation."""
    if isinstance(value, bool) or isinstance(accepted, bool):
        return value is accepted
    if isinstance(value, str) and isinstance(accepted, str):
        return _TRIVIA.sub("", value).lower() == _TRIVIA.sub("", accepted).lower()
    if isinstance(value, list) and isinstance(accepted, (list, tuple)):
        one, other = cast("list[Any]", value), cast("list[Any]", list(accepted))
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(value, dict) and isinstance(accepted, dict):
        return _same_object(cast("dict[str, Any]", value), cast("dict[str, Any]", accepted))
    return value == accepted


def _same_object(value: dict[str, Any], accepted: dict[str, Any]) -> bool:
    """Objects are accepted member by member: each has one value, or a list of those that are right."""
    options = {key: list(v) if isinstance(v, list) else [v] for key, v in accepted.items()}
    return all(
        any(same_value(value[key], right) for right in rights) if key in value else "" in rights
        for key, rights in options.items()
    ) and not (value.keys() - options.keys())


def learn_weights(cases: Sequence[Case]) -> Weights:
    """All groups of weights, learned from `cases`; about half a minute for five hundred of them."""
    fill = {case: list(_fill_contests(case)) for case in cases if case.calls}
    folds = [[case for i, case in enumerate(cases) if i % _FOLDS == fold] for fold in range(_FOLDS)]
    others: list[Weights] = []
    joint: list[list[Contest]] = []
    for fold in folds:
        within = set(fold)
        weights = {"fill": learn(c for case, found in fill.items() if case not in within for c in found)}
        others.append(weights)
        joint.append([_joint_contest(case, weights) for case in fold if len(case.calls) == 1])
    for number, weights in enumerate(others):
        weights["joint"] = learn(c for other, found in enumerate(joint) if other != number for c in found)
    return {
        "fill": learn(contest for found in fill.values() for contest in found),
        "joint": learn(contest for found in joint for contest in found),
        **_learn_choice(cases, list(zip(folds, others, strict=True))),
    }


def _learn_choice(cases: Sequence[Case], folds: Sequence[tuple[Sequence[Case], Weights]]) -> Weights:
    """The weights that choose: a tool, any tool at all, one call or several."""
    wording: list[Contest] = []
    parallel: list[Contest] = []
    attempts: list[tuple[list[Features], list[bool]]] = []
    pool = [tool for case in cases for tool in case.tools]
    for fold, others in folds:
        for case in fold:
            request, strange = read_request(case.request), _strange_tools(case, pool)
            tried = {view.spec.name: attempt(request, view, others) for view in view_tools([*case.tools, *strange])}
            for names, right in _tool_questions(case, [tool.name for tool in strange]):
                verdict = [name == right for name in names]
                wording.append(Contest([wording_features(request, tried[n].evidence.tool) for n in names], verdict))
                attempts.append(([tried[name].features for name in names], verdict))
            if case.calls:
                parallel.append(_parallel_contest(case, case.calls[0][0], tried[case.calls[0][0]]))
    tool = learn(Contest(features, verdict) for features, verdict in attempts)
    return {
        "wording": learn(wording),
        "tool": tool,
        "fits": learn(_fit_contests(attempts, tool)),
        "parallel": learn(parallel),
    }


def _joint_contest(case: Case, weights: Weights) -> Contest:
    """The likeliest joint choices of arguments; right are those in which everything is."""
    name, args = case.calls[0]
    view = view_tools([next(tool for tool in case.tools if tool.name == name)])[0]
    evidence = Evidence(read_request(case.request), view)
    accepted = [_accepted(parameter, args) for parameter in view.parameters]
    beam = beam_of(view.parameters, tables_of(evidence, weights["fill"]))[:WEIGHED]
    right = [all(_is_right(s.option, values) for s, values in zip(chosen, accepted, strict=True)) for chosen in beam]
    return Contest([joint_features(evidence, chosen) for chosen in beam], right)


def _fill_contests(case: Case) -> Iterator[Contest]:
    for name in dict.fromkeys(name for name, _ in case.calls):
        view = view_tools([next(tool for tool in case.tools if tool.name == name)])[0]
        evidence = Evidence(read_request(case.request), view)
        wanted = [args for called, args in case.calls if called == name]
        for index, parameter in enumerate(view.parameters):
            accepted = [_accepted(parameter, args) for args in wanted]
            choices = alternatives(evidence, index)
            right = [any(_is_right(choice, values) for values in accepted) for choice in choices]
            yield Contest([features_of(evidence, index, choice) for choice in choices], right)


def _accepted(parameter: Parameter, args: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
    for parent in parameter.parents:
        inner = [cast("Mapping[str, Any]", value) for value in args.get(parent, ()) if isinstance(value, Mapping)]
        if not inner:
            return [""]
        args = {key: value if isinstance(value, list) else [value] for key, value in inner[0].items()}
    return args.get(parameter.name, [""])


def _is_right(choice: Option | None, accepted: Sequence[Any]) -> bool:
    if choice is None:
        return "" in accepted
    return any(value != "" and same_value(choice.value, value) for value in accepted)


def _strange_tools(case: Case, pool: Sequence[ToolSpec]) -> list[ToolSpec]:
    """A few tools of other cases, always the same ones for a request."""
    chance = random.Random(case.request)  # noqa: S311 - distractors, not secrets
    own = {tool.name for tool in case.tools}
    return [tool for tool in chance.sample(pool, min(_DISTRACTORS, len(pool))) if tool.name not in own]


def _tool_questions(case: Case, strange: list[str]) -> Iterator[tuple[list[str], str | None]]:
    """Names of tools and the right one: the case itself, the same among strange tools, and without the right tool."""
    right, names = case.calls[0][0] if case.calls else None, [tool.name for tool in case.tools]
    yield names, right
    if right is None:
        return
    yield [*names, *strange], right
    yield strange[:1], None
    rest = [name for name in names if name != right]
    if rest:
        yield rest, None


def _fit_contests(attempts: Sequence[tuple[list[Features], list[bool]]], tool: dict[str, float]) -> Iterator[Contest]:
    """The tool that would be chosen, against none: where the choice itself is wrong there is nothing to learn."""
    for features, verdict in attempts:
        if features:
            best = max(range(len(features)), key=lambda i: dot(tool, features[i]))
            if verdict[best] or not any(verdict):
                yield Contest([features[best], NO_TOOL], [verdict[best], not verdict[best]])


def _parallel_contest(case: Case, name: str, found: Attempt) -> Contest:
    """The readings as one call or several; right are those that get most values right."""
    wanted = [args for called, args in case.calls if called == name]
    readings = hypotheses(found)
    worth = [_worth(wanted, [to_args(found.evidence.tool, f) for f in r.fillings]) for r in readings]
    return Contest([reading.features for reading in readings], [w == max(worth) for w in worth])


def _worth(wanted: Sequence[Mapping[str, Sequence[Any]]], calls: list[dict[str, Any]]) -> float:
    left, total = list(calls), -float(abs(len(wanted) - len(calls)))
    for args in wanted:
        if left:
            best = max(left, key=lambda call: _matches(call, args))
            total += _matches(best, args)
            left.remove(best)
    return total


def _matches(call: Mapping[str, Any], args: Mapping[str, Sequence[Any]]) -> float:
    right = sum(any(same_value(value, a) for a in args.get(name, ())) for name, value in call.items())
    return right - 0.5 * (len(call) - right)
