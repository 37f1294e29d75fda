"""Conditions in the words of a person: "from Lisbon", "under 20 euros", "who started in March"."""

from __future__ import annotations

from agent_core import ToolArgumentError
from agent_plugin_tables.asking.compiling import Asked, compiled
from agent_plugin_tables.asking.telling import in_words
from agent_plugin_tables.asking.words import ROW
from agent_plugin_tables.conditions import Group, Node
from agent_plugin_tables.table import Table
from agent_questions.meanings import Field
from agent_questions.reading import AmbiguousError, NotUnderstoodError
from agent_questions.request import Request
from agent_questions.understanding import Way, understand


def condition_in_words(table: Table, text: str, measure: int | None = None) -> Node | None:
    """The condition that words state without the form of one; None where a word of it is not understood.

    Args:
        table: The table that is asked about.
        text: The words.
        measure: The column that the question is about: what a mere "over 90" compares.

    Raises:
        ToolArgumentError: they can be meant in two ways, such as a value that stands in several columns.
    """
    measured = None if measure is None else Field(ROW, table.columns[measure])
    vocabulary = table.vocabulary.about(measured)

    def way(request: Request) -> Way[Asked]:
        asked = compiled(request, table, vocabulary)
        return Way(asked, 0.0, in_words(asked, table))

    try:
        asked = understand(f"list the rows {text}", vocabulary, lambda label: None, way)
    except AmbiguousError as error:
        raise ToolArgumentError(f"{text!r} is not plain. {error}") from error
    except NotUnderstoodError:
        return None
    if asked != Asked("list", where=asked.where) or not asked.where:
        return None
    return Group("and", asked.where)
