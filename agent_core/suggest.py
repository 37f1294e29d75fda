"""Near matches for error messages: every unknown name says what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """The end of an error message about an unknown `name`: the nearest option, else all of them.

    Starts with a space; empty where there are no options.
    """
    from difflib import get_close_matches

    known = sorted(set(options))
    folded = {option.casefold(): option for option in known}
    near = get_close_matches(name[:200].casefold(), folded, n=2, cutoff=0.6)
    if near:
        return f" Did you mean {' or '.join(repr(folded[match]) for match in near)}?"
    if not known:
        return ""
    shown = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
    return f" Known: {shown}."
