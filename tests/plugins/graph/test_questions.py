"""Questions in words to the tables: answers that SQL over the same files gives, and refusals that name the reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent_plugin_graph import Graph, NotUnderstood, TableAnswer
from agent_plugin_graph.asking.moments import Span, spans
from agent_plugin_graph.asking.tokens import tokens
from tests.plugins.graph.question_tables import LIBRARY, SHOP, database, write_library, write_shop

HOSPITAL = Path(__file__).parents[3] / "examples" / "hospital" / "mapping.yaml"
VISITS = "visits v JOIN payers p USING (payer_id) JOIN hospitals h USING (hospital_id)"

HOSPITAL_QUESTIONS = {
    "How many patients did Dr. Ryan Brown treat?": "SELECT count(DISTINCT patient_id) FROM visits v "
    "JOIN physicians d USING (physician_id) WHERE d.physician_name = 'Ryan Brown'",
    "Which hospital had the most visits in 2022?": f"SELECT hospital_name FROM {VISITS} "
    "WHERE date_of_admission LIKE '2022%' GROUP BY hospital_id ORDER BY count(*) DESC LIMIT 1",
    "What is the average billing amount per payer?": f"SELECT payer_name, avg(billing_amount) FROM {VISITS} GROUP BY 1",
    "Who are the physicians with a salary above 380000?": "SELECT physician_name FROM physicians WHERE salary > 380000",
    "What is the total billed to Medicaid at Wallace-Hamilton in March 2023?": f"SELECT sum(billing_amount) FROM {VISITS} "
    "WHERE payer_name = 'Medicaid' AND hospital_name = 'Wallace-Hamilton' AND date_of_admission LIKE '2023-03%'",
    "How many women were admitted in 2021?": "SELECT count(DISTINCT patient_id) FROM visits JOIN patients "
    "USING (patient_id) WHERE patient_sex = 'Female' AND date_of_admission LIKE '2021%'",
    "How many visits lasted more than 20 days?": "SELECT count(*) FROM visits "
    "WHERE julianday(discharge_date) - julianday(date_of_admission) > 20",
    "How many emergency visits were there at Brown Inc in 2020?": f"SELECT count(*) FROM {VISITS} WHERE "
    "admission_type = 'Emergency' AND hospital_name = 'Brown Inc' AND date_of_admission LIKE '2020%'",
    "Which doctors treated more than 30 patients?": "SELECT physician_name FROM visits JOIN physicians "
    "USING (physician_id) GROUP BY physician_id HAVING count(DISTINCT patient_id) > 30",
    "What is the average salary of the physicians who treated patients covered by Medicaid in 2019?": "SELECT avg(salary) "
    "FROM physicians WHERE physician_id IN (SELECT physician_id FROM visits JOIN payers USING (payer_id) "
    "WHERE payer_name = 'Medicaid' AND date_of_admission LIKE '2019%')",
    "How many patients visited hospitals in Texas or Florida?": f"SELECT count(DISTINCT patient_id) FROM {VISITS} "
    "WHERE hospital_state IN ('TX', 'FL')",
    "How many visits were not covered by Medicaid?": f"SELECT count(*) FROM {VISITS} WHERE payer_name <> 'Medicaid'",
    "How many hospitals are in each state?": "SELECT hospital_state, count(*) FROM hospitals GROUP BY 1",
    "Who is the highest paid doctor?": "SELECT physician_name FROM physicians ORDER BY salary DESC LIMIT 1",
    "What percentage of visits in Texas were covered by Medicaid?": "SELECT 100.0 * sum(payer_name = 'Medicaid') / count(*) "
    f"FROM {VISITS} WHERE hospital_state = 'TX'",
    "How many visits are without a diagnosis?": "SELECT count(*) FROM visits WHERE primary_diagnosis IS NULL",
    "What was the average cost of urgent visits to hospitals in NC discharged in 2021?": "SELECT avg(billing_amount) "
    f"FROM {VISITS} WHERE admission_type = 'Urgent' AND hospital_state = 'NC' AND discharge_date LIKE '2021%'",
    "Which insurance company has the lowest average billing amount?": f"SELECT payer_name FROM {VISITS} GROUP BY 1 "
    "ORDER BY avg(billing_amount) LIMIT 1",
    "How many patients had more than two visits?": "SELECT count(*) FROM (SELECT patient_id FROM visits "
    "GROUP BY 1 HAVING count(*) > 2)",
    "What is the most common chief complaint in Georgia after 2020?": f"SELECT chief_complaint FROM {VISITS} "
    "WHERE hospital_state = 'GA' AND date_of_admission > '2020-12-31' AND chief_complaint IS NOT NULL GROUP BY 1 "
    "HAVING count(*) = (SELECT max(n) FROM (SELECT count(*) AS n FROM visits JOIN hospitals USING (hospital_id) "
    "WHERE hospital_state = 'GA' AND date_of_admission > '2020-12-31' AND chief_complaint IS NOT NULL "
    "GROUP BY chief_complaint))",
    "Total billing of Cigna by year": f"SELECT CAST(substr(date_of_admission, 1, 4) AS INTEGER), sum(billing_amount) FROM "
    f"{VISITS} WHERE payer_name = 'Cigna' GROUP BY 1",
    "What medical school did Dr. Ryan Brown attend?": "SELECT medical_school FROM physicians "
    "WHERE physician_name = 'Ryan Brown'",
}
LOANS = "loans l JOIN books b USING (isbn) JOIN branches r USING (branch_id) JOIN members m USING (member_id)"
LIBRARY_QUESTIONS = {
    "How many books did Mira Holm borrow?": f"SELECT count(DISTINCT isbn) FROM {LOANS} WHERE full_name = 'Mira Holm'",
    "Which member borrowed the most books?": f"SELECT full_name FROM {LOANS} GROUP BY member_id "
    f"HAVING count(DISTINCT isbn) = (SELECT max(n) FROM (SELECT count(DISTINCT isbn) AS n FROM loans GROUP BY member_id))",
    "What is the average number of pages of crime books?": "SELECT avg(pages) FROM books WHERE genre = 'crime'",
    "How many loans were there per branch in 2022?": f"SELECT branch_name, count(*) FROM {LOANS} "
    "WHERE borrowed_on LIKE '2022%' GROUP BY 1",
    "What is the total fine of students?": f"SELECT sum(fine) FROM {LOANS} WHERE membership = 'student'",
    "How many loans have not been returned?": "SELECT count(*) FROM loans WHERE returned_on IS NULL",
    "Which writers are from Estonia or Japan?": "SELECT author FROM authors WHERE country IN ('Estonia', 'Japan')",
    "How many loans lasted longer than 30 days?": "SELECT count(*) FROM loans "
    "WHERE julianday(returned_on) - julianday(borrowed_on) > 30",
    "What is the longest book?": None,
    "How many readers joined before 2017?": "SELECT count(*) FROM members WHERE joined_on < '2017-01-01'",
    "Which books were published after 2000?": "SELECT title FROM books WHERE year_published > 2000",
    "How many science fiction books by Lena Orlov were borrowed in Graz?": f"SELECT count(DISTINCT isbn) FROM {LOANS} "
    "JOIN authors USING (author_id) WHERE genre = 'science fiction' AND author = 'Lena Orlov' AND city = 'Graz'",
    "Who wrote The Golden Garden?": "SELECT author FROM books JOIN authors USING (author_id) "
    "WHERE title = 'The Golden Garden'",
    "How many pages does The Silent Letter have?": "SELECT pages FROM books WHERE title = 'The Silent Letter'",
    "In which year was The Last Bridge published?": "SELECT year_published FROM books WHERE title = 'The Last Bridge'",
    "Average fine by genre": f"SELECT genre, avg(fine) FROM {LOANS} GROUP BY 1",
    "What is the highest fine in Porto?": f"SELECT max(fine) FROM {LOANS} WHERE city = 'Porto'",
    "How many loans were made between March 2022 and May 2022?": "SELECT count(*) FROM loans "
    "WHERE borrowed_on BETWEEN '2022-03-01' AND '2022-05-31'",
    "Which branch has the most reviews?": None,
    "How many e-books are there?": None,
}
ORDERS = "orders o JOIN customers c USING (customer_id)"
LINES = f"{ORDERS} JOIN lines USING (order_id) JOIN products p USING (sku)"
SHOP_QUESTIONS = {
    "How many orders were cancelled?": "SELECT count(*) FROM orders WHERE status = 'cancelled'",
    "How many orders were placed in 2022?": "SELECT count(*) FROM orders WHERE order_date LIKE '2022%'",
    "Which product is the most expensive?": "SELECT product FROM products ORDER BY price DESC LIMIT 1",
    "What is the average price of furniture products?": "SELECT avg(price) FROM products WHERE category = 'furniture'",
    "How many products are there per category?": "SELECT category, count(*) FROM products GROUP BY 1",
    "Which customers in Lyon placed orders in May 2022?": f"SELECT DISTINCT customer_name FROM {ORDERS} "
    "WHERE city = 'Lyon' AND order_date LIKE '2022-05%'",
    "How many orders contain the Oak Table?": f"SELECT count(DISTINCT order_id) FROM {LINES} WHERE product = 'Oak Table'",
    "What is the total shipping cost of orders from Ghent?": f"SELECT sum(shipping_cost) FROM {ORDERS} WHERE city = 'Ghent'",
    "Top 3 customers by number of orders": f"SELECT customer_name, count(*) FROM {ORDERS} GROUP BY customer_id "
    "ORDER BY 2 DESC LIMIT 3",
    "What is the price of the Wall Clock?": "SELECT price FROM products WHERE product = 'Wall Clock'",
    "Which products cost less than 100 euros?": None,
    "Which products have a price under 100?": "SELECT product FROM products WHERE price < 100",
    "What is the total shipping cost of orders that contain lighting products?": "SELECT sum(shipping_cost) FROM orders "
    "WHERE order_id IN (SELECT order_id FROM lines JOIN products USING (sku) WHERE category = 'lighting')",
    "How many customers live on Mars?": None,
    "What is the average shipping cost of pending orders in the first quarter of 2023?": "SELECT avg(shipping_cost) "
    "FROM orders WHERE status = 'pending' AND order_date BETWEEN '2023-01-01' AND '2023-03-31'",
    "Which customer has the most orders with the Desk Lamp?": f"SELECT customer_name FROM {LINES} "
    "WHERE product = 'Desk Lamp' GROUP BY customer_id HAVING count(DISTINCT order_id) = (SELECT max(n) FROM "
    f"(SELECT count(DISTINCT order_id) AS n FROM {LINES} WHERE product = 'Desk Lamp' GROUP BY customer_id))",
}
TABLES = {
    "library": (LIBRARY, write_library, LIBRARY_QUESTIONS),
    "shop": (SHOP, write_shop, SHOP_QUESTIONS),
}


def differs(expected: list[tuple[Any, ...]], answer: TableAnswer | NotUnderstood) -> str:
    """How an answer is not what SQL says; empty if it is."""
    if isinstance(answer, NotUnderstood):
        return answer.why
    rows = [tuple(row.values()) for row in answer.rows]
    width = len(expected[0])
    for first in range(2):  # groups are told apart by a key, too; what is ranked stands after what it is of
        cut = [(row[0], row[-1]) if width == 2 else (row[first] if first < len(row) else None,) for row in rows]
        if _rounded(cut) == _rounded(expected):
            return ""
    return f"{rows[:5]} instead of {expected[:5]}; {answer.read_as}"


def _rounded(rows: list[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    return sorted(tuple(f"{v:.6f}" if isinstance(v, int | float) else str(v) for v in row) for row in rows)


def asked(graph: Graph, folder: Path, questions: dict[str, str | None]) -> dict[str, str]:
    """The questions that were not answered as SQL says, or answered where nothing answers them."""
    computed = database(folder)
    wrong: dict[str, str] = {}
    for question, sql in questions.items():
        answer = graph.ask(question)
        if sql is not None:
            if why := differs(computed.execute(sql).fetchall(), answer):
                wrong[question] = why
        elif isinstance(answer, TableAnswer):
            wrong[question] = answer.text
    return wrong


@pytest.mark.parametrize("name", TABLES)
def test_tables_of_other_fields_are_asked_in_words(any_graph: Graph, tmp_path: Path, name: str) -> None:
    mapping, write, questions = TABLES[name]
    write(tmp_path)
    any_graph.load_tables(mapping, tmp_path)
    assert asked(any_graph, tmp_path, questions) == {}


def test_the_hospital_is_asked_in_words(any_graph: Graph, given: Callable[[str], Any]) -> None:
    folder = given("hospital")
    any_graph.load_tables(HOSPITAL, folder)
    assert asked(any_graph, folder, dict(HOSPITAL_QUESTIONS)) == {}
