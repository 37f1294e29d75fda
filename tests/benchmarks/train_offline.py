"""Learn what the offline model knows anew: `python -m tests.benchmarks.train_offline`, from the repository root.

Two sets of weights in plugins/agent_plugin_offline, each the same whenever it is learned from the same data:
`weights.json`, the engine for tools that give no examples, from the public development half (see
function_calling_cases) and the requests written for this project, judged by the cross-validated table of
bench_function_calling; and `trained/weights.json.gz`, the reading of requests, from tests/plugins/data/offline_corpus
(`--reading` learns only these).
"""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent_core.tools.plugins import load_plugins
from agent_plugin_offline.learning import learn_weights
from agent_plugin_offline.trained import choice, tagging
from agent_plugin_offline.trained.linear import learn_classes
from agent_plugin_offline.trained.pieces import pieces_of
from tests.benchmarks import offline_corpus as corpus
from tests.benchmarks.function_calling_cases import data_folder, own_cases, public_cases

PLUGIN = Path(__file__).parents[2] / "plugins" / "agent_plugin_offline"
_LEAST = 0.1
"""Weights that are nearer to nothing are left out."""


def read_weights(requests: Sequence[corpus.Labelled]) -> dict[str, Any]:
    """All that is learned for reading requests."""
    seen = corpus.parts_seen(requests)
    counts = corpus.wording_counts(requests)
    tags = [*corpus.tag_cases(requests, counts, seen), *corpus.tag_cases(corpus.varied(requests, 1), counts, seen)]
    return {
        "choice": _compact(learn_classes([*corpus.choice_cases(requests), *_examples()], rounds=12, rate=0.1)),
        "cuts": _compact(learn_classes(list(corpus.cut_cases(requests)), rounds=8, rate=0.1)),
        "parts": _compact(tagging.learn(tags, rounds=5)),
        "wording": sorted(corpus.often(counts)),
        "seen": {tool: sorted(parts) for tool, parts in sorted(seen.items())},
    }


def _examples() -> Iterator[tuple[list[str], str]]:
    """The tools' own examples, and the first lines of their descriptions."""
    for name, tool in load_plugins(None).tools.items():
        for text in (*tool.examples, tool.description.partition("\n")[0]):
            if not text.startswith("Append"):
                yield choice.features_of(pieces_of(text)), name


def _compact(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    rows = {f: {k: round(v, 2) for k, v in row.items() if abs(v) >= _LEAST} for f, row in sorted(weights.items())}
    return {feature: row for feature, row in rows.items() if row}


def main() -> int:
    """Learn both."""
    folder = data_folder()
    if folder is None:
        print("No function_calling/dev.jsonl under AGENT_CORE_DATA or ../shared/data.", file=sys.stderr)
        return 2
    if "--reading" not in sys.argv:
        engine = learn_weights([case for _, case in [*public_cases(folder), *own_cases()]])
        (PLUGIN / "weights.json").write_text(json.dumps(engine, indent=0, sort_keys=True) + "\n", "utf-8")
        print({group: len(values) for group, values in engine.items()})
    reading = read_weights(corpus.load(sorted(corpus.CORPUS.glob("*.txt"))))
    text = json.dumps(reading, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    (PLUGIN / "trained" / "weights.json.gz").write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print({part: len(values) for part, values in reading.items()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
