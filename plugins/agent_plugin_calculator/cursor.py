"""Where a parser stands in its tokens: looking ahead, taking, and saying what was wrong and where."""

from __future__ import annotations

import ast
from typing import TypeVar

from agent_core.errors import ToolArgumentError
from agent_plugin_calculator.notation import tokens
from agent_plugin_calculator.tokens import Token

END = Token("symbol", "", -1, -1)
"""What stands after the last token."""

_Node = TypeVar("_Node", bound=ast.expr)


class Cursor:
    """A place in the tokens of `text`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.position = 0

    @property
    def next(self) -> Token:
        """The token here."""
        return self.peek(0)

    def peek(self, ahead: int) -> Token:
        """The token `ahead` places on; END after the last."""
        position = self.position + ahead
        return self.tokens[position] if position < len(self.tokens) else END

    def skip(self, *symbols: str) -> bool:
        """Go past one of `symbols` if it stands here; says whether."""
        found = self.next.kind == "symbol" and self.next.text in symbols
        self.position += found
        return found

    def take(self, kind: str) -> Token:
        """Go past a token of `kind`, which must stand here."""
        if self.next.kind != kind:
            raise self.unexpected()
        self.position += 1
        return self.tokens[self.position - 1]

    def close(self, bracket: str, opening: Token) -> None:
        """Go past the bracket that belongs to `opening`."""
        if not self.skip(bracket):
            found = f"{self.next.text!r} stands" if self.next is not END else "nothing stands"
            raise ToolArgumentError(
                f"{opening.text!r} in {short(self.text[opening.start :])!r} is not closed: {found} where "
                f"{bracket!r} was expected."
            )

    def unexpected(self) -> ToolArgumentError:
        """The error for what stands here."""
        if self.next is END:
            return ToolArgumentError(f"{short(self.text)!r} ends where a number or a name was expected.")
        before = short(self.text[: self.next.start].strip()[-20:])
        where = f"after {before!r}" if before else "at the beginning"
        return ToolArgumentError(f"{self.next.text!r} was not expected {where} in {short(self.text)!r}.")

    def placed(self, node: _Node, start: Token) -> _Node:
        """The node, marked as reaching from `start` to here."""
        node.lineno = node.end_lineno = 1
        node.col_offset = start.start
        node.end_col_offset = self.tokens[max(0, min(self.position, len(self.tokens)) - 1)].end
        return node

    def piece(self, start: Token) -> str:
        """The text from `start` to here."""
        return short(self.text[start.start : self.tokens[max(0, self.position - 1)].end])


def short(text: str) -> str:
    """`text` cut to what a message can hold."""
    return text if len(text) <= 40 else f"{text[:37]}..."
