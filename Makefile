# `make check` is what continuous integration runs (.ci/run), through the same commands.
.DEFAULT_GOAL := help
.PHONY: help setup check lint format types contracts test bench fuzz wheel clean

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## Make .venv with everything that development needs
	uv sync

check: lint types contracts test  ## Everything that a change has to pass

lint:  ## Style: ruff's rules, and its formatting
	uv run ruff check .
	uv run ruff format --check .

format:  ## Apply ruff's formatting and its safe fixes
	uv run ruff check --fix .
	uv run ruff format .

types:  ## pyright, strict
	uv run pyright

contracts:  ## Which part may import which (import-linter, see pyproject.toml)
	uv run lint-imports

test:  ## All tests
	uv run pytest

bench:  ## Benchmarks: ratios, measured in one run
	uv run python -m tests.benchmarks
	uv run pytest tests/benchmarks/bench_function_calling.py -m benchmark -n 0 -s

fuzz:  ## Fuzz the readers of hostile text with atheris, two minutes each (findings in fuzz-findings/)
	uv run --group fuzz python -m tests.fuzz calculator 120
	uv run --group fuzz python -m tests.fuzz workflow 120

wheel:  ## Build the wheel and the sdist into dist/
	uv build

clean:  ## Remove what tools leave behind; never .venv, never your state folder
	rm -rf build dist fuzz-findings .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
