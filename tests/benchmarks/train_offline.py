"""Learn the offline engine's weights anew: `python -m tests.benchmarks.train_offline`, from the repository root.

Uses the public development half (see function_calling_cases) and the requests written for this project, and writes
plugins/agent_plugin_offline/weights.json. Judge the result by the cross-validated table of bench_function_calling.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from agent_plugin_offline.learning import learn_weights
from tests.benchmarks.function_calling_cases import data_folder, own_cases, public_cases

WEIGHTS = Path(__file__).parents[2] / "plugins" / "agent_plugin_offline" / "weights.json"


def main() -> int:
    folder = data_folder()
    if folder is None:
        print("No function_calling/dev.jsonl under AGENT_CORE_DATA or ../shared/data.", file=sys.stderr)
        return 2
    weights = learn_weights([case for _, case in [*public_cases(folder), *own_cases()]])
    WEIGHTS.write_text(json.dumps(weights, indent=0, sort_keys=True) + "\n", "utf-8")
    print({group: len(values) for group, values in weights.items()})
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
