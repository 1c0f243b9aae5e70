# Everything needs only Python 3.11+ and make; `setup` makes .venv from the lock files.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements-dev.lock
JUDGE_CASES ?= $(firstword $(wildcard ../shared/cases) tests/eval/cases)
JUDGE ?= $(firstword $(wildcard ../shared/eval) tests/eval)

.PHONY: setup dist mcpb demo test lint types floors judge check docs economy bench bench-quick clients conformance clean

setup: $(VENV)/.ready

# What the server itself needs, and the package, editable. The packages that build it are those of the development lock.
BUILD := hatchling|editables|packaging|pathspec|pluggy|trove-classifiers
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
$(VENV)/.run: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) --no-compile --require-hashes -r requirements.lock
	awk '/^[a-z]/ {kept = $$0 ~ /^($(BUILD))==/} kept' $(LOCK) > $(VENV)/build.txt
	$(PIP) --require-hashes --no-deps -r $(VENV)/build.txt
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.ready: $(LOCK) pyproject.toml | $(VENV)/.run
	$(PIP) --require-hashes -r $(LOCK)
	@touch $@

# Needs no more than `.run`; its third node, which AWS's double serves, is shown where the packages of the tests are there.
demo: $(VENV)/.run
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

# What D1's root cause costs a model, on each described node; compared in the tests, which also hold the budgets.
economy: setup
	$(BIN)/python -m tests.economy > docs/economy.md

bench/.venv/.ready: bench/requirements.txt
	$(PYTHON) -m venv bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r bench/requirements.txt
	@touch $@

bench: setup bench/.venv/.ready
	$(BIN)/python -m bench

bench-quick: setup bench/.venv/.ready
	$(BIN)/python -m bench --quick

# The wheel and the source archive, in dist/; runbooks and data are inside.
dist: setup
	rm -rf dist
	$(BIN)/python -m hatchling build

# A bundle for Claude Desktop, which installs Python and the packages by uv. Needs Node.js; MCPB=path uses an mcpb at hand.
MCPB ?= npx --yes @anthropic-ai/mcpb@2.1.2
mcpb: setup
	$(BIN)/python deploy/mcpb/stage.py build/mcpb
	$(MCPB) validate build/mcpb/manifest.json
	mkdir -p dist && $(MCPB) pack build/mcpb dist/eks-diag-mcp.mcpb

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
