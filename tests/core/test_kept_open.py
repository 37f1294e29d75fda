"""What tools keep open between calls: lent to one call at a time, closed with its assistant, and after failures."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count

import pytest

from agent_core import Assistant, ToolContext, tool
from agent_core.errors import ToolError
from agent_core.testing import Script, call
from agent_core.tools.kept import KeptOpen


class Opened:
    """Something that is open, and what became of it."""

    numbers = count()

    def __init__(self) -> None:
        self.number = next(self.numbers)
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_the_next_call_gets_the_same_one() -> None:
    kept = KeptOpen()
    with kept.lent("a", Opened) as first:
        pass
    with kept.lent("a", Opened) as second, kept.lent("b", Opened) as other:
        assert second is first
        assert other is not first
    assert (first.closed, other.closed) == (0, 0)
    kept.close()
    kept.close()
    assert (first.closed, other.closed) == (1, 1)


def test_calls_side_by_side_get_one_each() -> None:
    kept, together, held = KeptOpen(), threading.Barrier(5), list[Opened]()

    def work() -> None:
        for _ in range(50):
            with kept.lent("a", Opened) as thing:
                held.append(thing)
                together.wait()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for start in range(0, len(held), 5):
        assert len({thing.number for thing in held[start : start + 5]}) == 5
    assert len({thing.number for thing in held}) < 5 * 50
    kept.close()
    assert {thing.closed for thing in held} == {1}


def test_what_failed_in_the_hands_of_a_call_is_not_given_to_another() -> None:
    kept = KeptOpen()
    with pytest.raises(ToolError), kept.lent("a", Opened) as broken:
        raise ToolError("gone")
    assert broken.closed == 1
    with kept.lent("a", Opened) as fresh:
        assert fresh is not broken


def test_what_was_opened_on_another_state_is_closed() -> None:
    kept = KeptOpen()
    with kept.lent("a", Opened, "before") as old:
        pass
    with kept.lent("a", Opened, "after") as new:
        assert new is not old
    assert (old.closed, new.closed) == (1, 0)


def test_of_too_many_the_one_that_was_used_longest_ago_goes() -> None:
    kept = KeptOpen(most=2)
    with ExitStack() as stack:
        a, b, c = (stack.enter_context(kept.lent(name, Opened)) for name in "abc")
    # Given back in the order c, b, a.
    assert (a.closed, b.closed, c.closed) == (0, 0, 1)


def test_what_is_in_use_is_closed_when_it_is_given_back() -> None:
    kept = KeptOpen()
    with kept.lent("a", Opened) as late:
        kept.close()
        assert late.closed == 0
    assert late.closed == 1


def test_one_that_cannot_be_closed_harms_no_other_call() -> None:
    class Stuck(Opened):
        def close(self) -> None:
            super().close()
            raise OSError("stuck")

    kept = KeptOpen(most=1)
    with kept.lent("a", Stuck) as stuck:
        pass
    with kept.lent("b", Opened):
        pass
    assert stuck.closed == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_neither_uses_nor_closes_what_its_parent_has_open() -> None:
    kept = KeptOpen()
    with kept.lent("a", Opened) as ours:
        pass
    if (child := os.fork()) == 0:
        try:
            with kept.lent("a", Opened) as its_own:
                pass
            os._exit(0 if its_own is not ours and (its_own.closed, ours.closed) == (1, 0) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_outside_an_assistant_nothing_stays_open(tool_context: ToolContext) -> None:
    with tool_context.keep_open("a", Opened) as thing:
        assert thing.closed == 0
    assert thing.closed == 1


async def test_an_assistant_keeps_it_for_its_tools_and_closes_it_at_the_end(
    assistants: Callable[..., Assistant],
) -> None:
    used: list[Opened] = []

    @tool(read_only=True)
    def look(ctx: ToolContext, place: str) -> str:
        """Look at a place."""
        with ctx.keep_open("eyes", Opened) as opened:
            used.append(opened)
        return place

    turns = [call("look", place="here"), call("look", place="there"), "Done."]
    async with assistants(Script(*turns), tools=[look]) as assistant:
        assert (await assistant.ask("Look around")).status == "done"
        assert used[0] is used[1]
        assert used[0].closed == 0
    assert used[0].closed == 1
