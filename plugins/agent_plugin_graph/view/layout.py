"""Where the marks of a picture stand: joined ones attract each other, and all repel; the same picture every time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from agent_plugin_graph.view.picture import Picture

WIDTH, HEIGHT = 1200.0, 800.0
_EDGE = 90.0
_ROUNDS = 240
_Point = list[float]


def places(picture: Picture) -> dict[str, tuple[float, float]]:
    """Mark to its place, within the width and height."""
    names = list(picture.marks)
    if len(names) == 1:
        return {names[0]: (WIDTH / 2, HEIGHT / 2)}
    index = {name: number for number, name in enumerate(names)}
    joined = [(index[line.start], index[line.end]) for line in picture.lines.values()]
    points = [_at_first(number, len(names)) for number in range(len(names))]
    ideal = 0.8 * math.sqrt(WIDTH * HEIGHT / len(names))
    for round_ in range(_ROUNDS):
        _move(points, _forces(points, joined, ideal), ideal * (1 - round_ / _ROUNDS))
    fitted = _fitted(points)
    return {name: fitted[number] for name, number in index.items()}


def _at_first(number: int, count: int) -> _Point:
    """On a spiral, so that no two stand at the same place."""
    angle, radius = number * 2.399963, math.sqrt((number + 0.5) / count)
    return [radius * math.cos(angle) * WIDTH / 2, radius * math.sin(angle) * HEIGHT / 2]


def _forces(points: Sequence[_Point], joined: Sequence[tuple[int, int]], ideal: float) -> list[_Point]:
    forces = [[-0.02 * x, -0.03 * y] for x, y in points]
    for a in range(len(points)):
        for b in range(a):
            dx, dy = points[a][0] - points[b][0], points[a][1] - points[b][1]
            push = ideal * ideal / max(dx * dx + dy * dy, 1.0)
            _apply(forces, a, b, dx * push, dy * push)
    for a, b in joined:
        dx, dy = points[a][0] - points[b][0], points[a][1] - points[b][1]
        pull = -math.hypot(dx, dy) / ideal
        _apply(forces, a, b, dx * pull, dy * pull)
    return forces


def _apply(forces: list[_Point], a: int, b: int, x: float, y: float) -> None:
    forces[a][0] += x
    forces[a][1] += y
    forces[b][0] -= x
    forces[b][1] -= y


def _move(points: Sequence[_Point], forces: Sequence[_Point], most: float) -> None:
    for point, (x, y) in zip(points, forces, strict=True):
        scale = min(1.0, most / max(math.hypot(x, y), 1e-9))
        point[0] += x * scale
        point[1] += y * scale


def _fitted(points: Sequence[_Point]) -> list[tuple[float, float]]:
    low = [min(point[axis] for point in points) for axis in (0, 1)]
    high = [max(point[axis] for point in points) for axis in (0, 1)]
    spans = [max(high[axis] - low[axis], 1.0) for axis in (0, 1)]
    room = (WIDTH - 2 * _EDGE, HEIGHT - 2 * _EDGE)
    return [
        (
            round(_EDGE + (x - low[0]) / spans[0] * room[0], 1),
            round(_EDGE + (y - low[1]) / spans[1] * room[1], 1),
        )
        for x, y in points
    ]  # fmt: skip
