"""Work on a run from the command line: progress on stderr, questions at a terminal, the answer on stdout."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

from agent_core.errors import UsageError

if TYPE_CHECKING:
    from agent_core.answer import Answer
    from agent_core.assistant import Assistant
    from agent_core.cli.progress import Progress
    from agent_core.events import Event


@dataclass(frozen=True)
class Output:
    """How the answer is wanted: as text, as one JSON object, or as events that end with that object."""

    as_json: bool = False
    stream_json: bool = False

    def __post_init__(self) -> None:
        if self.as_json and self.stream_json:
            raise UsageError("--json and --stream-json are two ways to print the answer; choose one.")

    @property
    def is_text(self) -> bool:
        """Whether a person reads it."""
        return not (self.as_json or self.stream_json)


def work_on(work: Callable[[Assistant], Coroutine[Any, Any, Answer]], output: Output, **options: Any) -> None:
    """Do the work with an assistant of these options, print what came of it, and exit with its code.

    An interrupt cancels the run, which is kept, and says how to go on.
    """
    from agent_core.cli.progress import Progress

    progress = Progress()
    try:
        answer = _answer(work, output, progress, options)
    finally:
        progress.close()
    _print(answer, output)
    raise typer.Exit(answer.exit_code)


def _answer(
    work: Callable[[Assistant], Coroutine[Any, Any, Answer]],
    output: Output,
    progress: Progress,
    options: dict[str, Any],
) -> Answer:
    from agent_core.assistant import Assistant
    from agent_core.cli.line_input import at_terminal
    from agent_core.cli.prompt import Prompt

    approver = Prompt(progress) if output.is_text and at_terminal() else None
    listener = _Stream(progress) if output.stream_json else progress
    with Assistant(**options, approver=approver, listener=listener) as assistant:
        try:
            return assistant.run_sync(work(assistant))
        except KeyboardInterrupt:
            if progress.run_id is None:
                raise
            answer = assistant.answer_of(progress.run_id)
            # Interrupted before the loop could note it: nobody works on the run any more.
            return replace(answer, status="cancelled") if answer.status == "running" else answer


class _Stream:
    """Every event on stdout, a JSON object per line."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, event: Event) -> None:
        self._progress(event)
        # A reader that has gone does not stop the run: it is in the journal, and may be half done.
        with suppress(BrokenPipeError):
            print(json.dumps(event.to_json(), default=str), flush=True)


def _print(answer: Answer, output: Output) -> None:
    from agent_core.cli.render import how_to_go_on, show_answer, show_json

    if output.is_text:
        show_answer(answer)
        return
    if output.stream_json:
        print(json.dumps(answer.to_json(), default=str), flush=True)
    else:
        show_json(answer.to_json())
    how_to_go_on(answer)
