"""What a grant is bound to: canonical arguments and hashes of them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from agent_core.tools.tool import Preview


def canonical(value: Any) -> str:
    """One text per JSON value: sorted keys, no white space, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(*parts: str) -> str:
    """SHA-256 over the parts, each marked off from the next."""
    hashed = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hashed.update(len(encoded).to_bytes(8, "big"))
        hashed.update(encoded)
    return hashed.hexdigest()


def preview_hash(preview: Preview) -> str:
    """Hash of what a person saw before saying yes."""
    return digest(preview.kind, preview.text)
