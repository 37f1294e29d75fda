"""What was measured of one sentence: how often each kind of difference was found, and in which words."""

from __future__ import annotations

from dataclasses import dataclass, field

from agent_core.loop.support.reading import Token


@dataclass
class Measured:
    """Measures by name, and the reasons behind those that speak against the sentence."""

    values: dict[str, float] = field(default_factory=dict[str, float])
    reasons: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, name: str, value: float = 1.0, reason: str = "") -> None:
        """Count `value` more of a measure."""
        self.values[name] = self.values.get(name, 0.0) + value
        if reason and reason not in self.reasons.setdefault(name, []):
            self.reasons[name].append(reason)


def quoted(token: Token) -> str:
    """A token as a reason shows it."""
    return f"“{token.text}”"


def instead(token: Token, said: Token) -> str:
    """The reason that names what the passages have where the sentence has something else."""
    return f"{quoted(token)} (the source says {quoted(said)})"
