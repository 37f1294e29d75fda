"""What is drawn: marks and the lines between them, as data."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mark:
    """Something that is drawn as a dot."""

    id: str
    name: str
    kind: str
    """What its colour says: a label of the tables, "name" or "passage"."""
    text: str = ""
    """What is shown when it is chosen."""
    source: str = ""
    """Where that stands."""
    central: bool = False
    """Whether it is what was asked for."""


@dataclass(frozen=True)
class Line:
    """A line from one mark to another."""

    start: str
    end: str
    name: str = ""


@dataclass
class Picture:
    """All marks and lines, each once."""

    title: str
    marks: dict[str, Mark] = field(default_factory=dict[str, Mark])
    lines: dict[tuple[str, str, str], Line] = field(default_factory=dict[tuple[str, str, str], Line])

    def add(self, mark: Mark) -> str:
        """Add a mark, if it is not there; its id."""
        self.marks.setdefault(mark.id, mark)
        return mark.id

    def join(self, start: str, end: str, name: str = "") -> None:
        """Draw a line between two marks, if there is none of that name."""
        if start != end and (end, start, name) not in self.lines:
            self.lines.setdefault((start, end, name), Line(start, end, name))
