"""What a run is doing, on stderr: a line for what has happened, and at a terminal a spinner for what is happening."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from agent_core.cli.render import call_text, console, plan_lines
from agent_core.gate.sanitise import sanitise_line
from agent_core.models.routing import CHOSEN_BY_NAME

if TYPE_CHECKING:
    from rich.status import Status

    from agent_core.events import Event

_TAIL_CHARS = 60
_KEPT_CHARS = 600


class Progress:
    """Listens to the events of a run."""

    def __init__(self, first: str = "Starting") -> None:
        self.run_id: str | None = None
        """The run that was heard of last."""
        self._console = console(sys.stderr)
        self._calls: dict[str, str] = {}
        self._steps: set[str] = set()
        self._text = ""
        self._last_error = ""
        self._status: Status | None = None
        if self._console.is_terminal and not self._console.is_dumb_terminal:
            self._status = self._console.status(first, spinner="dots" if _is_unicode() else "line")
            self._status.start()

    def __call__(self, event: Event) -> None:
        """Tell what is worth telling about an event."""
        self.run_id = event.run_id
        told = getattr(self, f"_on_{event.kind}", None)
        if told is not None:
            told(event)

    def close(self) -> None:
        """Take the spinner away; nothing is told any more."""
        if self._status is not None:
            self._status.stop()

    @contextmanager
    def paused(self) -> Generator[None]:
        """Without the spinner while the body lasts: somebody is typing."""
        self.close()
        try:
            yield
        finally:
            if self._status is not None:
                self._status.start()

    # -- events, by their kinds

    def _on_run_started(self, event: Any) -> None:
        if event.model_why not in ("", CHOSEN_BY_NAME):
            self._tell(f"Model: {sanitise_line(event.model)} ({sanitise_line(event.model_why, 300)})")
        self._now("Resuming" if event.resumed else "Reading the request")

    def _on_model_asked(self, event: Any) -> None:
        self._text = ""
        self._now(f"Asking {event.model}")

    def _on_text_delta(self, event: Any) -> None:
        self._text = (self._text + event.text)[-_KEPT_CHARS:]
        shown = sanitise_line(self._text, _KEPT_CHARS)
        self._now("Writing: " + ("…" if len(shown) > _TAIL_CHARS else "") + shown[-_TAIL_CHARS:])

    def _on_plan_made(self, event: Any) -> None:
        new = [step for step in event.plan["steps"] if step["id"] not in self._steps]
        changed = bool(self._steps)
        self._steps |= {step["id"] for step in new}
        if len(self._steps) > 1:
            self._tell(f"Plan, revision {event.plan['revision']}:" if changed else "Plan:")
            for line in plan_lines({"steps": new}, brief=True):
                self._tell(f"  {line}")

    def _on_step_started(self, event: Any) -> None:
        self._now(sanitise_line(event.title) or f"Step {event.step_id}")

    def _on_step_ended(self, event: Any) -> None:
        told_by_its_call = bool(event.error) and event.error == self._last_error
        if event.status in ("failed", "denied", "skipped") and not told_by_its_call:
            self._tell(f"{event.step_id} {event.status}: {sanitise_line(event.error, 500)}", "yellow")

    def _on_call_started(self, event: Any) -> None:
        self._calls[event.call] = shown = call_text(event.tool, event.args)
        self._now(shown)

    def _on_call_progress(self, event: Any) -> None:
        share = f" {event.fraction:.0%}" if event.fraction is not None else ""
        self._now(f"{sanitise_line(event.text)}{share}")

    def _on_call_ended(self, event: Any) -> None:
        shown = self._calls.pop(event.call, event.tool)
        self._last_error = event.error
        if event.status == "done":
            self._tell(f"{shown} done ({event.duration_ms} ms)")
        else:
            why = f": {sanitise_line(event.error, 500)}" if event.error else ""
            self._tell(f"{shown} {event.status}{why}", "yellow")

    # -- lines

    def _now(self, text: str) -> None:
        """What is going on: the spinner's text, cut to the line."""
        if self._status is not None:
            from rich.text import Text

            room = max(20, self._console.width - 4)
            self._status.update(Text(sanitise_line(text, room)))

    def _tell(self, text: str, style: str = "") -> None:
        """What has happened: a line that stays."""
        from rich.text import Text

        with suppress(BrokenPipeError):
            self._console.print(Text(text, style=style or "dim"), soft_wrap=True)


@contextmanager
def working(text: str) -> Generator[None]:
    """A spinner while the body lasts, for commands that have nothing else to tell."""
    progress = Progress(text)
    try:
        yield
    finally:
        progress.close()


def _is_unicode() -> bool:
    return (sys.stderr.encoding or "").lower().replace("-", "") in ("utf8", "utf16")
