"""What a grant is bound to: canonical arguments and hashes of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from agent_core.tools.tool import Preview


def canonical(value: Any) -> str:
    """One text per JSON value: sorted keys, no white space, no NaN.

    Raises:
        ValueError: the value holds NaN or an infinity.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def in_order(args: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Arguments in one order, whoever wrote them: by `names`, and everything inside them sorted.

    What is shown depends on it, so that two calls with the same arguments have to be shown as the same text.
    """
    known = [name for name in names if name in args]
    rest = sorted(args.keys() - set(known))
    return {name: _sorted(args[name]) for name in (*known, *rest)}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(inner) for inner in value] if isinstance(value, list) else value


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
