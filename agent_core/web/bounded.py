"""Reading an HTTP body without ever holding more of it than was asked for, however well it is compressed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


class UnreadableBody(Exception):
    """The body is damaged, or compressed in a way that cannot be bounded while it is read."""


async def read_at_most(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """The first `limit` bytes of a streamed response, decompressed, and whether there was more.

    httpx's own decoding expands each piece whole before anybody can count (and Brotli and Zstandard expand a few
    bytes to megabytes in one step): so the raw bytes are read and gzip is undone here, within the limit.

    Raises:
        UnreadableBody: another compression than gzip or deflate, or damaged data.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise UnreadableBody(f"it is compressed with {encoding[:40]!r}, which was not asked for")
    inflate = zlib.decompressobj(wbits=47) if encoding not in ("", "identity") else None  # 47: gzip or zlib
    body = bytearray()
    async for piece in response.aiter_raw():
        try:
            # One byte more than fits is enough to know that there is more.
            body += inflate.decompress(piece, limit + 1 - len(body)) if inflate else piece
        except zlib.error as error:
            raise UnreadableBody(f"its compressed data is damaged ({error})") from None
        if len(body) > limit:
            return bytes(body[:limit]), True
    return bytes(body), False
