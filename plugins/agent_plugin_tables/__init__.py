"""The `tables` plugin: questions about CSV, TSV and XLSX files - sums, means, counts, groups, the largest rows."""

from __future__ import annotations

from typing import Literal

from agent_core import Tool, ToolArgumentError, ToolContext, hookimpl, tool
from agent_plugin_tables.answers import answer
from agent_plugin_tables.conditions import Condition
from agent_plugin_tables.description import TableDescription, describe
from agent_plugin_tables.question import prepare
from agent_plugin_tables.results import TableAnswer
from agent_plugin_tables.table import open_table


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    timeout_s=120.0,
    examples=[
        "Read budget.csv in this folder and add up the amount column",
        "What is the average price in products.xlsx?",
        "How many rows in orders.csv have status = 'open'?",
        "Total the sales by region in sales.csv",
        "Show the five most expensive items in inventory.xlsx",
        "What is the largest invoice in invoices.tsv where country is France?",
    ],
)
def query_table(
    ctx: ToolContext,
    path: str,
    operation: Literal["sum", "mean", "median", "min", "max", "count", "distinct", "list"] | None = None,
    column: str | None = None,
    where: str | list[Condition] | None = None,
    group_by: str | None = None,
    sort_by: str | None = None,
    order: Literal["ascending", "descending"] | None = None,
    limit: int | None = None,
    sheet: str | None = None,
    question: str | None = None,
) -> TableAnswer:
    """Answer a question about a table in a CSV or Excel file: add up, total, average, count, filter, group or sort it.

    Args:
        path: The table's file, such as budget.csv or sales.xlsx.
        operation: What to work out: sum (add up, total), mean (average), median, min (smallest, lowest, earliest),
            max (largest, highest, latest), count (how many), distinct (which different values), list (show rows).
            list if left out.
        column: The column to work it out of, such as amount; not needed to count or to list whole rows.
        where: Only rows for which this holds, such as "amount > 100 and region = 'North'", or in words such as
            "from Lisbon", "under 20 euros" or "in March 2027".
        group_by: Work it out for each value of this column (per, by, for each).
        sort_by: The column to sort rows by; "value" sorts groups by their result.
        order: ascending (smallest first) or descending (largest first). Left out: largest first where there is a limit.
        limit: How many rows or groups at most, such as 5 for the top five.
        sheet: Which sheet of an Excel file; the first if left out.
        question: Instead of all of these but path and sheet: the question in words, such as "average price per city".
    """
    typed = (operation, column, where, group_by, sort_by, order, limit)
    if question and any(value is not None for value in typed):
        raise ToolArgumentError("Give a question in words, or an operation with its columns, not both.")
    with open_table(ctx, path, sheet) as table:
        if question:
            from agent_plugin_tables.asking.answer import ask_table

            result = ask_table(table, question)
        else:
            asked = prepare(ctx, table, operation or "list", column, where, group_by, sort_by, order, limit)
            result = answer(asked)
    # A number cannot tell anybody what to do; the text of a cell can, and perhaps somebody else wrote it.
    if result.rows or result.groups or result.notes or not isinstance(result.value, int | float):
        ctx.mark_result({"untrusted"})
    return result


@tool(
    read_only=True,
    idempotent=True,
    private_data=True,
    untrusted_content=True,
    timeout_s=120.0,
    examples=[
        "Which columns does sales.csv have?",
        "What is in the spreadsheet budget.xlsx?",
        "Describe the table orders.csv",
        "How is data.tsv structured?",
    ],
)
def describe_table(ctx: ToolContext, path: str, sheet: str | None = None) -> TableDescription:
    """Describe a table in a CSV or Excel file: its columns and their types, how many rows it has, and the first ones.

    Args:
        path: The table's file, such as budget.csv or sales.xlsx.
        sheet: Which sheet of an Excel file; the first if left out.
    """
    with open_table(ctx, path, sheet) as table:
        return describe(table)


@hookimpl
def agent_core_tools() -> list[Tool]:
    """The tools of this plugin."""
    return [query_table, describe_table]
