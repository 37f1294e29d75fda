"""What must hold for every plan, every argument and every set of rules, tried on random ones."""

from __future__ import annotations

import json
import tempfile
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_core import tool
from agent_core.errors import PlanError
from agent_core.gate import labels
from agent_core.gate.binding import canonical, digest
from agent_core.gate.policy import Policy, Rule, Surroundings
from agent_core.gate.vault import Vault
from agent_core.journal.store import Journal
from agent_core.planning.check import check
from agent_core.planning.plan import Plan, Step
from agent_core.planning.references import resolve
from agent_core.tools.tool import Traits


@dataclass(frozen=True)
class Made:
    """What the tool of these plans returns."""

    text: str
    count: int


@tool(read_only=True, examples=["make a value"])
def make(text: str = "", count: int = 0) -> Made:
    """Make a value.

    Args:
        text: Some text.
        count: A number.
    """
    return Made(text, count)


TOOLS = {"make": make}
IDS = [f"s{number}" for number in range(8)]

# Plans


@st.composite
def plans(draw: st.DrawFn, *, circular: bool = False) -> Plan:
    """Steps that refer to earlier ones, in any order of writing; with `circular`, some also wait in a circle."""
    count = draw(st.integers(2 if circular else 1, 8))
    steps: list[Step] = []
    for number in range(count):
        earlier = st.sampled_from(IDS[:number]) if number else st.nothing()
        value = st.one_of(
            st.text(max_size=8),
            *(
                [earlier.map(lambda i: {"$from": f"{i}.text"}), earlier.map(lambda i: {"$text": f"a {{{i}.count}} b"})]
                if number
                else []
            ),
        )
        waits = draw(st.lists(earlier, max_size=2, unique=True)) if number else []
        steps.append(Step(id=IDS[number], tool="make", args={"text": draw(value)}, depends_on=tuple(waits)))
    if circular:
        first, last = sorted(draw(st.lists(st.integers(0, count - 1), min_size=2, max_size=2, unique=True)))
        steps[last] = steps[last].model_copy(update={"depends_on": (*steps[last].depends_on, IDS[first])})
        steps[first] = steps[first].model_copy(update={"depends_on": (*steps[first].depends_on, IDS[last])})
    return Plan(goal="anything", steps=tuple(draw(st.permutations(steps))))


@settings(max_examples=200)
@given(plans())
def test_a_plan_that_was_accepted_never_lacks_a_result(plan: Plan) -> None:
    check(plan, TOOLS)
    results: dict[str, Any] = {}
    waiting = list(plan.steps)
    while waiting:
        ready = [step for step in waiting if step.needs <= results.keys()]
        assert ready, "an accepted plan never comes to a standstill"
        for step in ready:
            args = resolve(step.args, results)
            assert not any(isinstance(value, dict) and value.keys() & {"$from", "$text"} for value in args.values())
            results[step.id] = {"text": str(args), "count": len(results)}
        waiting = [step for step in waiting if step.id not in results]


@settings(max_examples=200)
@given(plans(circular=True))
def test_a_circle_is_refused(plan: Plan) -> None:
    with pytest.raises(PlanError, match="circle"):
        check(plan, TOOLS)


@settings(max_examples=100)
@given(plans(), st.data())
def test_a_reference_to_nothing_is_refused(plan: Plan, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(plan.steps) - 1))
    broken = plan.steps[place].model_copy(update={"args": {"text": {"$from": "s99"}}})
    with pytest.raises(PlanError, match="s99"):
        check(plan.model_copy(update={"steps": (*plan.steps[:place], broken, *plan.steps[place + 1 :])}), TOOLS)


# Arguments

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same value: 1, 1.0 and true are three, the order of keys is none."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return one.hex() == other.hex()
    return one == other


def reordered(value: Any) -> Any:
    """The same value with the keys of every object the other way round."""
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(inner) for inner in value] if isinstance(value, list) else value


@settings(max_examples=300)
@given(VALUES, VALUES)
def test_arguments_have_the_same_hash_exactly_if_they_are_the_same(one: Any, other: Any) -> None:
    assert (digest(canonical(one)) == digest(canonical(other))) == same(one, other)
    assert canonical(reordered(one)) == canonical(one)
    assert same(json.loads(canonical(one)), one)


@given(st.integers(-(10**6), 10**6))
def test_a_number_is_no_other_number_or_truth(number: int) -> None:
    assert len({canonical(value) for value in (number, float(number), str(number), [number])}) == 4
    assert len({canonical(value) for value in (1, 1.0, True, "1", [1])}) == 5


@given(VALUES, st.sampled_from([float("nan"), float("inf"), float("-inf")]))
def test_what_is_no_number_has_no_form(value: Any, strange: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical([value, {"deep": [strange]}])


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_parts_of_a_hash_do_not_run_together(one: list[str], other: list[str]) -> None:
    assert (digest(*one) == digest(*other)) == (one == other)


# Rules

WHERE = Surroundings(user="ann", workspace="/w", conversation_id="c1", persona=None)
PATTERNS = ["*", "make", "ma*", "other", "m?ke"]
VALUE_PATTERNS = ["*", "a*", "*b", "ab", "c"]
RULES = st.builds(
    Rule,
    effect=st.sampled_from(["allow", "ask", "deny"]),
    tool=st.sampled_from(PATTERNS),
    arguments=st.dictionaries(st.just("text"), st.sampled_from(VALUE_PATTERNS), max_size=1),
    scope=st.sampled_from(["session", "project", "always"]),
    scope_id=st.sampled_from(["ann", "/w", "c1", "bob"]),
)
TRAITS = st.builds(
    Traits,
    read_only=st.booleans(),
    open_world=st.booleans(),
    destructive=st.booleans(),
)
LABELS = st.frozensets(st.sampled_from([labels.UNTRUSTED, labels.PRIVATE]))
MATCHES = {
    "*": lambda text: True,
    "a*": lambda text: text.startswith("a"),
    "*b": lambda text: text.endswith("b"),
    "ab": lambda text: text == "ab",
    "c": lambda text: text == "c",
}
"""The patterns above, told again without wildcards."""


def naive(rules: list[Rule], traits: Traits, text: str, seen: frozenset[str]) -> str:
    """The policy in its plainest words: deny beats a dangerous flow, which beats ask, which beats allow."""
    own = {"session": "c1", "project": "/w", "always": "ann"}
    effects = {
        rule.effect
        for rule in rules
        if rule.scope_id == own[rule.scope]
        and rule.tool != "other"
        and all(MATCHES[pattern](text) for pattern in rule.arguments.values())
    }
    dangerous = ("untrusted" in seen and not traits.read_only) or ("private" in seen and traits.open_world)
    for effect in ("deny", "flow", "ask", "allow"):
        if effect == "flow" and dangerous:
            return "ask"
        if effect in effects:
            return effect
    return "allow" if traits.read_only else "ask"


@settings(max_examples=300)
@given(st.lists(RULES, max_size=6), TRAITS, st.sampled_from(["ab", "a", "c", "xb", ""]), LABELS)
def test_deny_beats_ask_beats_allow(rules: list[Rule], traits: Traits, text: str, seen: frozenset[str]) -> None:
    acting = replace(make, traits=traits)
    with tempfile.TemporaryDirectory() as folder, closing(Journal(Path(folder) / "journal.db")) as journal:
        sealer = Vault(Path(folder) / "vault.db")
        decision = Policy(journal, sealer).decide(acting, {"text": text, "count": 0}, seen, WHERE, rules)
    assert decision.effect == naive(rules, traits, text, seen)


# Labels


@given(st.lists(LABELS, max_size=6))
def test_what_is_made_of_several_values_has_seen_what_each_has(groups: list[frozenset[str]]) -> None:
    made = labels.union(groups)
    assert all(group <= made for group in groups)
    assert made == frozenset(label for group in groups for label in group)


@given(TRAITS, LABELS, LABELS)
def test_more_labels_never_make_a_flow_harmless(traits: Traits, some: frozenset[str], more: frozenset[str]) -> None:
    if labels.flow(traits, some) is not None:
        assert labels.flow(traits, some | more) is not None


@given(st.fractions())
def test_fractions_are_no_json(value: Fraction) -> None:
    with pytest.raises(TypeError):
        canonical(value)
