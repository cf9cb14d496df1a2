# The interface of the project: `make help` lists the targets.
# Setting up fetches hashed packages once; after that no target needs a network.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
# Arguments for the command: `make run ARGS="--market synthetic:7 --speed 2"`.
ARGS ?=
# What `make proto` compares the wire contract with: the last release, before the first one the main branch.
PROTO_BASE ?= $(shell git describe --tags --abbrev=0 2>/dev/null || echo origin/main)
TEST_WORKERS ?= 2

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9_-]+:.*## /{printf "  \033[36m%-14s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ------------------------------------------------------------------------------ set up

.PHONY: setup setup-dev
setup: $(STAMPS)/runtime ## install what runs the platform; leaves .venv/bin/opensqt
setup-dev: $(STAMPS)/dev ## install what tests and checks need as well

$(STAMPS)/installer: requirements/installer.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  f"{sys.executable} is {sys.version.split()[0]}, OpenSQT needs 3.11 or newer: make PYTHON=python3.11 $(MAKECMDGOALS)")'
	@echo "setup  1/3  virtual environment in $(VENV)"
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(STAMPS) && touch $@

# uv installs in seconds; where it cannot reach the registry that pip is configured for, pip does the same.
define install
$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --compile-bytecode -r $(1) \
  || { echo "setup       trying again with pip"; \
       $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); }
endef

$(STAMPS)/runtime: requirements/runtime.txt pyproject.toml | $(STAMPS)/installer
	@echo "setup  2/3  packages to run ($$(grep -c == $<) pinned, hashed)"
	@$(call install,$<)
	@echo "setup  3/3  command $(BIN)/opensqt"
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --editable .
	@touch $@

$(STAMPS)/dev: requirements/dev.txt $(STAMPS)/runtime
	@echo "setup       packages to test and check ($$(grep -c == $<) pinned, hashed)"
	@$(call install,$<)
	@touch $@

.PHONY: requirements
requirements: setup-dev ## pin and hash requirements/*.in again (needs the registry)
	@for set in installer runtime dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --no-emit-index-url --no-emit-find-links requirements/$$set.in -o requirements/$$set.txt >/dev/null; done

# --------------------------------------------------------------------------------- run

.PHONY: run
run: setup ## paper trading, end to end, until Ctrl-C (ARGS="--speed 2 ...")
	@exec $(BIN)/opensqt up $(ARGS)

# ------------------------------------------------------------------------------- check

PYTEST := $(BIN)/python -m pytest
# A part whose folder has no test yet is no failure: pytest says 5.
none_is_fine = || { code=$$?; [ $$code -eq 5 ] || exit $$code; }

.PHONY: test test-only parts rest whole coverage slow check unit integration e2e lint types imports format proto rows bench bench-backtest simulate simulate-long
test: check test-only ## everything: checks and all tests (longer forms: make slow)

# Tests of the whole platform start a dozen processes each, which wait for most of their time: two at once. Where a
# second is judged, or many desks keep every core busy, one test runs after the other, and nothing beside it.
WHOLE := $(wildcard tests/e2e tests/crash)
ALONE := $(wildcard tests/crash tests/e2e/standby tests/e2e/test_kill_switch.py tests/e2e/test_storm.py)
# The longest files begin first (marker `long`): at the end no worker is left alone with one.
FILES := -m "not slow" -n $(TEST_WORKERS) --dist loadfile --no-loadscope-reorder --durations=10
# What is measured needs no server; CI runs it and the rest one after the other, and nothing twice. A file whose leases
# last for a tenth of a second of real time is not slowed down by a measurement.
MEASURED := tests/unit tests/component tests/simulation
BRISK := tests/simulation/test_strategy_runs.py
test-only: parts whole ## all tests without the checks

parts: setup-dev ## the tests of everything but the whole platform
	@$(PYTEST) tests $(addprefix --ignore=,$(WHOLE)) $(FILES) $(ARGS)

rest: setup-dev ## `make parts` without what `make coverage` runs
	@$(PYTEST) $(filter-out $(WHOLE) $(MEASURED),$(patsubst %/,%,$(wildcard tests/*/))) $(BRISK) $(FILES) $(ARGS)

whole: setup-dev ## the tests of the whole platform
	@$(PYTEST) tests/e2e -m "not slow" $(addprefix --ignore=,$(ALONE)) -n $(TEST_WORKERS) --maxschedchunk 1 --durations=10 $(ARGS)
	@$(PYTEST) $(ALONE) -m "not slow" --durations=10 $(ARGS)

coverage: setup-dev ## which branches of risk and execution are taken without a server (ARGS=--write publishes)
	@$(PYTEST) $(MEASURED) --ignore=$(BRISK) $(FILES) --cov --cov-report=
	@$(BIN)/python -m tests.tidiness.branches $(ARGS)

slow: setup-dev ## the longer forms: minutes each
	@$(PYTEST) tests -m slow --timeout 900 --durations=10 $(ARGS) $(none_is_fine)

check: lint types imports ## the checks without the tests

unit: setup-dev ## the tests that start no server
	@$(PYTEST) -q $(wildcard tests/unit tests/component tests/contract tests/simulation tests/golden) $(ARGS) $(none_is_fine)

integration: setup-dev ## the tests on a real NATS and Postgres
	@$(PYTEST) -q $(wildcard tests/integration tests/contract) $(ARGS) $(none_is_fine)

e2e: setup-dev ## the tests of the whole platform
	@$(PYTEST) -q $(WHOLE) $(ARGS) $(none_is_fine)

.PHONY: crash-matrix
crash-matrix: setup-dev ## every named step x scenario dies on real processes (ARGS="--services risk --rules gate --kills 50 --resume FILE")
	@$(BIN)/python -m tests.crash.matrix $(ARGS)

.PHONY: storm
storm: setup-dev ## ten minutes of lost answers, cuts and kills, judged (ARGS="--seconds 60 --rate 20 --rules gate --seed 2")
	@$(BIN)/python -m tests.e2e.storm $(ARGS)

.PHONY: opposite
opposite: setup-dev ## two opposite grids on one symbol for an hour of market time, judged (ARGS="--hours 1 --speed 10")
	@$(BIN)/python -m tests.e2e.opposite $(ARGS)

.PHONY: standby
standby: setup-dev ## how long an account has no leader, four ways of losing it (ARGS="--runs 20 --only no_bus")
	@$(BIN)/python -m tests.e2e.standby $(ARGS)

.PHONY: replay
replay: setup-dev ## a thousand intents over kills and another configuration, each decided again (minutes)
	@$(PYTEST) tests/e2e/test_replay.py -m slow --timeout 1500 $(ARGS)

.PHONY: security-check scans fuzz
security-check: setup-dev fuzz ## fuzzers, attacks on a running desk, and the scans
	@$(PYTEST) -q tests/integration/test_access_grants.py tests/integration/test_access_bus.py tests/e2e/test_strangers.py $(ARGS)
	@$(MAKE) scans

scans: setup-dev ## bandit's rules, pins and hashes, secrets; writes reports/sbom.json
	@$(BIN)/ruff check --quiet --select S --ignore S311,S603 opensqt services && echo "bandit ok  its rules, by ruff"
	@$(BIN)/python -m tests.tidiness.supply

FUZZ_RUNS ?= 2000
fuzz: setup-dev ## each parser of foreign bytes, FUZZ_RUNS times (default 2000; `make test` runs 300)
	@OPENSQT_FUZZ_RUNS=$(FUZZ_RUNS) $(PYTEST) -q tests/fuzz -n $(TEST_WORKERS) --timeout 900 $(ARGS)

.PHONY: cluster
cluster: setup-dev ## the rendered paper overlay, container by container, on a Docker engine that is made here if need be
	@.ci/engine $(PYTEST) tests/cluster --timeout 1500 --durations=0 $(ARGS)

lint: setup-dev ## ruff: rules and format
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "format differs: make format"; exit 1; }
	@echo "lint   ok"

format: setup-dev ## ruff: fix what can be fixed
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

types: setup-dev ## mypy, strict
	@$(BIN)/mypy --no-error-summary opensqt services tests benchmarks deploy
	@echo "types  ok"

imports: setup-dev ## import-linter: the import law
	@$(BIN)/lint-imports --no-logo 2>&1 | { grep -v KEPT || true; }
	@echo "law    ok"

# ---------------------------------------------------------------------------- generate

proto: setup-dev ## check the wire contract and generate opensqt/v1 and opensqt/api/v1 from it
	@$(BIN)/python -m opensqt.api.proto_text > proto/opensqt/api/v1/calls.proto
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code >/dev/null || { echo "proto: run $(BIN)/buf format --write"; exit 1; }
	@if git rev-parse --quiet --verify $(PROTO_BASE):proto >/dev/null 2>&1; then \
	  $(BIN)/buf breaking --against ".git#ref=$(PROTO_BASE)"; \
	  else echo "proto  no $(PROTO_BASE) with a wire contract here: breaking changes not checked"; fi
	@$(BIN)/python -m grpc_tools.protoc --proto_path=proto --python_out=. --pyi_out=. \
	  $$(find proto -name '*.proto' | sort)
	@echo "proto  ok"

dashboards: setup-dev ## build the Grafana dashboards again
	@$(BIN)/python deploy/observability/dashboards.py

rows: setup-dev ## write docs/rows.md, docs/rules.md, docs/steps.md, docs/limits.md, docs/capabilities.md and docs/api.md from tests, ports, rules and calls
	@$(BIN)/python -m tests.tidiness.rows --write
	@$(BIN)/python -m tests.tidiness.rules --write
	@$(BIN)/python -m tests.tidiness.steps --write
	@$(BIN)/python -m tests.tidiness.limits --write
	@$(BIN)/python -m tests.tidiness.capabilities --write
	@$(BIN)/python -m tests.tidiness.calls --write

SEED ?= 1
SEEDS ?= 1:100001
simulate: setup-dev ## one seeded world with its faults, shrunk if it breaks (SEED=7)
	@$(BIN)/python -m tests.world $(SEED)

simulate-long: setup-dev ## many seeds on both cores, resumable (SEEDS=1:100001), then the mutants
	@$(BIN)/python -m tests.world $(SEEDS) --cores 2 --progress reports/world-$(subst :,-,$(SEEDS)).json
	@$(BIN)/python -m tests.world mutants --cores 2

bench: setup-dev ## every published figure, then docs/figures.md (ARGS=--short to see that it works)
	@for name in journal recovery hot_path backtest; do echo "bench  $$name"; $(BIN)/python benchmarks/$$name.py $(ARGS); done
	@$(BIN)/python benchmarks/figures.py $(if $(ARGS),,--write)

bench-backtest: setup-dev ## rows a second of a backtest, stepping and skipping (ARGS="--recording FILE", --short)
	@$(BIN)/python benchmarks/backtest.py $(ARGS)

.PHONY: clean
clean: ## remove what was built and installed; data folders stay
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
