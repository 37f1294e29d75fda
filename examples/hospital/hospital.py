"""A hospital as a graph: six generated tables, loaded by `mapping.yaml`, and questions asked of them.

python examples/hospital/hospital.py            # tables of its own making
python examples/hospital/hospital.py FOLDER     # the six CSV files of a folder
python examples/hospital/hospital.py --neo4j    # the same on a Neo4j that it starts (Java and Maven), and ends again
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

from agent_plugin_graph import Column, Condition, Graph, GraphQuery, Hop, NotUnderstood, Order, Value

MAPPING = Path(__file__).with_name("mapping.yaml")

SERVE = Path(__file__).parents[1] / "neo4j" / "serve.py"

IN_WORDS = (
    "Which hospital had the most visits in 2023?",
    "What is the average bill of emergency visits covered by Northern?",
    "How many nurses work at Elm Hospital?",
)
QUESTIONS = {
    "How long are emergency visits, on average, in days?": GraphQuery(
        "Visit",
        [Column("days", Value("Visit.discharged", since="Visit.admitted"), "avg")],
        where=[Condition(Value("Visit.admission_type"), "=", "Emergency")],
    ),
    "What was each payer billed for 2023?": GraphQuery(
        "Visit",
        [Column("payer", Value("Payer.name")), Column("billed", Value("Visit.billing"), "sum")],
        [Hop("COVERED_BY", "Payer")],
        [Condition(Value("Visit.admitted", "year"), "=", 2023)],
        [Order("billed", descending=True)],
    ),
    "Which physicians treated the most patients?": GraphQuery(
        "Physician",
        [Column("physician", Value("Physician.name")), Column("patients", Value("Patient"), "count distinct")],
        [Hop("TREATS", "Visit"), Hop("HAS", "Patient", backwards=True)],
        order=[Order("patients", descending=True)],
        limit=3,
    ),
    "In which states do patients write about nurses?": GraphQuery(
        "Hospital",
        [Column("state", Value("Hospital.state")), Column("reviews", Value("Review"), "count")],
        [Hop("AT", "Visit", backwards=True), Hop("WRITES", "Review")],
        [Condition(Value("Review.text"), "contains", "nurses")],
    ),
}


def generate(folder: Path, visits: int = 400) -> None:
    """Write six small tables, the same every time."""
    chance = random.Random(2027)

    def day(since: date, within: int) -> date:
        return since + timedelta(days=chance.randrange(within))

    def write(name: str, header: str, rows: list[tuple[object, ...]]) -> None:
        with (folder / name).open("w", newline="", encoding="utf-8") as opened:
            csv.writer(opened).writerows([header.split(), *rows])

    first, last = ("Ada", "Bo", "Cleo", "Dan", "Eva", "Finn"), ("Berg", "Lind", "Osei", "Ruiz", "Sato", "Weiss")
    people = [f"{one} {other}" for one in first for other in last]
    hospitals = [(n, f"{name} Hospital", state) for n, (name, state) in enumerate([("Elm", "CO"), ("Oak", "NC")])]
    write("hospitals.csv", "hospital_id hospital_name hospital_state", hospitals)
    write("payers.csv", "payer_name payer_id", [("Northern", 0), ("Southern", 1), ("Public", 2)])
    physicians = [
        (name, n, day(date(1960, 1, 1), 9000), day(date(1995, 1, 1), 6000), "State University", 150_000 + 1000 * n)
        for n, name in enumerate(people[:9])
    ]
    write(
        "physicians.csv",
        "physician_name physician_id physician_dob physician_grad_year medical_school salary",
        physicians,
    )
    patients = [(n, n, chance.choice("FM"), day(date(1940, 1, 1), 25_000), "O+") for n in range(120)]
    patients = [(f"{people[n % 36]}", sex, n, born, blood) for n, _, sex, born, blood in patients]
    write("patients.csv", "patient_name patient_sex patient_id patient_dob patient_blood_type", patients)
    rows: list[tuple[object, ...]] = []
    for number in range(visits):
        admitted = day(date(2022, 1, 1), 900)
        closed = chance.random() < 0.9
        rows.append(
            (
                chance.randrange(120), admitted, round(chance.uniform(500, 40_000), 2), 100 + number % 50,
                chance.choice(("Emergency", "Elective", "Urgent")), day(admitted, 30) if closed else "",
                chance.choice(("Normal", "Abnormal", "")), number, chance.randrange(9), chance.randrange(3),
                chance.randrange(2), "", "", "", "DISCHARGED" if closed else "OPEN",
            )
        )  # fmt: skip
    header = (
        "patient_id date_of_admission billing_amount room_number admission_type discharge_date test_results visit_id "
    )
    header += "physician_id payer_id hospital_id chief_complaint treatment_description primary_diagnosis visit_status"
    write("visits.csv", header, rows)
    said = ("The nurses explained every step.", "The food was cold.", "Doctors and nurses worked as one team.")
    reviews = [(n, visit, said[n % 3], "", "", "") for n, visit in enumerate(range(0, visits, 7))]
    write("reviews.csv", "review_id visit_id review physician_name hospital_name patient_name", reviews)


@contextmanager
def opened(folder: Path, *, on_neo4j: bool) -> Iterator[Graph]:
    """An empty graph: a file, or a server that ends with it."""
    if not on_neo4j:
        with Graph.open(f"sqlite:///{folder}/hospital.db") as graph:
            yield graph
        return
    password = secrets.token_urlsafe(16)
    server = subprocess.Popen(
        [sys.executable, SERVE, "--folder", folder / "neo4j", "--port", "0"],
        env={**os.environ, "NEO4J_PASSWORD": password},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if not address:
            sys.exit("The server did not start.")
        with Graph.open(address, auth=("neo4j", password)) as graph:
            yield graph
    finally:
        server.terminate()
        server.communicate()


def main() -> None:
    """Load the tables and answer the questions."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="where the six CSV files are; made up, if left out")
    parser.add_argument("--neo4j", action="store_true", help="on a Neo4j server instead of a file")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        scratch = Path(made)
        tables = chosen.folder or scratch
        if not chosen.folder:
            generate(tables)
        with opened(scratch, on_neo4j=chosen.neo4j) as graph:
            started = time.perf_counter()
            loaded = graph.load_tables(MAPPING, tables)
            print(f"{loaded.nodes} nodes, {loaded.edges} relationships in {time.perf_counter() - started:.1f} s")
            for question, query in QUESTIONS.items():
                print(question)
                for row in graph.query(query):
                    print("  " + ", ".join(f"{name}: {_shown(value)}" for name, value in row.items()))
            for question in IN_WORDS:
                print(question)
                answer = graph.ask(question)
                told = f"I do not know: {answer.why}" if isinstance(answer, NotUnderstood) else answer.text
                print("  " + told.replace("\n", "\n  "))


def _shown(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
