# Everything needs only Python 3.11+ and make; `setup` makes .venv from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements-dev.lock
JUDGE_CASES ?= $(firstword $(wildcard ../shared/cases) tests/eval/cases)
JUDGE ?= $(firstword $(wildcard ../shared/eval) tests/eval)

.PHONY: setup demo test lint types floors judge check docs bench bench-quick clients conformance clean

setup: $(VENV)/.ready

$(VENV)/.ready: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/python -m demo

test: setup
	$(BIN)/python -m pytest -n 2

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

floors: setup
	$(BIN)/lint-imports

# The judge of shared/eval on real incidents and healthy nodes; its copy under tests/eval serves where shared/ is not there.
judge: setup
	$(BIN)/python tests/judge.py --judge $(JUDGE) --cases $(JUDGE_CASES)

docs: setup
	$(BIN)/python -m eks_diag_mcp.diagnose.table > docs/diagnosis.md
	$(BIN)/python -m eks_diag_mcp.server.reference > docs/tools.md
	UPDATE_GOLDEN=1 $(BIN)/python -m pytest tests/server/test_reference.py

bench/.venv/.ready: bench/requirements.txt
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r bench/requirements.txt
	@touch $@

bench: setup bench/.venv/.ready
	$(BIN)/python -m bench

bench-quick: setup bench/.venv/.ready
	$(BIN)/python -m bench --quick

# Every client on the real server, each in an environment of its own (tests/clients/.envs); writes docs/clients.md. Needs npm, and
# Chromium for the Inspector's page.
clients: setup
	$(BIN)/python -m tests.clients

conformance: setup
	$(BIN)/python -m tests.clients.conformance

check: setup
	@$(BIN)/python tests/check.py

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build dist tests/clients/.envs
