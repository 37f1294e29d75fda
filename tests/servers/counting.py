"""A site on loopback that counts who asks it for anything, and gives everybody the same text."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class CountingSite(ThreadingHTTPServer):
    """The site while it runs."""

    asked: list[str]
    """The paths that were asked for."""

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"http://127.0.0.1:{self.server_port}/page"


@contextmanager
def counting_site(text: str) -> Generator[CountingSite]:
    """A site whose every page is this text."""

    class Page(BaseHTTPRequestHandler):
        server: CountingSite

        def do_GET(self) -> None:
            self.server.asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None: ...

    with CountingSite(("127.0.0.1", 0), Page) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
