# The front door: `make help` lists what there is. Needs Python 3.11 or newer with its venv module, and nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install -qq --require-hashes -r
CLIENTS := .venv-conformance
CODE := $(wildcard src tests bench tools)
# A narrowed run (T=path) is over before worker processes have started.
WORKERS ?= $(if $(T),0,auto)

.DEFAULT_GOAL := help

##@ Use it

.PHONY: demo
demo: $(VENV)/.run-installed ## A catalogue, a seeded fleet and a server on this machine (ARGS="--port 8123")
	$(BIN)/kbgap demo $(ARGS)

.PHONY: serve
serve: $(VENV)/.run-installed ## The API and the web pages (ARGS=flags of kbgap serve)
	$(BIN)/kbgap serve $(ARGS)

##@ Work on it

.PHONY: test
test: $(VENV)/.dev-installed ## All tests, on SQLite and PostgreSQL (T=path narrows, ARGS=flags of pytest)
	$(BIN)/python -m pytest -n $(WORKERS) $(ARGS) $(T)

.PHONY: check
check: $(VENV)/.dev-installed ## Format, lint, types, import contracts, sizes and names
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/architecture

.PHONY: format
format: $(VENV)/.dev-installed ## Format the code, and mend what the linter can mend itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: conformance
conformance: $(VENV)/.dev-installed $(CLIENTS)/.installed ## Public clients against the API: installs them beside the project (ARGS=flags of pytest)
	$(BIN)/python -m pytest -q -n 0 $(ARGS) tests/conformance

.PHONY: fuzz
fuzz: $(VENV)/.dev-installed $(CLIENTS)/.installed ## schemathesis against the API for five minutes (SECONDS=n)
	KBGAP_FUZZ_SECONDS=$(or $(SECONDS),300) $(BIN)/python -m pytest -q -n 0 tests/conformance/test_schemathesis.py

.PHONY: accuracy
accuracy: $(VENV)/.dev-installed ## Precision, recall and Unknown by product family, on labels that judging did not read (ARGS="--wrong 20")
	$(BIN)/python -m tests.accuracy $(ARGS)

.PHONY: bench
bench: $(VENV)/.dev-installed ## Benchmarks (BENCH=name runs one)
	$(BIN)/python -m bench $(BENCH)

##@ Look after it

.PHONY: venv
venv: $(VENV)/.dev-installed ## The virtual environment with everything that tests and checks need

.PHONY: lock
lock: ## Write requirements.txt, -parquet.txt and -dev.txt anew from pyproject.toml
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install -qq uv
	$(VENV)-lock/bin/uv lock --quiet --upgrade --exclude-newer "$(or $(COOLDOWN),7 days)"
	$(VENV)-lock/bin/uv export $(EXPORT) --group build --output-file requirements.txt > /dev/null
	$(VENV)-lock/bin/uv export $(EXPORT) --all-groups --output-file requirements-dev.txt > /dev/null
	$(VENV)-lock/bin/uv export $(EXPORT) --only-group parquet --output-file requirements-parquet.txt > /dev/null
	rm -rf $(VENV)-lock

EXPORT := --quiet --frozen --format requirements.txt --no-emit-project --no-header --no-annotate

.PHONY: clean
clean: ## Remove the virtual environment, caches and built files
	rm -rf $(VENV) $(VENV)-lock $(CLIENTS) build dist uv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests $(wildcard bench tools) -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Two stamps: what kbgap runs on installs in seconds; what tests and checks need comes on top when they are asked for.
# Every file is checked against its hash, and the project itself is built with what the lock file brought.
$(VENV)/.run-installed: requirements.txt pyproject.toml | $(BIN)/python
	$(INSTALL) requirements.txt
	$(PIP) install -qq --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev-installed: requirements-dev.txt $(VENV)/.run-installed
	$(INSTALL) requirements-dev.txt
	touch $@

# Public clients, which the tests run and kbgap does not need; those in JavaScript where there is npm.
$(CLIENTS)/.installed: tests/conformance/requirements.txt tests/conformance/package-lock.json
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip --disable-pip-version-check install -qq --require-hashes -r $<
	cp tests/conformance/package.json tests/conformance/package-lock.json $(CLIENTS)
	if command -v npm > /dev/null; then npm ci --prefix $(CLIENTS) --silent --ignore-scripts --no-audit --no-fund; fi
	touch $@

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kbgap needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
