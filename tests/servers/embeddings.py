"""An embedding server on loopback that speaks OpenAI's `/v1/embeddings`, as Ollama and many others do.

    with EmbeddingServer({"physician": "doctor"}) as server:
        Graph.open(..., embedder="ollama:tiny")  # with OLLAMA_HOST=server.url

Its vectors are a count of words, each in a dimension of its own as far as there are enough; words that are said to mean
the same share one. It records what it is sent, and fails on order.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import threading
import zlib
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class EmbeddingServer:
    """The server; use it as a context manager."""

    def __init__(self, same: Mapping[str, str] | None = None, dimensions: int = 64) -> None:
        """Nothing is answered yet.

        Args:
            same: Word to the word that it counts as.
            dimensions: Numbers in a vector.
        """
        self.same = same or {}
        self.dimensions = dimensions
        self.texts: list[str] = []
        """Everything that was to be embedded."""
        self.models: set[str] = set()
        self.fails_after: int | None = None
        """How many requests are answered before all others fail; None: all are answered."""
        self.garbage: Any = None
        """Sent in the place of every vector."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.embeddings = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> EmbeddingServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def vector(self, text: str) -> list[float]:
        counts = [0.0] * self.dimensions
        for word in re.findall(r"\w+", text.lower()):
            counts[zlib.crc32(self.same.get(word, word).encode()) % self.dimensions] += 1.0
        return counts


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    embeddings: EmbeddingServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        served = self.server.embeddings
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/embeddings":
            return self._send(404, {"error": {"message": f"no {self.path}"}})
        if served.fails_after is not None:
            if served.fails_after == 0:
                return self._send(400, {"error": {"message": "model requires more system memory"}})
            served.fails_after -= 1
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        served.texts += texts
        served.models.add(body["model"])
        vectors = [served.garbage if served.garbage is not None else served.vector(text) for text in texts]
        packed = body.get("encoding_format") == "base64"
        data = [
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() if packed else vector,
            }
            for index, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return self._send(200, {"object": "list", "model": body["model"], "data": data, "usage": usage})

    def _send(self, status: int, body: Any) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        pass
