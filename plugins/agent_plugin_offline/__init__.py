"""The `offline` plugin: a model of rules and small linear models that needs no key and no network.

It finds tools and their arguments in the words of a request, plans compound requests and answers by quoting
results. It is not a language model, and says so where one would be needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agent_core import hookimpl


@hookimpl
def agent_core_models() -> Mapping[str, Callable[[str], Any]]:
    """The model called `offline`."""
    return {"offline": _offline}


def _offline(name: str) -> Any:
    """Make the model; pydantic-ai is imported only now, when somebody asks for it."""
    from agent_plugin_offline.model import OfflineModel

    return OfflineModel()
