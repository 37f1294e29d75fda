"""An MCP server over stdio that does what a file says, however wrong that is. The file is read again at every message.

    python mcp_scripted.py SCRIPT.json

The script: `tools` (listed as they stand), `on` (a method, or `call:NAME`, to what is done instead of answering), and
`results` (a tool's name to its result). Every message that arrives is appended to SCRIPT.json.log, the process id of
every start to SCRIPT.json.pids.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SCRIPT = Path(sys.argv[1])
LOG, PIDS = Path(f"{SCRIPT}.log"), Path(f"{SCRIPT}.pids")


def send(message: dict[str, Any]) -> None:
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def answer(message: dict[str, Any], script: dict[str, Any]) -> None:
    method, params = message["method"], message.get("params") or {}
    key = f"call:{params['name']}" if method == "tools/call" else method
    what = script.get("on", {}).get(key)
    if what is not None and do(what, message):
        return
    if "id" not in message:
        return
    if method == "initialize":
        result: dict[str, Any] = {
            "protocolVersion": params["protocolVersion"],
            "capabilities": {"tools": {"listChanged": True}},
            "serverInfo": {"name": "scripted", "version": "1"},
            **script.get("initialize", {}),
        }
    elif method == "tools/list":
        result = {"tools": script.get("tools", []), **({"nextCursor": "more"} if script.get("endless") else {})}
    elif method == "tools/call":
        said = script.get("results", {}).get(params["name"], f"did {params['name']}")
        result = said if isinstance(said, dict) else {"content": [{"type": "text", "text": said}]}
    else:
        result = {}
    send({"id": message["id"], "result": result})


def do(what: str, message: dict[str, Any]) -> bool:
    """Misbehave; whether that was instead of an answer."""
    verb, _, rest = what.partition(" ")
    match verb:
        case "hang":
            time.sleep(3600)
        case "exit":
            os._exit(int(rest or 1))
        case "garbage":
            sys.stdout.write(rest * 2000 + "\nnot json \x1b[31m\n{broken\n[1]\nnull\n")
            sys.stdout.flush()
            return False
        case "huge":
            text = "x" * int(rest)
            send({"id": message["id"], "result": {"content": [{"type": "text", "text": text}]}})
            return True
        case "flood":
            while True:
                os.write(1, b"x" * 65536)
        case "error":
            send({"id": message["id"], "error": {"code": -32000, "message": rest}})
            return True
        case "raw":
            sys.stdout.write(rest.replace("ID", json.dumps(message["id"])) + "\n")
            sys.stdout.flush()
            return True
        case "changed":
            send({"method": "notifications/tools/list_changed"})
            return False
        case "spawn":  # a process that leaves the group and outlives whoever does not look after it
            child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
            with PIDS.open("a") as pids:
                pids.write(f"{child.pid}\n")
            return False
    return True


def main() -> None:
    with PIDS.open("a") as pids:
        pids.write(f"{os.getpid()}\n")
    script = json.loads(SCRIPT.read_text())
    if start := script.get("on", {}).get("start"):
        do(start, {"id": 0})
    print("stderr of the server \x1b[31m", file=sys.stderr, flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        with LOG.open("a") as log:
            log.write(line)
        if "method" in message:
            answer(message, json.loads(SCRIPT.read_text()))
    if script.get("on", {}).get("end") == "hang":
        import signal

        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)


if __name__ == "__main__":
    main()
