"""An app that embeds the assistant: it asks, shows what waits, edits it, says yes, and carries out a call of its own.

    python examples/embed_in_app.py

Nothing is needed beside the package: the model is `offline`, and state and workspace are a folder that is removed.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from agent_core import Answer, Assistant, Tool

OPEN_DOOR = Tool.from_schema(
    None,  # no function: the call surfaces as `pending`, and the app carries it out
    "open_door",
    "Open the door of a room in the building.",
    {
        "type": "object",
        "properties": {"room": {"type": "integer", "description": "Number of the room."}},
        "required": ["room"],
    },
    examples=["Open the door of room 12", "Unlock room 7", "Let me into room 3"],
)


def show(answer: Answer) -> None:
    """Print what an app would draw: the reply, what was called, what waits, what it took."""
    print(f"  {answer.status}: {answer.text or '(nothing yet)'}")
    for call in answer.calls:
        print(f"  called {call.tool} {call.args} -> {call.status}")
    for pending in answer.pending:
        preview = pending.preview.replace("\n", "\n    ")
        print(f"  waits ({pending.kind}, because {pending.why}):\n    {preview}")
    print(f"  {answer.usage.requests} model requests of {answer.model}")


async def ask_edit_approve(assistant: Assistant, workspace: Path) -> None:
    """A compound request runs up to the step that changes something; the user corrects that step and says yes."""
    print("Plan, edit, approve:")
    answer: Answer | None = None
    async for event in assistant.stream("Work out 12.5% of 480 and write the result to bonus.txt"):
        print(f"  event {event.kind}{f' in step {event.step_id}' if event.step_id else ''}")
        answer = getattr(event, "answer", answer)
    assert answer is not None, "a stream ends with the answer"
    show(answer)

    await assistant.approve(answer.pending[0].id, arguments={"path": "bonus-2027.txt"})
    show(await assistant.resume(answer.run_id))
    print(f"  in the workspace now: {[file.name for file in workspace.iterdir()]}")


async def fulfil_a_call(assistant: Assistant, unlock: Callable[[int], bool]) -> None:
    """The assistant plans the call and the app carries it out, with whatever checks the app has."""
    print("A tool that the app fulfils:")
    answer = await assistant.ask("Open the door of room 12")
    (waits,) = answer.pending
    assert waits.external, "it is for the app to carry out, not for a person to approve"
    await assistant.reply(waits.id, {"opened": unlock(waits.args["room"])})
    show(await assistant.resume(answer.run_id))


async def two_users_at_once(assistant: Assistant) -> None:
    """One assistant serves many users side by side; what one had remembered, the other does not see."""
    print("Two users at once:")
    codes = {"ada": "7731", "bo": "5520"}
    await asyncio.gather(
        *(assistant.ask(f"Remember that my badge number is {code}", user=user) for user, code in codes.items())
    )
    answers = await asyncio.gather(*(assistant.ask("List my notes", user=user) for user in codes))
    for user, answer in zip(codes, answers, strict=True):
        print(f"  {user}: {answer.text}")


async def main(folder: Path) -> None:
    """Run all three on one assistant."""
    workspace = folder / "workspace"
    workspace.mkdir()
    opened: list[int] = []

    def unlock(room: int) -> bool:
        opened.append(room)
        return True

    async with Assistant(model="offline", tools=[OPEN_DOOR], home=folder / "home", workspace=workspace) as assistant:
        await ask_edit_approve(assistant, workspace)
        await fulfil_a_call(assistant, unlock)
        await two_users_at_once(assistant)
    print(f"  doors that the app opened: {opened}")


def without_an_event_loop(folder: Path) -> None:
    """The sync twins, for scripts and notebooks."""
    print("The same from sync code:")
    with Assistant(model="offline", plugins=["calculator", "offline"], home=folder / "home") as assistant:
        plan = assistant.plan_sync("Solve 3x + 7 = 22")
        print(f"  planned: {[(step.tool, step.args) for step in plan.steps]}")
        answer = assistant.ask_sync("Solve 3x + 7 = 22")
        assistant.feedback_sync(answer.run_id, rating="up")
        show(answer)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(main(Path(name)))
        without_an_event_loop(Path(name))
