"""Conditions in the words of a person: the right rows, or a refusal that says what was not understood."""

from __future__ import annotations

from pathlib import Path

import pytest

import agent_plugin_tables as tables
from agent_core import ToolArgumentError, ToolContext

STAFF = """name,department,town,age,salary,started,car
Ann Lee,Kitchen,Lisbon,34,2100,2024-03-01,yes
Bo Khan,Front of House,Porto,51,2600,2025-03-15,no
Cy Ode,Kitchen,Lisbon,27,1900,2025-11-02,
Di Voss,Bar,Faro,44,2300,2026-05-20,no
Ed Marsh,Bar,Porto,30,2000,2026-03-09,yes
"""
ORDERS = """order no,customer,supplier,status,total
101,Ash,Verde Fruit,shipped,€20.00
102,Oak,North & Sons,open,€45.50
103,Ash,Verde Fruit,shipped,€99.00
104,Elm,Molino,cancelled,€10.00
"""


@pytest.fixture
def names(tmp_path: Path) -> Names:
    (tmp_path / "staff.csv").write_text(STAFF)
    (tmp_path / "orders.csv").write_text(ORDERS)
    return Names(tmp_path)


class Names:
    """Which rows a condition leaves, by their first column."""

    def __init__(self, root: Path) -> None:
        self._ctx = ToolContext(workspace=root, data_dir=root)

    def of(self, path: str, where: str) -> str:
        tool = tables.query_table
        assert tool.function is not None
        args = tool.arguments.keywords(tool.arguments.validate({"path": path, "operation": "list", "where": where}))
        rows = tool.function(self._ctx, **args).rows
        return " ".join(str(next(iter(row.values()))).split()[0] for row in rows)


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("in the Kitchen department", "Ann Cy"),
        ("from Lisbon", "Ann Cy"),
        ("who live in Porto or Faro", "Bo Di Ed"),
        ("Porto or Faro", "Bo Di Ed"),
        ("for the people from Porto and Faro", "Bo Di Ed"),
        ("the town is Porto", "Bo Ed"),
        ("town Porto", "Bo Ed"),
        ("whose town is not Porto", "Ann Cy Di"),
        ("everyone except the Bar", "Ann Bo Cy"),
        ("front of house", "Bo"),
        ("over 40", None),  # an age or a salary?
        ("aged over 40", "Bo Di"),
        ("age over 40", "Bo Di"),
        ("with a salary over 2,000", "Ann Bo Di"),
        ("older than 40", "Bo Di"),
        ("younger than 30", "Cy"),
        ("with an age between 30 and 44", "Ann Di Ed"),
        ("where the salary is between 2000 and 2300 and the town is Porto", "Ed"),
        ("in Porto with a salary of at least 2600", "Bo"),
        ("with salaries between 1900 and 2000", "Cy Ed"),
        ("a salary of 2000", "Ed"),
        ("who started in March", "Ann Bo Ed"),
        ("started in March 2025", "Bo"),
        ("started after 2 November 2025", "Di Ed"),
        ("started since 2026", "Di Ed"),
        ("from March to November 2025", "Bo Cy"),
        ("in 2025", "Bo Cy"),
        ("before 2025", "Ann"),
        ("without a car", "Bo Di"),
        ("whose car is no", "Bo Di"),
        ("Lee", "Ann"),
        ("in the kitchens", "Ann Cy"),
        ("in the Garden department", None),
        ("in the Kitchen department of Mars", None),
    ],
)
def test_words_are_read_against_the_table(names: Names, where: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ToolArgumentError):
            names.of("staff.csv", where)
    else:
        assert names.of("staff.csv", where) == expected


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("the status shipped", "101 103"),
        ("orders that are shipped", "101 103"),
        ("for Verde", "101 103"),
        ("from North & Sons", "102"),
        ("under 20 euros", "104"),
        ("over €20", "102 103"),
        ("of customer Ash that are not open", "101 103"),
        ("not shipped", "102 104"),
        ("for order no 104", "104"),
        ("costing more than 40", "102 103"),
        ("that cost more than 40", "102 103"),
    ],
)
def test_amounts_and_parts_of_values(names: Names, where: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(ToolArgumentError):
            names.of("orders.csv", where)
    else:
        assert names.of("orders.csv", where) == expected


def test_a_value_that_looks_like_a_small_word_is_told_by_its_spelling(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("site,state\nOne,IN\nTwo,OR\nThree,GA\n")
    names = Names(tmp_path)
    assert names.of("sites.csv", "in IN") == "One"
    assert names.of("sites.csv", "in GA") == "Three"
