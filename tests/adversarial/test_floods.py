"""Ten million characters at once, wherever a tool or a model may put them: the run ends, and says how it ended.

Each runs in a process with limits on its memory and CPU time; what it took is measured against what came in.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.adversarial import attacks
from tests.adversarial.flooded import CALLS, CHARS, TEXT

ATTACK = attacks.MODEL_OUTPUT

MOST_BYTES_PER_CHAR = 60
MOST_SENT = 1_000_000
"""Characters: the model is shown the beginning and the end of what is longer."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", [*CALLS, "a reply"])
def test_ten_million_characters_at_once(way: str) -> None:
    command = [sys.executable, "-m", "tests.adversarial.flooded", way]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert ran.returncode == 0, ran.stderr[-2000:]
    ended = json.loads(ran.stdout)
    before, after = ended["mb"]
    assert (after - before) * 1024**2 < CHARS * MOST_BYTES_PER_CHAR
    assert ended["sent_chars"] < MOST_SENT
    assert ended["error_chars"] < 10_000
    assert ended["status"] in ("done", "failed", "waiting")
    assert ended["answer_chars"] >= len(TEXT) if way == "a reply" else ended["answer_chars"] < 1_000
