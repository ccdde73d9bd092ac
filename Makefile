# Everything a person or CI does with this repository, from a bare Python; `make help` lists it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
START := $(shell date +%s)

# What an install is made from: when one of these changes, the next command installs again.
RECIPE := pyproject.toml constraints.txt hatch_build.py $(wildcard build_hooks/*.py) \
          webui/package.json webui/package-lock.json
MADE := $(VENV)/.made
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench slow faults pictures clean chromium

help: ## list the commands
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 18
	@echo '  PYTHON=python3.12 chooses the Python that .venv is made with'

demo: $(MADE)-demo ## build the sample collections and open the web UI (ARGS=--no-serve: only search)
	$(BIN)/semsearch demo $(ARGS)

test: check chromium ## check the code and run every test but the slow ones
	@echo 'make: running the tests in two processes'
	@OMP_WAIT_POLICY=PASSIVE $(BIN)/python -m pytest -n 2 --dist loadgroup --no-loadscope-reorder -m 'not slow' $(ARGS)
	@echo "make: everything passed, $$(( $$(date +%s) - $(START) )) s in all"

check: $(MADE)-test ## format, lint, import rules and types
	@echo 'make: checking format, lint, import rules and types'
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/mypy build_hooks

format: $(MADE)-test ## put the code in its form and mend what ruff can mend
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix

bench: $(MADE)-test $(PEERS)/.made ## measure speed and quality beside the peers, as tables
	@$(BIN)/python -m bench --peer $(PEERS)/bin/python $(ARGS)

slow: $(MADE)-test chromium ## run the tests that the default run leaves out
	@$(BIN)/python -m pytest -m slow $(ARGS)

faults: $(MADE)-test ## break disk, memory and processes in every way, and write docs/reliability.md
	@$(BIN)/python -m tests.faults.run --tier deep --page docs/reliability.md $(ARGS)

pictures: $(MADE)-test chromium ## take the pictures of the README anew, from the real program
	@SEMSEARCH_PICTURES=docs/images $(BIN)/python -m pytest -q tests/browser/test_demo_pages.py

clean: ## remove all that make has made; collections in indexes/ stay
	rm -rf $(VENV) $(PEERS) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf webui/static/vendor semsearch/samples

$(MADE)-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make: semsearch needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>/dev/null || echo not there);" \
	       "name another one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@echo "make: making $(VENV) with $$($(PYTHON) -V)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo 'make: no virtual environment could be made; on Debian: apt install python3-venv' >&2; \
	  exit 1; }
	@touch $@

$(PEERS)/.made: bench/peers.txt
	@echo 'make: installing what semsearch is measured against into $(PEERS)'
	@$(PYTHON) -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers.txt
	@touch $@

$(MADE)-demo: $(MADE)-venv $(RECIPE)
	@echo 'make: installing semsearch into $(VENV); TensorFlow is large, the first time takes minutes'
	@$(INSTALL) -e .
	@touch $@
	@echo "make: installed after $$(( $$(date +%s) - $(START) )) s"

$(MADE)-test: $(MADE)-venv $(RECIPE)
	@echo 'make: installing semsearch and the tools for its tests into $(VENV);' \
	      'TensorFlow is large, the first time takes minutes'
	@$(INSTALL) -e '.[test]'
	@touch $(MADE)-demo $@
	@echo "make: installed after $$(( $$(date +%s) - $(START) )) s"

# The browser tests drive Debian's chromium; where it is missing they are skipped.
chromium:
	@if command -v chromium >/dev/null; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo 'make: installing chromium for the browser tests'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
	    --no-install-recommends chromium fonts-liberation >/dev/null; } \
	  || echo 'make: chromium could not be installed, so the browser tests will be skipped' >&2; \
	else \
	  echo 'make: chromium is not here, so the browser tests are skipped; to run them:' \
	       'sudo apt install chromium' >&2; \
	fi
