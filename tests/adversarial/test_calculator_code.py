"""No text that reaches the calculator runs as code: by a tool's argument, by a model's call, by a request in words.

What is asserted is what happened: audit events of the process that computed, files, the environment, processes.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from agent_core import Assistant
from agent_core.testing import Script
from agent_core.testing import call as model_call
from agent_core.tools.isolation import IsolatedRunner
from tests.adversarial import attacks
from tests.adversarial.code_strings import SECRET, VARIABLE, payloads
from tests.adversarial.conftest import Cases
from tests.adversarial.watched import watch

ATTACK = attacks.CALCULATOR_CODE
NAMES = tuple(payloads("/nowhere"))
CHANNELS: dict[str, Callable[[str], list[tuple[str, dict[str, Any]]]]] = {
    "expression": lambda text: [
        (name, {"expression": text}) for name in ("calculate", "simplify", "expand", "factor", "differentiate")
    ],
    "argument of a function": lambda text: [
        ("calculate", {"expression": f"sqrt({text})"}),
        ("calculate", {"expression": f"gcd(4, {text})"}),
        ("integrate", {"expression": f"x + ({text})"}),
    ],
    "equation": lambda text: [
        ("solve", {"equations": text}),
        ("solve", {"equations": f"x = {text}"}),
        ("solve", {"equations": f"x + y = 1, {text}"}),
    ],
    "name": lambda text: [
        ("solve", {"equations": "x = 1", "unknowns": text}),
        ("differentiate", {"expression": "x", "variable": text}),
        ("integrate", {"expression": "x", "variable": text}),
    ],
    "point": lambda text: [
        ("evaluate", {"expression": "x", "at": text}),
        ("evaluate", {"expression": "x", "at": f"x = {text}"}),
        ("differentiate", {"expression": "x^2", "at": text}),
        ("limit", {"expression": "x", "approaches": text}),
        ("integrate", {"expression": "x", "lower": text, "upper": "1"}),
    ],
    "matrix": lambda text: [
        ("matrix", {"operation": "rank", "matrix": text}),
        ("matrix", {"operation": "determinant", "matrix": f"[[1, {text}], [2, 3]]"}),
        ("matrix", {"operation": "solve", "matrix": "[[1, 2], [3, 4]]", "other": text}),
    ],
}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def runner() -> AsyncIterator[IsolatedRunner]:
    runner = IsolatedRunner()
    yield runner
    await runner.aclose()


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """What a payload that ran would leave behind."""
    return tmp_path / "mark"


def storable(text: str) -> str:
    """Without half characters, which no JSON of a model's call carries."""
    return text.encode("utf-8", "replace").decode()


async def test_the_observer_sees_what_code_does(runner: IsolatedRunner, mark: Path) -> None:
    """With a tool that does evaluate, each of the three is seen: otherwise the cases below would prove nothing."""
    from tests.adversarial.unsafe_calculator import unsafe

    seen = await runner.run(unsafe, {"text": f"open({str(mark)!r}, 'w').write('x')"})
    assert any(event.startswith("open") for event in seen["events"])
    assert any(event.startswith("compile") for event in seen["events"])
    assert mark.exists()
    assert SECRET in (await runner.run(unsafe, {"text": f"__import__('os').environ[{VARIABLE!r}]"}))["result"]
    seen = await runner.run(unsafe, {"text": "__import__('os').system('true')"})
    assert any(event.startswith("os.system") for event in seen["events"])


@pytest.mark.parametrize("channel", CHANNELS)
async def test_nothing_runs_in_the_process_that_computes(
    channel: str, runner: IsolatedRunner, mark: Path, cases: Cases
) -> None:
    ran: list[tuple[str, Any]] = []
    for name, text in payloads(str(mark)).items():
        for tool, args in CHANNELS[channel](storable(text)):
            seen = await runner.run(watch, {"name": tool, "args": args})
            if seen["events"] or SECRET in seen["result"] or mark.exists():
                ran.append((f"{name} -> {tool}", seen))
                mark.unlink(missing_ok=True)
    cases.count(len(NAMES))
    assert ran == []


class Auditor:
    """Notes events of this process that carry the mark; a hook cannot be taken out again, so it is switched."""

    def __init__(self) -> None:
        self.mark: str | None = None
        self.seen: list[str] = []
        sys.addaudithook(self._audit)

    def _audit(self, event: str, details: tuple[Any, ...]) -> None:
        if (event, details[1:2]) == ("compile", ("<unknown>",)):
            return  # `ast.parse`: what a small model prints is read as a call, literal by literal; "exec" would follow
        if self.mark is not None and self.mark in repr(details):
            self.seen.append(f"{event} {details!r:.200}")


@pytest.fixture(scope="module")
def auditor() -> Auditor:
    return Auditor()


async def test_nothing_runs_when_a_model_calls(
    tmp_path: Path, mark: Path, auditor: Auditor, monkeypatch: pytest.MonkeyPatch, cases: Cases
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    texts = [storable(text) for text in payloads(str(mark)).values()]
    calls = [model_call("calculate", f"c{place}", expression=text) for place, text in enumerate(texts)]
    script = Script(*(calls[start : start + 12] for start in range(0, len(calls), 12)), "done")
    auditor.mark, auditor.seen = str(mark), []
    async with Assistant(script.model, plugins=["calculator"], home=tmp_path / "home", workspace=tmp_path) as assistant:
        answer = await assistant.ask("Compute them all.")
        while answer.pending:  # a run of so many revisions and calls asks whether to go on
            await assistant.approve(answer.pending[0].id)
            answer = await assistant.resume(answer.run_id)
    auditor.mark = None
    assert len(answer.calls) == len(texts)
    assert auditor.seen == []
    assert not mark.exists()
    assert SECRET not in repr(answer)
    assert all(call.status in ("done", "failed") for call in answer.calls)
    cases.count(len(texts))


OPENINGS = (
    "What is {}?",
    "Calculate {}",
    "Solve {} = 0",
    "{}",
    "Work out {} and tell me the result",
    "Differentiate {}",
)


@pytest.mark.parametrize("part", range(6))
async def test_nothing_runs_when_it_is_asked_in_words(
    part: int, tmp_path: Path, mark: Path, auditor: Auditor, monkeypatch: pytest.MonkeyPatch, cases: Cases
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    asked = list(payloads(str(mark)).values())[part::6]
    done: list[Any] = []
    async with Assistant("offline", home=tmp_path / "home", workspace=workspace) as assistant:
        for place, text in enumerate(asked):
            auditor.mark, auditor.seen = str(mark), []
            answer = await assistant.ask(OPENINGS[(place + part) % len(OPENINGS)].format(storable(text)))
            auditor.mark = None
            if auditor.seen or mark.exists() or SECRET in repr(answer) or list(workspace.iterdir()):
                done.append((text, auditor.seen, answer))
    cases.count(len(asked))
    assert done == []
