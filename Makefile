# Two commands matter to a newcomer: `make run` and `make test`. All else is a part of them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What is not on PyPI; `make system` installs it on Debian when run as root.
TOOLS := mandoc:mandoc busybox:busybox dash:dash

.PHONY: run test check lint types imports man system bench clean
.DEFAULT_GOAL := help

help:
	@echo 'make run    install into $(VENV) and run the tasks of tasks.d/'
	@echo 'make test   everything that must pass: make check, then the tests'
	@echo 'make check  lint, types, import contracts, man pages'
	@echo 'make bench  measure, beside grep, cron and python -c'

$(VENV)/installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo '$(PYTHON) is older than 3.11; say PYTHON=python3.11 or newer' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory ensurepip
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

# Debian keeps ensurepip in a package of its own.
.PHONY: ensurepip
ensurepip:
	@echo 'This Python cannot make environments: the package python3-venv is missing.' >&2
	@[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  || { echo 'Install it: sudo apt-get install python3-venv' >&2; exit 1; }
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv

run: $(VENV)/installed
	@$(BIN)/automate -C . run '*'
	@$(BIN)/automate -C . list

test: check
	$(BIN)/pytest -n auto

check: lint types imports man

lint: $(VENV)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/shellcheck automate/process/*.sh .ci/run

types: $(VENV)/installed
	$(BIN)/mypy

imports: $(VENV)/installed
	$(BIN)/lint-imports

man: system
	mandoc -T lint -W warning man/*.1 man/*.5

system:
	@missing=; for tool in $(TOOLS); do \
	  command -v "$${tool%%:*}" >/dev/null || missing="$$missing $${tool##*:}"; done; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; \
	  else echo "The tests need:$$missing. Install them: sudo apt-get install$$missing" >&2; exit 1; fi; fi

bench: $(VENV)/installed
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
