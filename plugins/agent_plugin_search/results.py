"""What the two tools return."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchResult:
    """One page that a search found. All fields are plain text of bounded length."""

    title: str
    url: str
    """An absolute http or https address."""
    snippet: str


@dataclass(frozen=True)
class SearchResults:
    """What a search found, best first."""

    query: str
    provider: str
    """Who was asked: `ddgs` or `searxng`."""
    results: list[SearchResult]
    text: str
    """The same as a short numbered listing for a person."""


@dataclass(frozen=True)
class Page:
    """The readable text of a page."""

    url: str
    """Where the text was found, after redirects."""
    title: str
    text: str
    """Markdown for an HTML page; anything else is as it was sent."""
    content_type: str
    truncated: bool
    """Whether there was more than was asked for, or more than is ever read."""
