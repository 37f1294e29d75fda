"""A calculator as it must not be: it evaluates. It shows that the observer of the real one sees what it looks for."""

from __future__ import annotations

import os
import sys
from typing import Any

from agent_core import tool
from tests.adversarial.code_strings import SECRET, VARIABLE


@tool(read_only=True, isolated=True, examples=["evaluate"])
def unsafe(text: str) -> dict[str, Any]:
    """Evaluate.

    Args:
        text: Code.
    """
    os.environ[VARIABLE] = SECRET
    events: list[str] = []
    sys.addaudithook(lambda event, details: events.append(event))
    return {"result": str(eval(text)), "events": list(events)}
