"""One page: download it, and make readable text of what came."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from agent_core.errors import ToolArgumentError, ToolError
from agent_core.gate.sanitise import sanitise, sanitise_line
from agent_core.web.connection import Resolver, resolve
from agent_core.web.content import decode, looks_like_html, media_type, refuse_binary
from agent_core.web.download import Download, download
from agent_core.web.main_text import main_text
from agent_plugin_search.results import Page

if TYPE_CHECKING:
    from agent_plugin_search.settings import SearchSettings

MAX_CHARS = 200_000


async def read_page(url: str, max_chars: int, settings: SearchSettings, resolver: Resolver = resolve) -> Page:
    """The readable text of the page at `url`; raises what `download` raises, and ToolError where there is none."""
    if not 1 <= max_chars <= MAX_CHARS:
        raise ToolArgumentError(f"max_chars is {max_chars}; ask for 1 to {MAX_CHARS} characters.")
    received = await download(url, settings.access, resolver)
    refuse_binary(received.content_type, received.url, received.data)
    media = media_type(received.content_type)
    html = looks_like_html(media, received.data)
    # Cleaned before it is parsed, for a parser drops the ESC of a sequence and keeps the rest; and after, for
    # character references (`&#8238;`) become characters only then. In a thread: megabytes take a second.
    source = await asyncio.to_thread(_clean_source, received, html)
    title, text = await main_text(source, received.url) if html else (_heading(source, media), source)
    text = (await asyncio.to_thread(sanitise, text)).strip()
    if not text:
        raise ToolError(f"{received.url!r} shows no readable text; it may need JavaScript or a login.")
    cut = len(text) > max_chars
    return Page(
        url=received.url,
        title=sanitise_line(title, 300),
        text=text[:max_chars].rstrip() if cut else text,
        content_type=media,
        truncated=cut or received.truncated,
    )


def _clean_source(received: Download, html: bool) -> str:
    return sanitise(decode(received.data, received.content_type, html=html))


def _heading(source: str, media: str) -> str:
    """The first heading of a Markdown text; other texts have no title."""
    found = re.search(r"^#{1,2} +(.+)$", source[:20_000], re.M) if "markdown" in media else None
    return found[1] if found else ""
