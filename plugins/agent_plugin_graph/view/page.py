"""A picture as one HTML file: no network, no markup from names, and nothing runs but the script that is part of it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html import escape
from importlib.resources import files

from agent_plugin_graph.view.layout import HEIGHT, WIDTH, places
from agent_plugin_graph.view.picture import Picture

SIGNATURE = "<!doctype html><!-- agent-core graph view -->"
"""What such a file begins with, by which it is known when it is written again."""
_COLOURS = 8
_NAME_SHOWN = 30
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def page(picture: Picture) -> str:
    """The text of the file."""
    style, script = (files("agent_plugin_graph.view").joinpath(name).read_text("utf-8") for name in _PARTS)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )
    title = _text(picture.title)
    return f"""{SIGNATURE}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1><bdi>{title}</bdi></h1>
<label>Find <input id="search" type="search" placeholder="name or text"></label>
<ul id="legend" aria-label="Colours">{_legend(picture)}</ul>
</header>
<main>
<div id="stage">
{_drawing(picture)}
<div id="zoom"><button id="in" aria-label="Nearer">+</button><button id="out" aria-label="Farther">−</button>\
<button id="whole">All</button></div>
</div>
<aside aria-live="polite">
<h2><bdi id="name"></bdi></h2>
<p class="kind" id="kind"></p>
<p><bdi id="text"></bdi></p>
<p class="source"><bdi id="source"></bdi></p>
<div id="joined"></div>
</aside>
</main>
{_table(picture)}
<script type="application/json" id="told">{_told(picture)}</script>
<script>{script}</script>
</body>
</html>
"""


_PARTS = ("page.css", "page.js")


def _drawing(picture: Picture) -> str:
    at, colours = places(picture), _colours(picture)
    parts = [f'<svg id="drawing" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="group" aria-label="Drawing">']
    for line in picture.lines.values():
        (x1, y1), (x2, y2) = at[line.start], at[line.end]
        name = ""
        if line.name:
            name = f'<text class="line-name" x="{(x1 + x2) / 2:g}" y="{(y1 + y2) / 2 - 3:g}">{_text(line.name)}</text>'
        parts.append(f'<g class="joint"><line class="line" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>{name}</g>')
    for number, mark in enumerate(picture.marks.values()):
        (x, y), radius = at[mark.id], 15 if mark.central else 9
        shown = _clean(mark.name)
        short = shown if len(shown) <= _NAME_SHOWN else f"{shown[: _NAME_SHOWN - 1].rstrip()}…"
        parts.append(
            f'<g class="mark{" central" if mark.central else ""}" id="mark-{number}" tabindex="0" role="button" '
            f'aria-label="{_text(f"{mark.name}, {mark.kind}")}"><title>{_text(mark.name)}</title>'
            f'<circle class="k{colours[mark.kind]}" cx="{x}" cy="{y}" r="{radius}"/>'
            f'<text x="{x}" y="{y + radius + 15:g}">{escape(short)}</text></g>'
        )
    return "\n".join([*parts, "</svg>"])


def _legend(picture: Picture) -> str:
    return "".join(
        f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><circle class="k{colour}" cx="5" cy="5" r="5"/></svg>'
        f"{_text(kind)}</li>"
        for kind, colour in _colours(picture).items()
    )


def _table(picture: Picture) -> str:
    """The same for those who do not see the drawing."""
    joined: dict[str, list[str]] = {name: [] for name in picture.marks}
    for line in picture.lines.values():
        joined[line.start].append(picture.marks[line.end].name)
        joined[line.end].append(picture.marks[line.start].name)
    rows = "".join(
        f"<tr><td><bdi>{_text(mark.name)}</bdi></td><td>{_text(mark.kind)}</td>"
        f"<td><bdi>{_text(', '.join(joined[mark.id]))}</bdi></td></tr>"
        for mark in picture.marks.values()
    )
    return (
        "<details><summary>As a table</summary><table><thead><tr><th>Name</th><th>Kind</th><th>Joined to</th></tr>"
        f"</thead><tbody>{rows}</tbody></table></details>"
    )


def _told(picture: Picture) -> str:
    """What the script knows, as JSON in which nothing can end the element that holds it."""
    index = {name: number for number, name in enumerate(picture.marks)}
    told = {
        "size": {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT},
        "marks": [
            {"name": _clean(m.name), "kind": _clean(m.kind), "text": _clean(m.text), "source": _clean(m.source)}
            for m in picture.marks.values()
        ],
        "lines": [[index[line.start], index[line.end]] for line in picture.lines.values()],
    }
    return json.dumps(told, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _colours(picture: Picture) -> dict[str, int]:
    kinds = dict.fromkeys(mark.kind for mark in picture.marks.values())
    return {kind: min(number, _COLOURS - 1) for number, kind in enumerate(kinds)}


def _clean(text: str) -> str:
    """Without what cannot be printed, or turns the direction of what follows."""
    return _UNPRINTABLE.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
