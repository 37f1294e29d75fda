"""A real Ollama on a free loopback port, with models of its own and no way to the network.

with OllamaServer(ollama_executable(), folder) as ollama:
    ollama.add("tiny", tiny_llama({"hi": ("Hello", ".")}), after_user="hi")
    ... OLLAMA_HOST=ollama.url ...
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

import httpx

from tests.servers.process import ServerProcess

_STARTS_WITHIN_S = 30.0
_TIMEOUT_S = 60.0
_LISTENING = re.compile(r"Listening on (127\.0\.0\.1:\d+)")

CHAT_TEMPLATE = """\
{{- range .Tools }}{{ json .Function }}
{{ end }}
{{- range $index, $message := .Messages }}
{{- .Role }}: {{ .Content }}
{{- range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ json .Function.Arguments }}}{{ end }}
{{ if eq (len (slice $.Messages $index)) 1 }}{{ if eq .Role "tool" }}AFTER_TOOL{{ else }}AFTER_USER{{ end }}{{ end }}
{{- end }}"""
"""A template by which Ollama sees that the model calls tools: it has `.Tools`, and says how a call is written."""


class OllamaServer(ServerProcess):
    """`ollama serve` in a process of its own; use it as a context manager."""

    def __init__(self, program: Path, folder: Path, **environ: str) -> None:
        """Nothing is started yet.

        Args:
            program: The executable (see `ollama_build`).
            folder: Where it keeps models, keys and its log.
            environ: What else its environment has (OLLAMA_CONTEXT_LENGTH="2048").
        """
        super().__init__()
        self.url = ""
        self._program = program
        self._folder = folder
        self._environ = environ
        self._log: IO[bytes] | None = None

    def __enter__(self) -> OllamaServer:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._log = self._log_path.open("wb")
        self._process = subprocess.Popen(
            [self._program, "serve"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            self.url = f"http://{self._address()}"
        except BaseException:
            self.kill()
            raise
        return self

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log_path.read_text("utf-8", "replace")

    def kill_runners(self) -> None:
        """End only the processes that run its models, as the kernel does when memory is short."""
        assert self._process is not None
        for pid in _children(self._process.pid):
            os.kill(pid, signal.SIGKILL)

    def add(
        self,
        name: str,
        gguf: bytes,
        *,
        after_user: str,
        after_tool: str = "",
        template: str = CHAT_TEMPLATE,
        parameters: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> None:
        """Create the model `name`.

        Args:
            name: With or without a tag.
            gguf: The model file.
            after_user: Which reply of `tiny_llama` it gives to a user; empty for none: gibberish.
            after_tool: Which one after a tool's result.
            template: How a conversation becomes a prompt.
            parameters: Those of a Modelfile (num_ctx=2048).
            more: Other fields of `/api/create`.
        """
        digest = f"sha256:{hashlib.sha256(gguf).hexdigest()}"
        self.request("POST", f"/api/blobs/{digest}", content=gguf)
        ends = {"AFTER_USER": after_user, "AFTER_TOOL": after_tool or after_user}
        for place, reply in ends.items():
            template = template.replace(place, f"<|{reply}|>" if reply else "")
        files = {f"{name.partition(':')[0]}.gguf": digest}
        # Threads that wait for each other are slower than one, where the tests want the other processors.
        options = {"num_thread": 1, **(parameters or {})}
        self.create({"model": name, "files": files, "template": template, "parameters": options, **more})

    def create(self, body: dict[str, Any]) -> None:
        """`/api/create`, and wait for the end of it."""
        done = self.request("POST", "/api/create", json={"stream": False, **body}).json()
        assert done == {"status": "success"}, done

    def loaded(self) -> dict[str, int]:
        """Context length by the name of each model that is loaded."""
        running = self.request("GET", "/api/ps").json()["models"]
        return {entry["name"]: entry["context_length"] for entry in running}

    def unload(self) -> None:
        """Let go of every model that is loaded."""
        for name in self.loaded():
            self.request("POST", "/api/chat", json={"model": name, "messages": [], "keep_alive": 0})
        deadline = time.monotonic() + self.stops_within_s
        while self.loaded() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not self.loaded()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request that must succeed."""
        with httpx.Client(base_url=self.url, timeout=_TIMEOUT_S, trust_env=False) as client:
            response = client.request(method, path, **options)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response

    @property
    def _log_path(self) -> Path:
        return self._folder / "serve.log"

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            # The system chooses a port that is free, and the log says which.
            "OLLAMA_HOST": "127.0.0.1:0",
            "OLLAMA_MODELS": str(self._folder / "models"),
            "OLLAMA_NO_CLOUD": "1",
            "OLLAMA_NUM_PARALLEL": "1",
            "OLLAMA_KEEP_ALIVE": "10m",
            **self._environ,
        }

    def _address(self) -> str:
        assert self._process is not None
        deadline = time.monotonic() + _STARTS_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            if found := _LISTENING.search(self.log):
                return found[1]
            time.sleep(0.02)
        raise RuntimeError(f"Ollama did not start:\n{self.log[-2000:]}")

    def _close(self) -> None:
        super()._close()
        if self._log is not None:
            self._log.close()


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in listed.stdout.split()]
