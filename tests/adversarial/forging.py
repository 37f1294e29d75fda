"""What an attacker of grants has: every way in which a call comes about, and the journal to write in."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from agent_core.answer import Answer
from tests.adversarial.scenes import KINDS, Scene

Attack = Callable[[Scene, Answer], Awaitable[None]]
ASKED = tuple(kind for kind in KINDS if kind != "external")
"""Kinds of calls that run here, by a grant."""


@pytest.fixture
def scene(request, assistants, tmp_path) -> Scene:
    return Scene(request.param, assistants, tmp_path / "home")


def every(attacks_: dict[str, Attack], kinds: tuple[str, ...]) -> pytest.MarkDecorator:
    """The matrix: each attack against each kind of call."""
    cases = [
        pytest.param(kind, attack, id=f"{name.replace(' ', '-')}-{kind}")
        for name, attack in attacks_.items()
        for kind in kinds
    ]
    return pytest.mark.parametrize(("scene", "attack"), cases, indirect=["scene"])


def grant_row(scene: Scene, answer: Answer, item: Any, **changed: Any) -> dict[str, Any]:
    """A row that says yes to this item, right in everything that needs no key."""
    return {
        "nonce": "0" * 32,
        "call_key": item.call_key,
        "tool": item.tool,
        "schema_hash": item.schema_hash,
        "asked_hash": item.args_hash,
        "args": json.dumps(item.args),
        "args_hash": item.args_hash,
        "preview_hash": item.preview_hash,
        "verdict": "approved",
        "reason": "",
        "policy_version": item.policy_version,
        "granted_by": "local",
        "expires_at": time.time() + 3600,
        **changed,
    }


def mark_answered(scene: Scene, answer: Answer) -> None:
    scene.edit("UPDATE pending SET answered_at = 1, answer = '{\"approved\":true}' WHERE run_id = ?", answer.run_id)
