# Needs nothing but Linux, make and Python 3.10 or newer. `make` lists what there is to make.
# Another interpreter than the first that fits: make PYTHON=python3.12 venv

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
PLUGINS := $(wildcard plugins/*/pyproject.toml)

.PHONY: help demo test check format bench docs venv clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo    train a policy that solves CartPole, on this machine'
	@echo 'make test    run every test, a real training included'
	@echo 'make check   lint, format check and types'
	@echo 'make format  let ruff format and mend what it can'
	@echo 'make bench   measure everything that the README quotes, into benchmarks/results.md'
	@echo 'make docs    the site of the documentation, into build/docs; warnings are errors'
	@echo 'make venv    only set up $(VENV) for development'
	@echo 'make clean   remove $(VENV) and what the tools left behind'

demo: $(VENV)/demo.stamp
	$(BIN)/python examples/cartpole/demo.py

test: venv
	$(BIN)/pytest --numprocesses auto --dist worksteal

check: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: venv
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: venv
	$(BIN)/python -m benchmarks

docs: venv
	$(BIN)/sphinx-build -W --keep-going -n -q -E -d build/doctrees docs build/docs

venv: $(VENV)/development.stamp

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first Python that is new enough and can make environments (Debian packages that apart).
$(BIN)/python:
	@for name in $(PYTHON) python3.13 python3.12 python3.11 python3.10; do \
	    if $$name -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' \
	        2>/dev/null; then exec $$name -m venv --clear $(VENV); fi; \
	done; \
	echo 'No Python 3.10 or newer that can make virtual environments was found on PATH.' >&2; \
	echo 'Install one (on Debian and Ubuntu: apt install python3-venv), or name it: make PYTHON=...' >&2; \
	exit 1

# Core and plugins go in one command: no registry has the core that a plugin asks for.
$(VENV)/demo.stamp: $(BIN)/python pyproject.toml plugins/ray/pyproject.toml
	@echo 'Installing rlcore into $(VENV) ...'
	@$(PIP) install --editable '.[local,plot]' --editable plugins/ray
	@touch $@

$(VENV)/development.stamp: $(VENV)/demo.stamp requirements-dev.txt $(PLUGINS)
	@echo 'Installing the development tools into $(VENV) ...'
	@$(PIP) install --requirement requirements-dev.txt
	@$(PIP) install --no-build-isolation --no-deps $(PLUGINS:%/pyproject.toml=--editable %)
	@touch $@
