"""The main text of an HTML page, found in a process of its own that a hostile page can only waste.

The parser is C code and the extraction takes time and memory quadratic in some pages (a megabyte of `<b>x</b>`
needs many gigabytes), and a thread cannot be stopped. So the page goes through a short-lived child with limits:
`python -m agent_core.web.main_text CPU_SECONDS` reads HTML on stdin and writes `{"title": ..., "text": ...}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from agent_core.errors import ToolError

TIMEOUT_S = 15
CPU_S = 10
MEMORY_BYTES = 1024**3


async def main_text(source: str, host: str, cpu_s: int = CPU_S) -> tuple[str, str]:
    """Title and main text (as Markdown) of an HTML page; both are "" where nothing can be read.

    Raises:
        ToolError: reading it takes more time or memory than a page is worth.
    """
    environment = {name: os.environ[name] for name in ("LANG", "LC_ALL", "SYSTEMROOT") if name in os.environ}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "agent_core.web.main_text", str(cpu_s)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            output, _ = await process.communicate(source.encode())
    except TimeoutError:
        output = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise ToolError(f"The page that {host!r} sent is too large or too tangled to be read.")
    found = json.loads(output)
    return found["title"], found["text"]


def extract(source: str) -> tuple[str, str]:
    """Title and main text (as Markdown), in this process: only for one that may be lost."""
    import trafilatura

    tree = trafilatura.load_html(source)
    if tree is None:  # a fragment is not believed to be HTML unless it says so
        tree = trafilatura.load_html(f"<html><body>{source}</body></html>")
    if tree is None:
        return "", ""
    title = tree.findtext(".//title") or ""
    main = trafilatura.extract(tree, output_format="markdown", include_tables=True, include_comments=False)
    return title, main or trafilatura.html2txt(tree)  # all that is visible, where no main text stands out


def _limit_this_process(cpu_s: int) -> None:
    try:
        import resource
    except ImportError:  # not on Windows: there the caller's time-out is the only limit
        return
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _main() -> None:
    _limit_this_process(int(sys.argv[1]))
    title, text = extract(sys.stdin.buffer.read().decode())
    sys.stdout.write(json.dumps({"title": title, "text": text}))


if __name__ == "__main__":
    _main()
