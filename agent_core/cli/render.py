"""Text of unknown origin on its way to a terminal: everything that commands print passes here."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from agent_core.gate.sanitise import linked, sanitise, sanitise_line

if TYPE_CHECKING:
    from rich.console import Console

    from agent_core.answer import Answer
    from agent_core.gate.pending import Pending

_WHEN_PIPED = 10_000
"""Columns where nobody looks: nothing is cut."""

STATUS_STYLES = {
    "done": "green",
    "ok": "green",
    "failed": "red",
    "denied": "red",
    "refused": "red",
    "waiting": "yellow",
    "unknown": "yellow",
    "cancelled": "yellow",
}


def console(stream: TextIO) -> Console:
    """A rich console that colours only for a terminal, and takes no text for markup."""
    from rich.console import Console

    terminal = stream.isatty()
    return Console(
        file=stream,
        force_terminal=terminal,
        no_color=not terminal or bool(os.environ.get("NO_COLOR")),
        markup=False,
        emoji=False,
        highlight=False,
        width=None if terminal else _WHEN_PIPED,
    )


def show(text: str = "") -> None:
    """Print text to stdout."""
    print(sanitise(text))


def show_linked(text: str, sources: Sequence[str]) -> None:
    """Print text to stdout; on a terminal, the sources in it can be clicked."""
    clean = sanitise(text)
    print(linked(clean, sources, Path.cwd()) if sys.stdout.isatty() else clean)


def note(text: str = "") -> None:
    """Print text to stderr; a stderr that nobody reads any more is no reason to stop."""
    with suppress(BrokenPipeError):
        print(sanitise(text), file=sys.stderr, flush=True)


def show_json(value: Any) -> None:
    """Print one JSON value to stdout: indented for a person, on one line for a program."""
    # Only ASCII leaves: C1 controls and bidirectional marks in a string would reach the terminal otherwise.
    print(json.dumps(value, ensure_ascii=True, default=str, indent=2 if sys.stdout.isatty() else None), flush=True)


def show_table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, wrap: bool = False, empty: str = "") -> None:
    """Print aligned columns to stdout; the last is cut, or wrapped, where a terminal is too narrow for it.

    Without rows, `empty` goes to stderr.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        last = number == len(headings) - 1
        table.add_column(heading, no_wrap=not (last and wrap), overflow="ellipsis", ratio=1 if last else None)
    for row in rows:
        cells = [sanitise_line(cell, 2000) for cell in row]
        table.add_row(*(Text(cell, style=STATUS_STYLES.get(cell, "")) for cell in cells))
    if not table.row_count:
        note(empty)
        return
    out = console(sys.stdout)
    table.expand = out.is_terminal
    with out.capture() as printed:
        out.print(table)
    print("\n".join(line.rstrip() for line in printed.get().splitlines()))


def call_text(tool: str, args: Any, limit: int = 160) -> str:
    """A call on one line: `send_mail(to=["bo@example.com"], subject="Bonus")`, without what is empty."""
    if isinstance(args, Sequence) and not isinstance(args, str):
        shown = f"{len(args)} calls"
    elif isinstance(args, Mapping):
        given = {name: value for name, value in args.items() if value not in (None, "", [], {})}
        shown = ", ".join(f"{name}={value_text(value)}" for name, value in given.items())
    else:
        shown = ""
    return sanitise_line(f"{tool}({shown})", limit)


def value_text(value: Any) -> str:
    """An argument as it stands in a plan: JSON, and references as arrows."""
    if isinstance(value, Mapping) and len(value) == 1:
        (key, inner), *_ = value.items()
        if key == "$from":
            return f"<{inner}>"
        if key == "$text":
            return json.dumps(inner, ensure_ascii=False)
        if key in ("$item", "$input"):
            return f"<{key[1:]}{'.' if inner else ''}{inner}>"
    return json.dumps(value, ensure_ascii=False, default=str)


def plan_lines(plan: Mapping[str, Any], *, brief: bool = False) -> list[str]:
    """A plan, a line per step: what it does and what it waits for. Takes the JSON form of a plan.

    With `brief`, a step that has a title shows it instead of its arguments.
    """
    lines: list[str] = []
    for step in plan["steps"]:
        what = call_text(step["tool"], step.get("args", {})) if step.get("tool") else str(step.get("goal") or "")
        kind = "" if step.get("kind", "tool") == "tool" else f"{step['kind']}: "
        line = f"{step['id']}  {kind}{sanitise_line(what)}"
        title = step.get("title")
        if title and title != step.get("tool"):
            line = f"{step['id']}  {sanitise_line(title)}" if brief else f"{line}  - {sanitise_line(title)}"
        if step.get("for_each") is not None:
            line += f"  for each of {value_text(step['for_each'])}"
        if step.get("depends_on"):
            line += f"  (after {', '.join(step['depends_on'])})"
        if step.get("status") and step["status"] != "planned":
            line += f"  [{step['status']}]"
        lines.append(line)
    return lines


def sanitised_lines(text: str) -> list[str]:
    """The lines of a text, as they may be printed."""
    return sanitise(text).splitlines()


def indented(text: str, by: str = "    ") -> str:
    """Lines of somebody else's text, set off from our own."""
    return "\n".join(by + line for line in sanitise(text).splitlines())


def show_answer(answer: Answer) -> None:
    """The reply to stdout; what waits or went wrong, and what to do about it, to stderr."""
    if answer.text:
        show_linked(answer.text, [str(source["source"]) for source in answer.citations])
        # The reply names its sources; those that it refers to by number need the list.
        for source in answer.citations:
            if f"[{source['n']}]" in answer.text:
                where = " ".join(filter(None, (str(source["source"]), str(source.get("locator") or ""))))
                show_linked(f"[{source['n']}] {sanitise_line(where)}", [str(source["source"])])
    sys.stdout.flush()
    if sys.stderr.isatty() and answer.status != "waiting":
        note(f"({answer.run_id}, {answer.model})")
    if answer.error is not None:
        note(f"agent-core: {sanitise_line(answer.error['message'], 2000)}")
    if answer.status == "failed" and answer.error is None and answer.text == "":
        note(f"agent-core: the run failed; see: agent-core runs show {answer.run_id}")
    how_to_go_on(answer)


def how_to_go_on(answer: Answer) -> None:
    """How to answer what waits, and how to go on, as commands."""
    for pending in answer.pending if answer.status != "cancelled" else ():
        note()
        note(question_text(pending))
        note(how_to_answer(pending))
    if answer.status in ("waiting", "cancelled", "running"):
        word = "Interrupted; what was done is kept. Go on with" if answer.status == "cancelled" else "Then go on with"
        note(f"{word}: agent-core runs resume {answer.run_id}")


def question_text(pending: Pending) -> str:
    """What a person is asked, with everything that would happen."""
    if pending.kind == "question":
        return f"Question: {sanitise(pending.question)}"
    if pending.kind == "plan":
        lines = plan_lines(pending.data["plan"])
        return "\n".join(["Run this plan?", *(f"    {line}" for line in lines)])
    if pending.kind == "limit":
        return f"{sanitise_line(pending.question)}\n    {sanitise_line(pending.why, 500)}"
    heading = f"{pending.tool} waits for your yes: {sanitise_line(pending.why, 500)}"
    heading += "".join(f"\n    {line}" for line in _seen_lines(pending))
    bodies = [
        f"    {number}. {call_text(item.tool, item.args)}\n{indented(item.preview, '       ')}"
        if len(pending.items) > 1
        else indented(item.preview or call_text(item.tool, item.args))
        for number, item in enumerate(pending.items, start=1)
    ]
    return "\n".join([heading, *bodies])


_SEEN = {
    "untrusted": "Seen before, written by somebody else",
    "private": "Seen before, private",
    "attached": "Attached by you",
}


def _seen_lines(pending: Pending) -> list[str]:
    """What the call may follow from, and whether it leaves."""
    lines: list[str] = []
    for label in pending.labels:
        sources = [source for source in pending.seen if source.label == label]
        named = ", ".join(call_text(source.what, source.args) for source in sources)
        lines.append(f"{_SEEN.get(label, label)}: {named or 'earlier in this conversation'}")
    if pending.leaves:
        lines.append("This would leave your machine:")
    return lines


def rules_text(pending: Pending) -> str:
    """The rules that a lasting yes would store, a line each."""
    return "\n".join(
        f"  {sanitise(str(rule))}" + (f", for the persona {sanitise_line(rule.persona)}" if rule.persona else "")
        for rule in pending.rules
    )


def how_to_answer(pending: Pending) -> str:
    """The commands that answer a question from another process."""
    yes = f"Yes: agent-core approvals approve {pending.id}"
    no = f"No:  agent-core approvals deny {pending.id} --reason TEXT"
    say = f"Answer: agent-core approvals answer {pending.id} TEXT"
    if pending.kind == "question" or pending.external:
        return say
    return "\n".join([yes, no, *([say] if pending.unknown else [])])
