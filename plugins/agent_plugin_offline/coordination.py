"""One verb for several things: "read a.txt and b.txt", "save 'a' to x.txt and 'b' to y.txt"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent_plugin_offline.clauses import and_joints
from agent_plugin_offline.formulas import is_begun, is_formula
from agent_plugin_offline.proposals import Proposal
from agent_plugin_offline.slots import Slot


@dataclass(frozen=True)
class Coordination:
    """Finds the same call once per item."""

    one: Callable[[str], Proposal | None]
    """Reads a text as a single call."""
    slot: Callable[[str, str], Slot]
    """The parameter of a tool, by the names of both."""

    def calls(self, clause: str) -> list[Proposal]:
        """The calls, one per item; none where the clause is no such list."""
        places = and_joints(clause)
        whole = self.one(clause) if places else None
        for chosen in [places, *([place] for place in places)] if len(places) > 1 else [places]:
            found = self._one_each(clause, chosen, whole) if chosen else []
            if found:
                return found
        return []

    def _one_each(self, clause: str, places: Sequence[tuple[int, int]], whole: Proposal | None) -> list[Proposal]:
        """A call for what stands before `places` and for each item after; none where they differ otherwise."""
        head = clause[: places[0][0]]
        first = None if is_begun(head) else self.one(head)
        if first is None or first.missing:
            return []
        ends = [start for start, _ in places[1:]] + [len(clause)]
        items = [clause[end:stop] for (_, end), stop in zip(places, ends, strict=True)]
        name = next(
            (name for name, value in first.args.items() if isinstance(value, str) and head.endswith(value)), None
        )
        if name is not None:
            stem_text = head[: -len(first.args[name])]
            others = [self.one(_joined(stem_text, item)) for item in items]
            if all(other and self._is_another(first, other, name, whole) for other in others):
                return [first, *(other for other in others if other)]
        verb = head.split(None, 1)[0]
        others = [self.one(f"{verb} {item}") for item in items]
        if len(first.args) > 1 and all(other and _differs_throughout(first, other) for other in others):
            return [first, *(other for other in others if other)]
        return []

    def _is_another(self, first: Proposal, other: Proposal, name: str, whole: Proposal | None) -> bool:
        if not _differs_in(first, other, name) or _takes_both(whole, str(first.args[name]), str(other.args[name])):
            return False
        return self._takes_items(first.tool, name, str(other.args[name]))

    def _takes_items(self, tool: str, name: str, value: str) -> bool:
        """Whether `value` can stand for itself: not half of a text, a query or a sum."""
        slot = self.slot(tool, name)
        if slot.role == "expression":
            return not slot.name.endswith("s") and is_formula(value) and not value.strip().lstrip("-").isalnum()
        return slot.role not in ("content", "query", "bindings") and not slot.many


def _joined(head: str, item: str) -> str:
    """`head` with another last item, whose own preposition is dropped if it is the same ("in Rome and in Madrid")."""
    words = head.split()
    first = item.split(None, 1)
    same = words and len(first) == 2 and words[-1].lower() == first[0].lower()
    return head + (first[1] if same else item)


def _differs_throughout(one: Proposal, other: Proposal) -> bool:
    """Whether two calls of one tool share nothing but the names of their arguments ("save 'a' to x and 'b' to y")."""
    return (
        one.tool == other.tool
        and not other.missing
        and one.args.keys() == other.args.keys()
        and all(value != other.args[name] for name, value in one.args.items())
    )


def _takes_both(whole: Proposal | None, one: str, other: str) -> bool:
    """Whether a single call has a place of its own for each item ("compare Rome and Madrid")."""
    if whole is None or whole.missing:
        return False
    values = [str(value) for value in whole.args.values()]
    return any(one in value and other not in value for value in values) and any(
        other in value and one not in value for value in values
    )


def _differs_in(one: Proposal, other: Proposal, name: str) -> bool:
    same = {key: value for key, value in one.args.items() if key != name}
    return (
        one.tool == other.tool
        and not other.missing
        and name in other.args
        and same == {key: value for key, value in other.args.items() if key != name}
    )
