"""What a user can set for the `search` plugin, under `plugins.search` in the config file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from agent_core import ToolContext
from agent_core.errors import ConfigurationError
from agent_core.web.access import WebAccess

PROVIDERS = ("ddgs", "searxng")
SAFESEARCH = ("off", "moderate", "on")


@dataclass(frozen=True)
class SearchSettings:
    """Search service, patience and the one exception to "public addresses only"."""

    provider: Literal["ddgs", "searxng"] = "ddgs"
    """`ddgs` asks public search engines and needs no account; `searxng` asks a server of your own."""
    searxng_url: str = ""
    """Address of the SearXNG server, such as http://localhost:8888; it must allow the `json` format."""
    engines: list[str] = field(
        default_factory=lambda: ["duckduckgo", "brave", "mojeek", "startpage", "yahoo", "wikipedia"]
    )
    """The engines that `ddgs` asks, two at a time: an attempt that fails is followed by one on the next two."""
    region: str = "us-en"
    """Country and language of the results, as in `de-de`; `wt-wt` is no region."""
    safesearch: Literal["off", "moderate", "on"] = "moderate"
    timeout_s: float = 12.0
    """For a whole search, all attempts together."""
    attempts: int = 3
    backoff_s: float = 0.5
    """The longest pause after the first failed attempt; it doubles with each. The pause itself is random."""
    page_timeout_s: float = 20.0
    """For a whole page, redirects and all."""
    page_max_bytes: int = 2_000_000
    """What is read of a page, after decompression; the rest is cut off."""
    proxy: str = ""
    """HTTP or SOCKS proxy for `ddgs`, such as http://proxy.example:3128."""
    ca_file: str = ""
    """A PEM file of certificate authorities to trust in place of the public ones."""
    allow_private_hosts: list[str] = field(default_factory=list[str])
    """`host:port` pairs that `fetch_page` may read although they are private or on an unusual port."""

    def __post_init__(self) -> None:
        self._check("provider", self.provider, PROVIDERS)
        self._check("safesearch", self.safesearch, SAFESEARCH)
        for name in ("timeout_s", "attempts", "page_timeout_s", "page_max_bytes"):
            if not getattr(self, name) > 0:
                raise ConfigurationError(f"plugins.search.{name} is {getattr(self, name)!r}; it must be above 0.")

        if not re.fullmatch(r"[a-z]{2}-[a-z]{2}", self.region):
            raise ConfigurationError(f"plugins.search.region is {self.region!r}; give country-language, as in us-en.")

    @property
    def access(self) -> WebAccess:
        """What `fetch_page` may take, and where it may go."""
        return WebAccess(
            self.page_timeout_s, self.page_max_bytes, self.ca_file, self.allow_private_hosts, "plugins.search"
        )

    @staticmethod
    def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
        if value not in choices:
            raise ConfigurationError(f"plugins.search.{name} is {value!r}; choose one of {', '.join(choices)}.")


def settings_of(ctx: ToolContext) -> SearchSettings:
    """The settings of this call; the defaults where the embedding app passes none."""
    return ctx.settings if isinstance(ctx.settings, SearchSettings) else SearchSettings()
