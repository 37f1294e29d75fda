"""A tool for the isolated process: it runs a calculator tool there, and tells what the interpreter did meanwhile.

Python's audit events (PEP 578) see what no result shows: a file that is opened, code that is compiled or executed, a
process, a socket, an import - also from C, also when the code that did it failed.
"""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from typing import Any

from agent_core import Limits, ToolError, tool
from tests.adversarial.code_strings import SECRET, VARIABLE

AGENT_CORE_PRELOAD = tuple(
    f"agent_plugin_calculator.{name}"
    for name in ("arithmetic", "calculus", "equations", "figures", "matrices", "rearranging")
)
_TELLING = (
    *("open", "exec", "compile", "import", "pty.", "os.", "subprocess.", "socket.", "ctypes.", "shutil.", "tempfile."),
    *("marshal.", "pickle.", "code.", "cpython.run_", "builtins.input", "builtins.breakpoint", "mmap.", "sqlite3."),
    *("urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "function.__new__", "code.__new__", "sys.settrace"),
)
_INSTALLED = tuple(
    os.path.realpath(folder) + os.sep
    for folder in (*site.getsitepackages(), sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
)


@tool(
    read_only=True, isolated=True, limits=Limits(cpu_s=10, memory_bytes=1024**3, output_bytes=10**6), examples=["watch"]
)
def watch(name: str, args: dict[str, Any]) -> dict[str, Any]:
    """Run a calculator tool under observation.

    Args:
        name: The tool.
        args: Its arguments.
    """
    import agent_plugin_calculator as calculator

    os.environ[VARIABLE] = SECRET  # To be read, if anything could.
    sys.dont_write_bytecode = True  # A library that is loaded for the first time would write its own.
    function = getattr(calculator, name).function
    seen: list[str] = []
    watching = True

    def audit(event: str, details: tuple[Any, ...]) -> None:
        if watching and event.startswith(_TELLING) and not _is_loading(event, details):
            seen.append(f"{event} {details!r:.200}")

    sys.addaudithook(audit)
    try:
        result = repr(function(**args))
    except ToolError as error:
        result = str(error)
    finally:
        watching = False
    return {"result": result, "events": seen}


def _is_loading(event: str, details: tuple[Any, ...]) -> bool:
    """Whether an event is that of a library which loads another module of the installation."""
    first = details[0] if details else None
    match event:
        case "import":
            return str(first).partition(".")[0] in ("sympy", "mpmath", "gmpy2") or str(first) in sys.stdlib_module_names
        case "open":
            reads = details[1] in (None, "r", "rb") and not (details[2] or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return reads and isinstance(first, str) and os.path.realpath(first).startswith(_INSTALLED)
        case "compile":
            return _is_source(first, details[1])
        case "exec":
            return os.path.realpath(getattr(first, "co_filename", "")).startswith(_INSTALLED)
        case "os.listdir" | "marshal.loads" | "marshal.load":
            return event != "os.listdir" or os.path.realpath(str(first)).startswith(_INSTALLED)
        case _:
            return False


def _is_source(text: object, name: object) -> bool:
    """Whether this is a module of the installation, byte for byte: what an installation without bytecode compiles."""
    path = os.path.realpath(name) if isinstance(name, str) else ""
    if not isinstance(text, bytes) or not path.startswith(_INSTALLED):
        return False
    with open(path, "rb") as file:
        return file.read() == text
