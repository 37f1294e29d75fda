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

    def __str__(self) -> str:
        inner = ", ".join(f"{name}={pattern}" for name, pattern in self.arguments.items())
        return f"{self.effect} {self.tool}" + (f"({inner})" if inner else "")


@dataclass(frozen=True)
class Decision:
    """What the policy says, and why in words for the person who is asked."""

    effect: Effect
    why: str
    rule: Rule | None = None


class Policy:
    """The rules in the journal, and the defaults."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def decide(
        self, tool: Tool, args: Mapping[str, Any], labels: Labels, where: Surroundings, run_rules: Sequence[Rule] = ()
    ) -> Decision:
        """Deny beats ask beats allow; no allowance covers a dangerous flow of information."""
        matching = [rule for rule in (*run_rules, *self.rules()) if rule.matches(tool, args, where)]
        by_effect = {rule.effect: rule for rule in reversed(matching)}
        if denied := by_effect.get("deny"):
            return Decision("deny", f"the rule {str(denied)!r} forbids it", denied)
        if reason := flow_labels.flow(tool.traits, labels):
            return Decision("ask", reason)
        if asked := by_effect.get("ask"):
            return Decision("ask", f"the rule {str(asked)!r} asks", asked)
        if allowed := by_effect.get("allow"):
            return Decision("allow", f"the rule {str(allowed)!r} allows it", allowed)
        return _default(tool, labels)

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
            )
            for row in rows
        ]

    def add(self, rule: Rule) -> Rule:
        """Store a rule; returns it with its id."""
        rule_id = "rule_" + secrets.token_hex(4)
        self._journal.insert(
            "rules",
            id=rule_id,
            effect=rule.effect,
            tool=rule.tool,
            arguments=json.dumps(dict(rule.arguments), ensure_ascii=False),
            scope=rule.scope,
            scope_id=rule.scope_id,
            persona=rule.persona,
            schema_hash=rule.schema_hash,
            created_at=now(),
        )
        return replace(rule, id=rule_id)

    def revoke(self, rule_id: str) -> None:
        """End a rule; it stays in the journal as history."""
        if not self._journal.execute(
            "UPDATE rules SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", now(), rule_id
        ):
            raise UsageError(f"There is no rule {rule_id!r}; see: agent-core rules list")

    def version(self) -> str:
        """Changes when something that restricts was added: then grants made before ask again."""
        return digest(POLICY, *(rule.id for rule in self.rules() if rule.effect != "allow"))


def standing_rule(tool: Tool, args: Mapping[str, Any], scope: StandingScope, where: Surroundings) -> Rule:
    """The rule that "always" (or a narrower scope) would store for this call: shown before it is."""
    pinned = args if tool.rule_args is None else {name: args.get(name) for name in tool.rule_args}
    # An empty value is pinned too: "always mail Bo" must not come to cover a copy to somebody else.
    patterns = {
        name: "|".join(escape(text).replace("|", "[|]") for text in _texts(value)) for name, value in pinned.items()
    }
    persona = where.agent_persona or where.persona
    return Rule("allow", tool.name, patterns, scope, where.scope_id(scope), persona, tool.schema_hash)


_RULE = re.compile(r"\s*([^\s()]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


def parse_pattern(text: str) -> tuple[str, dict[str, str]]:
    """Read `TOOL` or `TOOL(parameter=pattern, ...)` as it is written on a command line.

    Raises:
        UsageError: it has another form.
    """
    match = _RULE.fullmatch(text)
    arguments: dict[str, str] = {}
    for part in filter(None, (match[2] or "").split(",")) if match else ():
        name, separator, pattern = part.partition("=")
        if not separator or not name.strip():
            match = None
            break
        arguments[name.strip()] = pattern.strip()
    if match is None:
        raise UsageError(
            f"{text!r} is not a rule; write TOOL or TOOL(parameter=pattern, ...), e.g. send_mail(to=*@example.com)"
        )
    return match[1], arguments


def _default(tool: Tool, labels: Labels) -> Decision:
    if flow_labels.SECRET in labels and tool.traits.open_world:
        return Decision("ask", "it sends a credential outside this machine")
    if tool.traits.read_only:
        return Decision("allow", "it only reads")
    if tool.traits.internal and tool.undo is not None:
        return Decision("allow", "it changes only the assistant's own state and can be undone")
    if tool.traits.open_world:
        return Decision("ask", "it acts outside this machine")
    return Decision("ask", "it may overwrite or delete" if tool.traits.destructive else "it changes something")


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
