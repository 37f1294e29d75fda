"""What is measured of a sentence beside its passages, one module for each kind of difference."""

from __future__ import annotations

from agent_core.loop.support.alignment import Alignment
from agent_core.loop.support.measures.binding import binding
from agent_core.loop.support.measures.counted import counted
from agent_core.loop.support.measures.grounds import grounds
from agent_core.loop.support.measures.measured import Measured
from agent_core.loop.support.measures.ordering import ordering
from agent_core.loop.support.measures.polarity import polarity
from agent_core.loop.support.measures.presence import presence
from agent_core.loop.support.measures.roles import roles
from agent_core.loop.support.measures.strength import strength

__all__ = ["Measured", "measure"]

_MEASURES = (counted, presence, polarity, strength, grounds, ordering, roles, binding)


def measure(found: Alignment) -> Measured:
    """All measures of an aligned sentence."""
    measured = Measured()
    for add in _MEASURES:
        add(found, measured)
    return measured
