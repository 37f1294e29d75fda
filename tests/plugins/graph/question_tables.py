"""Tables of three fields with mappings, and a SQL database of the same rows to compute answers with."""

from __future__ import annotations

import csv
import random
import sqlite3
from datetime import date, timedelta
from itertools import product
from pathlib import Path

LIBRARY = """
nodes:
  Branch: {file: branches.csv, key: branch_id, properties: {name: branch_name, city: city}}
  Member: {file: members.csv, key: member_id, properties: {name: full_name, joined: joined_on, kind: membership}}
  Author: {file: authors.csv, key: author_id, properties: {name: author, country: country}}
  Book: {file: books.csv, key: isbn, properties: {title: title, genre: genre, pages: pages, year: year_published}}
  Loan: {file: loans.csv, key: loan_id, properties: {borrowed: borrowed_on, returned: returned_on, fine: fine}}
relationships:
  BORROWED_BY: {file: loans.csv, from: {Loan: loan_id}, to: {Member: member_id}}
  OF: {file: loans.csv, from: {Loan: loan_id}, to: {Book: isbn}}
  AT: {file: loans.csv, from: {Loan: loan_id}, to: {Branch: branch_id}}
  WROTE: {file: books.csv, from: {Author: author_id}, to: {Book: isbn}}
words:
  Member: [reader, borrower]
  Member.kind: [membership type]
  Loan: [lending]
  Loan.borrowed: [when, borrow, loan date]
  Author: [writer]
  Branch: [library]
  Book.year: [published, publication year]
"""

SHOP = """
nodes:
  Customer: {file: customers.csv, key: customer_id, properties: [customer_name, city, newsletter]}
  Product: {file: products.csv, key: sku, properties: {name: product, category: category, price: price, stock: stock}}
  Order:
    file: orders.csv
    key: order_id
    properties: {placed: order_date, shipping_cost: shipping_cost, status: status}
relationships:
  PLACED: {file: orders.csv, from: {Customer: customer_id}, to: {Order: order_id}}
  CONTAINS: {file: lines.csv, from: {Order: order_id}, to: {Product: sku}}
"""


def write_library(folder: Path) -> None:
    """Five tables, the same every time."""
    chance = random.Random(5)
    cities = ["Graz", "Porto", "Leiden", "Graz", "Uppsala"]
    names = ["Central", "Harbour", "Old Town", "Riverside", "North"]
    _write(folder / "branches.csv", "branch_id branch_name city", [(n, names[n], cities[n]) for n in range(5)])
    people = [f"{a} {b}" for a in ("Ines", "Jonas", "Mira", "Otto", "Pia") for b in ("Falk", "Grau", "Holm", "Iversen")]
    members = [
        (f"M{n}", people[n], _day(chance, 2015, 2000), chance.choice(["adult", "child", "student"])) for n in range(20)
    ]
    _write(folder / "members.csv", "member_id full_name joined_on membership", members)
    writers = ["Lena Orlov", "Tomas Brand", "Aiko Mori", "Sam Okafor"]
    countries = ["Estonia", "Austria", "Japan", "Nigeria"]
    _write(folder / "authors.csv", "author_id author country", [(n, writers[n], countries[n]) for n in range(4)])
    books = [
        (
            f"B{n}", f"The {word} {noun}", chance.choice(["crime", "poetry", "science fiction"]),
            chance.randrange(80, 900), chance.randrange(1950, 2024), chance.randrange(4),
        )
        for n, (word, noun) in enumerate(product(("Silent", "Golden", "Last"), ("Bridge", "Garden", "Letter")))
    ]  # fmt: skip
    _write(folder / "books.csv", "isbn title genre pages year_published author_id", books)
    loans: list[tuple[object, ...]] = []
    for n in range(400):
        borrowed = _day(chance, 2021, 1000)
        back = borrowed + timedelta(chance.randrange(1, 40)) if chance.random() < 0.85 else ""
        fine = round(chance.uniform(0, 12), 2) if chance.random() < 0.3 else ""
        loans.append(
            (n, borrowed, back, fine, f"M{chance.randrange(20)}", f"B{chance.randrange(9)}", chance.randrange(5))
        )
    _write(folder / "loans.csv", "loan_id borrowed_on returned_on fine member_id isbn branch_id", loans)


def write_shop(folder: Path) -> None:
    """Four tables, the same every time."""
    chance = random.Random(9)
    towns = ["Lyon", "Ghent", "Turin"]
    customers = [
        (n, f"Customer {chr(65 + n)}", chance.choice(towns), chance.choice(["true", "false"])) for n in range(15)
    ]
    _write(folder / "customers.csv", "customer_id customer_name city newsletter", customers)
    goods = ["Desk Lamp", "Oak Table", "Wall Clock", "Garden Chair", "Floor Lamp", "Bookshelf"]
    kinds = ["lighting", "furniture", "decoration", "furniture", "lighting", "furniture"]
    products = [
        (f"P{n}", goods[n], kinds[n], round(chance.uniform(10, 400), 2), chance.randrange(0, 60)) for n in range(6)
    ]
    _write(folder / "products.csv", "sku product category price stock", products)
    orders = [
        (
            1000 + n, chance.randrange(15), _day(chance, 2022, 700), round(chance.uniform(3, 30), 2),
            chance.choice(["shipped", "cancelled", "pending"]),
        )
        for n in range(200)
    ]  # fmt: skip
    _write(folder / "orders.csv", "order_id customer_id order_date shipping_cost status", orders)
    lines = sorted({(1000 + chance.randrange(200), f"P{chance.randrange(6)}") for _ in range(500)})
    _write(folder / "lines.csv", "order_id sku", lines)


def database(folder: Path) -> sqlite3.Connection:
    """Every CSV file of a folder as a SQL table of its name; numbers as numbers, empty cells as NULL."""
    made = sqlite3.connect(":memory:")
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as opened:
            header, *rows = csv.reader(opened)
        columns = ", ".join(f'"{name}"' for name in header)
        made.execute(f"CREATE TABLE {path.stem} ({columns})")
        made.executemany(
            f"INSERT INTO {path.stem} VALUES ({', '.join('?' * len(header))})",
            [[_cell(c) for c in row] for row in rows],
        )
    return made


def _cell(text: str) -> object:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text or None


def _day(chance: random.Random, year: int, within: int) -> date:
    return date(year, 1, 1) + timedelta(days=chance.randrange(within))


def _write(path: Path, header: str, rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as opened:
        csv.writer(opened).writerows([header.split(), *rows])
