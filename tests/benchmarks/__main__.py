"""All benchmarks, or those named: `python -m tests.benchmarks [help|journal|load|plugins|run|...]... [--quick]`.

A benchmark that judges answers (graph_checker), quotes (graph_refusal) or plans (offline_reading) takes files of its
own behind its name.

Each prints a table of ratios that were measured in one go. They are never part of the test run.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

BENCHMARKS = (
    "finetune_dataset",
    "graph_checker",
    "graph_neo4j",
    "graph_refusal",
    "graph_retrieval",
    "graph_search",
    "help",
    "journal",
    "load",
    "offline",
    "offline_reading",
    "plugins",
    "run",
    "stream",
    "tool_finding",
)
OF_FILES = ("graph_checker", "graph_refusal", "offline_reading")


def main() -> None:
    """Run what was named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which of {', '.join(BENCHMARKS)}; left out, all")
    parser.add_argument("--quick", action="store_true", help="few repeats: to see that they run, not to compare")
    chosen, rest = parser.parse_known_args()
    if chosen.names[:1] in (["graph_questions"], ["table_questions"]):
        import_module(f"tests.benchmarks.bench_{chosen.names[0]}").main(chosen.quick, [*chosen.names[1:], *rest])
        return
    if rest:
        parser.error(f"{rest[0]} is not known")
    files = [Path(name) for name in chosen.names if name not in BENCHMARKS and Path(name).is_file()]
    if unknown := set(chosen.names) - set(BENCHMARKS) - set(map(str, files)):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(BENCHMARKS)}")
    for name in [name for name in chosen.names if name in BENCHMARKS] or BENCHMARKS:
        given = {"files": files} if files and name in OF_FILES else {}
        import_module(f"tests.benchmarks.bench_{name}").main(quick=chosen.quick, **given)


if __name__ == "__main__":
    main()
