"""May this call run? Rules that people made, then the flow of information, then what the tool does to the world."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from glob import escape
from typing import Any, Literal

from agent_core.errors import UsageError
from agent_core.gate import labels as flow_labels
from agent_core.gate.binding import digest
from agent_core.gate.labels import Labels
from agent_core.gate.rule_text import rule_text
from agent_core.gate.seals import Sealer, is_sealed
from agent_core.journal.store import Journal, now
from agent_core.tools.tool import Tool

Effect = Literal["allow", "ask", "deny"]
Scope = Literal["once", "session", "project", "always"]
"""How far a yes reaches: this call; this conversation; this workspace folder; this user."""

StandingScope = Literal["session", "project", "always"]
"""The scopes that are stored as a rule."""

POLICY = "1"
"""Version of the built-in rules below; a grant made under another one asks again."""


@dataclass(frozen=True)
class Surroundings:
    """For whom and where a call is made: what the scope of a rule is compared with."""

    user: str
    workspace: str
    conversation_id: str
    persona: str | None = None
    """Who the run is worked on by."""
    agent_persona: str | None = None
    """Who calls, where the work was handed to somebody else."""

    def scope_id(self, scope: str) -> str:
        """What a rule of this scope is tied to."""
        return {"session": self.conversation_id, "project": self.workspace, "always": self.user}[scope]


@dataclass(frozen=True)
class Rule:
    """`effect` for the tools and arguments that match the patterns (shell wildcards), within a scope."""

    effect: Effect
    tool: str
    arguments: Mapping[str, str] = field(default_factory=dict[str, str])
    scope: Literal["run", "session", "project", "always"] = "always"
    scope_id: str = ""
    persona: str | None = None
    schema_hash: str | None = None
    """The tool as it was when the rule was made: a changed tool is not the one that was trusted."""
    id: str = ""
    seal: str = ""
    """What shows that a stored rule was stored by this home; see `agent_core.gate.seals`."""

    def matches(self, tool: Tool, args: Mapping[str, Any], where: Surroundings) -> bool:
        """Whether the rule speaks of this call."""
        if self.persona is not None and self.persona not in self._personas_that_count(where):
            return False
        if self.scope != "run" and self.scope_id != where.scope_id(self.scope):
            return False
        if self.effect == "allow" and self.schema_hash not in (None, tool.schema_hash):
            return False
        if not fnmatchcase(tool.name, self.tool):
            return False
        # An allowance needs every value to match; a prohibition holds as soon as one does.
        enough = all if self.effect == "allow" else any
        return all(
            name in args and enough(_matches(text, pattern) for text in _texts(args[name]) or [""])
            for name, pattern in self.arguments.items()
        )

    def _personas_that_count(self, where: Surroundings) -> tuple[str | None, ...]:
        """An allowance is for who acts; a restriction holds for the run too, or delegating would be a way around it."""
        if self.effect == "allow":
            return (where.agent_persona or where.persona,)
        return (where.persona, where.agent_persona)

    @property
    def reach(self) -> str:
        """Where and for whom it holds, in words."""
        where = self.scope if self.scope == "always" else f"{self.scope} {self.scope_id}"
        return f"{where}, persona {self.persona}" if self.persona else where

    def __str__(self) -> str:
        return f"{self.effect} {rule_text(self.tool, self.arguments)}"


@dataclass(frozen=True)
class Decision:
    """What the policy says, and why in words for the person who is asked."""

    effect: Effect
    why: str
    rule: Rule | None = None
    lasting: bool = False
    """Whether a standing allowance would answer the question from now on."""
    version: str = ""
    """Of the policy that decided: a grant holds only under the one that it was asked about under."""


class Policy:
    """The rules in the journal, and the defaults."""

    def __init__(self, journal: Journal, sealer: Sealer) -> None:
        self._journal = journal
        self._sealer = sealer

    def decide(
        self, tool: Tool, args: Mapping[str, Any], labels: Labels, where: Surroundings, run_rules: Sequence[Rule] = ()
    ) -> Decision:
        """Deny beats ask beats allow; no allowance covers a dangerous flow of information."""
        stored = self.rules()
        by_effect: dict[Effect, Rule] = {}
        for rule in (*run_rules, *filter(self.counts, stored)):
            if rule.matches(tool, args, where):
                by_effect.setdefault(rule.effect, rule)
        return replace(_decide(tool, labels, by_effect), version=_version(stored))

    def counts(self, rule: Rule) -> bool:
        """Whether a stored rule was stored by this home, as it is, and not written into the journal by something else.

        Only an allowance is asked for its seal: nobody gains by a prohibition that was slipped in.
        """
        return rule.effect != "allow" or is_sealed(self._sealer, rule.seal, "rule", *_sealed_fields(rule))

    def rules(self) -> list[Rule]:
        """All rules that hold, oldest first."""
        rows = self._journal.rows("SELECT * FROM rules WHERE revoked_at IS NULL ORDER BY created_at, id")
        return [
            Rule(
                effect=row["effect"],
                tool=row["tool"],
                arguments=json.loads(row["arguments"]),
                scope=row["scope"],
                scope_id=row["scope_id"],
                persona=row["persona"],
                schema_hash=row["schema_hash"],
                id=row["id"],
                seal=row["seal"],
            )
            for row in rows
        ]

    def add(self, rule: Rule) -> Rule:
        """Store a rule; returns it with its id."""
        rule = replace(rule, id="rule_" + secrets.token_hex(4), arguments=dict(rule.arguments))
        rule = replace(rule, seal=self._sealer.seal("rule", *_sealed_fields(rule)))
        self._journal.insert(
            "rules",
            id=rule.id,
            effect=rule.effect,
            tool=rule.tool,
            arguments=json.dumps(rule.arguments, ensure_ascii=False),
            scope=rule.scope,
            scope_id=rule.scope_id,
            persona=rule.persona,
            schema_hash=rule.schema_hash,
            created_at=now(),
            seal=rule.seal,
        )
        return rule

    def revoke(self, rule_id: str) -> None:
        """End a rule; it stays in the journal as history."""
        if not self._journal.execute(
            "UPDATE rules SET revoked_at = ?, seal = '' WHERE id = ? AND revoked_at IS NULL", now(), rule_id
        ):
            raise UsageError(f"There is no rule {rule_id!r}; see: agent-core rules list")

    def version(self) -> str:
        """Changes when something that restricts was added: then grants made before ask again."""
        return _version(self.rules())


def _version(rules: Sequence[Rule]) -> str:
    return digest(POLICY, *(rule.id for rule in rules if rule.effect != "allow"))


def _sealed_fields(rule: Rule) -> tuple[Any, ...]:
    what = (rule.effect, rule.tool, dict(rule.arguments))
    return (rule.id, *what, rule.scope, rule.scope_id, rule.persona, rule.schema_hash)


def standing_rules(tool: Tool, calls: Sequence[Mapping[str, Any]], where: Surroundings) -> tuple[Rule, ...]:
    """The rules that a lasting yes to these calls of a tool would store, each once: shown before they are."""
    rules: list[Rule] = []
    for args in calls:
        rule = _standing_rule(tool, args, where)
        if rule not in rules:
            rules.append(rule)
    return tuple(rules)


def _standing_rule(tool: Tool, args: Mapping[str, Any], where: Surroundings) -> Rule:
    pinned = args if tool.rule_args is None else {name: args.get(name) for name in tool.rule_args}
    # An empty value is pinned too: "always mail Bo" must not come to cover a copy to somebody else.
    patterns = {
        name: "|".join(escape(text).replace("|", "[|]") for text in _texts(value)) for name, value in pinned.items()
    }
    persona = where.agent_persona or where.persona
    return Rule("allow", escape(tool.name), patterns, "always", where.scope_id("always"), persona, tool.schema_hash)


def for_scope(rule: Rule, scope: StandingScope, where: Surroundings) -> Rule:
    """The same rule, tied to the conversation, the folder or the user."""
    return replace(rule, scope=scope, scope_id=where.scope_id(scope))


def _decide(tool: Tool, labels: Labels, by_effect: Mapping[Effect, Rule]) -> Decision:
    if denied := by_effect.get("deny"):
        return Decision("deny", f"the rule {str(denied)!r} forbids it", denied)
    if reason := flow_labels.flow(tool.traits, labels):
        return Decision("ask", reason)
    if asked := by_effect.get("ask"):
        return Decision("ask", f"the rule {str(asked)!r} asks", asked)
    if allowed := by_effect.get("allow"):
        return Decision("allow", f"the rule {str(allowed)!r} allows it", allowed)
    return _default(tool, labels)


def _default(tool: Tool, labels: Labels) -> Decision:
    if flow_labels.SECRET in labels and tool.traits.open_world:
        return Decision("ask", "it sends a credential outside this machine")
    if tool.traits.read_only:
        return Decision("allow", "it only reads")
    if tool.traits.internal and tool.undo is not None:
        return Decision("allow", "it changes only the assistant's own state and can be undone")
    if tool.traits.open_world:
        return Decision("ask", "it acts outside this machine", lasting=True)
    why = "it may overwrite or delete" if tool.traits.destructive else "it changes something"
    return Decision("ask", why, lasting=True)


def _matches(text: str, pattern: str) -> bool:
    """Shell wildcards, case-sensitive; `|` outside brackets separates alternatives."""
    return any(fnmatchcase(text, alternative) for alternative in re.split(r"\|(?![^\[]*\])", pattern))


def _texts(value: Any) -> list[str]:
    """The texts that patterns are compared with: a list counts element by element."""
    if isinstance(value, list | tuple):
        return [text for element in value for text in _texts(element)]
    if value is None:
        return []
    return [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)]
