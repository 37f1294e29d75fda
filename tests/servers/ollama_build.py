"""An Ollama to test against: the one on PATH, else one that is built from source, once, into the user's cache.

    python -m tests.servers.ollama_build      prints the path of the executable, building it if need be

A build takes Go, a C++ compiler, and about six minutes of CPU time; CMake makes its arithmetic fast. Sources come
through the ordinary clients of Go and Python, which check them against recorded hashes.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from filelock import FileLock

VERSION = "0.17.4"
MODULE = f"github.com/ollama/ollama@v{VERSION}"

_HEADERS_FROM = "llama-cpp-python==0.3.36"
_HEADERS_SHA256 = "832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e"
_HEADERS = ("nlohmann", "stb", "miniaudio")
"""Go leaves folders called `vendor` out of a module, and with them these headers; the same ones are in this archive."""

_CPU_VARIANTS = {
    "icelake": {"avx512f", "avx512bw", "avx512vl", "avx512vbmi", "avx512_vnni"},
    "skylakex": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    "haswell": {"avx2", "bmi2", "fma", "f16c"},
}
"""Ollama's builds of its arithmetic for x86, fastest first, and what a processor must have for each."""


class OllamaMissingError(Exception):
    """There is no Ollama, and none can be built here; the message says why."""


def ollama_executable() -> Path:
    """Where Ollama is; built first if there is none. Several processes may ask at once: one of them builds.

    Raises:
        OllamaMissingError: there is none, and Go or a C++ compiler to build it with is missing.
        RuntimeError: the build failed.
    """
    if installed := shutil.which("ollama"):
        return Path(installed)
    home = platformdirs.user_cache_path("agent-core") / f"ollama-{VERSION}"
    executable = home / "bin" / "ollama"
    if not executable.exists():
        missing = [tool for tool in ("go", "gcc", "g++") if not shutil.which(tool)]
        if missing:
            raise OllamaMissingError(f"no ollama on PATH, and to build one {', '.join(missing)} would be needed")
        home.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{home}.lock"):
            if not executable.exists():
                _build_into(home)
    return executable


def _build_into(home: Path) -> None:
    """Build beside `home` and move the result there, so that `home` is either complete or absent."""
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=f"{home.name}-building-") as folder:
        work = Path(folder)
        result = work / "result"
        source = _source()
        _build_program(result / "bin", _headers(work))
        try:
            _build_fast_arithmetic(result / "lib" / "ollama", source, work / "cmake")
        except RuntimeError as error:
            print(f"Ollama will be slow: {error}", file=sys.stderr)
        shutil.rmtree(home, ignore_errors=True)
        result.rename(home)


def _source() -> Path:
    """Where Go keeps the sources."""
    return Path(json.loads(_run(["go", "mod", "download", "-json", MODULE]))["Dir"])


def _headers(work: Path) -> Path:
    """A folder with the headers that the module lacks."""
    wanted = work / "headers.txt"
    wanted.write_text(f"{_HEADERS_FROM} --hash=sha256:{_HEADERS_SHA256}\n")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    as_sources = f"--no-binary={_HEADERS_FROM.partition('==')[0]}"
    _run([*download, as_sources, "--require-hashes", f"--requirement={wanted}", f"--dest={work}"])
    (archive,) = work.glob("*.tar.gz")
    include = work / "include"
    with tarfile.open(archive) as files:
        for file in files:
            *_, parent, folder, name = ("", "", *Path(file.name).parts)
            if parent == "vendor" and folder in _HEADERS and name.endswith((".h", ".hpp")):
                source = files.extractfile(file)
                assert source is not None
                (include / folder).mkdir(parents=True, exist_ok=True)
                (include / folder / name).write_bytes(source.read())
    return include


def _build_program(folder: Path, include: Path) -> None:
    flags = f"-O2 -g0 -I{include}"
    environ = {**os.environ, "CGO_ENABLED": "1", "CGO_CFLAGS": flags, "CGO_CXXFLAGS": flags, "GOBIN": str(folder)}
    link = f"-s -w -X github.com/ollama/ollama/version.Version={VERSION}"
    _run(["go", "install", "-trimpath", "-ldflags", link, MODULE], environ)


def _build_fast_arithmetic(folder: Path, source: Path, work: Path) -> None:
    """The library that Ollama loads in place of its portable arithmetic, for this machine's processor."""
    variant = _cpu_variant()
    if variant is None or not shutil.which("cmake"):
        return
    work.mkdir()
    _run(["cmake", "-S", str(source), "-B", str(work), "-DCMAKE_DISABLE_FIND_PACKAGE_Vulkan=ON"])
    _run(["cmake", "--build", str(work), "--parallel", "2", "--target", f"ggml-cpu-{variant}"])
    shutil.copytree(work / "lib" / "ollama", folder, symlinks=True)


def _cpu_variant() -> str | None:
    if platform.machine() != "x86_64" or not Path("/proc/cpuinfo").exists():
        return None
    flags = next((line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")), "")
    has = set(flags.split())
    return next((variant for variant, needs in _CPU_VARIANTS.items() if needs <= has), None)


def _run(command: list[str], environ: Mapping[str, str] | None = None) -> str:
    """What `command` printed.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise RuntimeError(f"{' '.join(command[:4])} ... failed with {done.returncode}:\n{said}")
    return done.stdout


if __name__ == "__main__":
    try:
        print(ollama_executable())
    except (OllamaMissingError, RuntimeError) as error:
        sys.exit(str(error))
