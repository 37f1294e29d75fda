"""A model server on loopback that follows a script, speaks three wire formats, fails on order, and records it all.

    llm.script(call("calculate", {"expression": "2+2"}), say("It is 4."))
    Agent(llm.chat_model()).run_sync(...)
    assert len(llm.model_requests) == 2

Real clients (`openai`, `ollama`) talk to it over a socket; nothing is mocked.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers.llm_script import Fault, OllamaEntry, Step, Turn
from tests.servers.llm_wires import ChatCompletions, OllamaChat, Responses

_MODEL_PATHS = ("/v1/chat/completions", "/v1/responses", "/api/chat")


@dataclass(frozen=True)
class Recorded:
    """A request as it arrived."""

    method: str
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class ScriptedLLM:
    """The server; use it as a context manager, or through the fixture `scripted_llm`."""

    def __init__(self) -> None:
        self.requests: list[Recorded] = []
        self.ollama_models: dict[str, OllamaEntry] = {}
        self._steps: list[Step] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._serial = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.scripted = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ScriptedLLM:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop answering; nobody listens on the port any more."""
        if self._closing.is_set():
            return
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Base URL; also the Ollama host."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def openai_url(self) -> str:
        """Base URL for OpenAI's clients."""
        return f"{self.url}/v1"

    @property
    def model_requests(self) -> list[Recorded]:
        """The requests for a reply, in order, failed ones included."""
        return [request for request in self.requests if request.path in _MODEL_PATHS]

    @property
    def left(self) -> int:
        """How many steps of the script nobody asked for yet."""
        return len(self._steps)

    def script(self, *steps: Step) -> None:
        """Add steps; each request for a reply takes the next one. A script that is over answers with status 418."""
        with self._lock:
            self._steps.extend(steps)

    def add_ollama(self, name: str, **entry: Any) -> OllamaEntry:
        """Let it be an Ollama that holds `name`."""
        self.ollama_models[name] = OllamaEntry(**entry)
        return self.ollama_models[name]

    def chat_model(self, name: str = "scripted") -> Any:
        """A bare pydantic-ai model on the chat-completions endpoint."""
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIChatModel(name, provider=OpenAIProvider(base_url=self.openai_url, api_key="none"))

    def responses_model(self, name: str = "scripted") -> Any:
        """A bare pydantic-ai model on the responses endpoint."""
        from pydantic_ai.models.openai import OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIResponsesModel(name, provider=OpenAIProvider(base_url=self.openai_url, api_key="none"))

    def record(self, request: Recorded) -> None:
        with self._lock:
            self.requests.append(request)

    def next_step(self, body: dict[str, Any]) -> tuple[Turn | Fault, int]:
        with self._lock:
            self._serial += 1
            step = self._steps.pop(0) if self._steps else Fault(status=418, message="the script is over")
            serial = self._serial
        return (step(body) if callable(step) else step), serial

    def wait_for_end(self) -> None:
        """Stay silent until the server is closed, but not for ever if a test forgot a time-out."""
        self._closing.wait(30)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    scripted: ScriptedLLM

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up early is part of many tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Tests have nothing to say on stderr."""

    def do_GET(self) -> None:
        llm = self.server.scripted
        llm.record(Recorded("GET", self.path, headers=dict(self.headers)))
        if self.path == "/v1/models":
            self._json({"object": "list", "data": [{"id": "scripted", "object": "model", "created": 1}]})
        elif self.path == "/api/version" and llm.ollama_models:
            self._json({"version": "0.12.6"})
        elif self.path == "/api/tags" and llm.ollama_models:
            self._json({"models": [self._tag(name, entry) for name, entry in llm.ollama_models.items()]})
        elif self.path == "/api/ps" and llm.ollama_models:
            loaded = {name: entry for name, entry in llm.ollama_models.items() if entry.loaded_tokens}
            self._json({"models": [self._tag(name, entry) for name, entry in loaded.items()]})
        else:
            self._json({"error": "not found"}, status=404)

    def do_POST(self) -> None:
        llm = self.server.scripted
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        llm.record(Recorded("POST", self.path, body, dict(self.headers)))
        if self.path == "/api/show":
            self._show(body.get("model", ""))
        elif self.path in _MODEL_PATHS:
            self._reply(body)
        else:
            self._json({"error": "not found"}, status=404)

    @staticmethod
    def _tag(name: str, entry: OllamaEntry) -> dict[str, Any]:
        tag: dict[str, Any] = {"name": name, "model": name, "modified_at": entry.modified_at, "size": 1, "digest": "d"}
        return {**tag, "context_length": entry.loaded_tokens} if entry.loaded_tokens else tag

    def _show(self, name: str) -> None:
        entry = self.server.scripted.ollama_models.get(name)
        if entry is None:
            self._json({"error": f"model '{name}' not found"}, status=404)
            return
        info = {"general.architecture": "scripted", "scripted.context_length": entry.trained_tokens}
        shown = {"capabilities": list(entry.capabilities), "parameters": entry.parameters, "model_info": info}
        self._json({**shown, "modelfile": "", "template": "", "details": {}})

    def _reply(self, body: dict[str, Any]) -> None:
        llm = self.server.scripted
        step, serial = llm.next_step(body)
        if isinstance(step, Fault):
            self._fail(step)
            return
        if self.path == "/api/chat":
            entry = self._load(body)
            if entry is None:
                self._json({"error": f"model {body.get('model')!r} not found"}, status=404)
                return
            wire: Any = OllamaChat(step, body, entry)
        else:
            wire = (Responses if self.path == "/v1/responses" else ChatCompletions)(step, body, serial)
        if body.get("stream", self.path == "/api/chat"):
            self._stream(step, wire.stream())
        elif step.stall_after is not None:
            llm.wait_for_end()
        elif step.drop_after is not None:
            self._cut(json.dumps(wire.whole()).encode())
        else:
            self._json(wire.whole())

    def _load(self, body: dict[str, Any]) -> OllamaEntry | None:
        entry = self.server.scripted.ollama_models.get(body.get("model", ""))
        if entry is not None:
            asked = (body.get("options") or {}).get("num_ctx") or 4096
            entry.loaded_tokens = min(asked, entry.trained_tokens, entry.granted_at_most or asked)
        return entry

    def _fail(self, fault: Fault) -> None:
        if fault.stall:
            self.server.scripted.wait_for_end()
        if fault.status is None or fault.stall:
            self.close_connection = True
            return
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        ollama = self.path.startswith("/api/")
        error: Any = fault.message if ollama else {"message": fault.message, "type": "scripted", "code": None}
        self._json({"error": error}, status=fault.status, headers=headers)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _cut(self, data: bytes) -> None:
        """Promise a whole reply and send half of it."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2])
        self.close_connection = True

    def _stream(self, turn: Turn, pieces: Iterator[str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson" if self.path == "/api/chat" else "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, piece in enumerate(pieces):
            if number == turn.drop_after:
                # Without the last chunk, and so recognisably cut off.
                self.close_connection = True
                return
            if number == turn.stall_after:
                self.server.scripted.wait_for_end()
                self.close_connection = True
                return
            data = piece.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
