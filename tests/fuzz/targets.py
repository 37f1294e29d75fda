"""What hostile bytes may do to the two parsers that read text of anybody: be read, or be refused in a sentence.

A target takes bytes, as libFuzzer gives them, and raises whatever is a defect: an exception that is no
`AgentCoreError`, a node outside the language, a plan that is said to be valid and is not.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from agent_core import tool
from agent_core.errors import AgentCoreError, PlanError, ToolArgumentError
from agent_core.json_values import as_json
from agent_core.planning.check import check
from agent_core.planning.references import resolve
from agent_core.planning.workflow import load, with_inputs
from agent_plugin_calculator.form import asked_form
from agent_plugin_calculator.grammar import parse_statements
from agent_plugin_calculator.vocabulary import FUNCTIONS

MESSAGE_CHARACTERS = 600
LANGUAGE = (ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.Call, ast.Compare, ast.List)
"""All that an expression may consist of, apart from operators and `ast.Load`."""

_FILE = Path(tempfile.mkdtemp(prefix="fuzz-")) / "workflow.yaml"


def calculator(data: bytes) -> None:
    """The calculator's reader: whatever comes out is made of the nodes of its language."""
    text = data.decode("utf-8", "replace")
    try:
        statements = parse_statements(asked_form(text)[0])
    except ToolArgumentError as error:
        return _said_in_a_line(error, text)
    assert statements.nodes, text
    for root in statements.nodes:
        _in_the_language(root, len(statements.text))


def _said_in_a_line(error: AgentCoreError, data: object) -> None:
    assert str(error), data
    assert "\n" not in str(error), data
    assert not isinstance(error, ToolArgumentError) or len(str(error)) <= MESSAGE_CHARACTERS, data


def _in_the_language(node: ast.expr, length: int) -> None:
    assert isinstance(node, LANGUAGE), ast.dump(node)
    assert 0 <= node.col_offset <= (node.end_col_offset or 0) <= length, ast.dump(node, include_attributes=True)
    if isinstance(node, ast.Constant):
        assert type(node.value) is Fraction, ast.dump(node)
    inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
    if isinstance(node, ast.Call):
        assert isinstance(node.func, ast.Name), ast.dump(node)
        assert node.func.id in FUNCTIONS, node.func.id
        assert not node.keywords, ast.dump(node)
        inner = node.args
    for child in inner:
        _in_the_language(child, length)


@dataclass(frozen=True)
class Listed:
    """What `read_file` returns."""

    text: str
    files: list[dict[str, int]]


@tool(read_only=True)
def calculate(expression: str, digits: int = 15) -> float:
    """Calculate."""
    raise NotImplementedError


@tool(read_only=True)
def read_file(path: str) -> Listed:
    """Read a file."""
    raise NotImplementedError


TOOLS = {"calculate": calculate, "read_file": read_file}
RESULT = {"text": "t", "files": [{"size": 1}, {"size": 2}], "size": 3}
"""Of every step, whatever it is."""


def workflow(data: bytes) -> None:
    """The loader of workflow files: what is loaded can be shown, checked, and run without a surprise."""
    _FILE.write_bytes(data)
    try:
        plan = load(_FILE)
    except AgentCoreError as error:
        return _said_in_a_line(error, data)
    assert plan.revision == 1, data
    plan.to_json()
    try:
        check(plan, TOOLS, frozenset({"clerk"}))
    except PlanError as error:
        return _said_in_a_line(error, data)
    ids = [step.id for step in plan.steps]
    assert len(ids) == len(set(ids)), data
    assert all(step.needs <= set(ids) for step in plan.steps), data
    results = dict.fromkeys(ids, RESULT)
    try:
        ready = with_inputs(plan, {})
        for step in plan.steps:
            left = resolve([step.args, step.for_each], results, item=RESULT, inputs=ready.inputs)
            as_json(left)
    except PlanError as error:
        return _said_in_a_line(error, data)


TARGETS: dict[str, Callable[[bytes], None]] = {"calculator": calculator, "workflow": workflow}
SEEDS = Path(__file__).parent / "seeds"
