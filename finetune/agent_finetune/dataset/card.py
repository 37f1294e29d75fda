"""The dataset's card: where it comes from, how much there is of what, what was left out and why, and its hashes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from agent_finetune.dataset.balance import SPLITS
from agent_finetune.dataset.examples import TEACHERS
from agent_finetune.dataset.spool import CONTRADICTORY, Spool, compact
from agent_finetune.dataset.writing import FORMAT, Folder

if TYPE_CHECKING:
    from agent_finetune.dataset.building import Options, Tally

SCHEMA_VERSION = 1
_KEPT = "FROM examples WHERE dropped IS NULL"


def card(
    spool: Spool, folder: Folder, tally: Tally, options: Options, cap: int, skipped: dict[str, int]
) -> dict[str, Any]:
    """Everything that is to be said of a dataset; the same dataset has the same card."""
    files = folder.listing()
    tools = _per_tool(spool)
    missing = {name: options.per_tool - n["all"] for name, n in tools.items() if n["all"] < options.per_tool}
    total = _one(spool, f"SELECT count(*) {_KEPT}")
    left_out = Counter(tally.left_out)
    for table in ("examples", "preferences"):
        left_out.update(
            dict(map(tuple, spool.rows(f"SELECT dropped, count(*) FROM {table} WHERE dropped IS NOT NULL GROUP BY 1")))  # noqa: S608
        )
    return {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "dataset_hash": sha256(compact(files).encode()).hexdigest(),
        "files": files,
        "sources": {
            "runs": tally.runs,
            "imported_lines": tally.imported,
            "imported_files": [_file(path) for path in options.imports],
            "conversations": _one(spool, f"SELECT count(DISTINCT conversation) {_KEPT}"),
            "teachers": {
                TEACHERS[row[0]]: row[1] for row in spool.rows(f"SELECT teacher, count(*) {_KEPT} GROUP BY 1")
            },
            "models": dict(
                map(tuple, spool.rows(f"SELECT model, count(*) {_KEPT} AND model != '' GROUP BY 1 ORDER BY 1"))
            ),
        },
        "examples": {
            "all": total,
            "splits": _counted(spool, f"SELECT split, count(*) {_KEPT} GROUP BY 1"),
            "kinds": _counted(spool, f"SELECT kind, count(*) {_KEPT} GROUP BY 1 ORDER BY 1"),
            "tools": tools,
            "most_per_tool_in_training": cap,
            "not_in_form": skipped,
        },
        "preferences": _counted(
            spool, "SELECT because, count(*) FROM preferences WHERE dropped IS NULL GROUP BY 1 ORDER BY 1"
        ),
        "tokens": _tokens(spool),
        "replaced": _replaced(spool),
        "left_out": dict(sorted(left_out.items(), key=lambda one: (-one[1], one[0]))),
        "teaches_to_skip_approvals": tally.poisoned,
        "contradictory_runs": _contradictory(spool),
        "unreadable_lines": tally.unreadable,
        "enough": total >= options.minimum and not missing,
        "minimum": {"all": options.minimum, "per_tool": options.per_tool, "missing": missing},
        "made_with": {
            "agent-core": version("agent-core"),
            "faker": version("faker"),
            "rensa": version("rensa"),
            "seed": options.seed,
            "formats": list(options.formats),
            "max_chars": options.max_chars,
            "tools_shown": options.tools_shown,
        },
    }


def as_json(told: dict[str, Any]) -> str:
    """The card for programs."""
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def shortage(told: dict[str, Any]) -> list[str]:
    """What is missing for training, in sentences; empty where nothing is."""
    said: list[str] = []
    least = told["minimum"]
    if (total := told["examples"]["all"]) < least["all"]:
        said.append(f"There are {total} examples; {least['all']} good ones are the least that training is worth.")
    for name, count in least["missing"].items():
        has = least["per_tool"] - count
        said.append(f"{name}: {has} of {least['per_tool']} examples, {count} more are needed.")
    return said


def as_markdown(told: dict[str, Any]) -> str:
    """The card for people."""
    examples, sources = told["examples"], told["sources"]
    lines = [
        "# Dataset card",
        "",
        f"{examples['all']} examples from {sources['runs']} runs and {sources['imported_lines']} imported lines, "
        f"{sources['conversations']} conversations. In every example the last message is what is taught; what stands "
        "before it is context. Secrets and personal data are surrogates of the same form, the same within an example.",
        "",
        f"Hash: `{told['dataset_hash']}`",
        "",
        *(["Too little to train on:", "", *(f"- {line}" for line in shortage(told)), ""] if not told["enough"] else []),
        *_table("Files", ("file", "rows", "bytes", "SHA-256"), [(n, *f.values()) for n, f in told["files"].items()]),
        *_table("Teachers", ("teacher", "examples"), sources["teachers"].items()),
        *_table("Models", ("model", "examples"), sources["models"].items()),
        *_table("Kinds", ("kind", "examples"), examples["kinds"].items()),
        *_table(
            "Tools",
            ("tool", *SPLITS, "all"),
            [(name, *(n[split] for split in (*SPLITS, "all"))) for name, n in examples["tools"].items()],
        ),
        *_table("Preferences", ("because of", "pairs or judgements"), told["preferences"].items()),
        *_table("Length in tokens, estimated", ("which", "tokens"), told["tokens"].items()),
        *_table("Replaced by surrogates, different values per example", ("kind", "values"), told["replaced"].items()),
        *_table("Left out", ("why", "how many"), told["left_out"].items()),
        *_table(
            "Would have taught to act without asking, and was left out",
            ("run", "in", "words"),
            [(found["run"], found["in"], found["words"]) for found in told["teaches_to_skip_approvals"]],
        ),
        *_table("Corrected in different ways, and left out", ("run",), [(run,) for run in told["contradictory_runs"]]),
        *_table("Lines that cannot be used", ("line",), [(line,) for line in told["unreadable_lines"]]),
        *_table("Made with", ("what", "value"), told["made_with"].items()),
    ]
    return "\n".join(lines)


def _per_tool(spool: Spool) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for row in spool.rows(
        "SELECT split, json_each.value AS tool, count(*) AS n FROM examples, json_each(examples.teaches) "
        "WHERE dropped IS NULL GROUP BY 1, 2"
    ):
        of_tool = counts.setdefault(row["tool"], Counter())
        of_tool[row["split"]] += row["n"]
        of_tool["all"] += row["n"]
    return {name: {part: counts[name][part] for part in (*SPLITS, "all")} for name in sorted(counts)}


def _tokens(spool: Spool) -> dict[str, int]:
    count = _one(spool, f"SELECT count(*) {_KEPT}")
    found = {
        name: _one(spool, f"SELECT tokens {_KEPT} ORDER BY tokens LIMIT 1 OFFSET {int(at * (count - 1))}")
        for name, at in (("half have at most", 0.5), ("95 % have at most", 0.95), ("longest", 1.0))
    }
    return {"all": _one(spool, f"SELECT sum(tokens) {_KEPT}"), **found}


def _replaced(spool: Spool) -> dict[str, int]:
    total: Counter[str] = Counter()
    for table in ("examples", "preferences"):
        for row in spool.rows(
            f"SELECT json_each.key AS kind, sum(json_each.value) AS n FROM {table}, json_each({table}.replaced) "  # noqa: S608
            "WHERE dropped IS NULL GROUP BY 1"
        ):
            total[row["kind"]] += row["n"]
    return dict(sorted(total.items()))


def _contradictory(spool: Spool) -> list[str]:
    query = (
        "SELECT run FROM examples WHERE dropped = ?1 UNION SELECT run FROM preferences WHERE dropped = ?1 "
        "ORDER BY 1 LIMIT 50"
    )
    return [row["run"] for row in spool.rows(query, CONTRADICTORY)]


def _file(path: Any) -> dict[str, str]:
    return {"name": path.name, "sha256": sha256(path.read_bytes()).hexdigest()}


def _counted(spool: Spool, query: str) -> dict[str, int]:
    return {str(row[0]): int(row[1]) for row in spool.rows(query)}


def _one(spool: Spool, query: str) -> int:
    return int(next(iter(spool.rows(query)))[0])


def _table(heading: str, header: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> list[str]:
    written = [f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows]
    if not written:
        return []
    return [f"## {heading}", "", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}", *written, ""]


def _cell(value: Any) -> str:
    text = " ".join(str(value).split())
    return "".join(f"\\{c}" if c in "\\|`*_<>[]" else c for c in text)
